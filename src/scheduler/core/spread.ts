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
  readonly inZone: number[];
  /** For each zone, once it holds as many instances as cells: how they are stacked. */
  readonly stacks: (Stack | undefined)[];
}

/** How deep the instances of one process lie on the cells of one zone. */
interface Stack {
  /** No usable cell has fewer. */
  least: number;
  /** How many cells have more than 0, 1, 2, … */
  readonly above: number[];
}

export interface Spread {
  of(guid: ProcessGuid): ProcessSpread;
  /** One more instance of the process on the cell. */
  add(spread: ProcessSpread, position: number): void;
  /** No usable cell of the zone has fewer instances than this. */
  least(spread: ProcessSpread, zone: number): number;
}

export function createSpread(pool: Pool, cells: readonly AuctionCell[], work: readonly LrpWork[]): Spread {
  const zoneSizes: number[] = pool.zones.map(() => 0);
  for (const zone of pool.zoneOf) zoneSizes[zone] = (zoneSizes[zone] ?? 0) + 1;
  const spreads = new Map<ProcessGuid, ProcessSpread>();
  for (const { guid } of work) {
    if (spreads.has(guid)) continue;
    spreads.set(guid, { onCell: new Map(), inZone: pool.zones.map(() => 0), stacks: [] });
  }
  countExisting(pool, cells, spreads);

  return {
    of: (guid) => spreads.get(guid) as ProcessSpread,
    add(spread, position) {
      const zone = at(pool.zoneOf, position);
      const before = spread.onCell.get(position) ?? 0;
      spread.onCell.set(position, before + 1);
      spread.inZone[zone] = (spread.inZone[zone] ?? 0) + 1;
      const stack = spread.stacks[zone];
      if (stack !== undefined) raise(stack, before, zoneSizes[zone] ?? 0);
    },
    least(spread, zone) {
      const size = zoneSizes[zone] ?? 0;
      // With fewer instances than cells some cell has none, and nothing need be counted.
      if ((spread.inZone[zone] ?? 0) < size) return 0;
      const stack = spread.stacks[zone] ?? stackOf(pool, spread, zone, size);
      spread.stacks[zone] = stack;
      return stack.least;
    },
  };
}

/** One more instance on a cell that had `before`. */
function raise(stack: Stack, before: number, zoneSize: number): void {
  stack.above[before] = (stack.above[before] ?? 0) + 1;
  while (stack.above[stack.least] === zoneSize) stack.least += 1;
}

function stackOf(pool: Pool, spread: ProcessSpread, zone: number, zoneSize: number): Stack {
  const stack: Stack = { least: 0, above: [] };
  for (const [position, instances] of spread.onCell) {
    if (at(pool.zoneOf, position) !== zone) continue;
    for (let before = 0; before < instances; before++) raise(stack, before, zoneSize);
  }
  return stack;
}

/** Fills in what runs already, by whichever way is shorter: asking each cell for each process, or reading all. */
function countExisting(
  pool: Pool,
  cells: readonly AuctionCell[],
  spreads: ReadonlyMap<ProcessGuid, ProcessSpread>,
): void {
  const positions = new Map(pool.cellIds.map((cellId, position) => [cellId, position]));
  const zones = new Map(pool.zones.map((zone, index) => [zone, index]));
  for (const { cellId, zone: zoneName, instancesByProcess } of cells) {
    const zone = zones.get(zoneName);
    if (zone === undefined) continue;
    const position = positions.get(cellId);
    const count = (spread: ProcessSpread | undefined, instances: number): void => {
      if (spread === undefined || instances === 0) return;
      spread.inZone[zone] = (spread.inZone[zone] ?? 0) + instances;
      if (position !== undefined) spread.onCell.set(position, instances);
    };
    if (spreads.size < instancesByProcess.size) {
      for (const [guid, spread] of spreads) count(spread, instancesByProcess.get(guid) ?? 0);
    } else {
      for (const [guid, instances] of instancesByProcess) count(spreads.get(guid), instances);
    }
  }
}
