/** The frame of a dialog in the middle of the page, and its buttons. */
import { type Canvas, type Rect } from '../frame.ts';
import { clip, widthOf } from '../text.ts';
import type { Theme } from '../theme.ts';

const maxColumns = 84;

/** Draws the frame and clears what is below it; returns what is inside, a column of air left and right. */
export function drawBox(
  canvas: Canvas,
  theme: Theme,
  { title, rows, danger }: { readonly title: string; readonly rows: number; readonly danger: boolean },
): Canvas {
  const columns = Math.min(maxColumns, canvas.columns - 2);
  const height = Math.min(rows + 2, canvas.rows);
  const x = Math.floor((canvas.columns - columns) / 2);
  const y = Math.max(0, Math.floor((canvas.rows - height) / 2));
  const area = { x, y, columns, rows: height };
  // With a column of air, so that no half of a word stands beside the frame.
  canvas.fill({ ...area, x: x - 1, columns: columns + 2 }, ' ', theme.attr('text'));
  drawFrame(canvas, area, theme, danger);
  canvas.text(
    x + 2,
    y,
    ` ${clip(title, columns - 6, theme.glyphs.more)} `,
    theme.attr(danger ? 'danger' : 'title'),
  );
  return canvas.within({ x: x + 2, y: y + 1, columns: columns - 4, rows: height - 2 });
}

function drawFrame(
  canvas: Canvas,
  { x, y, columns, rows }: Rect,
  { attr, glyphs }: Theme,
  danger: boolean,
): void {
  const border = attr(danger ? 'danger' : 'borderFocused');
  const right = x + columns - 1;
  const bottom = y + rows - 1;
  canvas.fill({ x, y, columns, rows: 1 }, glyphs.horizontal, border);
  canvas.fill({ x, y: bottom, columns, rows: 1 }, glyphs.horizontal, border);
  canvas.fill({ x, y, columns: 1, rows }, glyphs.vertical, border);
  canvas.fill({ x: right, y, columns: 1, rows }, glyphs.vertical, border);
  canvas.cell(x, y, glyphs.topLeft, 1, border);
  canvas.cell(right, y, glyphs.topRight, 1, border);
  canvas.cell(x, bottom, glyphs.bottomLeft, 1, border);
  canvas.cell(right, bottom, glyphs.bottomRight, 1, border);
}

/** Buttons at the right, the focused one told by its brackets too. Returns the column that they begin at. */
export function drawButtons(
  canvas: Canvas,
  y: number,
  labels: readonly string[],
  focused: number,
  theme: Theme,
): number {
  const from = Math.max(0, canvas.columns - labels.reduce((sum, label) => sum + widthOf(label) + 6, 0));
  let x = from;
  for (const [at, label] of labels.entries()) {
    const isFocused = at === focused;
    const text = isFocused ? `[ ${label} ]` : `  ${label}  `;
    x = canvas.text(x, y, text, theme.attr(isFocused ? 'buttonFocused' : 'button')) + 2;
  }
  return from;
}
