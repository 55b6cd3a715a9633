/**
 * What waits for a place, as the state has it when an auction begins: a list that was made before says only what to look
 * at. Used by the placer.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { LrpWork, TaskWork } from '../../model/auction.ts';
import { type DesiredLrp, wantedInstances } from '../../model/desired-lrp.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import type { Task } from '../../model/task.ts';
import type { ClusterState, Versioned } from '../../store/core/state.ts';
import { lrpWork, taskWork } from './converge.ts';
import { towardsTarget } from './rebalance-step.ts';

/** Work with the record that a claim compares, and the name under which it is on the list. */
export type Waiting =
  | { readonly listedAs: string; readonly work: LrpWork; readonly record: Versioned<ActualLrp> }
  | { readonly listedAs: string; readonly work: TaskWork; readonly record: Versioned<Task> };

/** Whether it is an instance, and no task. */
export function isLrp(waiting: Waiting): waiting is Extract<Waiting, { work: LrpWork }> {
  return waiting.work.kind === 'lrp';
}

/**
 * Whether an LRP is on no cell: nearly all that wait in a mass start, for they have but the index that waits. False
 * when that takes more than a look.
 */
export function isNowhere(state: ClusterState, guid: ProcessGuid): boolean {
  const indexes = state.actual.get(guid);
  if (indexes?.size !== 1) return false;
  for (const { ordinary, suspect, evacuating } of indexes.values()) {
    if (ordinary?.value.state !== 'UNCLAIMED' || (suspect ?? evacuating) !== undefined) return false;
  }
  return true;
}

/** What is on the list as it is now; undefined when it waits no more. @param heed adds where its LRP keeps crashing */
export function waitingLrp(
  state: ClusterState,
  listedAs: string,
  listed: LrpWork,
  heed: (work: LrpWork) => LrpWork,
): Waiting | undefined {
  const { guid, index } = listed;
  const desired = state.desired.get(guid);
  const record = state.actual.get(guid)?.get(index)?.ordinary;
  if (desired === undefined || (state.corrupt.size > 0 && state.corrupt.has(desired.key))) return undefined;
  if (record?.value.state !== 'UNCLAIMED' || index >= wantedInstances(desired.value)) return undefined;
  const asListed = isAsListed(listed, desired.value);
  const plain = asListed ? listed : lrpWork(desired.value, index, record.value.home);
  return { listedAs, work: heed(towardsTarget(state, plain)), record };
}

/** Whether the work, made anew, would be the same: nearly always. False when that takes more than a look. */
function isAsListed(
  { rules, priority, resources, fixedPorts, home, lastResort }: LrpWork,
  desired: DesiredLrp,
): boolean {
  if (rules !== desired.placement || rules.sticky || priority !== desired.priority) return false;
  if (resources.memoryMb !== desired.memoryMb || resources.diskMb !== desired.diskMb) return false;
  return fixedPorts.length + desired.fixedPorts.length === 0 && (home ?? lastResort) === undefined;
}

/** The same of a task. */
export function waitingTask(state: ClusterState, listedAs: string, { guid }: TaskWork): Waiting | undefined {
  const record = state.tasks.get(guid);
  if (record?.value.state !== 'PENDING' || record.value.cellId !== undefined) return undefined;
  return { listedAs, work: taskWork(guid, record.value), record };
}
