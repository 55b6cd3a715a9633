/** `status`, `why` and journal events as text for people. Everything that the cluster said is escaped here. */
import type { Status, Why } from '../../api/core/routes.ts';
import type { JournalEvent } from '../../model/event.ts';
import { instanceName } from '../../model/instance-name.ts';
import type { Paint } from './colour.ts';
import { escapeLines, escapeText } from './escape.ts';
import { formatAge, formatTime, plural } from './format.ts';
import { instanceState } from './rows.ts';

/** The answer first, then what it rests on. */
export function whyLines(why: Why, now: number, paint: Paint): string[] {
  const lines = [paint('bold', escapeText(why.subject)), `  ${indented(why.summary, 2)}`];
  for (const { actual, summary, hint } of why.instances) {
    const name = instanceName(actual.guid, actual.index);
    const age = formatAge(actual.since, now);
    lines.push('', `${paint('bold', name)}  ${escapeText(instanceState(actual))} for ${age}`);
    lines.push(`  ${indented(summary, 2)}`);
    if (hint !== undefined) lines.push(`  ${paint('cyan', 'Try:')} ${indented(hint, 2)}`);
  }
  if (why.task !== undefined && why.task.summary !== why.summary)
    lines.push('', `  ${indented(why.task.summary, 2)}`);
  if (why.task?.hint !== undefined) lines.push(`  ${paint('cyan', 'Try:')} ${indented(why.task.hint, 2)}`);
  if (why.events.length > 0) {
    lines.push('', paint('bold', 'What happened, newest first'));
    for (const event of why.events)
      lines.push(`  ${formatAge(event.at, now).padStart(7)} ago  ${eventText(event)}`);
  }
  return lines;
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
  const problems = [
    ...(status.stale === '' ? [] : [`what follows may be old: ${status.stale}`]),
    ...status.problems,
  ];
  const lines = problems.map((problem) => `${paint('red', 'PROBLEM')}  ${escapeText(problem)}`);
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
    `Cells      ${cells.present} present${cells.engineDown > 0 ? `, ${cells.engineDown} with their engine down` : ''}`,
    `LRPs       ${plural(lrps.desired, 'LRP')}, ${lrps.instancesRunning} of ${plural(lrps.instancesDesired, 'instance')} running${trouble(status)}`,
    `Tasks      ${tasks.pending} pending, ${tasks.running} running, ${tasks.completed} completed`,
    `Answered   by ${escapeText(status.server)} ${escapeText(status.version)} at revision ${status.revision}`,
    '',
    'Servers',
  );
  for (const server of status.servers) {
    const text = `${server.server}  ${server.health}  ${server.apiAddress}  ${server.version}`;
    lines.push(`  ${escapeText(text)}  up ${formatAge(server.startedAt, now)}`);
  }
  return lines;
}

function trouble({ lrps }: Status): string {
  const parts = [
    lrps.unplaced > 0 ? `${lrps.unplaced} without a place` : '',
    lrps.crashed > 0 ? `${lrps.crashed} crashed` : '',
    lrps.suspect > 0 ? `${lrps.suspect} suspect` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}
