/**
 * What real programs wrote on a terminal of 60×12 (recordings/*.json, taken with busybox) as a pane shows it. The
 * screens expected are recordings/*.txt, looked at by eye; an emulator that gets the same unfiltered must agree.
 */
import { readdirSync, readFileSync } from 'node:fs';
import xterm from '@xterm/headless';
import { describe, expect, test } from 'vitest';
import { canvasOf, createFrame, frameText } from '../../src/tui/core/frame.ts';
import { palettes } from '../../src/tui/core/palettes.ts';
import { themeOf, unicodeGlyphs } from '../../src/tui/core/theme.ts';
import { paneEmulator } from '../../src/tui/terminal/emulator.ts';

const theme = themeOf('dark', palettes.dark, unicodeGlyphs);
const size = { columns: 60, rows: 12 };
const folder = new URL('./recordings/', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -5));

const recording = (name: string): Uint8Array =>
  new TextEncoder().encode(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as string);

async function screenOf(pieces: readonly Uint8Array[]): Promise<string> {
  const { promise: shown, resolve } = Promise.withResolvers<void>();
  const pane = paneEmulator(256)({
    size,
    convertsNewlines: false,
    onAnswer: (answer) => answer === '\x1b[0n' && resolve(),
    onBell: () => undefined,
    onChange: () => undefined,
  });
  for (const piece of pieces) await pane.write(piece);
  // Everything before it is on the screen when the terminal answers.
  await pane.write(new TextEncoder().encode('\x1b[5n'));
  await shown;
  const frame = createFrame(size.columns, size.rows);
  pane.draw(canvasOf(frame), { theme, focused: true, top: undefined, search: '' });
  pane.close();
  return frameText(frame);
}

async function plainScreenOf(bytes: Uint8Array): Promise<string> {
  const terminal = new xterm.Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(bytes, resolve));
  const { active } = terminal.buffer;
  return Array.from({ length: size.rows }, (_, y) =>
    (active.getLine(active.baseY + y)?.translateToString(true) ?? '').trimEnd(),
  ).join('\n');
}

describe.each(names)('%s', (name) => {
  const bytes = recording(name);

  test('looks as it was seen', async () => {
    await expect(await screenOf([bytes])).toMatchFileSnapshot(`./recordings/${name}.txt`);
  });

  test('looks as in a terminal that filters nothing', async () => {
    // A letter with an accent as two characters is one glyph here and a placeholder there.
    const alike = (text: string): string => text.normalize('NFC').replaceAll('·', '?');
    expect(alike(await screenOf([bytes]))).toBe(alike(await plainScreenOf(bytes)));
  });

  test('byte by byte it looks the same', async () => {
    const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(await screenOf(pieces)).toBe(await screenOf([bytes]));
  });
});
