/** Rows as clients see them, made of the state: counts of an LRP, use of a cell. Used by lists and watches. */
import type { ActualLrp } from '../model/actual-lrp.ts';
import type { DesiredLrp } from '../model/desired-lrp.ts';
import type { CellId } from '../model/ids.ts';
import { addResources, noResources, type Resources, withOverhead } from '../model/resources.ts';
import type { ActualRef, ActualSlots, ClusterState } from '../store/core/state.ts';
import type { CellView, LrpView } from './core/routes.ts';

/** The records of an index, the one that counts first. */
export function recordsOf(slots: ActualSlots | undefined): ActualLrp[] {
  const records: ActualLrp[] = [];
  if (slots?.ordinary) records.push(slots.ordinary.value);
  if (slots?.suspect) records.push(slots.suspect.value);
  if (slots?.evacuating) records.push(slots.evacuating.value);
  return records;
}

export function lrpView(state: ClusterState, desired: DesiredLrp): LrpView {
  const counts = {
    running: 0,
    ready: 0,
    claimed: 0,
    unclaimed: 0,
    crashed: 0,
    suspect: 0,
    evacuating: 0,
    stopping: 0,
  };
  for (const slots of state.actual.get(desired.guid)?.values() ?? []) {
    for (const actual of recordsOf(slots)) countInstance(counts, actual);
  }
  return { desired, counts };
}

/** Each instance counts once, but a ready one is running too. */
function countInstance(counts: LrpView['counts'], actual: ActualLrp): void {
  if (actual.presence === 'SUSPECT') counts.suspect += 1;
  else if (actual.presence === 'EVACUATING') counts.evacuating += 1;
  else if (actual.retire !== undefined) counts.stopping += 1;
  else if (actual.state === 'CRASHED') counts.crashed += 1;
  else if (actual.state === 'UNCLAIMED') counts.unclaimed += 1;
  else if (actual.state === 'CLAIMED') counts.claimed += 1;
  else {
    counts.running += 1;
    if (actual.routable) counts.ready += 1;
  }
}

/** Undefined when the cell is not present. */
export function cellView(state: ClusterState, cellId: CellId): CellView | undefined {
  const presence = state.cells.get(cellId)?.value;
  if (presence === undefined) return undefined;
  let used: Resources = noResources;
  const claims = state.claimsByCell.get(cellId);
  for (const ref of claims?.values() ?? []) used = addResources(used, needsOf(state, ref));
  const tasks = state.tasksByCell.get(cellId);
  for (const guid of tasks ?? []) {
    const task = state.tasks.get(guid)?.value;
    if (task) used = addResources(used, { memoryMb: task.memoryMb, diskMb: task.diskMb, containers: 1 });
  }
  let evacuating = 0;
  for (const { slot } of claims?.values() ?? []) if (slot === 'evacuating') evacuating += 1;
  const spec = state.cellSpecs.get(cellId)?.value;
  return {
    presence,
    used: withOverhead(used, presence.overheadMemoryMb ?? 0),
    instances: claims?.size ?? 0,
    evacuating,
    tasks: tasks?.size ?? 0,
    ...(spec === undefined ? {} : { spec }),
  };
}

function needsOf(state: ClusterState, ref: ActualRef): Resources {
  const desired = state.desired.get(ref.guid)?.value;
  return { memoryMb: desired?.memoryMb ?? 0, diskMb: desired?.diskMb ?? 0, containers: 1 };
}
