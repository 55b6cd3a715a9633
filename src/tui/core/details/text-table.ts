/** A small table as lines of a text page: titles, then rows, as wide as their widest cell. */
import { fit, widthOf } from '../text.ts';
import type { TextLine } from '../text-page.ts';
import type { Role } from '../theme.ts';

export interface TextColumn<T> {
  readonly title: string;
  readonly align?: 'right' | undefined;
  cell(row: T): string;
}

/** No cell is wider than this; what is cut ends in an ellipsis. */
const cellMax = 40;

export function tableLines<T>(
  columns: readonly TextColumn<T>[],
  rows: readonly T[],
  roleOf: (row: T) => Role = () => 'text',
): readonly TextLine[] {
  const cells = rows.map((row) => columns.map((column) => column.cell(row) || '-'));
  const widths = columns.map(({ title }, at) =>
    cells.reduce(
      (widest, line) => Math.min(cellMax, Math.max(widest, widthOf(line[at] ?? ''))),
      widthOf(title),
    ),
  );
  const joined = (line: readonly string[]): string =>
    line
      .map((cell, at) => fit(cell, widths[at] ?? 0, columns[at]?.align === 'right' ? 'end' : 'start'))
      .join('  ')
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [
    { text: joined(titles), role: 'header', table: true },
    ...cells.map((line, at): TextLine => {
      const row = rows[at];
      return { text: joined(line), role: row === undefined ? 'text' : roleOf(row), table: true };
    }),
  ];
}
