/** The emulator of a pane against byte streams of real programs, and against ones that mean harm. */
import { expect, test } from 'vitest';
import { attrOf, canvasOf, createFrame, type Frame, frameText } from '../../src/tui/core/frame.ts';
import { paletteOf } from '../../src/tui/core/palettes.ts';
import { asciiGlyphs, type Theme, themeOf, unicodeGlyphs } from '../../src/tui/core/theme.ts';
import type { PaneEmulator } from '../../src/tui/pane-emulator.ts';
import { paneEmulator } from '../../src/tui/terminal/emulator.ts';

const theme = themeOf('dark', paletteOf('dark', 256), unicodeGlyphs);
const ascii = themeOf('dark', paletteOf('dark', 256), asciiGlyphs);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

interface World {
  readonly pane: PaneEmulator;
  readonly answers: string[];
  bells: number;
  changes: number;
}

function open(columns = 20, rows = 5, depth: 0 | 8 | 16 | 256 = 256, convertsNewlines = false): World {
  const world: Omit<World, 'pane'> = { answers: [], bells: 0, changes: 0 };
  const pane = paneEmulator(depth)({
    size: { columns, rows },
    convertsNewlines,
    onAnswer: (answer) => world.answers.push(answer),
    onBell: () => {
      world.bells += 1;
    },
    onChange: () => {
      world.changes += 1;
    },
  });
  return Object.assign(world, { pane });
}

/** Everything that was written is on the screen: the terminal answers in order. */
async function settled({ pane, answers }: World): Promise<void> {
  await pane.write(bytesOf('\x1b[5n'));
  while (answers.at(-1) !== '\x1b[0n') await new Promise((resolve) => setImmediate(resolve));
  answers.pop();
}

function draw(pane: PaneEmulator, options: { theme?: Theme; top?: number; search?: string } = {}): Frame {
  const frame = createFrame(pane.size.columns, pane.size.rows);
  const { theme: look = theme, top, search = '' } = options;
  pane.draw(canvasOf(frame), { theme: look, focused: true, top, search });
  return frame;
}

async function shown(text: string, columns = 20, rows = 5): Promise<string> {
  const world = open(columns, rows);
  await world.pane.write(bytesOf(text));
  await settled(world);
  const lines = frameText(draw(world.pane));
  world.pane.close();
  return lines;
}

/** What vi of busybox writes for an empty file on 20×5, and then what it writes for i, text, Escape. */
const vi =
  '\x1b[?1049h\x1b[6n\x1b[H\x1b[J\x1b[1;1H\x1b[2;1H~\x1b[3;1H~\x1b[4;1H~\x1b[5;1H\x1b[K- x 1/1 100%\x1b[1;1H' +
  'hello\x1b[5;1H\x1b[7mI\x1b[0m x [Modified] 1/1\x1b[1;5H';
/** One screen of top: inverse header, bold first line. */
const top =
  '\x1b[H\x1b[JMem: 1234K used\x1b[K\r\nCPU:   3% usr\x1b[K\r\n\x1b[7m  PID PPID USER    \x1b[m\r\n\x1b[1m    1    0 root\x1b[m\x1b[K\r\n   17    1 root\x1b[K\x1b[?25l';

test('vi, top and wide characters look as they do in a terminal', async () => {
  expect(await shown(vi)).toBe('hello\n~\n~\n~\nI x [Modified] 1/1');
  expect(await shown(top)).toBe(
    'Mem: 1234K used\nCPU:   3% usr\n  PID PPID USER\n    1    0 root\n   17    1 root',
  );
  expect(await shown('漢字x\r\nabc한글\r\n\u001b(0lqk\u001b(B')).toBe('漢字x\nabc한글\n┌─┐\n\n');
});

test.each([
  ['vi', vi],
  ['top', top],
  ['wide', '漢字x\x1b[1;3Hé\x1b]0;t\x07'],
])('%s split at every byte gives the same screen', async (_name, text) => {
  const whole = await shown(text);
  const bytes = bytesOf(text);
  for (let cut = 1; cut < bytes.length; cut += 1) {
    const world = open();
    await world.pane.write(bytes.subarray(0, cut));
    await world.pane.write(bytes.subarray(cut));
    await settled(world);
    expect(frameText(draw(world.pane))).toBe(whole);
    world.pane.close();
  }
});

test('the alternate screen gives back what was there before', async () => {
  expect(await shown(`before\r\n${vi}\x1b[?1049l`)).toBe('before\n\n\n\n');
});

test('colours: palette as it is, true colour as the nearest, fewer colours where there are fewer', async () => {
  const text = '\x1b[31ma\x1b[38;5;208mb\x1b[38;2;255;135;0mc\x1b[48;2;0;0;0md\x1b[0;1;4;7me\x1b[0mf';
  const looks = async (depth: 0 | 8 | 16 | 256): Promise<number[]> => {
    const world = open(20, 2, depth);
    await world.pane.write(bytesOf(text));
    await settled(world);
    const attrs = Array.from(draw(world.pane).attrs.slice(0, 6));
    world.pane.close();
    return attrs;
  };
  expect(await looks(256)).toEqual([
    attrOf({ fg: 1 }),
    attrOf({ fg: 208 }),
    attrOf({ fg: 208 }),
    attrOf({ fg: 208, bg: 16 }),
    attrOf({ bold: true, underline: true, inverse: true }),
    attrOf({}),
  ]);
  for (const attr of (await looks(16)).slice(0, 3)) expect((attr >> 9) & 0x1ff).toBeLessThan(16);
  expect(await looks(0)).toEqual([
    ...Array.from({ length: 4 }, () => attrOf({})),
    attrOf({ bold: true, underline: true, inverse: true }),
    attrOf({}),
  ]);
});

test('what terminals draw at different widths is replaced, and without UTF-8 everything is ASCII', async () => {
  const world = open();
  await world.pane.write(bytesOf('a🐝b\r\n┌─┐é'));
  await settled(world);
  expect(frameText(draw(world.pane)).split('\n')[0]).toMatch(/^a· ?b$/);
  const plain = frameText(draw(world.pane, { theme: ascii }));
  expect(plain).toMatch(/^[\x20-\x7e\n]*$/);
  expect(plain.split('\n')[1]).toBe('+-+?');
  world.pane.close();
});

test('cursor, modes, title and bell are known; device queries are answered', async () => {
  const world = open();
  await world.pane.write(bytesOf('\x1b[?1h\x1b[?2004h\x1b]0;my title\x07\x07\x1b[2;3H\x1b[6n\x1b[c'));
  await settled(world);
  expect(world.pane).toMatchObject({ applicationCursor: true, bracketedPaste: true, title: 'my title' });
  expect(world.bells).toBe(1);
  expect(world.answers[0]).toBe('\x1b[2;3R');
  expect(world.answers).toHaveLength(2);
  expect(draw(world.pane).cursor).toEqual({ x: 2, y: 1 });
  await world.pane.write(bytesOf('\x1b[?25l'));
  await settled(world);
  expect(draw(world.pane).cursor).toBeUndefined();
  world.pane.close();
});

test('who reads in the scrollback is not moved by output, and finds text', async () => {
  const world = open(20, 4);
  const numbered = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, i) => `line ${from + i}\r\n`).join('');
  await world.pane.write(bytesOf(numbered(0, 100)));
  await settled(world);
  const { pane } = world;
  const at = pane.topLine - 50;
  const before = frameText(draw(pane, { top: at }));
  expect(before.split('\n')[0]).toBe('line 47');
  await pane.write(bytesOf(numbered(100, 1_500)));
  await settled(world);
  expect(frameText(draw(pane, { top: at }))).toBe(before);
  await pane.write(bytesOf(numbered(1_500, 2_040)));
  await settled(world);
  expect(pane.firstLine).toBeGreaterThan(0);
  expect(frameText(draw(pane, { top: at }))).toBe(before);
  const found = pane.find('line 777', pane.firstLine, 1);
  expect(found).toBeDefined();
  const frame = draw(pane, { top: found ?? 0, search: 'line 777' });
  expect(frameText(frame).split('\n')[0]).toBe('line 777');
  expect(frame.attrs[0]).toBe(theme.attr('match'));
  expect(frame.attrs[8]).not.toBe(theme.attr('match'));
  expect(pane.text().at(-1)).toBe('line 2039');
  pane.close();
});

const hostile: readonly (readonly [string, () => string])[] = [
  ['the clipboard', () => '\x1b]52;c;aGVsbG8=\x07'.repeat(1_000)],
  ['titles of megabytes', () => `\x1b]0;${'A'.repeat(5_000_000)}\x07`],
  ['a title that never ends', () => `\x1b]0;${'A'.repeat(5_000_000)}\x18`],
  ['device control strings', () => `\x1bP$q${'A'.repeat(5_000_000)}\x1b\\`],
  ['10 MB without a newline', () => 'A'.repeat(10_000_000)],
  [
    'lines inserted without end',
    () => '\x1b[2147483647L\x1b[2147483647M\x1b[2147483647S\x1b[2147483647T'.repeat(500),
  ],
  ['tabs and repeats without end', () => 'a\x1b[2147483647b\x1b[2147483647I\x1b[2147483647Z'.repeat(500)],
  ['accents without end', () => `a${'\u0301'.repeat(1_000_000)}`],
  ['questions without end', () => '\x1b[c\x1b[6n\x1b[21t'.repeat(20_000)],
];

test.each(hostile)('%s: nothing but cells comes of it', async (_name, make) => {
  const world = open();
  const bytes = bytesOf(make());
  for (let at = 0; at < bytes.length; at += 65_536) await world.pane.write(bytes.subarray(at, at + 65_536));
  await settled(world);
  await world.pane.write(bytesOf('\x1bc\x1b[3Jok'));
  await settled(world);
  const frame = draw(world.pane);
  expect(frameText(frame).split('\n')[0]).toBe('ok');
  expect(frame.characters.every((character) => character.length <= 2)).toBe(true);
  expect(world.pane.title.length).toBeLessThanOrEqual(200);
  for (const answer of world.answers) expect(answer.slice(1)).toMatch(/^\[[?>]?[\d;]*[cRn]$/);
  world.pane.close();
});

test('a reader that is faster than the emulator is made to wait', async () => {
  const world = open();
  let taken = false;
  const written = world.pane.write(bytesOf('x'.repeat(1_000_000))).then(() => {
    taken = true;
  });
  await Promise.resolve();
  expect(taken).toBe(false);
  await written;
  world.pane.close();
});

test('output of a process without a terminal returns at each newline', async () => {
  const world = open(20, 3, 256, true);
  await world.pane.write(bytesOf('a\nb\n'));
  await settled(world);
  expect(frameText(draw(world.pane))).toBe('a\nb\n');
  world.pane.close();
});

test('a screen that is painted anew begins empty', async () => {
  const world = open(20, 3);
  await world.pane.write(bytesOf('old\r\n'.repeat(50)));
  world.pane.reset();
  await world.pane.write(bytesOf('new'));
  await settled(world);
  expect(world.pane.text()).toEqual(['new']);
  world.pane.close();
});
