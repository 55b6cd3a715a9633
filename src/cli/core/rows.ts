/** The columns of `ps`, `cells` and `task ls`: nouns to cells of a table. Table.ts escapes what they return. */
import type { CellView, LrpView } from '../../api/core/routes.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { instanceName } from '../../model/instance-name.ts';
import { restartDueAt } from '../../model/restart-policy.ts';
import type { LostCell } from '../../model/roster.ts';
import type { Task } from '../../model/task.ts';
import { formatAge, formatDuration, formatMebibytes } from './format.ts';
import type { Column } from './table.ts';

/** `ps`: one LRP a row. */
export function lrpColumns(now: number): Column<LrpView>[] {
  return [
    { title: 'NAME', cell: (v) => v.desired.guid },
    { title: 'READY', align: 'right', cell: (v) => `${v.counts.ready}/${v.desired.instances}` },
    { title: 'STATE', cell: lrpState },
    { title: 'IMAGE', cell: (v) => v.desired.image },
    {
      title: 'MEMORY',
      align: 'right',
      cell: (v) => (v.desired.memoryMb === 0 ? '-' : formatMebibytes(v.desired.memoryMb)),
    },
    { title: 'PORTS', cell: (v) => v.desired.ports.join(',') },
    { title: 'DISK', align: 'right', wideOnly: true, cell: (v) => formatMebibytes(v.desired.diskMb) },
    { title: 'DOMAIN', wideOnly: true, cell: (v) => v.desired.domain },
    { title: 'COMMAND', wideOnly: true, cell: (v) => v.desired.action.args.join(' ') },
    { title: 'AGE', align: 'right', cell: (v) => formatAge(v.desired.createdAt, now) },
  ];
}

function lrpState({ desired, counts }: LrpView): string {
  if (desired.removedAt !== undefined) return 'removing';
  const parts: string[] = [];
  if (counts.crashed > 0) parts.push(`${counts.crashed} crashed`);
  if (counts.unclaimed > 0) parts.push(`${counts.unclaimed} waiting`);
  if (counts.claimed > 0) parts.push(`${counts.claimed} starting`);
  if (counts.running > counts.ready) parts.push(`${counts.running - counts.ready} not ready`);
  if (counts.stopping > 0) parts.push(`${counts.stopping} stopping`);
  if (counts.evacuating > 0) parts.push(`${counts.evacuating} evacuating`);
  if (counts.suspect > 0) parts.push(`${counts.suspect} suspect`);
  if (parts.length > 0) return parts.join(', ');
  return desired.instances === 0 ? 'stopped' : 'running';
}

/** `ps NAME`: one instance a row. */
export function instanceColumns(now: number): Column<ActualLrp>[] {
  return [
    { title: 'INSTANCE', cell: (lrp) => instanceName(lrp.guid, lrp.index) },
    { title: 'STATE', cell: instanceState },
    { title: 'CELL', cell: (lrp) => lrp.cellId ?? '' },
    { title: 'ADDRESS', cell: instanceAddress },
    { title: 'SINCE', align: 'right', cell: (lrp) => formatAge(lrp.since, now) },
    { title: 'CRASHES', align: 'right', cell: (lrp) => String(lrp.crashCount) },
    { title: 'INSTANCE GUID', wideOnly: true, cell: (lrp) => lrp.instanceGuid ?? '' },
    { title: 'CONTAINER', wideOnly: true, cell: (lrp) => lrp.containerId?.slice(0, 12) ?? '' },
    { title: 'WHY', cell: (lrp) => instanceReason(lrp, now) },
  ];
}

/** The state in one lower-case word or two. */
export function instanceState(lrp: ActualLrp): string {
  if (lrp.retire !== undefined) return 'stopping';
  const state = lrp.state === 'RUNNING' && !lrp.routable ? 'not ready' : lrp.state.toLowerCase();
  return lrp.presence === 'ORDINARY' ? state : `${state} (${lrp.presence.toLowerCase()})`;
}

function instanceAddress(lrp: ActualLrp): string {
  const { netInfo } = lrp;
  return netInfo === undefined
    ? ''
    : netInfo.ports.map((port) => `${netInfo.address}:${port.hostPort}`).join(',');
}

/** Why it is not as desired, or what happened last. */
export function instanceReason(lrp: ActualLrp, now: number): string {
  if (lrp.retire !== undefined) return lrp.retire.reason;
  if (lrp.presence === 'SUSPECT') return 'its cell is lost; it goes once its replacement runs';
  if (lrp.presence === 'EVACUATING') return 'its cell is drained; it goes once its replacement runs';
  if (lrp.state === 'UNCLAIMED' && lrp.placementError !== undefined) {
    const { nearest, message } = lrp.placementError;
    return nearest === undefined
      ? message
      : `${message} (nearest: ${nearest.cellId}, lacks ${nearest.lacks})`;
  }
  if (lrp.state === 'RUNNING' && !lrp.routable)
    return lrp.checkOutput ?? 'its readiness check has not passed yet';
  if (lrp.state !== 'CRASHED') return lrp.crashReason === undefined ? '' : `last crash: ${lrp.crashReason}`;
  const due = restartDueAt(lrp.crashCount, lrp.since);
  const next =
    due === undefined
      ? 'not restarted any more'
      : due <= now
        ? 'restart is due'
        : `restart in ${formatDuration(due - now)}`;
  return `${lrp.crashReason ?? 'crashed'}; ${next}`;
}

/** `cells`: one cell a row. */
export function cellColumns(now: number): Column<CellView>[] {
  const ratio = (used: number, capacity: number): string =>
    `${formatMebibytes(used)}/${formatMebibytes(capacity)}`;
  return [
    { title: 'CELL', cell: (v) => v.presence.cellId },
    { title: 'STATE', cell: cellState },
    { title: 'ZONE', cell: (v) => v.presence.zone },
    { title: 'INSTANCES', align: 'right', cell: (v) => String(v.instances) },
    { title: 'TASKS', align: 'right', cell: (v) => String(v.tasks) },
    { title: 'MEMORY', align: 'right', cell: (v) => ratio(v.used.memoryMb, v.presence.capacity.memoryMb) },
    { title: 'DISK', align: 'right', cell: (v) => ratio(v.used.diskMb, v.presence.capacity.diskMb) },
    {
      title: 'CONTAINERS',
      align: 'right',
      cell: (v) => `${v.used.containers}/${v.presence.capacity.containers}`,
    },
    { title: 'ADDRESS', cell: (v) => v.presence.address },
    { title: 'OS/ARCH', wideOnly: true, cell: (v) => `${v.presence.os}/${v.presence.arch}` },
    { title: 'VERSION', wideOnly: true, cell: (v) => v.presence.version },
    { title: 'ENGINE', wideOnly: true, cell: (v) => v.presence.engine.name },
    { title: 'UP', align: 'right', cell: (v) => formatAge(v.presence.registeredAt, now) },
    {
      title: 'WHY',
      cell: cellReason,
    },
  ];
}

/** `cells` with those that are lost: of them only so much is known. */
export function cellRowColumns(now: number): Column<CellView | LostCell>[] {
  return cellColumns(now).map((column) => ({
    ...column,
    cell: (row) => ('presence' in row ? column.cell(row) : lostCellText(row, column.title, now)),
  }));
}

function lostCellText({ cellId, zone, lostAt }: LostCell, title: string, now: number): string {
  switch (title) {
    case 'CELL':
      return cellId;
    case 'STATE':
      return 'lost';
    case 'ZONE':
      return zone;
    case 'WHY':
      return `not heard of for ${formatAge(lostAt, now)}`;
    default:
      return '';
  }
}

/** The state in one lower-case word or two. */
function cellState({ presence, spec, instances, tasks }: CellView): string {
  if (!presence.engine.ok) return 'engine down';
  if (spec?.drain !== undefined) return instances + tasks === 0 ? 'drained' : 'draining';
  return spec?.cordon === undefined ? 'ready' : 'cordoned';
}

/** Why nothing is placed there. */
function cellReason({ presence, spec }: CellView): string {
  if (!presence.engine.ok) return presence.engine.reason ?? 'the container engine does not answer';
  const set = spec?.drain ?? spec?.cordon;
  if (set === undefined) return '';
  return set.reason === '' ? `by ${set.by}` : `by ${set.by}: ${set.reason}`;
}

/** `task ls`: one task a row. */
export function taskColumns(now: number): Column<Task>[] {
  return [
    { title: 'TASK', cell: (task) => task.guid },
    { title: 'STATE', cell: taskState },
    { title: 'CELL', cell: (task) => task.cellId ?? '' },
    { title: 'IMAGE', cell: (task) => task.image },
    { title: 'AGE', align: 'right', cell: (task) => formatAge(task.createdAt, now) },
    { title: 'TOOK', align: 'right', cell: (task) => tookOf(task, now) },
    { title: 'WHY', cell: taskReason },
  ];
}

/** The state in one lower-case word. */
export function taskState(task: Task): string {
  if (task.state === 'COMPLETED' || task.state === 'RESOLVING') return task.failed ? 'failed' : 'completed';
  return task.state.toLowerCase();
}

function tookOf(task: Task, now: number): string {
  return task.startedAt === undefined ? '' : formatDuration((task.firstCompletedAt ?? now) - task.startedAt);
}

/** Why it failed, or why it does not run yet. */
export function taskReason(task: Task): string {
  if (task.failed) return task.failureReason ?? '';
  if (task.state !== 'PENDING') return '';
  return task.placementError?.message ?? task.rejectionReason ?? '';
}
