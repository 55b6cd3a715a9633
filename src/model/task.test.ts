import { describe, expect, it } from 'vitest';
import type { CellId } from './ids.ts';
import {
  assignTask,
  cancelReason,
  completeTask,
  desireTask,
  failTask,
  noteTaskRefusal,
  rejectTask,
  resolveTask,
  startTask,
  type Task,
  type TaskMove,
  taskSchema,
  taskSpecSchema,
} from './task.ts';

const a = 'cell-a' as CellId;
const b = 'cell-b' as CellId;
const next = (move: TaskMove): Task => {
  if (!move.ok) throw new Error(move.message);
  return move.next;
};
const outcome = (move: TaskMove): string => {
  if (!move.ok) return move.refusal;
  return move.changed ? move.next.state : 'unchanged';
};

const pending = desireTask(taskSpecSchema.parse({ guid: 't', image: 'busybox' }), 1);
const assigned = next(assignTask(pending, a, 2));
const running = next(startTask(assigned, a, 'try-1', 3));
const completed = next(completeTask(running, a, { failed: false, exitCode: 0, result: 'ok' }, 4));
const resolving = next(resolveTask(completed, 5));

describe('the states of a task, reference/diego.md 1.9', () => {
  it.each([
    ['a PENDING task is given to a cell', assignTask(pending, a, 9), 'PENDING'],
    ['but not to a second one', assignTask(assigned, b, 9), 'InvalidStateTransition'],
    ['its cell starts it', startTask(assigned, a, 'try-1', 9), 'RUNNING'],
    ['[diego 25] the same attempt asking again is told yes', startTask(running, a, 'try-1', 9), 'unchanged'],
    ['another attempt of the same cell is not', startTask(running, a, 'try-2', 9), 'InvalidStateTransition'],
    ['[diego 25] another cell is refused', startTask(assigned, b, 'try-1', 9), 'RunningOnDifferentCell'],
    ['an unassigned task starts nowhere', startTask(pending, a, 'try-1', 9), 'RunningOnDifferentCell'],
    [
      '[diego 25] a COMPLETED task does not start',
      startTask(completed, a, 'try-1', 9),
      'InvalidStateTransition',
    ],
    ['its cell completes it', completeTask(running, a, { failed: false }, 9), 'COMPLETED'],
    [
      '[diego 26] another cell does not',
      completeTask(running, b, { failed: false }, 9),
      'RunningOnDifferentCell',
    ],
    [
      'a PENDING task is not completed',
      completeTask(assigned, a, { failed: false }, 9),
      'InvalidStateTransition',
    ],
    ['[diego 45] a PENDING task is cancelled', failTask(pending, cancelReason, 9), 'COMPLETED'],
    ['[diego 46] a COMPLETED one is not', failTask(completed, cancelReason, 9), 'InvalidStateTransition'],
    ['[diego 46] nor a RESOLVING one', failTask(resolving, cancelReason, 9), 'InvalidStateTransition'],
    ['[diego 22] a RUNNING task is not resolved', resolveTask(running, 9), 'InvalidStateTransition'],
    ['COMPLETED → RESOLVING', resolveTask(completed, 9), 'RESOLVING'],
    ['a COMPLETED task is not rejected', rejectTask(completed, 'x', 9), 'InvalidStateTransition'],
  ])('%s', (_name, move, expected) => {
    expect(outcome(move)).toBe(expected);
  });

  it('[diego 42] cancelling completes it at once, with exactly this reason', () => {
    expect(next(failTask(running, cancelReason, 9))).toMatchObject({
      state: 'COMPLETED',
      failed: true,
      failureReason: 'task was cancelled',
      firstCompletedAt: 9,
    });
  });

  it('[diego 51] three rejections are retried, the fourth fails it with the reason', () => {
    let task = assigned;
    for (const count of [1, 2, 3]) {
      task = next(rejectTask({ ...task, cellId: a }, 'no room', 9));
      expect(task).toMatchObject({ state: 'PENDING', rejectionCount: count, rejectionReason: 'no room' });
      expect([task.cellId, task.attempt]).toEqual([undefined, undefined]);
    }
    expect(next(rejectTask(task, 'no room', 9))).toMatchObject({
      state: 'COMPLETED',
      failed: true,
      failureReason: 'no room',
    });
  });

  it('[diego 26] a reason above 1 KiB is cut', () => {
    expect(
      next(completeTask(running, a, { failed: true, failureReason: 'y'.repeat(2_000) }, 9)).failureReason,
    ).toHaveLength(1_024);
  });

  it('a refusal is kept until a cell is found, and the same one again changes nothing', () => {
    const refusal = { message: 'insufficient resources: memory', cells: 2, counts: { memory: 2 } };
    const noted = next(noteTaskRefusal(pending, refusal, 9));
    expect(outcome(noteTaskRefusal(noted, { ...refusal }, 10))).toBe('unchanged');
    expect(next(assignTask(noted, a, 11)).placementError).toBeUndefined();
  });

  it('every record that a verb makes is one that the store accepts', () => {
    for (const task of [pending, assigned, running, completed, resolving]) {
      expect(taskSchema.safeParse(task).success).toBe(true);
    }
  });
});
