/** `status`, `why` and journal events as text for people. Everything that the cluster said is escaped here. */

import { quorumLine } from '../../api/core/quorum-text.ts';
import type { Status, Why } from '../../api/core/routes.ts';
import { survivesText } from '../../api/core/survives-text.ts';
import { whyGroups } from '../../api/core/why-groups.ts';
import type { JournalEvent } from '../../model/event.ts';
import { instanceName } from '../../model/instance-name.ts';
import type { Paint } from './colour.ts';
import { escapeLines, escapeText } from './escape.ts';
import { formatAge, formatTime, plural } from './format.ts';
import { instanceState } from './rows.ts';
import { standingLines } from './standing-prose.ts';
import { type Column, renderTable } from './table.ts';

/** The answer first, then what it rests on. */
export function whyLines(why: Why, now: number, paint: Paint): string[] {
  const lines: string[] = [];
  const head = headOf(why);
  if (head !== '') lines.push(paint('bold', escapeText(why.subject)), `  ${indented(head, 2)}`);
  for (const { name, first, count } of whyGroups(why.instances)) {
    const { actual, summary, hint } = first;
    const age = count === 1 ? ` for ${formatAge(actual.since, now)}` : `, ${count} of them`;
    if (lines.length > 0) lines.push('');
    lines.push(`${paint('bold', escapeText(name))}  ${escapeText(instanceState(actual))}${age}`);
    lines.push(`  ${indented(summary, 2)}`);
    if (hint !== undefined) lines.push(`  ${paint('cyan', 'Try:')} ${indented(hint, 2)}`);
  }
  if (why.task !== undefined && why.task.summary !== why.summary)
    lines.push('', `${paint('bold', 'The task of this name')}`, `  ${indented(why.task.summary, 2)}`);
  if (why.task?.hint !== undefined) lines.push(`  ${paint('cyan', 'Try:')} ${indented(why.task.hint, 2)}`);
  if (why.standing !== undefined) lines.push(...standingLines(why.standing, paint));
  if (why.events.length > 0) {
    lines.push('', paint('bold', 'What happened, newest first'));
    for (const event of [...why.events].reverse())
      lines.push(`  ${formatAge(event.at, now).padStart(7)} ago  ${eventText(event)}`);
  }
  return lines;
}

/** What is to be said above the instances: what one of them says of itself stands below, with its name and age. */
function headOf({ summary, instances }: Why): string {
  const [first] = instances;
  if (first === undefined) return summary;
  if (summary === first.summary) return '';
  const repeated = `; ${instanceName(first.actual.guid, first.actual.index)} ${first.summary}`;
  return summary.endsWith(repeated) ? summary.slice(0, -repeated.length) : summary;
}

function indented(text: string, columns: number): string {
  return escapeLines(text).replaceAll('\n', `\n${' '.repeat(columns)}`);
}

function eventText(event: JournalEvent): string {
  const where =
    event.cellId === undefined || event.message.includes(event.cellId) ? '' : ` [${event.cellId}]`;
  const actor = event.actor === undefined ? '' : ` (by ${event.actor})`;
  return escapeText(`${event.type}  ${event.subject}: ${event.message}${where}${actor}`);
}

/** One line of `skep events`. */
export function eventLine(event: JournalEvent, offsetMinutes: number | undefined): string {
  return `${formatTime(event.at, offsetMinutes)}  ${eventText(event)}`;
}

/** Problems first: an operator who looks here looks for them. */
export function statusLines(status: Status, now: number, paint: Paint): string[] {
  const lines = status.problems.map((problem) => `${paint('red', 'PROBLEM')}  ${escapeText(problem)}`);
  for (const { key, reason } of status.corrupt) {
    lines.push(`${paint('red', 'CORRUPT')}  ${escapeText(key)}: ${escapeText(reason)}`);
  }
  if (lines.length === 0) lines.push(`${paint('green', 'OK')}  nothing needs attention`);
  const { lrps, tasks, cells, leader } = status;
  const leads =
    leader === undefined
      ? 'none'
      : `${leader.server}, since ${formatAge(leader.since, now)}, term ${leader.raftTerm}`;
  lines.push(
    '',
    `Cluster    ${escapeText(status.clusterId)}`,
    `Leader     ${escapeText(leads)}`,
    `Cells      ${cells.present} present${(cells.lost ?? 0) > 0 ? `, ${cells.lost} lost` : ''}${cells.engineDown > 0 ? `, ${cells.engineDown} with their engine down` : ''}`,
    ...(status.survives === undefined ? [] : [`Survives   ${escapeText(survivesText(status.survives))}`]),
    ...quorumLines(status, now),
    ...rebalanceLines(status, now),
    `LRPs       ${plural(lrps.desired, 'LRP')}, ${lrps.instancesRunning} of ${plural(lrps.instancesDesired, 'instance')} running${trouble(status)}`,
    `Tasks      ${tasks.pending} pending, ${tasks.running} running, ${tasks.completed} completed`,
    `Answered   by ${escapeText(status.server)} ${escapeText(status.version)} at revision ${status.revision}`,
    '',
    'Servers',
  );
  const rows = renderTable(serverColumns(now), status.servers, { headers: false, wide: false });
  return [...lines, ...rows.map((row) => `  ${row}`)];
}

function quorumLines({ quorum }: Status, now: number): string[] {
  const line = quorum === undefined ? undefined : quorumLine(quorum, now);
  return line === undefined ? [] : [`Quorum     ${escapeText(line)}`];
}

function rebalanceLines({ rebalance }: Status, now: number): string[] {
  if (rebalance === undefined) return [];
  const { by, at, asked, left } = rebalance;
  return [
    `Rebalance  ${left} of ${plural(asked, 'move')} left, asked for ${formatAge(at, now)} ago by ${escapeText(by)}`,
  ];
}

type Server = Status['servers'][number];

const serverColumns = (now: number): Column<Server>[] => [
  { title: 'SERVER', cell: ({ server }) => server },
  {
    title: 'STATE',
    cell: ({ health, agentProblem }) => (agentProblem === undefined ? health : `${health}, agent away`),
  },
  { title: 'ADDRESS', cell: ({ apiAddress }) => apiAddress },
  { title: 'VERSION', cell: ({ version }) => version },
  {
    title: 'UP',
    cell: ({ health, agentProblem, startedAt }) =>
      health === 'unknown' || agentProblem !== undefined ? '' : `up ${formatAge(startedAt, now)}`,
  },
];

function trouble({ lrps }: Status): string {
  const parts = [
    lrps.unplaced > 0 ? `${lrps.unplaced} without a place` : '',
    lrps.crashed > 0 ? `${lrps.crashed} crashed` : '',
    lrps.suspect > 0 ? `${lrps.suspect} suspect` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}
