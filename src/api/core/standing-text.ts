/**
 * Why an instance is where it is, in words and as a table of scores: what `skep why NAME/INDEX` and the pages of the
 * terminal UI say. Nothing is escaped yet.
 */
import type { Standing } from './standing-shapes.ts';

export type StandingRow = Standing['ranking'][number];

export interface StandingColumn {
  readonly title: string;
  readonly align?: 'right' | undefined;
  cell(row: StandingRow): string;
}

/** The sentence, what the LRP asks for, how many cells compete. */
export function standingSentences({ summary, rules, cells, candidates }: Standing): readonly string[] {
  return [
    summary,
    ...(rules.length > 0 ? [`It asks for: ${rules.join(', ')}`] : []),
    `${candidates} of ${cells} ${cells === 1 ? 'cell' : 'cells'} would take it; the lower score wins:`,
  ];
}

const points = (value: number): string => value.toFixed(3);

/** Columns of the ranking, what decides first; those that say nothing of any of its cells are left out. */
export function standingColumns(ranking: readonly StandingRow[]): readonly StandingColumn[] {
  const term = (title: string, name: keyof StandingRow['terms']): readonly StandingColumn[] =>
    ranking.every(({ terms }) => terms[name] === 0)
      ? []
      : [{ title, align: 'right', cell: (row) => points(row.terms[name]).replace(/\.000$/, '') }];
  const labels: readonly StandingColumn[] = [
    { title: 'LABEL', cell: (row) => (row.label === '' ? '(none)' : (row.label ?? '')) },
    { title: 'IN LABEL', align: 'right', cell: (row) => String(row.inLabel ?? 0) },
  ];
  const crashes: readonly StandingColumn[] = [
    {
      title: 'CRASHES',
      align: 'right',
      cell: (row) => (row.crashes === undefined ? '' : String(row.crashes)),
    },
  ];
  return [
    { title: 'CELL', cell: (row) => (row.isHere ? `${row.cellId} (here)` : row.cellId) },
    { title: 'SCORE', align: 'right', cell: (row) => points(row.score) },
    ...(ranking.some(({ crashes: count }) => count !== undefined) ? crashes : []),
    ...(ranking.some(({ label }) => label !== undefined) ? labels : []),
    { title: 'ZONE', cell: (row) => row.zone },
    { title: 'IN ZONE', align: 'right', cell: (row) => String(row.inZone) },
    ...term('SAME LRP', 'locality'),
    ...term('STARTING', 'starting'),
    ...term('FILL', 'fill'),
    ...term('BIN PACK', 'binPack'),
  ];
}
