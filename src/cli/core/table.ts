/** Tables as text: columns as wide as their widest cell, two spaces between, nothing after the last. */
import { escapeText } from './escape.ts';
import { clip, displayWidth, padEnd, padStart } from './width.ts';

export interface Column<T> {
  readonly title: string;
  /** Numbers stand right. */
  readonly align?: 'right' | undefined;
  /** Shown with `-o wide` only. */
  readonly wideOnly?: boolean | undefined;
  cell(row: T): string;
}

export interface TableOptions {
  readonly headers: boolean;
  readonly wide: boolean;
  /** Columns of the terminal: the last column is cut to fit; undefined cuts nothing. */
  readonly maxWidth?: number | undefined;
}

/** One string a line. Cells are escaped here, so callers give what the cluster said as it is. */
export function renderTable<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  options: TableOptions,
): string[] {
  const shown = columns.filter((column) => options.wide || column.wideOnly !== true);
  const cells = rows.map((row) => shown.map((column) => escapeText(column.cell(row)) || '-'));
  const lines = options.headers ? [shown.map((column) => column.title), ...cells] : cells;
  const widths = shown.map((_, i) =>
    lines.reduce((width, line) => Math.max(width, displayWidth(line[i] ?? '')), 0),
  );
  return lines.map((line) => joinLine(line, shown, widths, options.maxWidth));
}

function joinLine<T>(
  line: readonly string[],
  columns: readonly Column<T>[],
  widths: readonly number[],
  maxWidth: number | undefined,
): string {
  let text = '';
  for (const [i, cell] of line.entries()) {
    const isLast = i === line.length - 1;
    const width = widths[i] ?? 0;
    const padded = columns[i]?.align === 'right' ? padStart(cell, width) : padEnd(cell, width);
    text += isLast && columns[i]?.align !== 'right' ? cell : padded;
    if (!isLast) text += '  ';
  }
  return maxWidth === undefined ? text.trimEnd() : clip(text.trimEnd(), maxWidth);
}
