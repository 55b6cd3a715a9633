/**
 * Which cells the roster says something else of than before. It is one record that nobody tells of, so whoever
 * shows a part of it compares: `after` costs nothing while the record is the same.
 */
import type { CellId } from '../../model/ids.ts';
import type { Roster } from '../../model/roster.ts';
import type { ClusterState } from '../../store/core/state.ts';

export class RosterChanges {
  #known: Roster | undefined;

  /** Cells that came, went, changed their zone, were lost or returned since it was asked last. */
  after(state: ClusterState): CellId[] {
    const roster = state.roster?.value;
    if (roster === this.#known) return [];
    const before = this.#known?.cells ?? {};
    const now = roster?.cells ?? {};
    this.#known = roster;
    const cellIds = [...new Set([...Object.keys(before), ...Object.keys(now)])] as CellId[];
    return cellIds.filter((cellId) => {
      const left = before[cellId];
      const right = now[cellId];
      const isThere = left !== undefined && right !== undefined;
      return !isThere || left.lostAt !== right.lostAt || left.zone !== right.zone;
    });
  }
}
