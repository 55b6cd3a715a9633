/**
 * Draws a table: a line of titles, rows below it. It knows nothing of where rows come from and asks only for those that
 * are seen, so a table of 250,000 costs as much as one of five. Lists, the brain page, help and dialogs use it.
 */

import type { Severity, ViewColumn } from '../../api/core/view-columns.ts';
import type { ViewRow } from '../../api/core/view-shapes.ts';
import { formatValue, isNumeric, type TimeWriting } from './columns-format.ts';
import { type PlacedColumn, placeColumns } from './columns-layout.ts';
import type { Attr, Canvas } from './frame.ts';
import { clip, widthOf } from './text.ts';
import type { Role, Theme } from './theme.ts';
import type { ChangeSign, RowChange } from './view-list.ts';

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

export interface TableView {
  readonly columns: readonly ViewColumn[];
  /** Widest content of each column, by id: see `contentWidths`. */
  readonly contents: Readonly<Record<string, number>>;
  readonly wide: boolean;
  readonly skip: number;
  readonly count: number;
  readonly top: number;
  /** Place of the cursor; -1 for none. */
  readonly at: number;
  /** Undefined: it has not come yet. */
  rowAt(place: number): ViewRow | undefined;
  isMarked(key: string): boolean;
  /** What the row's state means. Absent: rows of this table have none. */
  readonly severityOf?: ((row: ViewRow) => Severity | undefined) | undefined;
  readonly changes?: ReadonlyMap<string, RowChange> | undefined;
  readonly sort?: Sort | undefined;
}

export interface TableStyle extends TimeWriting {
  readonly theme: Theme;
}

/** Cells of a percentage from which on it is shown as pressing. */
const percentWarn = 75;
const percentBad = 90;

/** Rows that a table on a canvas of so many rows shows. */
export const visibleRows = (rows: number): number => Math.max(1, rows - 1);

export function drawTable(canvas: Canvas, view: TableView, style: TableStyle): void {
  const gutter = view.severityOf === undefined ? 2 : 3;
  const placed = placeColumns(view.columns, { ...view, columns: canvas.columns - gutter });
  drawTitles(canvas, view, placed, gutter, style.theme);
  for (let y = 1; y < canvas.rows; y += 1) {
    const place = view.top + y - 1;
    if (place >= view.count) return;
    drawRow(canvas.within({ x: 0, y, columns: canvas.columns, rows: 1 }), view, placed, place, {
      ...style,
      gutter,
    });
  }
}

function drawTitles(
  canvas: Canvas,
  view: TableView,
  placed: readonly PlacedColumn[],
  gutter: number,
  theme: Theme,
): void {
  const attr = theme.attr('header');
  if (view.wide && view.skip > 0) canvas.text(0, 0, '<', theme.attr('key'));
  for (const { column, x, width } of placed) {
    const arrow = column.id === view.sort?.column ? sortArrow(view.sort, column, theme) : '';
    const title = clip(column.title, width - widthOf(arrow), '');
    const indent = isNumeric(column.format) ? width - widthOf(title + arrow) : 0;
    canvas.text(gutter + x + indent, 0, title, attr);
    canvas.text(gutter + x + indent + widthOf(title), 0, arrow, theme.attr('key'));
  }
  const last = placed.at(-1)?.column;
  if (view.wide && last !== view.columns.at(-1)) canvas.text(canvas.columns - 1, 0, '>', theme.attr('key'));
}

/** As the operator reads it: the newest first is the smallest age first. */
function sortArrow(sort: Sort, column: ViewColumn, { glyphs }: Theme): string {
  const rises = sort.descending === (column.format === 'age');
  return rises ? glyphs.ascending : glyphs.descending;
}

interface RowStyle extends TableStyle {
  readonly gutter: number;
}

function drawRow(
  canvas: Canvas,
  view: TableView,
  placed: readonly PlacedColumn[],
  place: number,
  style: RowStyle,
): void {
  const { theme, gutter } = style;
  const isCursor = place === view.at;
  const look = (role: Role): Attr => theme.attr(isCursor ? 'cursorRow' : role);
  if (isCursor) canvas.fill({ x: 0, y: 0, columns: canvas.columns, rows: 1 }, ' ', look('text'));
  const row = view.rowAt(place);
  if (row === undefined) {
    canvas.text(gutter, 0, theme.glyphs.more, look('dim'));
    return;
  }
  const severity = view.severityOf?.(row);
  const isMarked = view.isMarked(row.key);
  if (isMarked) canvas.text(0, 0, theme.glyphs.mark, look('marked'));
  if (severity !== undefined) canvas.text(1, 0, theme.glyphs.severity[severity], look(severity));
  for (const [order, at] of placed.entries()) {
    const role = isMarked && order === 0 ? 'marked' : roleOf(at.column, row, severity, order);
    drawValue(canvas, row, at, style, {
      attr: look(role),
      changed: look('changed'),
      sign: view.changes?.get(row.key)?.signs[at.column.id],
    });
  }
}

/** What needs somebody is said by the name and by the state; what rests is dim. */
function roleOf(
  { format, id }: ViewColumn,
  row: ViewRow,
  severity: Severity | undefined,
  order: number,
): Role {
  const value = row.values[id];
  if (format === 'percent' && typeof value === 'number') {
    if (value >= percentBad) return 'bad';
    if (value >= percentWarn) return 'warn';
  }
  if (severity === 'idle') return 'idle';
  // Where all is well a nought is none of something bad; elsewhere it may be what is wrong.
  if (severity === 'ok' && format === 'count' && value === 0) return 'dim';
  if (severity === undefined) return 'text';
  if (format === 'state') return severity;
  return severity !== 'ok' && order === 0 ? severity : 'text';
}

interface ValueStyle {
  readonly attr: Attr;
  readonly changed: Attr;
  readonly sign: ChangeSign | undefined;
}

function drawValue(
  canvas: Canvas,
  row: ViewRow,
  { column, x, width }: PlacedColumn,
  style: RowStyle,
  { attr, changed, sign }: ValueStyle,
): void {
  const { glyphs } = style.theme;
  const value = row.values[column.id];
  const whole = formatValue(value, column.format, style);
  const text = clip(whole, width, glyphs.more);
  const right = isNumeric(column.format);
  const from = style.gutter + x + (right ? width - widthOf(text) : 0);
  const end = canvas.text(from, 0, text, sign === undefined ? attr : changed);
  if (sign === undefined) return;
  const mark = sign === 'up' ? glyphs.ascending : sign === 'down' ? glyphs.descending : '~';
  canvas.text(right ? from - 1 : end, 0, mark, changed);
}

/** What the widest value of each column takes, never less than `before`: a table must not sway as it is scrolled. */
export function contentWidths(
  columns: readonly ViewColumn[],
  rows: readonly ViewRow[],
  before: Readonly<Record<string, number>>,
  time: TimeWriting,
): Readonly<Record<string, number>> {
  const widths: Record<string, number> = { ...before };
  for (const column of columns) {
    const [, max] = column.width;
    // A time grows while nothing comes that would measure it again.
    let widest = column.format === 'age' ? max : (widths[column.id] ?? column.title.length + 1);
    for (const row of rows) {
      if (widest >= max) break;
      const text = formatValue(row.values[column.id], column.format, time).slice(0, 2 * max);
      widest = Math.max(widest, widthOf(text));
    }
    widths[column.id] = widest;
  }
  return widths;
}
