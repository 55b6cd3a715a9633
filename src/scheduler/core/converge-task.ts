/**
 * What one task needs next. A task runs at most once: one that was started and lost its cell fails, one that
 * was not started may go elsewhere. Called by converge.ts. Source: reference/diego.md 1.9.
 */
import { defaults } from '../../model/defaults.ts';
import type { Millis } from '../../model/ids.ts';
import type { Task } from '../../model/task.ts';
import type { ClusterState, Versioned } from '../../store/core/state.ts';
import type { TaskDecision } from './decision.ts';
import { isLost } from './lost-cells.ts';

export interface TaskVerdict {
  readonly decision?: TaskDecision | undefined;
  /** It is PENDING and wants a place. */
  readonly pending: boolean;
  /** Nothing is to be done before this moment, but then. */
  readonly dueAt?: Millis | undefined;
}

export function convergeTask(state: ClusterState, task: Versioned<Task>, now: Millis): TaskVerdict {
  switch (task.value.state) {
    case 'PENDING':
      return pending(state, task, now);
    case 'RUNNING':
      return isLost(state, task.value.cellId) ? { decision: lost(task), pending: false } : { pending: false };
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

function pending(state: ClusterState, task: Versioned<Task>, now: Millis): TaskVerdict {
  const { cellId, createdAt } = task.value;
  const dueAt = createdAt + defaults.taskPendingExpiryMs;
  if (dueAt <= now) return { decision: fail(task, 'not started within time limit'), pending: false };
  if (cellId === undefined) return { pending: true, dueAt };
  if (!isLost(state, cellId)) return { pending: false, dueAt };
  const because = `cell ${cellId} is lost before it started the task`;
  return { decision: { kind: 'unassignTask', task, because, lostCell: cellId }, pending: false, dueAt };
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
