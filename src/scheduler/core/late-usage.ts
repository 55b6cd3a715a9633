/**
 * The auction's cells for who asks seldom: what the replica hears is only noted, and counted when it is asked for. A cell
 * of which much changed meanwhile, as of all in a mass start, is then read anew once. Used by the survival watch.
 */
import type { AuctionCell } from '../../model/auction.ts';
import type { CellId } from '../../model/ids.ts';
import type { ClusterState, Touched } from '../../store/core/state.ts';
import { KeptUsage } from './kept-usage.ts';

/** Of a cell with more news than this everything is read: a few hundred claims. */
const keysMax = 4;
const none: Touched['assignments'] = new Map();

export class LateUsage {
  readonly #usage = new KeptUsage();
  /** Claims that changed; more than `keysMax` stand for all of the cell. */
  readonly #heard = new Map<CellId, Set<string>>();

  /** Takes note of what the replica heard. */
  hear({ all, cells, assignments }: Touched, state: ClusterState): void {
    if (all || cells.size > 0) this.#usage.hear({ all, cells, definitions: false, assignments: none }, state);
    if (all) this.#heard.clear();
    for (const [cellId, keys] of assignments) {
      let heard = this.#heard.get(cellId);
      if (heard === undefined) this.#heard.set(cellId, (heard = new Set()));
      for (const key of keys) {
        if (heard.size > keysMax) break;
        heard.add(key);
      }
    }
  }

  /** Counts what was heard of some cells; true when nothing is left, which `cells` wants. */
  read(state: ClusterState, max: number): boolean {
    let count = 0;
    for (const [cellId, keys] of this.#heard) {
      if (count === max) return false;
      count += 1;
      this.#heard.delete(cellId);
      const few = new Map([[cellId, keys]]);
      if (keys.size > keysMax) this.#usage.doubt(cellId);
      else this.#usage.hear({ all: false, cells: new Set(), definitions: false, assignments: few }, state);
    }
    return this.#usage.read(state, max);
  }

  /** The cells that are present, as they are: kept-usage.ts says for how long. */
  cells(state: ClusterState): AuctionCell[] {
    return this.#usage.cells(state);
  }
}
