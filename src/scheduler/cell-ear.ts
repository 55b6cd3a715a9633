/**
 * Which cells the leader hears from, as the brain asks it: the port that keeps new work off a host that has just died
 * and whose presence has not run out. Implemented by the dispatcher, handed over by the composition root.
 */
import type { CellId } from '../model/ids.ts';

export interface CellEar {
  /**
   * Those of `present` that this server hears nothing from. Resolves within about half a second, at once when all
   * were heard lately. A hint for the choice among cells: it says of none that it is lost. Throws the signal's reason.
   */
  unheard(present: Iterable<CellId>, options: { readonly signal: AbortSignal }): Promise<ReadonlySet<CellId>>;
}
