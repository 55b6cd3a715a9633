/**
 * What the state says one cell is to run. Called by cell-session.ts. A record that cannot be read takes
 * nothing away from a cell: it goes on with the last definition that it was told.
 */
import type { CellId } from '../model/ids.ts';
import { taskKey } from '../store/core/keys.ts';
import type { ActualRef, ClusterState } from '../store/core/state.ts';
import type { AssignmentItem, SentAssignments } from './core/assignments.ts';

/**
 * Claims and tasks of a cell, by id.
 * @param sent what the cell was told before: the source of definitions whose record has become unreadable
 */
export function assignmentsOf(
  state: ClusterState,
  cellId: CellId,
  sent: SentAssignments,
): Map<string, AssignmentItem> {
  const wanted = new Map<string, AssignmentItem>();
  for (const ref of state.claimsByCell.get(cellId)?.values() ?? []) {
    const item = claimItem(state, ref, sent);
    if (item !== undefined) wanted.set(item.id, item);
  }
  for (const guid of state.tasksByCell.get(cellId) ?? []) {
    const task = state.tasks.get(guid);
    if (task === undefined) continue;
    const item = {
      id: guid,
      key: taskKey(guid),
      version: String(task.revision),
      content: { task: task.value },
    };
    wanted.set(guid, item);
  }
  if (state.corrupt.size > 0) {
    for (const item of sent.values()) if (state.corrupt.has(item.key)) wanted.set(item.id, item);
  }
  return wanted;
}

/**
 * The version names the definition by epoch and generation, not by revision: a change of the instance count
 * is nobody's business on a cell, and must not cost a message for each of 100,000 instances.
 */
function claimItem(state: ClusterState, ref: ActualRef, sent: SentAssignments): AssignmentItem | undefined {
  const record = state.actual.get(ref.guid)?.get(ref.index)?.[ref.slot];
  const id = record?.value.instanceGuid;
  if (record === undefined || id === undefined) return undefined;
  const before = sent.get(id);
  const told = before !== undefined && 'lrp' in before.content ? before.content.lrp : undefined;
  const desired = state.desired.get(ref.guid)?.value ?? told?.desired;
  if (desired === undefined) return undefined;
  // Of the hundreds that a cell holds few have changed since it was told.
  if (before !== undefined && told?.actual === record.value && told.desired === desired) return before;
  const version = `${record.revision}/${desired.epoch}/${desired.generation}`;
  return { id, key: record.key, version, content: { lrp: { actual: record.value, desired } } };
}
