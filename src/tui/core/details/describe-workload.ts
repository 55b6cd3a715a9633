/** LRPs and tasks in words with units, for describe pages and the task page. The exact records are on the raw page. */
import { spanOf } from '../../../api/core/age.ts';
import type { LrpView } from '../../../api/core/routes.ts';
import type { Check } from '../../../model/check.ts';
import type { DesiredLrp } from '../../../model/desired-lrp.ts';
import type { PlacementRules } from '../../../model/placement.ts';
import type { Task } from '../../../model/task.ts';
import { formatMb, grouped } from '../columns-format.ts';
import type { PageContext } from '../page.ts';
import type { TextLine } from '../text-page.ts';
import { gap, heading, timeText } from './facts.ts';

/** Of one record; facts that are not there are left out. */
export function lrpLines({ desired, counts }: LrpView, context: PageContext): readonly TextLine[] {
  const { instances, removedAt, domain, generation, createdAt, updatedAt, memoryMb } = desired;
  const isWhole = counts.ready >= instances && counts.crashed + counts.unclaimed === 0;
  return present([
    removedAt === undefined
      ? undefined
      : { key: 'being removed', text: `since ${timeText(removedAt, context)}`, role: 'warn' },
    {
      key: 'instances',
      text: `${grouped(counts.ready)} of ${grouped(instances)} ready`,
      role: isWhole ? 'ok' : 'bad',
    },
    countsLine(counts),
    ...workloadLines(desired),
    { key: 'all together', text: `${amount(memoryMb * instances)} of memory` },
    ...lrpOnlyLines(desired),
    { key: 'domain', text: domain },
    { key: 'generation', text: String(generation) },
    { key: 'made', text: timeText(createdAt, context) },
    { key: 'changed', text: timeText(updatedAt, context) },
    ...longLines(desired),
  ]);
}

export function taskLines(task: Task, context: PageContext): readonly TextLine[] {
  const { state, failed, createdAt, startedAt, firstCompletedAt } = task;
  const ended = firstCompletedAt !== undefined;
  const outcome = !ended ? state : failed ? `${state}: failed` : `${state}: succeeded`;
  const ran = startedAt === undefined ? undefined : (firstCompletedAt ?? context.now) - startedAt;
  return present([
    { key: 'state', text: outcome, role: failed ? 'bad' : ended ? 'ok' : 'strong' },
    fact('failure', task.failureReason, 'bad'),
    fact('exit code', task.exitCode === undefined ? undefined : String(task.exitCode)),
    fact('result', task.result),
    fact('cell', task.cellId),
    task.rejectionCount === 0
      ? undefined
      : {
          key: 'rejected',
          text: `${task.rejectionCount} times, last: ${task.rejectionReason ?? 'no reason known'}`,
          role: 'warn',
        },
    { key: 'asked for', text: timeText(createdAt, context) },
    startedAt === undefined ? undefined : { key: 'started', text: timeText(startedAt, context) },
    ended ? { key: 'ended', text: timeText(firstCompletedAt, context) } : undefined,
    fact(ended ? 'ran for' : 'runs for', ran === undefined ? undefined : spanOf(ran)),
    ...workloadLines(task),
    fact('result file', task.resultFile),
    fact('placement', placementText(task.placement)),
    { key: 'domain', text: task.domain },
    ...longLines(task),
  ]);
}

const present = (lines: readonly (TextLine | undefined)[]): readonly TextLine[] =>
  lines.filter((line): line is TextLine => line !== undefined);

const fact = (
  key: string,
  text: string | undefined,
  role: TextLine['role'] = 'text',
): TextLine | undefined => (text === undefined || text === '' ? undefined : { key, text, role });

/** Zero in a record means no limit. */
const amount = (mb: number): string => (mb === 0 ? 'no limit' : formatMb(mb));

function countsLine(counts: LrpView['counts']): TextLine | undefined {
  const words: Readonly<Record<keyof LrpView['counts'], string>> = {
    running: 'running',
    ready: '',
    claimed: 'starting',
    unclaimed: 'without a place',
    crashed: 'crashed',
    suspect: 'suspect',
    evacuating: 'leaving a drained cell',
    stopping: 'stopping',
  };
  const keys = Object.keys(words) as (keyof LrpView['counts'])[];
  const parts = keys.filter((key) => words[key] !== '' && counts[key] > 0);
  return fact('of them', parts.map((key) => `${grouped(counts[key])} ${words[key]}`).join(', '));
}

/** What LRPs and tasks have in common. */
type Workload = Pick<
  DesiredLrp,
  'image' | 'action' | 'cpuWeight' | 'cpuMilli' | 'maxPids' | 'memoryMb' | 'diskMb' | 'privileged'
>;

function workloadLines(work: Workload): readonly (TextLine | undefined)[] {
  const { action, cpuWeight, cpuMilli, maxPids, memoryMb, diskMb } = work;
  const cores = cpuMilli === 0 ? 'no limit' : `at most ${cpuMilli / 1_000} cores`;
  return [
    { key: 'image', text: work.image },
    {
      key: 'command',
      text: action.args.length === 0 ? 'the one of the image' : action.args.map(quoted).join(' '),
    },
    fact('folder', action.dir),
    fact('user', action.user),
    { key: 'memory', text: amount(memoryMb) },
    { key: 'disk', text: amount(diskMb) },
    { key: 'CPU', text: `weight ${cpuWeight}, ${cores}` },
    { key: 'processes', text: maxPids === 0 ? 'no limit' : `at most ${grouped(maxPids)}` },
    work.privileged
      ? { key: 'privileged', text: 'yes: it can do what root on the cell can', role: 'warn' }
      : undefined,
  ];
}

/** As a shell would want it, so that arguments with spaces are seen to be one. */
const quoted = (argument: string): string =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;

function lrpOnlyLines(desired: DesiredLrp): readonly (TextLine | undefined)[] {
  const { ports, fixedPorts, checks, readinessChecks, startTimeoutMs, stopGraceMs, priority } = desired;
  const fixed = fixedPorts.map(({ containerPort, hostPort }) => `${hostPort} to ${containerPort}`);
  return [
    fact('ports', ports.join(', ')),
    fact('fixed host ports', fixed.join(', ')),
    fact('health checks', checks.map(checkText).join('; ')),
    fact('readiness checks', readinessChecks.map(checkText).join('; ')),
    { key: 'start within', text: startTimeoutMs === 0 ? 'no limit' : spanOf(startTimeoutMs) },
    { key: 'stop', text: `killed ${spanOf(stopGraceMs)} after it was asked to end` },
    fact('placement', placementText(desired.placement)),
    priority === 0 ? undefined : { key: 'priority', text: String(priority) },
  ];
}

function checkText(check: Check): string {
  const what =
    check.kind === 'command'
      ? check.args.map(quoted).join(' ')
      : check.kind === 'tcp'
        ? `TCP port ${check.port}`
        : `GET port ${check.port} ${check.path}`;
  return `${what} every ${spanOf(check.intervalMs)}, answered within ${spanOf(check.timeoutMs)}`;
}

function placementText(rules: PlacementRules): string {
  const { os, arch, tags, runtime, volumeDrivers, sticky, spreadBy, sameCellAs, notWith, maxPerCell } = rules;
  const parts = [
    os === undefined && arch === undefined ? '' : `on ${[os, arch].filter(Boolean).join('/')}`,
    tags.length === 0 ? '' : `tags ${tags.join(' ')}`,
    runtime === undefined ? '' : `runtime ${runtime}`,
    volumeDrivers.length === 0 ? '' : `volume drivers ${volumeDrivers.join(' ')}`,
    sticky ? 'back to the cell it ran on' : '',
    spreadBy === undefined ? '' : `spread by ${spreadBy}`,
    sameCellAs === undefined ? '' : `where ${sameCellAs} runs`,
    notWith.length === 0 ? '' : `never beside ${notWith.join(', ')}`,
    maxPerCell === undefined ? '' : `at most ${maxPerCell} on a cell`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** What may be many lines, at the end. */
function longLines(
  work: Pick<DesiredLrp, 'env' | 'labels' | 'annotation'> & { readonly routes?: object },
): readonly TextLine[] {
  const { env, labels, annotation, routes = {} } = work;
  const listed = (title: string, entries: readonly (readonly [string, string])[]): readonly TextLine[] =>
    entries.length === 0 ? [] : [gap, heading(title), ...entries.map(([key, text]) => ({ key, text }))];
  return [
    ...listed('Labels', Object.entries(labels)),
    ...listed(
      'Environment',
      env.map(({ name, value }) => [name, value] as const),
    ),
    ...listed(
      'Routes',
      Object.entries(routes).map(([key, value]) => [key, JSON.stringify(value)] as const),
    ),
    ...(annotation === '' ? [] : [gap, heading('Annotation'), { text: annotation }]),
  ];
}
