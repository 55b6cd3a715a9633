/** Plans as text for people. Used by `skep plan` and `skep rebalance`. */
import type { Plan } from '../../api/core/plan-shapes.ts';
import { instanceName } from '../../model/instance-name.ts';
import type { Paint } from './colour.ts';
import { escapeLines } from './escape.ts';
import { type Column, renderTable } from './table.ts';

/** Rows of each table that are shown unless all are asked for. */
const rowsMax = 40;

type Move = Plan['moves'][number];
type Refused = Plan['unplaced'][number];
type Stop = Plan['stops'][number];

const nameOf = (row: { readonly guid: string; readonly index: number }): string =>
  instanceName(row.guid, row.index);

const moveColumns: readonly Column<Move>[] = [
  { title: 'INSTANCE', cell: nameOf },
  { title: 'FROM', cell: ({ from }) => from ?? '' },
  { title: 'TO', cell: ({ to }) => to },
];

const refusedColumns: readonly Column<Refused>[] = [
  { title: 'NO PLACE FOR', cell: nameOf },
  { title: 'NEAREST', cell: ({ refusal }) => refusal.nearest?.cellId ?? '' },
  { title: 'LACKS', cell: ({ refusal }) => refusal.nearest?.lacks ?? '' },
  { title: 'WHY', cell: ({ refusal }) => refusal.message },
];

const stopColumns: readonly Column<Stop>[] = [
  { title: 'WOULD STOP', cell: nameOf },
  { title: 'ON', cell: ({ from }) => from ?? '' },
];

export interface PlanTextOptions {
  readonly paint: Paint;
  readonly headers: boolean;
  /** Every row, and not only the first ones. */
  readonly wide: boolean;
}

/** What does not fit comes first: that is what was asked for. */
export function planLines(plan: Plan, options: PlanTextOptions): string[] {
  const colour = plan.unplaced.length === 0 ? 'green' : 'red';
  return [
    options.paint(colour, escapeLines(plan.summary)),
    ...section(refusedColumns, plan.unplaced, options),
    ...section(stopColumns, plan.stops, options),
    ...section(moveColumns, plan.moves, options),
  ];
}

function section<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  { headers, wide }: PlanTextOptions,
): string[] {
  if (rows.length === 0) return [];
  const shown = wide ? rows : rows.slice(0, rowsMax);
  const lines = ['', ...renderTable(columns, shown, { headers, wide })];
  const left = rows.length - shown.length;
  return left === 0 ? lines : [...lines, `… and ${left} more: -o wide shows all`];
}
