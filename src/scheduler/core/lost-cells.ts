/** Which cells are lost, as the store's leases say: never judged by anything else. */
import type { CellId } from '../../model/ids.ts';
import { presenceKey } from '../../store/core/keys.ts';
import type { ClusterState } from '../../store/core/state.ts';

/** Whether the cell has no presence. One whose presence cannot be read is not lost: it is left alone. */
export function isLost(state: ClusterState, cellId: CellId | undefined): boolean {
  if (cellId === undefined) return true;
  return !state.cells.has(cellId) && !state.corrupt.has(presenceKey(cellId));
}

/** Cells that hold instances or tasks and have no presence. */
export function missingCells(state: ClusterState): CellId[] {
  const holding = new Set([...state.claimsByCell.keys(), ...state.tasksByCell.keys()]);
  return [...holding].filter((cellId) => isLost(state, cellId));
}
