/**
 * Why a piece of work has no place, told by the same filters and from the same free amounts that the auction
 * places by: how many cells each filter dropped, what the nearest one lacks, and the smallest change that
 * would give it a place. Texts are Diego's (reference/diego.md 1.20) where it has one.
 */
import type { Refusal } from '../../model/actual-lrp.ts';
import type { AuctionCell, Work } from '../../model/auction.ts';
import { type ResourceName, type Resources, resourceNames, resourceWords } from '../../model/resources.ts';
import { type Filter, fixedFilters, homeOf, liveFilters, type Seat } from './filters.ts';
import { at, freeOn, type Pool, seatOfCell } from './pool.ts';

export interface RefusedWork {
  readonly cells: readonly AuctionCell[];
  readonly pool: Pool;
  readonly work: Work;
  /** The live filters that apply to it. */
  readonly live: readonly Filter[];
}

/** What a cell has too little of, and how much. */
type Shortage = readonly (readonly [ResourceName, number])[];

/** What keeps the work off one cell. */
interface Obstacles {
  readonly failed: readonly Filter[];
  readonly shortage: Shortage;
  readonly startsTooMany: boolean;
  /** How hard they are to take away, the least first; then the share of the need that is lacking. */
  readonly effort: number;
  readonly lack: number;
}

/** Nothing but the return of its home helps a sticky index, whatever else other cells have. */
const homeEffort = 100;
/** How refusals count cells at their limit of starting containers. */
const startingName = 'starting';

/** The refusal of work that no cell of the pool takes. */
export function explainRefusal({ cells, pool, work, live }: RefusedWork): Refusal {
  if (pool.size === 0) return withChange(explainNoCell(cells), changeOf(undefined, undoable(cells, work)));
  const filters = [...fixedFilters.filter((filter) => filter.applies(work)), ...live];
  const counts: Record<string, number> = {};
  const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
  if (cells.length > pool.size) counts['unusable'] = cells.length - pool.size;
  let deepest = -1;
  let candidates = 0;
  let nearest: Near | undefined;
  for (let position = 0; position < pool.size; position++) {
    const seat = pool.seats[position] as Seat;
    const obstacles = obstaclesOf(seat, freeAt(pool, position), work, filters, {
      startsTooMany: at(pool.starting, position) >= pool.maxStarting,
    });
    const [first] = obstacles.failed;
    if (first !== undefined) {
      deepest = Math.max(deepest, filters.indexOf(first));
      count(first.name);
    } else {
      candidates += 1;
      if (obstacles.startsTooMany) count(startingName);
      for (const [name] of obstacles.shortage) count(resourceWords[name]);
    }
    if (nearest === undefined || isNearer(obstacles, nearest.obstacles)) nearest = { seat, obstacles };
  }
  const message =
    candidates > 0
      ? shortMessage(counts, candidates)
      : (filters[deepest]?.message(work, homeState(cells, work, filters)) ?? 'found no compatible cell');
  const refusal: Refusal = { message, cells: cells.length, counts };
  if (nearest === undefined) return refusal;
  const lacks = lacksText(nearest, work);
  return withChange(
    { ...refusal, nearest: { cellId: nearest.seat.cell.cellId, lacks } },
    changeOf({ ...nearest, text: changeText(nearest, work) }, undoable(cells, work)),
  );
}

interface Near {
  readonly seat: Seat;
  readonly obstacles: Obstacles;
}

const isNearer = (a: Obstacles, b: Obstacles): boolean =>
  a.effort < b.effort || (a.effort === b.effort && a.lack < b.lack);

function obstaclesOf(
  seat: Seat,
  free: Resources,
  work: Work,
  filters: readonly Filter[],
  { startsTooMany }: { readonly startsTooMany: boolean },
): Obstacles {
  const failed = filters.filter((filter) => !filter.passes(seat, work));
  const shortage = shortageOf(free, work.resources);
  const effort = failed.reduce((sum, { name }) => sum + (name === 'home' ? homeEffort : 1), 0);
  const lack = shortage.reduce((sum, [name, amount]) => sum + amount / work.resources[name], 0);
  return { failed, shortage, startsTooMany, effort: effort + (shortage.length > 0 ? 1 : 0), lack };
}

function freeAt(pool: Pool, position: number): Resources {
  return {
    memoryMb: at(pool.freeMemoryMb, position),
    diskMb: at(pool.freeDiskMb, position),
    containers: at(pool.freeContainers, position),
  };
}

function shortageOf(free: Resources, need: Resources): Shortage {
  return resourceNames.flatMap((name) => (free[name] < need[name] ? [[name, need[name] - free[name]]] : []));
}

/** Only what every candidate is short of: Diego's rule. */
function shortMessage(counts: Readonly<Record<string, number>>, candidates: number): string {
  const everywhere = resourceNames.filter((name) => counts[resourceWords[name]] === candidates);
  const words = everywhere.map((name) => resourceWords[name]).join(', ');
  if (words !== '') return `insufficient resources: ${words}`;
  const isLimit = (counts[startingName] ?? 0) > 0;
  return isLimit ? `${startLimitMessage} of every cell with room` : 'insufficient resources';
}

function lacksText({ seat, obstacles }: Near, work: Work): string {
  const lacks = obstacles.failed.map((filter) => filter.lack(seat, work).lacks);
  const starts = obstacles.startsTooMany ? ['a turn: it starts as many containers as it may'] : [];
  return [...lacks, ...obstacles.shortage.map(amountText), ...starts].join(', ');
}

/** What an operator would have to do so that this cell takes the work. */
function changeText({ seat, obstacles }: Near, work: Work): string {
  const { failed, shortage, startsTooMany } = obstacles;
  const parts = failed.map((filter) => filter.lack(seat, work).change);
  const beyond = shortage.filter(([name]) => work.resources[name] > seat.cell.capacity[name]);
  if (beyond.length > 0) {
    // Nothing that is freed there would help.
    const all = beyond.map(([name]) => amountText([name, seat.cell.capacity[name]])).join(', ');
    return [...parts, `ask for less (${seat.cell.cellId} has ${all} in all), or add a larger cell`].join(
      '; and ',
    );
  }
  const amounts = shortage.map(amountText).join(', ');
  const canAskLess = shortage.length > 0 && shortage.every(([name]) => name !== 'containers');
  if (amounts !== '') {
    parts.push(`free ${amounts} on ${seat.cell.cellId}${canAskLess ? ', or ask for that much less' : ''}`);
  }
  if (parts.length === 0 && startsTooMany) parts.push('wait until others have started');
  return parts.join('; and ');
}

/** A cell that takes the work as soon as an operator takes back what keeps it out of use. */
function undoable(cells: readonly AuctionCell[], work: Work): AuctionCell | undefined {
  const filters = [...fixedFilters, ...liveFilters].filter((filter) => filter.applies(work));
  return cells
    .filter((cell) => {
      if (cell.undo === undefined) return false;
      const seat = seatOfCell(cell);
      return obstaclesOf(seat, freeOn(cell), work, filters, { startsTooMany: false }).effort === 0;
    })
    .sort((a, b) => (a.cellId < b.cellId ? -1 : 1))[0];
}

/** Putting a cell back into use is the smallest change there is; else what the nearest one asks for. */
function changeOf(near: { readonly text: string } | undefined, cell: AuctionCell | undefined): string {
  if (cell !== undefined) return `${cell.cellId} has room for it but is ${cell.unusable}: ${cell.undo}`;
  return near?.text ?? '';
}

const withChange = (refusal: Refusal, change: string): Refusal =>
  change === '' ? refusal : { ...refusal, change };

/** What is wrong with the cell that a sticky index has to go back to. */
function homeState(cells: readonly AuctionCell[], work: Work, filters: readonly Filter[]): string {
  const cell = cells.find(({ cellId }) => cellId === homeOf(work));
  if (cell === undefined) return 'is not present';
  if (cell.unusable !== undefined) return `takes nothing now: ${cell.unusable}`;
  const seat = seatOfCell(cell);
  const lacks = filters.filter((f) => !f.passes(seat, work)).map((filter) => filter.lack(seat, work).lacks);
  return lacks.length === 0 ? 'has no place for it' : `lacks ${lacks.join(', ')}`;
}

function amountText([name, amount]: readonly [ResourceName, number]): string {
  if (name === 'containers') return amount === 1 ? '1 container slot' : `${amount} container slots`;
  return `${amount} MiB ${resourceWords[name]}`;
}

/** There is no cell, or none that may be used: says which, and why. */
function explainNoCell(cells: readonly AuctionCell[]): Refusal {
  const unusable = cells.length;
  if (unusable === 0) {
    return { message: 'found no compatible cell: the cluster has no cells', cells: 0, counts: {} };
  }
  const reasons = [...new Set(cells.map((cell) => `${cell.cellId}: ${cell.unusable ?? ''}`))].sort();
  const shown =
    reasons.slice(0, 3).join('; ') + (reasons.length > 3 ? `; and ${reasons.length - 3} more` : '');
  return {
    message: `found no compatible cell: none of ${unusable} is usable (${shown})`,
    cells: unusable,
    counts: { unusable },
  };
}

const startLimitMessage = 'waiting to start instance: reached in-flight start limit';

/** The cluster starts as many containers as it may at one time. */
export function explainStartLimit(cells: readonly AuctionCell[], starting: number): Refusal {
  return {
    message: startLimitMessage,
    cells: cells.length,
    counts: { [startingName]: starting },
    change: 'wait until others have started, or raise the limit (maxStarting)',
  };
}
