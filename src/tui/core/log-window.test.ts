import fc from 'fast-check';
import { expect, test } from 'vitest';
import { appendLines, emptyLogBuffer } from './log-buffer.ts';
import { heightOf } from './log-layout.ts';
import { LogSelection } from './log-selection.ts';
import { type LogPlace, type LogWindow, movedDown, movedUp, placeOfEnd } from './log-window.ts';
import type { LogLine } from './page.ts';

const layout = { columns: 10, wraps: true };
const line = (text: string): LogLine => ({ at: 0, source: 'web/0', cell: '', stream: 'stdout', text });

/** Every row that is shown, one after another: what the window finds without walking them all. */
function allRows(texts: readonly string[], shows: (text: string) => boolean): LogPlace[] {
  return texts.flatMap((text, at) =>
    shows(text) ? Array.from({ length: heightOf(text, layout) }, (_, row) => ({ line: at, row })) : [],
  );
}

test('moving by rows is as in the list of all rows, whatever is hidden and however lines are broken', () => {
  const text = fc.oneof(fc.string({ maxLength: 45 }), fc.constantFrom('', '漢字漢字漢字', 'x'.repeat(30)));
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1, maxLength: 40 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 12 }),
      fc.nat(200),
      fc.integer({ min: 1, max: 30 }),
      (texts, hides, rows, start, by) => {
        const shows = (each: string): boolean => !hides || each.length % 3 !== 0;
        const selection = hides ? new LogSelection(({ text: each }) => shows(each)) : new LogSelection();
        const buffer = appendLines(emptyLogBuffer, texts.map(line));
        const window: LogWindow = { buffer, selection, layout, rows };
        const all = allRows(texts, shows);
        const end = Math.max(0, all.length - rows);
        expect(placeOfEnd(window)).toEqual(all[end]);
        const from = all[start % Math.max(1, all.length)];
        if (from === undefined) return;
        const at = all.indexOf(from);
        expect(movedUp(window, from, by)).toEqual(all[Math.max(0, at - by)]);
        expect(movedDown(window, from, by)).toEqual(at + by >= end ? undefined : all[at + by]);
      },
    ),
    { numRuns: 500 },
  );
});
