/**
 * The usable cells of one auction as columns of numbers, by position: what is free, what it adds to the
 * score, what was placed meanwhile. The auction reserves here what it scored, so nothing is over-committed.
 */
import type { AuctionCell } from '../../model/auction.ts';
import type { CellId } from '../../model/ids.ts';
import { type Resources, subtractResources } from '../../model/resources.ts';
import type { Seat } from './filters.ts';
import { fill, fillPerUnit } from './scoring.ts';

export interface Pool {
  readonly size: number;
  /** Usable cells in order of their id: position order breaks ties. */
  readonly cellIds: readonly CellId[];
  readonly cells: readonly AuctionCell[];
  /** The same cells as filters ask them; what they say is always as the pool stands. */
  readonly seats: readonly Seat[];
  /** How many containers may be starting on one cell; Infinity is no limit. */
  readonly maxStarting: number;
  /** Positions in the order in which something was placed on them. */
  readonly moves: number[];
  /** What the next container may ask for: the overhead that it brings on this cell is off already. */
  readonly freeMemoryMb: Float64Array;
  /** Memory that each container takes beside what it asks for. */
  readonly overheadMemoryMb: Float64Array;
  readonly freeDiskMb: Float64Array;
  readonly freeContainers: Float64Array;
  /** The fill of what is used, kept up with what is placed. */
  readonly fill: Float64Array;
  readonly capacities: readonly Resources[];
  /** What one unit of each resource adds to the fill. */
  readonly units: readonly Resources[];
  readonly starting: Int32Array;
  readonly tasks: Int32Array;
  /** Position of the cell's zone in `zones`. */
  readonly zoneOf: Int32Array;
  /** Place of the cell within its zone, by id. */
  readonly placeInZone: Int32Array;
  /** Names of the zones that have a usable cell, in order. */
  readonly zones: readonly string[];
}

/** @param seatOf makes a cell answer for what is placed on it; without, only what runs there already counts */
export function createPool(
  cells: readonly AuctionCell[],
  maxStarting = Number.POSITIVE_INFINITY,
  seatOf: (cell: AuctionCell, position: number) => Seat = seatOfCell,
): Pool {
  const usable = cells
    .filter((cell) => cell.unusable === undefined)
    .sort((a, b) => (a.cellId < b.cellId ? -1 : a.cellId > b.cellId ? 1 : 0));
  const size = usable.length;
  const zones = [...new Set(usable.map((cell) => cell.zone))].sort();
  const zoneIndex = new Map(zones.map((zone, index) => [zone, index]));
  const zoneSizes = new Int32Array(zones.length);
  const pool: Pool = {
    size,
    cellIds: usable.map((cell) => cell.cellId),
    cells: usable,
    seats: usable.map(seatOf),
    maxStarting,
    moves: [],
    freeMemoryMb: Float64Array.from(usable, (cell) => freeOn(cell).memoryMb),
    overheadMemoryMb: Float64Array.from(usable, (cell) => cell.overheadMemoryMb ?? 0),
    freeDiskMb: Float64Array.from(usable, (cell) => cell.capacity.diskMb - cell.used.diskMb),
    freeContainers: Float64Array.from(usable, (cell) => cell.capacity.containers - cell.used.containers),
    fill: new Float64Array(size),
    capacities: usable.map((cell) => cell.capacity),
    units: usable.map((cell) => fillPerUnit(cell.capacity)),
    starting: Int32Array.from(usable, (cell) => cell.startingCount),
    tasks: Int32Array.from(usable, (cell) => cell.taskCount),
    zoneOf: Int32Array.from(usable, (cell) => zoneIndex.get(cell.zone) ?? 0),
    placeInZone: new Int32Array(size),
    zones,
  };
  usable.forEach((_, position) => {
    const zone = at(pool.zoneOf, position);
    pool.placeInZone[position] = at(zoneSizes, zone);
    zoneSizes[zone] = at(zoneSizes, zone) + 1;
    pool.fill[position] = fillOf(pool, position);
  });
  return pool;
}

/** What one more container may ask of a cell: what is free, less the overhead that it would bring. */
export function freeOn({ capacity, used, overheadMemoryMb = 0 }: AuctionCell): Resources {
  const free = subtractResources(capacity, used);
  return overheadMemoryMb === 0 ? free : { ...free, memoryMb: free.memoryMb - overheadMemoryMb };
}

/** A cell on which nothing has been placed by this auction. */
export function seatOfCell(cell: AuctionCell): Seat {
  return {
    cell,
    instancesOf: (guid) => cell.instancesByProcess.get(guid) ?? 0,
    isPortTaken: (port) => cell.fixedPorts.has(port),
    repels: (guid) => cell.repels?.has(guid) ?? false,
  };
}

/** A number of a column; positions come from the pool itself, so there always is one. */
export function at(column: Float64Array | Int32Array, position: number): number {
  return column[position] as number;
}

/** The overhead of the next container counts in. Made from whole numbers every time, so that cells with equal amounts used have equal scores. */
function fillOf(pool: Pool, position: number): number {
  const capacity = pool.capacities[position] as Resources;
  return added(pool, position, {
    memoryMb: capacity.memoryMb - at(pool.freeMemoryMb, position),
    diskMb: capacity.diskMb - at(pool.freeDiskMb, position),
    containers: capacity.containers - at(pool.freeContainers, position),
  });
}

/** How much of the score an amount makes up on one cell. */
export function added(pool: Pool, position: number, amount: Resources): number {
  return fill(amount, pool.units[position] as Resources);
}

export function fits(pool: Pool, position: number, need: Resources): boolean {
  return (
    at(pool.freeMemoryMb, position) >= need.memoryMb &&
    at(pool.freeDiskMb, position) >= need.diskMb &&
    at(pool.freeContainers, position) >= need.containers &&
    at(pool.starting, position) < pool.maxStarting
  );
}

/** Takes what was scored: the resources, the overhead, and one more starting container. */
export function reserve(pool: Pool, position: number, need: Resources, kind: 'lrp' | 'task'): void {
  const overheadMb = at(pool.overheadMemoryMb, position);
  pool.freeMemoryMb[position] = at(pool.freeMemoryMb, position) - (need.memoryMb + overheadMb);
  pool.freeDiskMb[position] = at(pool.freeDiskMb, position) - need.diskMb;
  pool.freeContainers[position] = at(pool.freeContainers, position) - need.containers;
  pool.fill[position] = fillOf(pool, position);
  pool.starting[position] = at(pool.starting, position) + 1;
  pool.moves.push(position);
  if (kind === 'task') pool.tasks[position] = at(pool.tasks, position) + 1;
}
