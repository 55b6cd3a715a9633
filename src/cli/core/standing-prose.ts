/** Why an instance is where it is, as text: part of what `skep why NAME/INDEX` prints. */
import type { Standing } from '../../api/core/standing-shapes.ts';
import type { Paint } from './colour.ts';
import { escapeText } from './escape.ts';
import { plural } from './format.ts';
import { type Column, renderTable } from './table.ts';

type Row = Standing['ranking'][number];

const points = (value: number): string => value.toFixed(3);

/** Nothing but a title, a sentence and a table of the scores. */
export function standingLines(standing: Standing, paint: Paint): string[] {
  const { summary, rules, ranking, cells, candidates } = standing;
  const lines = ['', paint('bold', 'Where it is'), `  ${escapeText(summary)}`];
  if (rules.length > 0) lines.push(`  It asks for: ${escapeText(rules.join(', '))}`);
  lines.push(`  ${candidates} of ${plural(cells, 'cell')} would take it; the lower score wins:`);
  const table = renderTable(columnsOf(ranking), ranking, { headers: true, wide: true });
  return [...lines, ...table.map((line) => `  ${line}`)];
}

function columnsOf(ranking: readonly Row[]): Column<Row>[] {
  const isLabelled = ranking.some(({ label }) => label !== undefined);
  const labels: Column<Row>[] = [
    { title: 'LABEL', cell: (row) => (row.label === '' ? '(none)' : (row.label ?? '')) },
    { title: 'IN LABEL', align: 'right', cell: (row) => String(row.inLabel ?? 0) },
  ];
  return [
    { title: 'CELL', cell: (row) => (row.isHere ? `${row.cellId} (here)` : row.cellId) },
    ...(isLabelled ? labels : []),
    { title: 'ZONE', cell: (row) => row.zone },
    { title: 'IN ZONE', align: 'right', cell: (row) => String(row.inZone) },
    { title: 'SAME LRP', align: 'right', cell: (row) => points(row.terms.locality) },
    { title: 'STARTING', align: 'right', cell: (row) => points(row.terms.starting) },
    { title: 'FILL', align: 'right', cell: (row) => points(row.terms.fill) },
    { title: 'BIN PACK', align: 'right', cell: (row) => points(row.terms.binPack) },
    { title: 'SCORE', align: 'right', cell: (row) => points(row.score) },
  ];
}
