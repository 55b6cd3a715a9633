/** Frames as a terminal shows them: the painter's bytes read back through an emulator. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attrOf, canvasOf, createFrame, type Frame, frameText } from '../../src/tui/core/frame.ts';
import { openScreenReader, renderThroughTerminal } from '../kit/tui-screen.ts';

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
          const styles = rows.flatMap((row) => [...row].map((letter) => names.get(letter) ?? ''));
          expect(styles).toEqual(stylesOf(frame));
        }
        reader.close();
      }),
      { numRuns: 150 },
    );
  });
});
