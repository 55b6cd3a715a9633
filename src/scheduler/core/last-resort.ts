/**
 * Which cells are the last resort of an LRP, because its instances crashed there again and again: the auction uses
 * them when no other takes the work, so a faulty cell is pushed back and never forbidden. Called by the placer for
 * what waits. Level-triggered: read off the records and the time, so a change of leader forgets nothing.
 */
import type { LrpWork } from '../../model/auction.ts';
import { faultyCells } from '../../model/crash-history.ts';
import type { CellId, Millis, ProcessGuid } from '../../model/ids.ts';
import type { ClusterState } from '../../store/core/state.ts';

/** The cells with the crashes counted, for one LRP. */
export function faultyCellsOf(
  state: Pick<ClusterState, 'actual'>,
  guid: ProcessGuid,
  now: Millis,
): ReadonlyMap<CellId, number> {
  const slots = [...(state.actual.get(guid)?.values() ?? [])];
  return faultyCells(
    slots.map(({ ordinary }) => ordinary?.value.crashes),
    now,
  );
}

/** Adds to work what its last resort is; each LRP is looked at once. */
export function lastResorts(state: ClusterState, now: Millis): (work: LrpWork) => LrpWork {
  const known = new Map<ProcessGuid, ReadonlySet<CellId>>();
  return (work) => {
    let cells = known.get(work.guid);
    if (cells === undefined) {
      cells = new Set(faultyCellsOf(state, work.guid, now).keys());
      known.set(work.guid, cells);
    }
    return cells.size === 0 ? work : { ...work, lastResort: cells };
  };
}
