/**
 * Where the instances of the processes in a batch are: on which cell how many, in which zone how many. Kept
 * up by the auction as it places, so that no placement counts anything twice.
 */
import type { AuctionCell, LrpWork } from '../../model/auction.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import { at, type Pool } from './pool.ts';

export interface ProcessSpread {
  /** Position of the cell → instances there. */
  readonly onCell: Map<number, number>;
  /** Instances in each zone of the pool, those on cells that are unusable just now too. */
  readonly inZone: Int32Array;
  /** For each zone: no usable cell of it has fewer instances than this. */
  readonly leastOnCell: Int32Array;
  /** For each zone: how many cells have at least 1, 2, … instances. */
  readonly reached: readonly number[][];
}

export interface Spread {
  of(guid: ProcessGuid): ProcessSpread;
  /** One more instance of the process on the cell. */
  add(guid: ProcessGuid, position: number): void;
}

export function createSpread(pool: Pool, cells: readonly AuctionCell[], work: readonly LrpWork[]): Spread {
  const zoneSizes = new Int32Array(pool.zones.length);
  for (const zone of pool.zoneOf) zoneSizes[zone] = at(zoneSizes, zone) + 1;
  const spreads = new Map<ProcessGuid, ProcessSpread>();
  for (const { guid } of work) {
    if (!spreads.has(guid)) spreads.set(guid, emptySpread(pool.zones.length));
  }

  function grow(spread: ProcessSpread, position: number, by: number): void {
    const zone = at(pool.zoneOf, position);
    const reached = spread.reached[zone] as number[];
    const before = spread.onCell.get(position) ?? 0;
    spread.onCell.set(position, before + by);
    spread.inZone[zone] = at(spread.inZone, zone) + by;
    for (let count = before; count < before + by; count++) reached[count] = (reached[count] ?? 0) + 1;
    let least = at(spread.leastOnCell, zone);
    while (reached[least] === at(zoneSizes, zone)) least++;
    spread.leastOnCell[zone] = least;
  }

  countExisting(pool, cells, spreads, grow);
  return {
    of: (guid) => spreads.get(guid) as ProcessSpread,
    add: (guid, position) => grow(spreads.get(guid) as ProcessSpread, position, 1),
  };
}

function emptySpread(zoneCount: number): ProcessSpread {
  return {
    onCell: new Map(),
    inZone: new Int32Array(zoneCount),
    leastOnCell: new Int32Array(zoneCount),
    reached: Array.from({ length: zoneCount }, () => []),
  };
}

/** Fills in what runs already, by whichever way is shorter: asking each cell for each process, or reading all. */
function countExisting(
  pool: Pool,
  cells: readonly AuctionCell[],
  spreads: ReadonlyMap<ProcessGuid, ProcessSpread>,
  grow: (spread: ProcessSpread, position: number, by: number) => void,
): void {
  const positions = new Map(pool.cellIds.map((cellId, position) => [cellId, position]));
  const zones = new Map(pool.zones.map((zone, index) => [zone, index]));
  for (const cell of cells) {
    const position = positions.get(cell.cellId);
    const zone = zones.get(cell.zone);
    const count = (spread: ProcessSpread, instances: number): void => {
      if (position !== undefined) grow(spread, position, instances);
      else if (zone !== undefined) spread.inZone[zone] = at(spread.inZone, zone) + instances;
    };
    if (spreads.size < cell.instancesByProcess.size) {
      for (const [guid, spread] of spreads) count(spread, cell.instancesByProcess.get(guid) ?? 0);
    } else {
      for (const [guid, instances] of cell.instancesByProcess) {
        const spread = spreads.get(guid);
        if (spread !== undefined) count(spread, instances);
      }
    }
  }
}
