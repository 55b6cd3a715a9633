/**
 * How one line of a log becomes rows of the screen: colours, what a search found, broken at the edge or cut. Only lines
 * that are seen come here. Used by log-window.ts and logs-draw.ts.
 */
import type { Attr, Canvas } from './frame.ts';
import { coloured, plainText } from './log-colours.ts';
import type { LogPattern } from './log-selection.ts';
import type { ColourDepth } from './panes-colours.ts';
import { type Glyph, glyphsOf, isPlain } from './text.ts';

/** More of a line is not shown; it is saved whole. */
const lineMaxLength = 16_384;
const tab = '        ';

export interface LineLayout {
  /** Cells of a row. */
  readonly columns: number;
  readonly wraps: boolean;
}

/** What is shown of a line's text. */
export function shownText(text: string): string {
  const untabbed = text.replaceAll('\t', tab);
  if (untabbed.length <= lineMaxLength) return untabbed;
  return `${untabbed.slice(0, lineMaxLength - 60)} … ${text.length} characters: Ctrl-S saves them all`;
}

/** Rows that a line takes. */
export function heightOf(text: string, { columns, wraps }: LineLayout): number {
  if (!wraps) return 1;
  const shown = plainText(shownText(text));
  if (isPlain(shown)) return Math.max(1, Math.ceil(shown.length / columns));
  let rows = 1;
  let used = 0;
  for (const { width } of glyphsOf(shown)) {
    if (used + width > columns) {
      rows += 1;
      used = 0;
    }
    used += width;
  }
  return rows;
}

export interface LineStyle {
  readonly base: Attr;
  readonly match: Attr;
  readonly depth: ColourDepth;
  readonly pattern: LogPattern | undefined;
}

/** Draws rows of a line from the row `from` on, as many as the canvas has; `skip` cells are scrolled out to the left. */
export function drawLogLine(
  canvas: Canvas,
  text: string,
  layout: LineLayout,
  from: number,
  skip: number,
  style: LineStyle,
): void {
  let row = -from;
  let x = layout.wraps ? 0 : -skip;
  for (const { character, width, attr } of cellsOf(shownText(text), style)) {
    if (layout.wraps && x + width > layout.columns) {
      row += 1;
      x = 0;
    }
    if (row >= canvas.rows || x >= layout.columns) return;
    if (row >= 0 && x >= 0) canvas.cell(x, row, character, width, attr);
    x += width;
  }
}

function* cellsOf(text: string, style: LineStyle): Generator<Glyph & { attr: Attr }> {
  const ranges = style.pattern?.ranges(plainText(text)) ?? [];
  let range = 0;
  let at = 0;
  for (const part of coloured(text, style.base, style.depth)) {
    for (const piece of piecesOf(part.text, at, ranges, range)) {
      const attr = piece.found ? style.match : part.attr;
      if (isPlain(piece.text)) for (const character of piece.text) yield { character, width: 1, attr };
      else for (const glyph of glyphsOf(piece.text)) yield { ...glyph, attr };
    }
    at += part.text.length;
    while ((ranges[range]?.[1] ?? Number.POSITIVE_INFINITY) <= at) range += 1;
  }
}

/** The text divided where a match begins or ends. `at` is where it lies in the line. */
function* piecesOf(
  text: string,
  at: number,
  ranges: readonly (readonly [number, number])[],
  first: number,
): Generator<{ text: string; found: boolean }> {
  let from = 0;
  for (let range = first; range < ranges.length; range += 1) {
    const [start, end] = ranges[range] ?? [0, 0];
    if (start - at >= text.length) break;
    const begin = Math.max(from, start - at);
    const stop = Math.min(text.length, end - at);
    if (stop <= from) continue;
    if (begin > from) yield { text: text.slice(from, begin), found: false };
    yield { text: text.slice(begin, stop), found: true };
    from = stop;
  }
  if (from < text.length) yield { text: text.slice(from), found: false };
}
