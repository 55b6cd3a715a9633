/**
 * Whose turn it is to leave a cell that is drained a few instances at a time. Called by drain.ts for instances of
 * such cells; made anew for every pass. Level-triggered: the turns are read off the records, so that any leader,
 * and any scope, comes to the same.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { CellId } from '../../model/ids.ts';
import type { ActualRef, ClusterState } from '../../store/core/state.ts';

export interface DrainTurns {
  /** Whether the ordinary instance with this key may begin to leave now. */
  mayLeave(cellId: CellId, key: string, maxParallel: number): boolean;
}

export function createDrainTurns(state: ClusterState): DrainTurns {
  const known = new Map<CellId, ReadonlySet<string>>();
  return {
    mayLeave(cellId, key, maxParallel) {
      const turns = known.get(cellId) ?? turnsOf(state, cellId, maxParallel);
      known.set(cellId, turns);
      return turns.has(key);
    },
  };
}

/** Whether a replacement may still come up: one without a place, or that waits after crashes, holds nobody up. */
function isComing(replacement: ActualLrp | undefined): boolean {
  if (replacement === undefined) return true;
  return replacement.state !== 'CRASHED' && replacement.placementError === undefined;
}

/** The keys of those that may leave: by name, as many as are free while others wait for their replacements. */
function turnsOf(state: ClusterState, cellId: CellId, maxParallel: number): ReadonlySet<string> {
  let moving = 0;
  const waiting: (readonly [key: string, ref: ActualRef])[] = [];
  for (const [key, ref] of state.claimsByCell.get(cellId) ?? []) {
    const slots = state.actual.get(ref.guid)?.get(ref.index);
    const record = slots?.[ref.slot]?.value;
    // What is told to stop has its replacement, or is not wanted: it holds nobody up.
    if (record === undefined || record.retire !== undefined) continue;
    if (ref.slot === 'evacuating') moving += isComing(slots?.ordinary?.value) ? 1 : 0;
    else if (ref.slot === 'ordinary' && record.state === 'RUNNING' && slots?.evacuating === undefined)
      waiting.push([key, ref]);
  }
  waiting.sort(([, a], [, b]) => (a.guid === b.guid ? a.index - b.index : a.guid < b.guid ? -1 : 1));
  return new Set(waiting.slice(0, Math.max(0, maxParallel - moving)).map(([key]) => key));
}
