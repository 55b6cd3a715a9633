/**
 * Auction cells as they would be after a placement or a departure: copies, for those who play what is not (yet)
 * true. Used by plan.ts, rebalance.ts and survive.ts; the cells given are never changed.
 */
import type { AuctionCell, LrpWork, Placement, Work } from '../../model/auction.ts';
import { defaultBrainSettings } from '../../model/cell-spec.ts';
import type { CellId } from '../../model/ids.ts';
import { addResources, type Resources, subtractResources, withOverhead } from '../../model/resources.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { type AuctionOptions, auctionOptions } from './auction.ts';

export type CellsById = ReadonlyMap<CellId, AuctionCell>;

export function cellsById(cells: readonly AuctionCell[]): Map<CellId, AuctionCell> {
  return new Map(cells.map((cell) => [cell.cellId, cell]));
}

/**
 * The brain's settings as the auction takes them, without its caps on starting containers: these delay a start,
 * and who asks where something would land in the end does not care when.
 */
export function settledOptions(state: ClusterState): AuctionOptions {
  const settings = state.settings?.value ?? defaultBrainSettings;
  return auctionOptions({ ...settings, maxStarting: 0, maxStartingPerCell: 0 });
}

/** The cells after these placements, the placed containers starting; others stay the same objects. */
export function afterPlacements(
  cells: CellsById,
  placements: readonly Placement[],
): Map<CellId, AuctionCell> {
  const byCell = new Map<CellId, Work[]>();
  for (const { work, cellId } of placements) {
    const here = byCell.get(cellId);
    if (here === undefined) byCell.set(cellId, [work]);
    else here.push(work);
  }
  const after = new Map(cells);
  for (const [cellId, work] of byCell) {
    const cell = cells.get(cellId);
    if (cell !== undefined) after.set(cellId, withWork(cell, work, work.length));
  }
  return after;
}

/** The cell with this work on it too. @param starting how many more of its containers are starting */
export function withWork(cell: AuctionCell, work: readonly Work[], starting: number): AuctionCell {
  const instancesByProcess = new Map(cell.instancesByProcess);
  const fixedPorts = new Set(cell.fixedPorts);
  const repels = new Set(cell.repels);
  let { used, taskCount } = cell;
  for (const item of work) {
    used = addResources(used, takenOn(cell, item));
    if (item.kind === 'task') {
      taskCount += 1;
      continue;
    }
    instancesByProcess.set(item.guid, (instancesByProcess.get(item.guid) ?? 0) + 1);
    for (const port of item.fixedPorts) fixedPorts.add(port);
    for (const guid of item.rules.notWith) repels.add(guid);
  }
  const startingCount = cell.startingCount + starting;
  return { ...cell, used, taskCount, startingCount, instancesByProcess, fixedPorts, repels };
}

const takenOn = ({ overheadMemoryMb = 0 }: AuctionCell, { resources }: Work): Resources =>
  withOverhead(resources, overheadMemoryMb);

/** The cell without one instance that it has now. What the instance repels stays away: others here may too. */
export function withoutInstance(cell: AuctionCell, work: LrpWork): AuctionCell {
  const instancesByProcess = new Map(cell.instancesByProcess);
  const left = (instancesByProcess.get(work.guid) ?? 0) - 1;
  if (left > 0) instancesByProcess.set(work.guid, left);
  else instancesByProcess.delete(work.guid);
  const fixedPorts = new Set([...cell.fixedPorts].filter((port) => !work.fixedPorts.includes(port)));
  const used = subtractResources(cell.used, takenOn(cell, work));
  return { ...cell, used, instancesByProcess, fixedPorts };
}

/** The cell as it is while nothing may be displaced. */
export function withoutPreemption(cell: AuctionCell): AuctionCell {
  return cell.evictable === undefined ? cell : { ...cell, evictable: undefined };
}
