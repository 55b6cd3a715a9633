/**
 * What one task needs next. A task runs at most once: one that was started and lost its cell fails, one that
 * was not started may go elsewhere. Called by converge.ts. Source: reference/diego.md 1.9.
 */
import { defaults } from '../../model/defaults.ts';
import type { CellId, Millis } from '../../model/ids.ts';
import type { Task } from '../../model/task.ts';
import type { Versioned } from '../../store/core/state.ts';
import type { ConvergeContext } from './converge-lrp.ts';
import type { TaskDecision } from './decision.ts';
import { cutShort, drainOf } from './drain.ts';
import { isLost } from './lost-cells.ts';

export interface TaskVerdict {
  readonly decision?: TaskDecision | undefined;
  /** It is PENDING and wants a place. */
  readonly pending: boolean;
  /** Nothing is to be done before this moment, but then. */
  readonly dueAt?: Millis | undefined;
}

export function convergeTask(context: ConvergeContext, task: Versioned<Task>): TaskVerdict {
  const { now } = context;
  switch (task.value.state) {
    case 'PENDING':
      return pending(context, task);
    case 'RUNNING':
      return running(context, task);
    case 'COMPLETED': {
      const keptUntil = (task.value.firstCompletedAt ?? task.value.updatedAt) + defaults.taskKeptMs;
      return deleteAt(task, keptUntil, now, 'it was kept long enough after its completion');
    }
    case 'RESOLVING': {
      const stuckAt = task.value.updatedAt + defaults.taskResolvingMs;
      return deleteAt(task, stuckAt, now, 'whoever was resolving it did not delete it');
    }
  }
}

function pending({ state, now }: ConvergeContext, task: Versioned<Task>): TaskVerdict {
  const { cellId, createdAt, updatedAt } = task.value;
  const expiresAt = createdAt + defaults.taskPendingExpiryMs;
  if (expiresAt <= now) return { decision: fail(task, 'not started within time limit'), pending: false };
  if (cellId === undefined) return { pending: true, dueAt: expiresAt };
  const elsewhere = (because: string, lostCell?: CellId): TaskVerdict => ({
    decision: { kind: 'unassignTask', task, because, lostCell },
    pending: false,
    dueAt: expiresAt,
  });
  if (isLost(state, cellId)) return elsewhere(`cell ${cellId} is lost before it started the task`, cellId);
  if (drainOf(state, cellId) !== undefined) {
    return elsewhere(`cell ${cellId} is drained before it started the task`);
  }
  const startBy = updatedAt + defaults.claimDeadlineMs;
  if (startBy > now) return { pending: false, dueAt: Math.min(expiresAt, startBy) };
  const minutes = Math.round(defaults.claimDeadlineMs / 60_000);
  return elsewhere(`cell ${cellId} did not start it within ${minutes} minutes`);
}

/** A task is never moved: it runs to its end, or until a drain does not wait for it any more. */
function running({ state, now, paused }: ConvergeContext, task: Versioned<Task>): TaskVerdict {
  const { cellId } = task.value;
  if (isLost(state, cellId)) {
    // Its cell may come back with it.
    const waits = cellId !== undefined && paused.has(cellId);
    return waits ? { pending: false } : { decision: lost(task), pending: false };
  }
  const drain = drainOf(state, cellId);
  if (drain === undefined || cellId === undefined) return { pending: false };
  if (cutShort(drain, cellId, now) === undefined) return { pending: false, dueAt: drain.deadlineAt };
  return { decision: fail(task, 'cell was drained before completion'), pending: false };
}

function fail(task: Versioned<Task>, because: string): TaskDecision {
  return { kind: 'failTask', task, because };
}

function lost(task: Versioned<Task>): TaskDecision {
  return { ...fail(task, 'cell disappeared before completion'), lostCell: task.value.cellId };
}

function deleteAt(task: Versioned<Task>, dueAt: Millis, now: Millis, because: string): TaskVerdict {
  if (dueAt > now) return { pending: false, dueAt };
  return { decision: { kind: 'deleteTask', task, because }, pending: false };
}
