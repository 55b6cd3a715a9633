/** A task, explained in a sentence. Part of why.ts. */

import { defaults } from '../../model/defaults.ts';
import type { CellId, Millis } from '../../model/ids.ts';
import type { Task } from '../../model/task.ts';
import { spanOf } from './age.ts';
import { type Explanation, explainRefusal } from './why-instance.ts';

interface Surroundings {
  readonly cells: ReadonlyMap<CellId, unknown>;
  readonly leader: unknown;
}

export function explainTask(state: Surroundings, task: Task, now: Millis): Explanation {
  switch (task.state) {
    case 'PENDING':
      return explainPending(state, task, now);
    case 'RUNNING': {
      const lost = task.cellId !== undefined && !state.cells.has(task.cellId);
      const since = spanOf(now - (task.startedAt ?? task.updatedAt));
      const where = `has run on cell ${task.cellId} for ${since}`;
      return { summary: lost ? `${where}, but the cell is not present now` : where };
    }
    case 'COMPLETED':
    case 'RESOLVING':
      return explainEnded(task, now);
  }
}

function explainPending(state: Surroundings, task: Task, now: Millis): Explanation {
  const waiting = spanOf(now - task.createdAt);
  const rejected =
    task.rejectionCount === 0
      ? ''
      : `; rejected ${task.rejectionCount} of at most ${defaults.taskMaxRejections} times, last: ${task.rejectionReason ?? 'no reason known'}`;
  if (task.cellId !== undefined) {
    return {
      summary: `is given to cell ${task.cellId}, which has not started it yet (waiting for ${waiting})${rejected}`,
    };
  }
  if (task.placementError !== undefined) {
    const { summary, hint } = explainRefusal(task.placementError);
    return { summary: `could not be placed for ${waiting}: ${summary}${rejected}`, ...(hint && { hint }) };
  }
  if (state.leader !== undefined) return { summary: `has waited for a place for ${waiting}${rejected}` };
  return {
    summary: `has waited for a place for ${waiting}${rejected}; no server leads now, so nothing is placed`,
    hint: 'a majority of the servers must run: skep status',
  };
}

function explainEnded(task: Task, now: Millis): Explanation {
  const ago = spanOf(now - (task.firstCompletedAt ?? task.updatedAt));
  const where = task.cellId === undefined ? '' : ` on cell ${task.cellId}`;
  if (!task.failed) return { summary: `completed${where} ${ago} ago` };
  return {
    summary: `failed${where} ${ago} ago: ${task.failureReason ?? 'no reason known'}`,
    ...(task.attempt === undefined ? {} : { hint: `what it said: skep task logs ${task.guid}` }),
  };
}
