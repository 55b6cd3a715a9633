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
import type { StreamQuery } from './core/routes.ts';
import { explainInstance } from './core/why-instance.ts';
import { explainTask } from './core/why-task.ts';
import { noSuchInstance, noSuchTask } from './not-found.ts';

export interface StreamTarget {
  readonly cellId: CellId;
  readonly request: StreamRequest;
}

/**
 * Throws `ResourceNotFound` for an unknown target, `NotRunning` when there is no container to speak to, and
 * `InvalidRequest` for a request that makes no sense.
 */
export function streamTarget(state: ClusterState, query: StreamQuery, now: Millis): StreamTarget {
  if (query.kind === 'exec' && query.arg.length === 0) {
    throw new SkepError('InvalidRequest', 'exec needs a command', {
      field: 'arg',
      hint: 'name the command after "--": skep exec web/0 -- sh',
    });
  }
  return query.task ? taskTarget(state, query, now) : instanceTarget(state, query, now);
}

function instanceTarget(state: ClusterState, query: StreamQuery, now: Millis): StreamTarget {
  const { guid, index } = parseInstance(query.target);
  const slots = state.actual.get(guid)?.get(index);
  const lrp = chosen(slots, query.kind);
  if (lrp === undefined) throw noSuchInstance(state, guid, index);
  const { cellId, instanceGuid } = lrp;
  const claimed = cellId !== undefined && instanceGuid !== undefined;
  if (claimed && (lrp.state === 'RUNNING' || query.kind === 'logs')) {
    return { cellId, request: requestOf(query, instanceGuid, { guid, index }) };
  }
  const last = query.kind === 'logs' ? lastCell(state, guid, index) : undefined;
  if (last !== undefined) return { cellId: last, request: requestOf(query, '', { guid, index }) };
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

function taskTarget(state: ClusterState, query: StreamQuery, now: Millis): StreamTarget {
  const task = state.tasks.get(query.target as TaskGuid)?.value;
  if (task === undefined) throw noSuchTask(state, query.target);
  const { cellId, attempt } = task;
  const started = cellId !== undefined && attempt !== undefined;
  if (started && (task.state === 'RUNNING' || query.kind === 'logs')) {
    return { cellId, request: requestOf(query, attempt, undefined) };
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

function requestOf(
  query: StreamQuery,
  instanceGuid: string,
  instance: { readonly guid: string; readonly index: number } | undefined,
): StreamRequest {
  switch (query.kind) {
    case 'logs':
      return {
        kind: 'logs',
        instanceGuid,
        follow: query.follow,
        previous: query.previous || instanceGuid === '',
        ...(query.tail === undefined ? {} : { tail: query.tail }),
        ...(query.since === undefined ? {} : { since: query.since }),
        ...(instance === undefined ? {} : { instance }),
      };
    case 'exec':
      return {
        kind: 'exec',
        instanceGuid,
        args: query.arg,
        tty: query.tty,
        stdin: query.stdin,
        ...(query.user === undefined ? {} : { user: query.user }),
        ...(query.columns === undefined || query.rows === undefined
          ? {}
          : { size: { columns: query.columns, rows: query.rows } }),
      };
    case 'attach':
      return { kind: 'attach', instanceGuid, stdin: query.stdin };
  }
}
