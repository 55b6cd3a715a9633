/**
 * A server of views in a few lines: it answers a query over rows that a test holds, at once and whole. For tests of
 * pages; what the real one does with 250,000 rows is src/api/views.
 */
import { stateSeverity, viewColumns } from '../../src/api/core/view-columns.ts';
import type { ViewMessage, ViewQuery, ViewRow } from '../../src/api/core/view-shapes.ts';

const names = new Intl.Collator('en', { numeric: true });

/** The answer to a query. The filter is plain text; scopes are left to the test, which gives the rows in scope. */
export function answerView(all: readonly ViewRow[], query: ViewQuery, seq = 1): ViewMessage {
  if (query.filter?.startsWith('(')) return { type: 'refused', seq, message: 'missing closing )' };
  const matching = sorted(
    all.filter((row) => passes(row, query)),
    query,
  );
  const { anchor } = query;
  const anchorAt = anchor === undefined ? undefined : matching.findIndex(({ key }) => key === anchor.key);
  const { count } = query.window;
  const centred = anchor?.centre === true && anchorAt !== undefined && anchorAt >= 0;
  const start = centred ? Math.max(0, anchorAt - Math.floor(count / 2)) : query.window.start;
  return {
    type: 'rows',
    seq,
    revision: seq,
    stale: '',
    total: all.length,
    matched: matching.length,
    counts: countStates(all),
    start,
    ...(anchorAt === undefined ? {} : { anchorAt }),
    rows: matching.slice(start, start + count),
  };
}

function passes(row: ViewRow, { kind, filter = '', faults }: ViewQuery): boolean {
  const severity = stateSeverity[kind][String(row.values['state'] ?? '')];
  if (faults && severity !== 'warn' && severity !== 'bad') return false;
  return filter === '' || Object.values(row.values).some((value) => String(value).includes(filter));
}

function sorted(rows: readonly ViewRow[], { kind, sort }: ViewQuery): readonly ViewRow[] {
  const column = sort?.column ?? viewColumns[kind][0]?.id ?? '';
  const way = (sort?.descending ?? kind === 'events') ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [a.values[column] ?? '', b.values[column] ?? ''];
    const order =
      typeof x === 'number' && typeof y === 'number' ? x - y : names.compare(String(x), String(y));
    return order === 0 ? names.compare(a.key, b.key) : order * way;
  });
}

function countStates(rows: readonly ViewRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { values } of rows) {
    const state = String(values['state'] ?? '');
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}
