/**
 * The next step for one attempt at a task, and the report that its servers are due. A container is created
 * only after `startTask` was granted for this very attempt, by the process that drew it, and started once:
 * that is what makes a task run at most once. Rules: reference/diego.md 1.7 and 1.9.
 */
import type { CellRequestParams } from '../../api/core/cell-protocol.ts';
import { defaults } from '../../model/defaults.ts';
import type { Millis } from '../../model/ids.ts';
import { startFailure } from '../../model/start-failure.ts';
import type { Task, TaskOutcome } from '../../model/task.ts';
import type { Container } from './container.ts';

/** What the cell knows of one attempt. */
export interface TaskView {
  readonly guid: string;
  readonly attempt: string;
  /** This process drew the attempt; otherwise it was found on a record or a container. */
  readonly own: boolean;
  /** Undefined: the servers do not assign it to this cell (any more). */
  readonly assigned: Task | undefined;
  /** The servers committed PENDING → RUNNING for this attempt. */
  readonly granted: boolean;
  /** They refused to: the container must never be created. */
  readonly refused: boolean;
  readonly container: Container | undefined;
  /** The engine was asked for its containers since this attempt was first heard of. */
  readonly looked: boolean;
  /** Creation has begun in this process; it is never begun twice. */
  readonly launched: boolean;
  /** The engine was asked to start it: from then on the action may have run. */
  readonly started: boolean;
  readonly outcome: TaskOutcome | undefined;
  /** It failed before its action started: another cell may try. */
  readonly rejection: string | undefined;
  /** The record knows the outcome or the rejection. */
  readonly recorded: boolean;
  /** A quorum-backed answer said that it is not this cell's. */
  readonly foreign: boolean;
}

export type TaskStep =
  | { readonly kind: 'discover' }
  | { readonly kind: 'launch' }
  | { readonly kind: 'fail'; readonly reason: string }
  /** The action did not start, and never will here: another cell may try. */
  | { readonly kind: 'reject'; readonly reason: string }
  /** The action ended: read its result. */
  | { readonly kind: 'finish'; readonly container: Container }
  | {
      readonly kind: 'stop';
      readonly containerId: string;
      readonly graceMs: number;
      readonly because: string;
    }
  | { readonly kind: 'remove'; readonly container: Container }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'forget' }
  | { readonly kind: 'none'; readonly againAt?: Millis | undefined };

const none: TaskStep = { kind: 'none' };
const unstarted: TaskStep = {
  kind: 'reject',
  reason: startFailure('create', 'the container engine went away meanwhile'),
};

export function nextTaskStep(seen: TaskView, now: Millis): TaskStep {
  if (seen.assigned === undefined || seen.recorded || seen.refused) return nextUnassigned(seen, now);
  if (seen.outcome !== undefined || seen.rejection !== undefined) return none;
  const { container } = seen;
  if (container === undefined) return nextWithoutContainer(seen);
  switch (container.state) {
    case 'created':
      if (!seen.own) return { kind: 'fail', reason: 'agent restarted before the task started' };
      return seen.started ? { kind: 'fail', reason: 'failed to run container' } : unstarted;
    case 'running':
      return none;
    case 'exited':
      return { kind: 'finish', container };
  }
}

function nextWithoutContainer(seen: TaskView): TaskStep {
  if (seen.own && !seen.granted) return none;
  if (seen.own && !seen.launched) return { kind: 'launch' };
  if (!seen.looked) return { kind: 'discover' };
  if (seen.own && !seen.started) return unstarted;
  return { kind: 'fail', reason: 'task container does not exist' };
}

/** Cancelled, failed elsewhere, or finished: an ended container is kept for a while, so that its log can be read. */
function nextUnassigned(seen: TaskView, now: Millis): TaskStep {
  const { container } = seen;
  if (container === undefined) return seen.assigned === undefined ? { kind: 'forget' } : none;
  if (!seen.foreign && !seen.recorded && !seen.refused) return { kind: 'confirm' };
  if (container.state === 'exited') {
    const keptUntil = (container.finishedAt ?? 0) + defaults.taskKeptMs;
    return now < keptUntil ? { kind: 'none', againAt: keptUntil } : { kind: 'remove', container };
  }
  if (container.state === 'created') return { kind: 'remove', container };
  const because = 'the task is no longer assigned to this cell';
  return { kind: 'stop', containerId: container.id, graceMs: defaults.stopGraceMs, because };
}

export type TaskReport =
  | { readonly method: 'startTask'; readonly params: CellRequestParams<'startTask'> }
  | { readonly method: 'completeTask'; readonly params: CellRequestParams<'completeTask'> }
  | { readonly method: 'rejectTask'; readonly params: CellRequestParams<'rejectTask'> };

/** What the record should be told next, if anything. */
export function dueTaskReport(seen: TaskView): TaskReport | undefined {
  const { assigned, attempt, outcome, rejection } = seen;
  if (assigned === undefined || seen.recorded || seen.refused) return undefined;
  const { guid } = assigned;
  if (rejection !== undefined) return { method: 'rejectTask', params: { guid, attempt, reason: rejection } };
  if (outcome !== undefined) return { method: 'completeTask', params: { guid, ...outcome } };
  if (!seen.own || seen.granted) return undefined;
  return { method: 'startTask', params: { guid, attempt } };
}
