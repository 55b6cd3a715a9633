/** How far a drain has come: one bar, then a line for each instance that has not left. */

import { spanOf } from '../../../api/core/age.ts';
import type { DrainView } from '../../../api/core/cell-shapes.ts';
import type { CellId } from '../../../model/ids.ts';
import { instanceName } from '../../../model/instance-name.ts';
import { type Page, type PageContext, poll } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { type TextLine, textPage } from '../text-page.ts';
import { answerOf, gap, problemLines, timeText } from './facts.ts';

const everyMs = 1_000;
const barColumns = 40;

export function drainPage(cell: string, pages: PageFactories): Page {
  return textPage({
    kind: 'drain',
    crumb: `drain(${cell})`,
    title: `drain of ${cell}`,
    wants: [poll('drain', 'getDrain', { params: { id: cell as CellId } }, everyMs)],
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

function drainLines(view: DrainView, context: PageContext): readonly TextLine[] {
  const { left, spec, rows } = view;
  const drain = spec?.drain;
  if (drain === undefined) return [{ text: 'this cell is not drained', role: 'ok' }];
  const remaining = left.ordinary + left.evacuating + left.suspect;
  const before = view.instances ?? Math.max(remaining, 1);
  const gone = Math.max(0, before - remaining);
  const full = Math.round((view.done || before === 0 ? 1 : gone / before) * barColumns);
  return [
    {
      text: `[${'#'.repeat(full)}${'.'.repeat(barColumns - full)}] ${gone} of ${before} have left`,
      role: view.done ? 'ok' : 'strong',
    },
    ...(view.done ? [{ text: 'drained: the host may be switched off', role: 'ok' as const }] : []),
    ...(view.remainingMs === undefined
      ? []
      : [{ key: 'about', text: `${spanOf(view.remainingMs)} more, at the pace so far` }]),
    { key: 'asked for', text: `${timeText(drain.at, context)} by ${drain.by}` },
    ...(drain.reason === '' ? [] : [{ key: 'reason', text: drain.reason }]),
    {
      key: 'deadline',
      text:
        drain.deadlineAt === undefined
          ? 'none: it waits for ever'
          : `in ${spanOf(drain.deadlineAt - context.now)}; then what is left is stopped`,
    },
    ...(left.tasks === 0
      ? []
      : [{ key: 'tasks', text: `${left.tasks} run to their end`, role: 'warn' as const }]),
    ...(view.present ? [] : [{ text: 'the cell is away', role: 'bad' as const }]),
    gap,
    ...rows.map(rowLine),
  ];
}

function rowLine({ guid, index, state, to, why }: DrainView['rows'][number]): TextLine {
  const where = to === undefined ? '' : ` on ${to}`;
  const reason = why === undefined ? '' : `: ${why}`;
  const role =
    state === 'crashed' || state === 'waiting'
      ? 'bad'
      : state === 'healthy' || state === 'stopping'
        ? 'ok'
        : 'text';
  return { key: instanceName(guid, index), text: `${state}${where}${reason}`, role };
}
