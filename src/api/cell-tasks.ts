/**
 * What a cell reports about its tasks: start, complete, reject. At most once is held here: a container may be
 * created only after PENDING → RUNNING is committed. Rules: reference/diego.md 1.9. Called by cell-requests.ts.
 */
import { SkepError } from '../base/core/errors.ts';
import type { EventType } from '../model/event.ts';
import type { TaskGuid } from '../model/ids.ts';
import { completeTask, rejectTask, startTask, type Task, type TaskMove } from '../model/task.ts';
import { encode } from '../store/core/codec.ts';
import { taskKey } from '../store/core/keys.ts';
import {
  type CellContext,
  corruptRefusal,
  type Decision,
  journalPuts,
  type Slot,
  settleReport,
  slotOf,
} from './cell-report.ts';
import type { CellRequestParams } from './core/cell-protocol.ts';

/** Throws `InvalidStateTransition` or `RunningOnDifferentCell` when the cell must not start it. */
export function reportTaskStarted(
  context: CellContext,
  params: CellRequestParams<'startTask'>,
): Promise<void> {
  return settle(context, params.guid, (task, now) => ({
    move: startTask(task, context.cellId, params.attempt, now),
    event: 'task.started',
    message: `started on ${context.cellId}`,
  }));
}

/** Throws `InvalidStateTransition` when somebody else ended it (cancelled, cell lost): just clean up. */
export function reportTaskCompleted(
  context: CellContext,
  params: CellRequestParams<'completeTask'>,
): Promise<void> {
  const message = params.failed ? `failed: ${params.failureReason ?? 'no reason was given'}` : 'completed';
  return settle(context, params.guid, (task, now) => ({
    move: completeTask(task, context.cellId, params, now),
    event: 'task.completed',
    message,
  }));
}

/** It failed before its action started. Only the cell that was given it, by the attempt it started, may say so. */
export function reportTaskRejected(
  context: CellContext,
  params: CellRequestParams<'rejectTask'>,
): Promise<void> {
  return settle(context, params.guid, (task, now) => ({
    move: mayReject(context, task, params.attempt) ?? rejectTask(task, params.reason, now),
    event: 'task.rejected',
    message: params.reason,
  }));
}

function mayReject(context: CellContext, task: Task, attempt: string | undefined): TaskMove | undefined {
  const isOver = task.state !== 'PENDING' && task.state !== 'RUNNING';
  const isMine = task.cellId === context.cellId && (task.state !== 'RUNNING' || task.attempt === attempt);
  if (isOver || isMine) return undefined;
  const message = `Running on cell ${task.cellId ?? '(none)'} not ${context.cellId}`;
  return { ok: false, refusal: 'RunningOnDifferentCell', message };
}

interface Step {
  readonly move: TaskMove;
  readonly event: EventType;
  readonly message: string;
}

function settle(
  context: CellContext,
  guid: TaskGuid,
  step: (task: Task, now: number) => Step,
): Promise<void> {
  const key = taskKey(guid);
  return settleReport<Slot<Task>>(context, {
    subject: `task ${guid}`,
    cached() {
      const { tasks, corrupt } = context.replica.state;
      return corrupt.has(key) ? 'corrupt' : tasks.get(guid);
    },
    async fresh() {
      const { records } = await context.bbs.read([key], { signal: context.signal });
      return slotOf('task', records[0]);
    },
    decide: (slot) => decide(context, guid, slot, step),
    trustsCache: false,
  });
}

function decide(
  context: CellContext,
  guid: TaskGuid,
  slot: Slot<Task>,
  step: (task: Task, now: number) => Step,
): Decision {
  if (slot === 'corrupt') return corruptRefusal(`task ${guid}`);
  if (slot === undefined) {
    return { kind: 'refuse', error: new SkepError('ResourceNotFound', `there is no task ${guid}`) };
  }
  const { move, event, message } = step(slot.value, context.clock.now());
  if (!move.ok) return { kind: 'refuse', error: new SkepError(move.refusal, move.message) };
  if (!move.changed) return { kind: 'nothing' };
  const puts = [
    { key: slot.key, value: encode(move.next) },
    ...journalPuts(context, { type: event, subject: guid, message }),
  ];
  return { kind: 'write', mutation: { compare: [{ key: slot.key, revision: slot.revision }], puts } };
}
