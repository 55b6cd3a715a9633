/**
 * Which columns of a table are shown and how wide, for the room that there is. Pure arithmetic; table.ts draws by it.
 * What identifies a row is never let go of: columns of priority 1 stay, and shrink if they must.
 */
import type { ViewColumn } from '../../api/core/view-columns.ts';

import { isNumeric } from './columns-format.ts';

/** Cells between two columns. */
export const gapColumns = 2;

export interface PlacedColumn {
  readonly column: ViewColumn;
  /** From the left edge of the columns' area. */
  readonly x: number;
  readonly width: number;
}

export interface ColumnRoom {
  readonly columns: number;
  /** Widest content of each column so far, its title among it; by id. */
  readonly contents: Readonly<Record<string, number>>;
  /** All columns; those that find no room are reached by scrolling sideways. */
  readonly wide: boolean;
  /** Columns that are scrolled out on the left, the first aside, which stays. Counts only when `wide`. */
  readonly skip: number;
}

/** In order, none overlapping, all within the room. */
export function placeColumns(columns: readonly ViewColumn[], room: ColumnRoom): readonly PlacedColumn[] {
  const kept = room.wide ? scrolled(columns, room.skip) : withoutThoseWithNoRoom(columns, room);
  const widths = room.wide ? kept.map((column) => wanted(column, room)) : sharedWidths(kept, room);
  const placed: PlacedColumn[] = [];
  let x = 0;
  for (const [at, column] of kept.entries()) {
    const width = Math.min(widths[at] ?? 0, room.columns - x);
    if (width < Math.min(3, widths[at] ?? 0)) break;
    placed.push({ column, x, width });
    x += width + gapColumns;
  }
  return placed;
}

/** How far sideways scrolling makes sense. */
export const skipMax = (columns: readonly ViewColumn[]): number => Math.max(0, columns.length - 2);

function scrolled(columns: readonly ViewColumn[], skip: number): readonly ViewColumn[] {
  return [...columns.slice(0, 1), ...columns.slice(1 + Math.min(skip, skipMax(columns)))];
}

/** What it would take to show all that is in it, within its bounds. */
function wanted({ id, title, width: [min, max] }: ViewColumn, { contents }: ColumnRoom): number {
  return Math.min(Math.max(contents[id] ?? 0, title.length, min), Math.max(max, title.length));
}

/**
 * The least that a column is shown with. A name or a number that is cut says less than a further column does, so both
 * ask for all that they want, names up to a third of the room; a sentence is still of use when its end is missing.
 */
function least(column: ViewColumn, room: ColumnRoom): number {
  const all = wanted(column, room);
  const [min, max] = column.width;
  if (isNumeric(column.format)) return all;
  if (column.priority === 1) return Math.min(all, Math.max(min, Math.floor(room.columns / 3)));
  const enough = max <= nameColumns ? nameColumns : Math.max(sentenceColumns, Math.floor(room.columns / 4));
  return Math.max(Math.min(all, enough), min, column.title.length);
}

/** Texts of at most so many cells are names; of longer ones a part will do, at least so much. */
const nameColumns = 32;
const sentenceColumns = 20;
/** Only columns that may be wider than this take what no other column needs. */
const stretchedColumns = 40;

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + Math.max(0, widths.length - 1) * gapColumns;
}

function withoutThoseWithNoRoom(columns: readonly ViewColumn[], room: ColumnRoom): readonly ViewColumn[] {
  let kept = [...columns];
  while (total(kept.map((column) => least(column, room))) > room.columns) {
    const worst = Math.max(...kept.map(({ priority }) => priority));
    if (worst <= 1) return kept;
    const at = kept.findLastIndex(({ priority }) => priority === worst);
    kept = kept.filter((_, index) => index !== at);
  }
  return kept;
}

/** First the least, then up to what is wanted by priority, then the rest to the longest text, which pushes AGE to the edge. */
function sharedWidths(columns: readonly ViewColumn[], room: ColumnRoom): readonly number[] {
  const widths = columns.map((column) => least(column, room));
  let left = room.columns - total(widths);
  if (left < 0) return shrunk(columns, widths, -left);
  const order = [...columns.keys()].sort((a, b) => (columns[a]?.priority ?? 9) - (columns[b]?.priority ?? 9));
  for (const at of order) {
    const column = columns[at];
    const width = widths[at];
    if (column === undefined || width === undefined) continue;
    const more = Math.min(left, Math.max(0, wanted(column, room) - width));
    widths[at] = width + more;
    left -= more;
  }
  const longest = Math.max(...columns.filter(({ format }) => format === 'text').map(({ width }) => width[1]));
  const flexible = columns.findLastIndex(({ format, width }) => format === 'text' && width[1] === longest);
  if (flexible >= 0 && longest > stretchedColumns) widths[flexible] = (widths[flexible] ?? 0) + left;
  return widths;
}

/** Too narrow for even what must be seen: the widest gives way first. */
function shrunk(
  columns: readonly ViewColumn[],
  widths: readonly number[],
  excess: number,
): readonly number[] {
  const result = [...widths];
  for (let left = excess; left > 0; left -= 1) {
    const at = result.indexOf(Math.max(...result));
    if ((result[at] ?? 0) <= 3) break;
    result[at] = (result[at] ?? 0) - 1;
  }
  return result.slice(0, columns.length);
}
