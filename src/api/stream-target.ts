/**
 * Which container of which cell a client's stream is about: decided from the state alone. A refusal says
 * what the instance is doing instead and what can be done. Used by streams.ts.
 */
import { SkepError } from '../base/core/errors.ts';
import type { ActualLrp } from '../model/actual-lrp.ts';
import { type CellId, instanceName, type Millis, type ProcessGuid, type TaskGuid } from '../model/ids.ts';
import type { Task } from '../model/task.ts';
import type { ActualSlots, ClusterState } from '../store/core/state.ts';
import type { StreamRequest } from './core/cell-protocol.ts';
import { cellOfConsole } from './core/console-shapes.ts';
import { hostShellIsOff, mayNotEnterHost } from './core/host-shell.ts';
import type { StreamQuery } from './core/routes.ts';
import { upgradeActionSchema } from './core/upgrade-shapes.ts';
import { explainInstance } from './core/why-instance.ts';
import { explainTask } from './core/why-task.ts';
import { noSuchCell, noSuchInstance, noSuchTask } from './not-found.ts';

export interface StreamTarget {
  readonly cellId: CellId;
  readonly request: StreamRequest;
}

/** Who asks for a stream and where, as the journal names them. */
export interface StreamCaller {
  readonly actor: string;
  /** The server that was asked. */
  readonly server: string;
  /** Whether they may have a shell on a host. */
  readonly mayEnterHost: boolean;
}

/** What may be asked of a cell as such. */
const wholeCell: ReadonlySet<StreamQuery['kind']> = new Set([
  'stats',
  'console',
  'consoles',
  'doctor',
  'upgrade',
]);

type Call = StreamCaller & { readonly query: StreamQuery; readonly now: Millis };

/**
 * Throws `ResourceNotFound` for an unknown target, `NotRunning` when there is no container to speak to, and
 * `InvalidRequest` for a request that makes no sense.
 */
export function streamTarget(
  state: ClusterState,
  query: StreamQuery,
  now: Millis,
  caller: StreamCaller,
): StreamTarget {
  checkQuery(query);
  const call = { ...caller, query, now };
  if (query.kind === 'console' && query.session !== undefined) {
    return cellTarget(state, cellOfConsole(query.session), call);
  }
  if (query.cell !== undefined) {
    if (query.kind === 'console') checkHostShell(state, query.cell, caller);
    return cellTarget(state, query.cell, call);
  }
  return query.task ? taskTarget(state, call) : instanceTarget(state, call);
}

function checkQuery({ kind, arg, watch, session, cell, target, user }: StreamQuery): void {
  const refuse = (message: string, field: string, hint: string): never => {
    throw new SkepError('InvalidRequest', message, { field, hint });
  };
  if (kind === 'exec' && arg.length === 0) {
    refuse('exec needs a command', 'arg', 'name the command after "--": skep exec web/0 -- sh');
  }
  if (kind === 'console' && watch && session === undefined) {
    refuse('only a session that exists can be watched', 'session', 'name it: `skep console ls` lists them');
  }
  if (kind === 'upgrade' && !upgradeActionSchema.safeParse(arg[0]).success) {
    refuse('an upgrade has one action', 'arg', `one of ${upgradeActionSchema.options.join(', ')}`);
  }
  if (kind === 'upgrade' && cell === undefined) {
    refuse('an upgrade is about a cell', 'cell', 'name the cell: skep cells lists them');
  }
  if (kind === 'doctor' && cell === undefined) {
    refuse('doctor is about a cell, not about an instance', 'cell', 'name the cell: cell=host-a');
  }
  if (cell === undefined) return;
  if (kind === 'console' && (arg.length > 0 || user !== undefined)) {
    refuse("a shell on a host is its login shell, as the agent's user", 'arg', 'type the command in it');
  }
  if (!wholeCell.has(kind)) {
    refuse(`${kind} is about one instance, not about a cell`, 'cell', 'write NAME/INDEX, such as web/0');
  }
  if (target !== '') {
    refuse('a cell and an instance are asked for at once', 'target', 'leave one of the two out');
  }
}

/** Throws `Unauthorized` where the caller may not, or the cell's own settings do not let it. */
function checkHostShell(state: ClusterState, cell: string, { mayEnterHost }: StreamCaller): void {
  const presence = state.cells.get(cell as CellId)?.value;
  if (presence === undefined) return;
  if (!mayEnterHost) throw mayNotEnterHost(cell);
  if (presence.hostShell !== true) throw hostShellIsOff(cell);
}

/** A cell that answers for itself; one that is not there is a refusal. */
function cellTarget(state: ClusterState, cell: string, call: Call): StreamTarget {
  const presence = state.cells.get(cell as CellId);
  if (presence === undefined) throw noSuchCell(state, cell);
  return { cellId: presence.value.cellId, request: requestOf(call, undefined, undefined) };
}

function instanceTarget(state: ClusterState, call: Call): StreamTarget {
  const { query, now } = call;
  const { guid, index } = parseInstance(query.target);
  const slots = state.actual.get(guid)?.get(index);
  const lrp = chosen(slots, query.kind);
  if (lrp === undefined) throw noSuchInstance(state, guid, index);
  const { cellId, instanceGuid } = lrp;
  const claimed = cellId !== undefined && instanceGuid !== undefined;
  if (claimed && (lrp.state === 'RUNNING' || query.kind === 'logs')) {
    return { cellId, request: requestOf(call, instanceGuid, { guid, index }) };
  }
  const last = query.kind === 'logs' ? lastCell(state, guid, index) : undefined;
  if (last !== undefined) return { cellId: last, request: requestOf(call, '', { guid, index }) };
  throw notRunning(state, lrp, now);
}

function parseInstance(target: string): { guid: ProcessGuid; index: number } {
  const match = /^([a-zA-Z0-9_-]+)\/(0|[1-9]\d{0,8})$/.exec(target);
  if (match === null) {
    throw new SkepError('InvalidRequest', `target: "${target.slice(0, 200)}" does not name an instance`, {
      field: 'target',
      hint: 'write NAME/INDEX, such as web/0',
    });
  }
  return { guid: match[1] as ProcessGuid, index: Number(match[2]) };
}

/** The record that counts, unless only another has a container: it may still be reached. */
function chosen(slots: ActualSlots | undefined, kind: StreamQuery['kind']): ActualLrp | undefined {
  const ordinary = slots?.ordinary?.value;
  if (ordinary?.state === 'RUNNING') return ordinary;
  const others = [slots?.evacuating?.value, slots?.suspect?.value];
  const running = others.find((lrp) => lrp?.state === 'RUNNING');
  if (kind === 'logs' && ordinary?.state === 'CLAIMED' && slots?.evacuating === undefined) return ordinary;
  return running ?? ordinary ?? others.find((lrp) => lrp !== undefined);
}

/** Where the instance ran last, by the journal: its crashed container may be kept there. */
function lastCell(state: ClusterState, guid: ProcessGuid, index: number): CellId | undefined {
  const subject = instanceName(guid, index);
  let last: CellId | undefined;
  for (const event of state.events.values()) {
    const ran = event.type === 'instance.running' || event.type === 'instance.crashed';
    if (ran && event.subject === subject && event.cellId !== undefined) last = event.cellId as CellId;
  }
  return last !== undefined && state.cells.has(last) ? last : undefined;
}

function notRunning(state: ClusterState, lrp: ActualLrp, now: Millis): SkepError {
  const name = instanceName(lrp.guid, lrp.index);
  const { summary, hint } = explainInstance(state, lrp, undefined, now);
  return new SkepError('NotRunning', `${name} is ${lrp.state}: it ${summary}`, {
    hint: hint ?? `wait until it runs: skep ps ${lrp.guid}`,
  });
}

function taskTarget(state: ClusterState, call: Call): StreamTarget {
  const { query, now } = call;
  const task = state.tasks.get(query.target as TaskGuid)?.value;
  if (task === undefined) throw noSuchTask(state, query.target);
  const { cellId, attempt } = task;
  const started = cellId !== undefined && attempt !== undefined;
  if (started && (task.state === 'RUNNING' || query.kind === 'logs')) {
    return { cellId, request: requestOf(call, attempt, undefined) };
  }
  throw taskNotRunning(state, task, now);
}

function taskNotRunning(state: ClusterState, task: Task, now: Millis): SkepError {
  const { summary, hint } = explainTask(state, task, now);
  const advice =
    task.state === 'PENDING' ? 'wait until it runs: skep task ls' : 'a task runs once: start a new one';
  return new SkepError('NotRunning', `task "${task.guid}" is ${task.state}: it ${summary}`, {
    hint: hint ?? advice,
  });
}

type Instance = { readonly guid: string; readonly index: number };

/** @param instanceGuid undefined for a whole cell */
function requestOf(
  call: Call,
  instanceGuid: string | undefined,
  instance: Instance | undefined,
): StreamRequest {
  const { query } = call;
  const about = instanceGuid === undefined ? {} : { instanceGuid };
  switch (query.kind) {
    case 'logs':
      return logsRequest(query, instanceGuid ?? '', instance);
    case 'exec':
      return {
        kind: 'exec',
        instanceGuid: instanceGuid ?? '',
        args: query.arg,
        tty: query.tty,
        stdin: query.stdin,
        ...terminalOf(query),
      };
    case 'attach':
      return { kind: 'attach', instanceGuid: instanceGuid ?? '', stdin: query.stdin };
    case 'stats':
      return { kind: 'stats', ...about };
    case 'consoles':
      return { kind: 'consoles', ...about };
    case 'upgrade':
      return { kind: 'upgrade', action: upgradeActionSchema.parse(query.arg[0]), by: call.actor };
    case 'doctor':
      return { kind: 'doctor' };
    case 'console':
      return {
        kind: 'console',
        instanceGuid: instanceGuid ?? '',
        watch: query.watch,
        args: query.arg,
        by: call.actor,
        via: call.server,
        ...(query.cell === undefined ? {} : { host: true }),
        mayEnterHost: call.mayEnterHost,
        ...(query.session === undefined ? {} : { session: query.session }),
        ...terminalOf(query),
      };
  }
}

function logsRequest(
  query: StreamQuery,
  instanceGuid: string,
  instance: Instance | undefined,
): StreamRequest {
  return {
    kind: 'logs',
    instanceGuid,
    follow: query.follow,
    previous: query.previous || instanceGuid === '',
    ...(query.tail === undefined ? {} : { tail: query.tail }),
    ...(query.since === undefined ? {} : { since: query.since }),
    ...(instance === undefined ? {} : { instance }),
  };
}

function terminalOf({ user, columns, rows }: StreamQuery) {
  return {
    ...(user === undefined ? {} : { user }),
    ...(columns === undefined || rows === undefined ? {} : { size: { columns, rows } }),
  };
}
