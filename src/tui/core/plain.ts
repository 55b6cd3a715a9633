/**
 * A list as sentences for people who hear it: a line for each row, no columns to keep in mind, no borders; and what has
 * changed in it, a line for each row that did. Used by src/cli/run/ui-plain.ts, which escapes what comes out of here.
 */
import { type ViewColumn, viewColumns } from '../../api/core/view-columns.ts';
import type { Scalar, ViewKind, ViewMessage, ViewRow } from '../../api/core/view-shapes.ts';
import { formatValue, grouped } from './columns-format.ts';

export type ViewRows = Extract<ViewMessage, { type: 'rows' }>;

/** Columns that are shown only when they are asked for are not read out. */
const onDemand = 9;

/** `web/3: RUNNING, ready yes, cell host-01, for 3m`. What is empty or not known is left out. */
export function rowLine(kind: ViewKind, { key, values }: ViewRow, now: number): string {
  const text = (id: string): string => String(values[id] ?? '');
  if (kind === 'events') {
    const where = text('cell') === '' ? '' : ` on ${text('cell')}`;
    return `${written(values['at'], 'age', now)} ago: ${text('type')} ${text('subject')}${where}: ${text('message')}`;
  }
  const [name, ...columns] = viewColumns[kind];
  const parts = columns.flatMap(({ priority, id, ...column }) => {
    const value = written(values[id], column.format, now);
    if (priority >= onDemand || value === '' || value === '-') return [];
    return column.format === 'state' ? value : `${labelOf({ priority, id, ...column })} ${value}`;
  });
  return `${text(name?.id ?? '') || key}: ${parts.join(', ')}`;
}

/** How many there are, how many of them the filter lets through, and how many are in which state. */
export function totalsLine(
  kind: ViewKind,
  { total, matched, counts }: Pick<ViewRows, 'total' | 'matched' | 'counts'>,
): string {
  const states = Object.entries(counts)
    .filter(([name, count]) => name !== '' && count > 0)
    .map(([name, count]) => `${grouped(count)} ${name}`);
  const all = matched === total ? grouped(total) : `${grouped(matched)} of ${grouped(total)}`;
  const what = kind === 'lrps' ? 'LRPs' : kind;
  return `${all} ${what}${states.length === 0 ? '' : `: ${states.join(', ')}`}`;
}

/**
 * A line for each row that is new, has gone or is not as before. Ages that only grow are no change.
 * @param isWhole the rows are all that there are: only then has a row gone when it is not among them
 */
export function changeLines(
  kind: ViewKind,
  before: ReadonlyMap<string, ViewRow>,
  after: ReadonlyMap<string, ViewRow>,
  now: number,
  isWhole: boolean,
): readonly string[] {
  const lines = [...after].flatMap(([key, row]) => {
    const old = before.get(key);
    if (old !== undefined) return changeLine(kind, old, row, now);
    return kind === 'events' ? rowLine(kind, row, now) : `new: ${rowLine(kind, row, now)}`;
  });
  if (!isWhole || kind === 'events') return lines;
  return [...lines, ...[...before.keys()].filter((key) => !after.has(key)).map((key) => `gone: ${key}`)];
}

function changeLine(kind: ViewKind, old: ViewRow, row: ViewRow, now: number): readonly string[] {
  if (old === row) return [];
  const parts = viewColumns[kind]
    .filter(({ format, priority }) => format !== 'age' && priority < onDemand)
    .flatMap((column) => {
      const [was, is] = [old, row].map(({ values }) => written(values[column.id], column.format, now));
      return was === is ? [] : `${labelOf(column)} ${is || 'none'}, was ${was || 'none'}`;
    });
  return parts.length === 0 ? [] : [`${row.key}: ${parts.join('; ')}`];
}

const written = (value: Scalar | undefined, format: ViewColumn['format'], now: number): string =>
  formatValue(value, format, { now, times: 'age' });

/** An age is told as for how long it has been so. */
const labelOf = ({ title, format }: ViewColumn): string =>
  format === 'age' ? 'for' : title.toLowerCase().replace('%', ' percent');
