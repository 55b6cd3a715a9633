/**
 * The indexes over claims: which instances and tasks each cell holds, and where an instance guid is. Kept
 * record by record, so that a change costs what it changes. A record that claims nothing is not in them.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { CellId, InstanceGuid, TaskGuid } from '../../model/ids.ts';
import type { Task } from '../../model/task.ts';
import type { ActualPlace, ActualRef } from './state.ts';

export class Claims {
  readonly byCell = new Map<CellId, Map<string, ActualRef>>();
  readonly tasksByCell = new Map<CellId, Set<TaskGuid>>();
  readonly byInstanceGuid = new Map<InstanceGuid, ActualRef>();

  addActual(key: string, ref: ActualRef, lrp: ActualLrp): void {
    const cellId = claimant(lrp);
    if (cellId === undefined) return;
    const claims = this.byCell.get(cellId);
    if (claims === undefined) this.byCell.set(cellId, new Map([[key, ref]]));
    else claims.set(key, ref);
    if (lrp.instanceGuid !== undefined) this.byInstanceGuid.set(lrp.instanceGuid, ref);
  }

  removeActual(key: string, place: ActualPlace, lrp: ActualLrp): void {
    const cellId = claimant(lrp);
    if (cellId === undefined) return;
    const claims = this.byCell.get(cellId);
    claims?.delete(key);
    if (claims?.size === 0) this.byCell.delete(cellId);
    if (lrp.instanceGuid === undefined) return;
    // An instance that moves between the slots is put in one before it leaves the other.
    const known = this.byInstanceGuid.get(lrp.instanceGuid);
    if (known !== undefined && isSamePlace(known, place)) this.byInstanceGuid.delete(lrp.instanceGuid);
  }

  addTask(guid: TaskGuid, task: Task): void {
    const cellId = taskHolder(task);
    if (cellId === undefined) return;
    const tasks = this.tasksByCell.get(cellId);
    if (tasks === undefined) this.tasksByCell.set(cellId, new Set([guid]));
    else tasks.add(guid);
  }

  removeTask(guid: TaskGuid, task: Task): void {
    const cellId = taskHolder(task);
    if (cellId === undefined) return;
    const tasks = this.tasksByCell.get(cellId);
    tasks?.delete(guid);
    if (tasks?.size === 0) this.tasksByCell.delete(cellId);
  }
}

/** The cell that a record is claimed by, if it is. */
export function claimant(lrp: ActualLrp): CellId | undefined {
  return lrp.state === 'CLAIMED' || lrp.state === 'RUNNING' ? lrp.cellId : undefined;
}

/** Whether a record that takes the place of another is found by the same cell and the same instance guid. */
export function isSameClaim(before: ActualLrp, after: ActualLrp | undefined): boolean {
  if (after === undefined || before.instanceGuid !== after.instanceGuid) return false;
  return claimant(before) === claimant(after);
}

/** The cell that is to run a task, or runs it. */
export function taskHolder(task: Task): CellId | undefined {
  return task.state === 'PENDING' || task.state === 'RUNNING' ? task.cellId : undefined;
}

function isSamePlace(a: ActualPlace, b: ActualPlace): boolean {
  return a.guid === b.guid && a.index === b.index && a.slot === b.slot;
}
