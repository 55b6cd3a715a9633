/** How far a drain has come: one bar, then a line for each instance that has not left, what is stuck first. */
import { spanOf } from '../../../api/core/age.ts';
import type { DrainRow, DrainView } from '../../../api/core/cell-shapes.ts';
import type { CellId } from '../../../model/ids.ts';
import { instanceName } from '../../../model/instance-name.ts';
import { grouped } from '../columns-format.ts';
import { type Page, type PageContext, poll, type Want } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { type TextLine, textPage } from '../text-page.ts';
import type { Role } from '../theme.ts';
import { answerOf, gap, problemLines, timeText } from './facts.ts';
import { tableLines } from './text-table.ts';

const everyMs = 1_000;
const barColumns = 40;

export const drainWant = (cell: string): Want =>
  poll('drain', 'getDrain', { params: { id: cell as CellId } }, everyMs);

export function drainPage(cell: string, pages: PageFactories): Page {
  return textPage({
    kind: 'drain',
    crumb: `drain(${cell})`,
    title: `drain of ${cell}`,
    wants: [drainWant(cell)],
    lines: (facts, context) => {
      const view = answerOf(facts, 'drain', 'getDrain');
      return [...problemLines(facts), ...(view === undefined ? [] : drainLines(view, context))];
    },
    command: () => `skep cell drain --monitor ${cell}`,
    more: {
      uncordon: () => [
        {
          do: 'dialog',
          dialog: pages.uncordonDialog([
            { subject: { kind: 'cell', id: cell }, values: { state: 'draining' } },
          ]),
        },
      ],
    },
  });
}

/** Instances that have left, of how many; 1 of 1 for a cell that had none. */
export function progressOf({ left, instances, done }: DrainView): {
  readonly gone: number;
  readonly of: number;
  readonly part: number;
} {
  const remaining = left.ordinary + left.evacuating + left.suspect;
  const of = Math.max(instances ?? remaining, remaining);
  const gone = of - remaining;
  return { gone, of, part: done || of === 0 ? 1 : gone / of };
}

/** `22 of 31 have left, about 4 min more`: beside a bar. */
export function progressText(view: DrainView): string {
  const { gone, of } = progressOf(view);
  if (view.done) return 'drained: the host may be switched off';
  const more = view.remainingMs === undefined ? '' : `, about ${spanOf(view.remainingMs)} more`;
  return `${grouped(gone)} of ${grouped(of)} have left${more}`;
}

function drainLines(view: DrainView, context: PageContext): readonly TextLine[] {
  const { left, spec, rows, present, done } = view;
  const drain = spec?.drain;
  if (drain === undefined) return [{ text: 'this cell is not drained', role: 'ok' }];
  const full = Math.floor(progressOf(view).part * barColumns);
  const waiting = left.ordinary + left.evacuating + left.suspect;
  return [
    {
      text: `[${'#'.repeat(full)}${'.'.repeat(barColumns - full)}] ${progressText(view)}`,
      role: done ? 'ok' : 'strong',
    },
    ...(present
      ? []
      : [{ text: 'the cell is away: nothing is known of what runs there', role: 'bad' as const }]),
    gap,
    { key: 'asked for', text: `${timeText(drain.at, context)} by ${drain.by}` },
    ...(drain.reason === '' ? [] : [{ key: 'reason', text: drain.reason }]),
    ...(done ? [] : [{ key: 'deadline', text: deadlineText(drain, context.now) }]),
    ...(drain.maxParallel === undefined
      ? []
      : [{ key: 'at a time', text: `${drain.maxParallel} instances` }]),
    ...(left.tasks === 0
      ? []
      : [{ key: 'tasks', text: `${left.tasks} run to their end`, role: 'warn' as const }]),
    ...(rows.length === 0 ? [] : [gap, ...rowLines(rows)]),
    ...(waiting > rows.length && rows.length > 0
      ? [{ text: `and ${grouped(waiting - rows.length)} more`, role: 'dim' as const }]
      : []),
  ];
}

function deadlineText(
  { deadlineAt, force }: { readonly deadlineAt?: number | undefined; readonly force: boolean },
  now: number,
): string {
  if (force) return 'none: everything is stopped at once';
  if (deadlineAt === undefined) return 'none: it waits for ever';
  if (deadlineAt <= now) return `passed ${spanOf(now - deadlineAt)} ago: what is left is being stopped`;
  return `in ${spanOf(deadlineAt - now)}; then what is left is stopped`;
}

/** What needs somebody first, then by how far it is. */
const order: readonly DrainRow['state'][] = [
  'crashed',
  'waiting',
  'not ready',
  'starting',
  'healthy',
  'stopping',
  'queued',
];

const roles: Readonly<Record<DrainRow['state'], Role>> = {
  crashed: 'bad',
  waiting: 'bad',
  'not ready': 'warn',
  starting: 'text',
  healthy: 'ok',
  stopping: 'ok',
  queued: 'dim',
};

/** A row for each, and below it why it is stuck. */
function rowLines(rows: readonly DrainRow[]): readonly TextLine[] {
  const sorted = [...rows].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const [titles, ...lines] = tableLines<DrainRow>(
    [
      { title: 'INSTANCE', cell: ({ guid, index }) => instanceName(guid, index) },
      { title: 'STATE', cell: ({ state }) => state },
      { title: 'REPLACEMENT', cell: ({ to }) => (to === undefined ? '' : `on ${to}`) },
    ],
    sorted,
    ({ state }) => roles[state],
  );
  const rest = lines.flatMap((line, at): readonly TextLine[] => {
    const why = sorted[at]?.why;
    return why === undefined ? [line] : [line, { text: `  ${why}`, role: 'hint' }];
  });
  return titles === undefined ? [] : [titles, ...rest];
}

/** One row as the cell page says it beside the instance: `starting on host-02`. */
export function drainRowText({ state, to, why }: DrainRow): string {
  const where = to === undefined ? '' : ` on ${to}`;
  return `${state}${where}${why === undefined ? '' : `: ${why}`}`;
}
