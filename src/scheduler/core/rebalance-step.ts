/**
 * Carries a rebalance out: which of its moves begin now, and which are over. Called by converge.ts in every pass
 * while there is one. Each move is a drain of one instance: it goes on in the evacuating slot until its
 * replacement runs on the target. Level-triggered: how far a move is, is read off the records.
 */
import type { LrpWork } from '../../model/auction.ts';
import { defaults } from '../../model/defaults.ts';
import { wantedInstances } from '../../model/desired-lrp.ts';
import type { InstanceGuid, Millis } from '../../model/ids.ts';
import type { RequestedMove } from '../../model/rebalance.ts';
import type { ActualSlots, ClusterState } from '../../store/core/state.ts';
import type { Decision } from './decision.ts';
import { faultyCellsOf } from './last-resort.ts';

/** Moves that are under way at one time. */
export const movingMax = 5;

type Progress = 'waits' | 'moves' | 'over';

export function stepRebalance(state: ClusterState, now: Millis): Decision[] {
  const record = state.rebalance;
  if (record === undefined) return [];
  const kept: RequestedMove[] = [];
  const waiting: RequestedMove[] = [];
  for (const move of record.value.moves) {
    const progress = progressOf(state, move, now);
    if (progress !== 'over') kept.push(move);
    if (progress === 'waits') waiting.push(move);
  }
  const free = movingMax - (kept.length - waiting.length);
  const begun = waiting.slice(0, Math.max(0, free)).flatMap((move) => begin(state, move));
  if (kept.length === record.value.moves.length) return begun;
  const because = `${kept.length} of ${record.value.asked} moves are left`;
  return [...begun, { kind: 'progressRebalance', rebalance: record, moves: kept, because }];
}

function begin(state: ClusterState, { guid, index, from, to }: RequestedMove): Decision[] {
  const record = state.actual.get(guid)?.get(index)?.ordinary;
  if (record === undefined) return [];
  return [{ kind: 'evacuate', record, because: `it is moved from ${from} to ${to} to even the cells` }];
}

function progressOf(state: ClusterState, move: RequestedMove, now: Millis): Progress {
  const slots: ActualSlots = state.actual.get(move.guid)?.get(move.index) ?? {};
  if (slots.evacuating?.value.instanceGuid === move.instanceGuid) {
    return hasFailed(slots, now) ? 'over' : 'moves';
  }
  return mayBegin(state, slots, move, now) ? 'waits' : 'over';
}

/** The replacement has no place, does not stay up or does not come: then the old instance stays. */
function hasFailed({ ordinary }: ActualSlots, now: Millis): boolean {
  if (ordinary === undefined) return false;
  const { state, placementError, since } = ordinary.value;
  if (state === 'CRASHED' || placementError !== undefined) return true;
  return state !== 'RUNNING' && now - since > defaults.claimDeadlineMs;
}

/** Whatever has changed since it was asked for makes the move pointless; the next rebalance sees to it. */
function mayBegin(state: ClusterState, slots: ActualSlots, move: RequestedMove, now: Millis): boolean {
  const desired = state.desired.get(move.guid)?.value;
  const lrp = slots.ordinary?.value;
  if (desired === undefined || lrp?.state !== 'RUNNING' || lrp.retire !== undefined) return false;
  if (lrp.instanceGuid !== move.instanceGuid || move.index >= wantedInstances(desired)) return false;
  if (slots.suspect !== undefined || slots.evacuating !== undefined) return false;
  const spec = state.cellSpecs.get(move.to)?.value;
  const isOpen =
    state.cells.get(move.to)?.value.engine.ok === true && (spec?.cordon ?? spec?.drain) === undefined;
  // A drain moves it by itself, wherever it finds a place.
  const isDrained = state.cellSpecs.get(move.from)?.value.drain !== undefined;
  const isLastResort = faultyCellsOf(state, move.guid, now).has(move.to);
  return isOpen && !isDrained && !isLastResort && state.cells.has(move.from);
}

/** The move that an evacuating instance is part of. */
export function moveOf(
  state: ClusterState,
  instanceGuid: InstanceGuid | undefined,
): RequestedMove | undefined {
  if (state.rebalance === undefined || instanceGuid === undefined) return undefined;
  return state.rebalance.value.moves.find((move) => move.instanceGuid === instanceGuid);
}

/** The work of a replacement goes to the target of its move, and to no other cell. */
export function towardsTarget(state: ClusterState, work: LrpWork): LrpWork {
  if (state.rebalance === undefined) return work;
  const evacuating = state.actual.get(work.guid)?.get(work.index)?.evacuating;
  const move = moveOf(state, evacuating?.value.instanceGuid);
  return move === undefined ? work : { ...work, home: move.to };
}
