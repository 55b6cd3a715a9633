/** Frames as a terminal shows them: the painter's bytes read back through an emulator. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPainter } from '../../src/tui/blessed/painter.ts';
import { profileOf } from '../../src/tui/blessed/profile.ts';
import { attrOf, canvasOf, createFrame, type Frame, frameText } from '../../src/tui/core/frame.ts';
import { asciiEnv, monoEnv, openScreenReader, renderThroughTerminal } from '../kit/tui-screen.ts';

const attrs = fc.record({
  fg: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
  bg: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
  bold: fc.boolean(),
  underline: fc.boolean(),
  inverse: fc.boolean(),
});
const words = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.stringMatching(/^[a-z│─┌世界한글✓ é🐝]{0,20}$/u),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
/** Where, what and how something is drawn. */
const strokes = fc.array(
  fc.tuple(fc.integer({ min: -4, max: 30 }), fc.integer({ min: -1, max: 8 }), words, attrs),
  { maxLength: 12 },
);

function drawn(what: readonly (readonly [number, number, string, Parameters<typeof attrOf>[0]])[]): Frame {
  const frame = createFrame(24, 6);
  for (const [x, y, text, style] of what) canvasOf(frame).text(x, y, text, attrOf(style));
  return frame;
}

/** As the emulator's styles are written, for each cell. */
function stylesOf(frame: Frame): string[] {
  return Array.from(frame.attrs, (attr) => {
    const fg = (attr >> 9) & 0x1ff;
    const bg = attr & 0x1ff;
    const flags = attr >> 18;
    return [
      fg === 0x1ff ? '' : `fg=${fg}`,
      bg === 0x1ff ? '' : `bg=${bg}`,
      flags & 1 ? 'bold' : '',
      flags & 2 ? 'underline' : '',
      flags & 8 ? 'inverse' : '',
    ]
      .filter((part) => part !== '')
      .join(' ');
  });
}

describe('a frame', () => {
  test('is on the terminal what it is, whatever was there before, in characters and in styles', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(strokes, { minLength: 2, maxLength: 4 }), async (steps) => {
        const reader = openScreenReader({ columns: 24, rows: 6 });
        for (const step of steps) {
          const frame = drawn(step);
          const screen = await reader.draw(frame);
          expect(screen.text).toBe(frameText(frame));
          const names = new Map(screen.legend.split('\n').map((line) => [line.charAt(0), line.slice(3)]));
          const rows = screen.styles.split('\n').map((row) => row.padEnd(24));
          const styles = rows.flatMap((row) => Array.from(row, (letter) => names.get(letter) ?? ''));
          expect(styles).toEqual(stylesOf(frame));
        }
        reader.close();
      }),
      { numRuns: 150 },
    );
  });
});

describe('one frame', () => {
  const { columns, rows } = { columns: 20, rows: 3 };
  const frame = createFrame(columns, rows);
  const canvas = canvasOf(frame);
  canvas.text(0, 0, '┌─ 世界 ✓ 🐝', attrOf({ fg: 203, bold: true }));
  canvas.text(0, 1, 'plain', attrOf({}));
  canvas.text(6, 1, 'row', attrOf({ fg: 231, bg: 24 }));
  canvas.cursor(2, 1);

  test('in colour', async () => {
    expect(await renderThroughTerminal(frame)).toEqual({
      text: '┌─ 世界 ✓ ·\nplain row\n',
      styles: 'aaaaaaaaaaa\n      bbb\n',
      legend: 'a: fg=203 bold\nb: fg=231 bg=24',
      cursor: { x: 2, y: 1 },
    });
  });

  test('without colours keeps what is bold', async () => {
    const { styles, legend } = await renderThroughTerminal(frame, { env: monoEnv });
    expect({ styles, legend }).toEqual({ styles: 'aaaaaaaaaaa\n\n', legend: 'a: bold' });
  });

  test('with eight colours has the nearest', async () => {
    const { legend } = await renderThroughTerminal(frame, { env: { TERM: 'linux', LANG: 'C.UTF-8' } });
    expect(legend).toBe('a: fg=1 bold\nb: fg=7 bg=6');
  });

  test('without UTF-8 is ASCII', async () => {
    const { text } = await renderThroughTerminal(frame, { env: asciiEnv });
    expect(text).toBe('+- ? ?  ? *\nplain row\n');
  });

  test('is drawn on a smaller and on a larger screen as far as there is room', async () => {
    expect((await renderThroughTerminal(frame, { columns: 3, rows: 2 })).text).toBe('┌─\npla');
    expect((await renderThroughTerminal(frame, { columns: 40, rows: 4 })).text).toBe(
      '┌─ 世界 ✓ ·\nplain row\n\n',
    );
  });

  test('writes nothing when nothing changed, and only what did', async () => {
    const reader = openScreenReader({ columns, rows });
    await reader.draw(frame);
    await reader.draw(frame);
    expect(reader.bytes).toBe(0);
    canvas.text(0, 2, 'x', attrOf({}));
    expect((await reader.draw(frame)).text).toBe('┌─ 世界 ✓ ·\nplain row\nx');
    expect(reader.bytes).toBeLessThan(60);
    reader.close();
  });

  test('is whole after the screen was forgotten or has another size', async () => {
    const reader = openScreenReader({ columns, rows });
    await reader.draw(frame);
    reader.resize({ columns: 24, rows: 4 });
    const seen = await reader.draw(frame);
    expect(seen.text.split('\n').slice(0, 2)).toEqual(['┌─ 世界 ✓ ·', 'plain row']);
    reader.painter.invalidate();
    expect(await reader.draw(frame)).toEqual(seen);
    expect(reader.bytes).toBeGreaterThan(60);
    reader.close();
  });
});

test('a cell of an emulator that blessed would draw at another width does not shift its row', async () => {
  const frame = createFrame(12, 1);
  const canvas = canvasOf(frame);
  const cells = [
    ['🐝', 2],
    ['世', 2],
    ['\x07', 1],
    ['世', 1],
    ['e\u0301', 1],
  ] as const;
  let x = 0;
  for (const [character, width] of cells) {
    canvas.cell(x, 0, character, width, attrOf({}));
    x += width;
  }
  canvas.text(x, 0, 'end', attrOf({}));
  expect((await renderThroughTerminal(frame)).text).toBe('· 世··e\u0301end');
});

test('a hundred painters leave nothing behind in the process', () => {
  const profile = profileOf({ TERM: 'xterm-256color', LANG: 'C.UTF-8' });
  const listeners = (): readonly number[] =>
    ['exit', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'uncaughtException'].map((name) => process.listenerCount(name));
  const before = listeners();
  for (let opened = 0; opened < 100; opened += 1) {
    const painter = createPainter(profile, { columns: 20, rows: 3 });
    painter.enter();
    painter.paint(createFrame(20, 3));
    expect(listeners()).toEqual(before);
    painter.close();
  }
  expect(listeners()).toEqual(before);
});
