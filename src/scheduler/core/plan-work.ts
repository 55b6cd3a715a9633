/**
 * What would have to go elsewhere if cells were drained or lost: the same instances that the converger would
 * replace. Used by plan.ts and survive.ts; plan.test.ts plays both and compares.
 */
import { allAtOnce } from '../../base/core/steps.ts';
import type { LrpWork, TaskWork } from '../../model/auction.ts';
import { wantedInstances } from '../../model/desired-lrp.ts';
import type { CellId } from '../../model/ids.ts';
import { desiredKey } from '../../store/core/keys.ts';
import type { ActualRef, ClusterState } from '../../store/core/state.ts';
import { lrpWork, taskWork } from './converge.ts';

export interface Displaced {
  /** Instances that want a new place, and where each is now. */
  readonly instances: readonly { readonly work: LrpWork; readonly from: CellId }[];
  /** Tasks that were given to the cells and not started. */
  readonly pendingTasks: readonly TaskWork[];
  readonly runningTasks: number;
}

export function displacedBy(state: ClusterState, cellIds: Iterable<CellId>): Displaced {
  return allAtOnce(displacedSteps(state, cellIds));
}

/** The same in short steps: each cell is as it is when it is read. */
export function* displacedSteps(state: ClusterState, cellIds: Iterable<CellId>): Generator<void, Displaced> {
  const instances: { work: LrpWork; from: CellId }[] = [];
  const pendingTasks: TaskWork[] = [];
  let runningTasks = 0;
  for (const from of cellIds) {
    for (const ref of state.claimsByCell.get(from)?.values() ?? []) {
      const work = wantedWork(state, ref);
      if (work !== undefined) instances.push({ work, from });
    }
    for (const guid of state.tasksByCell.get(from) ?? []) {
      const task = state.tasks.get(guid)?.value;
      if (task?.state === 'PENDING') pendingTasks.push(taskWork(guid, task));
      else if (task?.state === 'RUNNING') runningTasks += 1;
    }
    yield;
  }
  return { instances, pendingTasks, runningTasks };
}

/**
 * The instance that counts, if somebody still wants it. A suspect or evacuating one has its successor already,
 * and one that is told to stop leaves anyway.
 */
export function wantedWork(state: ClusterState, { guid, index, slot }: ActualRef): LrpWork | undefined {
  if (slot !== 'ordinary' || state.corrupt.has(desiredKey(guid))) return undefined;
  const desired = state.desired.get(guid)?.value;
  const record = state.actual.get(guid)?.get(index)?.ordinary?.value;
  if (desired === undefined || record === undefined || record.retire !== undefined) return undefined;
  if (index >= wantedInstances(desired)) return undefined;
  return lrpWork(desired, index, record.home);
}
