/**
 * A table whose rows are all here: help, messages, the columns to choose from. A value: cursor by key, filter, moving.
 * Pages hold one and draw it; lists of the cluster are view-list.ts.
 */

import { expressionOf } from '../../api/core/expression.ts';
import type { Severity, ViewColumn } from '../../api/core/view-columns.ts';
import type { ViewRow } from '../../api/core/view-shapes.ts';
import type { ActionId } from './actions.ts';
import type { Canvas } from './frame.ts';
import { contentWidths, drawTable, type TableStyle, visibleRows } from './table.ts';
import { moved, settled } from './table-cursor.ts';
import { drawFoot, positionText } from './table-foot.ts';

export interface LocalTable {
  readonly columns: readonly ViewColumn[];
  readonly all: readonly ViewRow[];
  /** Those that the filter lets through. */
  readonly rows: readonly ViewRow[];
  readonly filter: string;
  readonly at: number;
  readonly top: number;
}

/** A column of a local table, for pages that are no view of the server. */
export const localColumn = (
  id: string,
  title: string,
  priority: number,
  width: readonly [number, number],
  format: ViewColumn['format'] = 'text',
): ViewColumn => ({ id, title, format, priority, width });

export function localTable(columns: readonly ViewColumn[], all: readonly ViewRow[] = []): LocalTable {
  return { columns, all, rows: all, filter: '', at: 0, top: 0 };
}

export const localCursor = ({ rows, at }: LocalTable): ViewRow | undefined => rows[at];

/** Other rows: the cursor stays on its row, or on the neighbour of one that went. */
export function withRows(table: LocalTable, all: readonly ViewRow[], visible: number): LocalTable {
  const key = localCursor(table)?.key;
  const rows = all.filter((row) => passes(row, table));
  const found = rows.findIndex((row) => row.key === key);
  const at = found < 0 ? table.at : found;
  const viewport = settled({ at, top: table.top + at - table.at }, rows.length, visible);
  return { ...table, all, rows, ...viewport };
}

/** As typed after `/`: a regular expression, or text that is none as it stands; `!` in front turns it round. */
export function withFilter(table: LocalTable, filter: string, visible: number): LocalTable {
  return withRows({ ...table, filter }, table.all, visible);
}

/** The same table when the action moves nothing. */
export function localMoved(table: LocalTable, action: ActionId, visible: number): LocalTable {
  const viewport = moved(action, table, table.rows.length, visible);
  return viewport === undefined ? table : { ...table, ...viewport };
}

function passes(row: ViewRow, { filter, columns }: LocalTable): boolean {
  if (filter === '' || filter === '!') return true;
  const isInverse = filter.startsWith('!');
  const matches = matcher(isInverse ? filter.slice(1) : filter);
  return columns.some(({ id }) => matches(String(row.values[id] ?? ''))) !== isInverse;
}

function matcher(source: string): (text: string) => boolean {
  const wanted = source.toLowerCase();
  const literal = (text: string): boolean => text.toLowerCase().includes(wanted);
  if (!/[\\^$.*+?()[\]{}|]/.test(source)) return literal;
  // What could hang, and half of an expression while it is typed, is looked for as it stands.
  const { isLiteral, test } = expressionOf(source, undefined, true);
  return isLiteral ? literal : test;
}

export interface LocalDrawing {
  readonly isMarked?: (key: string) => boolean;
  readonly severityOf?: (row: ViewRow) => Severity | undefined;
  /** No cursor: nothing can be chosen. */
  readonly still?: boolean;
}

/** The table and, below it, where in it one is. */
export function drawLocal(
  canvas: Canvas,
  table: LocalTable,
  style: TableStyle,
  { isMarked = () => false, severityOf, still = false }: LocalDrawing = {},
): void {
  const area = canvas.within({ x: 0, y: 0, columns: canvas.columns, rows: canvas.rows - 1 });
  drawTable(
    area,
    {
      columns: table.columns,
      contents: contentWidths(table.columns, table.rows, {}, style),
      wide: false,
      skip: 0,
      count: table.rows.length,
      top: table.top,
      at: still ? -1 : table.at,
      rowAt: (place) => table.rows[place],
      isMarked,
      severityOf,
    },
    style,
  );
  const position = positionText(table.top, visibleRows(area.rows), table.rows.length, table.all.length);
  drawFoot(canvas, [], position, style.theme);
}

/** Rows that a local table on a canvas of so many rows shows. */
export const localVisible = (rows: number): number => visibleRows(rows - 1);
