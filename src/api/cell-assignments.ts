/**
 * What the state says one cell is to run, and what it must be told of that after what it was told before. Used
 * by cell-session.ts. A record that cannot be read takes nothing away from a cell: it goes on with the last
 * definition that it was told.
 */
import { definitionOf } from '../model/desired-lrp.ts';
import type { CellId, TaskGuid } from '../model/ids.ts';
import { parseKey, taskKey } from '../store/core/keys.ts';
import type { ActualRef, ClusterState } from '../store/core/state.ts';
import {
  type AssignmentDifference,
  type AssignmentItem,
  diffAssignments,
  type SentAssignments,
} from './core/assignments.ts';

/** What one cell was told by this server, kept up with each message. */
export class ToldAssignments {
  readonly #cellId: CellId;
  #items = new Map<string, AssignmentItem>();
  #idByKey = new Map<string, string>();
  /** Some record could not be read when the cell was told last. */
  #sawCorrupt = false;

  constructor(cellId: CellId) {
    this.#cellId = cellId;
  }

  /** Compares everything that the cell is assigned. */
  tellAll(state: ClusterState): AssignmentDifference {
    const wanted = assignmentsOf(state, this.#cellId, this.#items);
    const difference = diffAssignments(this.#items, wanted);
    this.#items = wanted;
    this.#sawCorrupt = state.corrupt.size > 0;
    this.#idByKey = new Map([...wanted.values()].map(({ key, id }) => [key, id]));
    return difference;
  }

  /** Whether any of these records says more than what the cell reported itself: then it is to hear of it at once. */
  isNews(state: ClusterState, keys: Iterable<string>): boolean {
    if (state.corrupt.size > 0 || this.#sawCorrupt) return true;
    for (const key of keys) if (!this.#isEcho(state, key)) return true;
    return false;
  }

  #isEcho(state: ClusterState, key: string): boolean {
    const told = this.#items.get(this.#idByKey.get(key) ?? '');
    const after = state.claimsByCell.get(this.#cellId)?.get(key)?.record.value;
    if (told === undefined || after === undefined || !('lrp' in told.content)) return false;
    const { actual: before, desired } = told.content.lrp;
    if (after.state !== 'RUNNING' || after.instanceGuid !== before.instanceGuid) return false;
    if (after.presence !== before.presence || (after.retire ?? before.retire) !== undefined) return false;
    const now = state.desired.get(after.guid)?.value ?? desired;
    return now === desired || definitionOf(now) === definitionOf(desired);
  }

  /** Compares the records of these keys only: of the hundreds that a cell holds few change at a time. */
  tellChanged(state: ClusterState, keys: ReadonlySet<string>): AssignmentDifference {
    // What was told of an unreadable record stays until it is readable or gone, which touches no claim.
    if (state.corrupt.size > 0 || this.#sawCorrupt) return this.tellAll(state);
    const wanted = new Map<string, AssignmentItem>();
    const before = new Map<string, AssignmentItem>();
    for (const key of keys) {
      const told = this.#items.get(this.#idByKey.get(key) ?? '');
      // It is told of by another key already, if the instance has moved from slot to slot.
      if (told?.key === key) before.set(told.id, told);
      const item = itemAt(state, this.#cellId, key, this.#items);
      if (item === undefined) this.#idByKey.delete(key);
      else {
        this.#idByKey.set(key, item.id);
        wanted.set(item.id, item);
      }
    }
    for (const id of before.keys()) this.#items.delete(id);
    for (const item of wanted.values()) this.#items.set(item.id, item);
    return diffAssignments(before, wanted);
  }
}

/**
 * Claims and tasks of a cell, by id.
 * @param sent what the cell was told before: the source of definitions whose record has become unreadable
 */
function assignmentsOf(
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
    const item = taskItem(state, guid);
    if (item !== undefined) wanted.set(guid, item);
  }
  if (state.corrupt.size > 0) {
    for (const item of sent.values()) if (state.corrupt.has(item.key)) wanted.set(item.id, item);
  }
  return wanted;
}

/** What the record of a key assigns to the cell; undefined when it is none of the cell's. */
function itemAt(
  state: ClusterState,
  cellId: CellId,
  text: string,
  sent: SentAssignments,
): AssignmentItem | undefined {
  const ref = state.claimsByCell.get(cellId)?.get(text);
  if (ref !== undefined) return claimItem(state, ref, sent);
  const key = parseKey(text);
  const isTask = key?.kind === 'task' && state.tasksByCell.get(cellId)?.has(key.guid) === true;
  return isTask ? taskItem(state, key.guid) : undefined;
}

function taskItem(state: ClusterState, guid: TaskGuid): AssignmentItem | undefined {
  const task = state.tasks.get(guid);
  if (task === undefined) return undefined;
  return { id: guid, key: taskKey(guid), version: String(task.revision), content: { task: task.value } };
}

/**
 * The version names the definition by epoch and generation, not by revision: a change of the instance count
 * is nobody's business on a cell, and must not cost a message for each of 100,000 instances.
 */
function claimItem(state: ClusterState, ref: ActualRef, sent: SentAssignments): AssignmentItem | undefined {
  const { record } = ref;
  const id = record.value.instanceGuid;
  if (id === undefined) return undefined;
  const before = sent.get(id);
  const told = before !== undefined && 'lrp' in before.content ? before.content.lrp : undefined;
  const desired = state.desired.get(ref.guid)?.value ?? told?.desired;
  if (desired === undefined) return undefined;
  // Of the hundreds that a cell holds few have changed since it was told.
  if (before !== undefined && told?.actual === record.value && told.desired === desired) return before;
  const version = `${record.revision}/${definitionOf(desired)}`;
  return { id, key: record.key, version, content: { lrp: { actual: record.value, desired } } };
}
