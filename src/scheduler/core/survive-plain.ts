/**
 * Losses whose outcome is plain without an auction, which most are: proofs from the room that cells have. Used by
 * survive.ts; what is not plain is played there.
 */
import type { AuctionCell, Work } from '../../model/auction.ts';
import { type ResourceName, type Resources, resourceNames, resourceWords } from '../../model/resources.ts';

/** What is displaced, as far as the proofs need it. */
export class DisplacedSum {
  count = 0;
  tasks = 0;
  /** Nothing has rules about where it may go. */
  isPlain = true;
  /** Of each resource the most, and the least, that one of them needs. */
  largest: Resources = { memoryMb: 0, diskMb: 0, containers: 0 };
  smallest: Resources = { memoryMb: Infinity, diskMb: Infinity, containers: Infinity };

  add(work: readonly Work[]): void {
    for (const item of work) {
      this.count += 1;
      if (item.kind === 'task') this.tasks += 1;
      this.isPlain &&= isPlain(item);
      this.largest = eachOf(this.largest, item.resources, Math.max);
      this.smallest = eachOf(this.smallest, item.resources, Math.min);
    }
  }

  get areEqual(): boolean {
    return resourceNames.every((name) => this.largest[name] === this.smallest[name]);
  }
}

function eachOf(a: Resources, b: Resources, pick: (x: number, y: number) => number): Resources {
  return {
    memoryMb: pick(a.memoryMb, b.memoryMb),
    diskMb: pick(a.diskMb, b.diskMb),
    containers: pick(a.containers, b.containers),
  };
}

/**
 * How many instances an auction would leave without a place, and what they lack; undefined when only an auction
 * can tell. Whatever its order and wherever it puts things, an auction refuses plain work only when every cell is
 * too full for it. So it places everything if the cells have room for as many of the largest; nothing if none has
 * room for one of the smallest; and of equals, as many as there is room for.
 */
export function plainOutcome(
  cells: readonly AuctionCell[],
  displaced: DisplacedSum,
): { readonly unplaced: number; readonly reason: string } | undefined {
  const { count, tasks, largest, smallest } = displaced;
  if (count === 0) return { unplaced: 0, reason: '' };
  if (!displaced.isPlain || cells.some(({ repels }) => (repels?.size ?? 0) > 0)) return undefined;
  const open = cells.filter((cell) => cell.unusable === undefined && cell.requiredTags.length === 0);
  const room = roomIn(open, largest);
  if (room >= count) return { unplaced: 0, reason: '' };
  if (displaced.areEqual && tasks === 0) return { unplaced: count - room, reason: lackIn(open, largest) };
  return roomIn(open, smallest) === 0
    ? { unplaced: count - tasks, reason: lackIn(open, smallest) }
    : undefined;
}

const roomIn = (cells: readonly AuctionCell[], need: Resources): number =>
  cells.reduce((sum, cell) => sum + roomOn(cell, need), 0);

/** How many of the need a cell takes. */
function roomOn(cell: AuctionCell, need: Resources): number {
  return Math.max(0, Math.min(...resourceNames.map((name) => roomFor(cell, need, name))));
}

function roomFor(cell: AuctionCell, need: Resources, name: ResourceName): number {
  const free = cell.capacity[name] - cell.used[name];
  const taken = need[name] + (name === 'memoryMb' ? (cell.overheadMemoryMb ?? 0) : 0);
  if (taken === 0) return free >= 0 ? Infinity : 0;
  return Math.floor(free / taken);
}

/** What is short on every cell once each is as full as it gets, in the auction's words. */
function lackIn(cells: readonly AuctionCell[], need: Resources): string {
  if (cells.length === 0) return 'no cell that may be used is left';
  const short = resourceNames.filter((name) =>
    cells.every((cell) => roomFor(cell, need, name) <= roomOn(cell, need)),
  );
  return short.length === 0 ? 'insufficient resources' : short.map((name) => resourceWords[name]).join(', ');
}

function isPlain(work: Work): boolean {
  const { rules } = work;
  if (work.kind === 'lrp' && (work.fixedPorts.length > 0 || work.home !== undefined)) return false;
  return (
    rules.os === undefined &&
    rules.arch === undefined &&
    rules.runtime === undefined &&
    rules.sameCellAs === undefined &&
    rules.maxPerCell === undefined &&
    !rules.sticky &&
    rules.tags.length === 0 &&
    rules.volumeDrivers.length === 0 &&
    rules.notWith.length === 0
  );
}
