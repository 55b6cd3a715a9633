/**
 * What a drain means for one instance, one task, and the cell itself. Called by converge-lrp.ts, converge-task.ts
 * and converge.ts. Source: reference/diego.md 1.8; unlike there, an instance whose replacement crashes or finds
 * no place stays until the deadline, because a working instance is better than none.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { CellSpec, Drain } from '../../model/cell-spec.ts';
import type { CellId, Millis } from '../../model/ids.ts';
import { cellSpecKey, rebalanceKey } from '../../store/core/keys.ts';
import type { ActualSlots, ClusterState, Versioned } from '../../store/core/state.ts';
import type { LrpDecision } from './decision.ts';
import type { DrainTurns } from './drain-turns.ts';
import { isLost } from './lost-cells.ts';
import { moveOf } from './rebalance-step.ts';

/** A decision about the index, or when one falls due by time alone. */
export interface DrainVerdict {
  readonly decision?: LrpDecision | undefined;
  readonly dueAt?: Millis | undefined;
}

export interface DrainContext {
  readonly state: ClusterState;
  readonly now: Millis;
  readonly turns: DrainTurns;
}

/** The drain of a cell, if there is one. */
export function drainOf(state: ClusterState, cellId: CellId | undefined): Drain | undefined {
  return cellId === undefined ? undefined : state.cellSpecs.get(cellId)?.value.drain;
}

/** Why nothing of a drained cell is waited for any more; undefined while it is. */
export function cutShort({ force, deadlineAt }: Drain, cellId: CellId, now: Millis): string | undefined {
  if (force) return `cell ${cellId} is drained by force`;
  if (deadlineAt !== undefined && deadlineAt <= now)
    return `the deadline of the drain of ${cellId} has passed`;
  return undefined;
}

/** What the evacuating record of an index that is wanted needs. */
export function evacuating(state: ClusterState, slots: ActualSlots, now: Millis): DrainVerdict {
  const record = slots.evacuating;
  const cellId = record?.value.cellId;
  if (record === undefined) return {};
  if (cellId === undefined || isLost(state, cellId)) {
    const because = `cell ${cellId} is lost while it is drained`;
    return { decision: { kind: 'delete', record, because, lostCell: cellId } };
  }
  if (record.value.retire !== undefined) return {};
  const { ordinary } = slots;
  if (ordinary !== undefined && isReplacement(state, ordinary.value)) {
    const because = `its replacement runs on ${ordinary.value.cellId}`;
    return { decision: { kind: 'retire', record, because } };
  }
  // Whoever cannot read what the operator wants of the cell leaves it alone.
  if (state.corrupt.has(cellSpecKey(cellId)) || state.corrupt.has(rebalanceKey)) return {};
  const drain = drainOf(state, cellId);
  if (drain === undefined) {
    if (moveOf(state, record.value.instanceGuid) !== undefined) return {};
    const because = `it need not leave cell ${cellId} any more, and no replacement runs yet`;
    return { decision: { kind: 'recover', suspect: record, ordinary, because } };
  }
  const cut = cutShort(drain, cellId, now);
  if (cut === undefined) return { dueAt: drain.deadlineAt };
  const because = `${cut} before its replacement runs`;
  return { decision: { kind: 'retire', record, because, drainedBy: state.cellSpecs.get(cellId) } };
}

function isReplacement(state: ClusterState, lrp: ActualLrp): boolean {
  return lrp.state === 'RUNNING' && lrp.routable && lrp.retire === undefined && !isLost(state, lrp.cellId);
}

/** What the ordinary instance of an index needs because its cell, which is there, is drained. */
export function drained({ state, now, turns }: DrainContext, slots: ActualSlots): DrainVerdict {
  const record = slots.ordinary;
  const cellId = record?.value.cellId;
  if (record === undefined || cellId === undefined || record.value.retire !== undefined) return {};
  const drain = drainOf(state, cellId);
  if (drain === undefined) return {};
  const drainedBy = state.cellSpecs.get(cellId);
  const because = `cell ${cellId} is drained`;
  if (record.value.state === 'CLAIMED') return { decision: { kind: 'unclaim', record, because, drainedBy } };
  const cut = cutShort(drain, cellId, now);
  if (slots.evacuating === undefined) {
    const { maxParallel } = drain;
    const isTurn =
      maxParallel === undefined || cut !== undefined || turns.mayLeave(cellId, record.key, maxParallel);
    return isTurn
      ? { decision: { kind: 'evacuate', record, because, drainedBy } }
      : { dueAt: drain.deadlineAt };
  }
  // Its own predecessor is still on its way out of another cell.
  if (cut === undefined) return { dueAt: drain.deadlineAt };
  return { decision: { kind: 'retire', record, because: cut, drainedBy } };
}

/** What becomes of a suspect whose cell is back and is drained, while the ordinary one does not run. */
export function suspectIsDrained(state: ClusterState, slots: ActualSlots): LrpDecision | undefined {
  const record = slots.suspect;
  const cellId = record?.value.cellId;
  if (record === undefined || drainOf(state, cellId) === undefined) return undefined;
  const because = `cell ${cellId} is back and is drained`;
  if (record.value.state !== 'RUNNING')
    return { kind: 'delete', record, because: `${because}; it never ran` };
  return slots.evacuating === undefined ? { kind: 'evacuate', record, because } : undefined;
}

/** The spec of a cell whose drain is done, and has not been told of as done. */
export function finishedDrain(state: ClusterState, cellId: CellId): Versioned<CellSpec> | undefined {
  const spec = state.cellSpecs.get(cellId);
  if (spec?.value.drain === undefined || spec.value.drain.doneAt !== undefined) return undefined;
  const holds = state.claimsByCell.has(cellId) || state.tasksByCell.has(cellId);
  return holds ? undefined : spec;
}
