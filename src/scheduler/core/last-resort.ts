/**
 * Which cells are the last resort of an LRP, because its instances crashed there again and again: the auction uses
 * them when no other takes the work, so a faulty cell is pushed back and never forbidden. Called by the placer for
 * what waits, and by those who say what it would do. Level-triggered: read off the records and the time, so a change of leader forgets nothing.
 */
import type { LrpWork } from '../../model/auction.ts';
import { type CrashHistory, faultyCells } from '../../model/crash-history.ts';
import type { CellId, Millis, ProcessGuid } from '../../model/ids.ts';
import type { ClusterState } from '../../store/core/state.ts';

/** The cells with the crashes counted, for one LRP. */
export function faultyCellsOf(
  state: Pick<ClusterState, 'actual'>,
  guid: ProcessGuid,
  now: Millis,
): ReadonlyMap<CellId, number> {
  const histories: CrashHistory[] = [];
  for (const { ordinary } of state.actual.get(guid)?.values() ?? []) {
    const crashes = ordinary?.value.crashes;
    if (crashes !== undefined) histories.push(crashes);
  }
  // Nearly always: nothing of it ever crashed.
  return histories.length === 0 ? none : faultyCells(histories, now);
}

const none: ReadonlyMap<CellId, number> = new Map();

/** Adds to work what its last resort is; each LRP is looked at once. */
export function lastResorts(state: ClusterState, now: Millis): (work: LrpWork) => LrpWork {
  const known = new Map<ProcessGuid, ReadonlySet<CellId> | undefined>();
  return (work) => {
    if (!known.has(work.guid)) {
      const faulty = faultyCellsOf(state, work.guid, now);
      known.set(work.guid, faulty.size === 0 ? undefined : new Set(faulty.keys()));
    }
    const lastResort = known.get(work.guid);
    return lastResort === undefined ? work : { ...work, lastResort };
  };
}
