/** Which lines of the screen are whose: one of header, one of title, the page, hints, one of prompt and messages. */
import type { Rect } from './frame.ts';
import type { Size } from './key.ts';

/** Below this the UI says so instead of drawing what nobody can read. */
export const smallest: Size = { columns: 40, rows: 10 };

export const hintRowsOf = (size: Size): number => (size.rows >= 30 ? 2 : 1);

/** Where the page draws. */
export function bodyOf(size: Size): Rect {
  return { x: 0, y: 2, columns: size.columns, rows: Math.max(1, size.rows - 3 - hintRowsOf(size)) };
}
