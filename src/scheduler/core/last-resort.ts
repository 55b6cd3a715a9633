/**
 * Which cells are the last resort: of an LRP those where its instances crashed again and again, of everybody those that
 * the leader does not hear. The auction uses them when no other takes the work: they are pushed back and never forbidden.
 * Called by the auction, by the placer for what waits, and by those who say what it would do. Crashes are read off the
 * records and the time, so a change of leader forgets none; who is heard is the leader's own, and asked each time.
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

/**
 * Positions, among those of an auction, of the cells that the leader does not hear; undefined when it makes no
 * difference between cells. Nobody heard is as good as all heard: then it is the leader that is apart.
 */
export function unheardAt(
  positions: ReadonlyMap<CellId, number>,
  unheard: ReadonlySet<CellId> = new Set(),
): ReadonlySet<number> | undefined {
  const found = [...unheard].flatMap((cellId) => positions.get(cellId) ?? []);
  return found.length === 0 || found.length === positions.size ? undefined : new Set(found);
}

/** Adds to work what its last resort is; each LRP is looked at once. */
export function lastResorts(state: ClusterState, now: Millis): (work: LrpWork) => LrpWork {
  const known = new Map<ProcessGuid, ReadonlySet<CellId> | undefined>();
  return (work) => {
    const indexes = state.actual.get(work.guid);
    const record = indexes?.get(work.index)?.ordinary;
    // Most LRPs have one instance, and it never crashed: that is sooner seen than remembered.
    if (indexes?.size === 1 && record !== undefined && record.value.crashes === undefined) return work;
    if (!known.has(work.guid)) {
      const faulty = faultyCellsOf(state, work.guid, now);
      known.set(work.guid, faulty.size === 0 ? undefined : new Set(faulty.keys()));
    }
    const lastResort = known.get(work.guid);
    return lastResort === undefined ? work : { ...work, lastResort };
  };
}
