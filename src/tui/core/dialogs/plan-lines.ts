/** A plan in the lines of a dialog: what would not fit comes first, then what stops, then where the new ones land. */
import type { Plan } from '../../../api/core/plan-shapes.ts';
import { instanceName } from '../../../model/instance-name.ts';
import type { Role } from '../theme.ts';

export interface Line {
  readonly text: string;
  readonly role: Role;
}

/** More instances than this of one cell are counted instead of named. */
const namesMax = 6;
const refusedMax = 20;

export function planLines(plan: Plan): readonly Line[] {
  const bad = plan.unplaced.length > 0;
  return [
    { text: plan.summary, role: bad ? 'bad' : 'ok' },
    ...refusedLines(plan),
    ...groupLines('stops on', plan.stops, (stop) => stop.from ?? 'no cell'),
    ...groupLines('starts on', plan.moves, (move) => move.to),
    ...(plan.tasks === 0 ? [] : [{ text: `tasks that are concerned: ${plan.tasks}`, role: 'warn' as const }]),
  ];
}

function refusedLines({ unplaced }: Plan): readonly Line[] {
  const lines = unplaced.slice(0, refusedMax).flatMap(({ guid, index, refusal }): Line[] => {
    const nearest =
      refusal.nearest === undefined
        ? ''
        : `; nearest ${refusal.nearest.cellId} lacks ${refusal.nearest.lacks}`;
    const line: Line = {
      text: `no place for ${instanceName(guid, index)}: ${refusal.message}${nearest}`,
      role: 'bad',
    };
    return refusal.change === undefined
      ? [line]
      : [line, { text: `  would fit: ${refusal.change}`, role: 'hint' }];
  });
  const more = unplaced.length - refusedMax;
  return more > 0 ? [...lines, { text: `and ${more} more find no place`, role: 'bad' }] : lines;
}

interface Named {
  readonly guid: string;
  readonly index: number;
}

function groupLines<T extends Named>(
  what: string,
  rows: readonly T[],
  cellOf: (row: T) => string,
): readonly Line[] {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(cellOf(row));
    if (group === undefined) groups.set(cellOf(row), [row]);
    else group.push(row);
  }
  return [...groups]
    .sort(([a, first], [b, second]) => second.length - first.length || (a < b ? -1 : 1))
    .map(([cell, group]) => ({ text: `${what} ${cell}: ${namesOf(group)}`, role: 'text' as const }));
}

function namesOf(rows: readonly Named[]): string {
  if (rows.length > namesMax) return `${rows.length} instances`;
  return rows.map(({ guid, index }) => instanceName(guid, index)).join(', ');
}
