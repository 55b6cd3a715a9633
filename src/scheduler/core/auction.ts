/**
 * Who runs what: places a batch of work on cells by Diego's rules (reference/diego.md 1.20) and says of the
 * rest why it has no place. Called by the brain and the benchmarks. Pure and deterministic: the order of
 * cells and work does not matter, ties go to the first cell by id, and what is scored is what is reserved.
 */
import type { Refusal } from '../../model/actual-lrp.ts';
import type {
  AuctionCell,
  AuctionResult,
  LrpWork,
  Placement,
  TaskWork,
  Unplaced,
  Work,
} from '../../model/auction.ts';
import type { CellId } from '../../model/ids.ts';
import type { Resources } from '../../model/resources.ts';
import { orderBatch } from './batch.ts';
import { explainNoRoom, explainStartLimit } from './explain.ts';
import { at, createPool, type Pool, reserve } from './pool.ts';
import { type Best, createRanking, type Ranking } from './ranking.ts';
import { diegoWeights, type ScoreWeights } from './scoring.ts';
import { createSpread, type ProcessSpread, type Spread } from './spread.ts';

export interface AuctionOptions {
  readonly weights: ScoreWeights;
  /** How many containers may be starting in the whole cluster at one time; 0 or less is no limit. */
  readonly maxStarting: number;
}

export const diegoOptions: AuctionOptions = { weights: diegoWeights, maxStarting: 0 };

/** What one auction knows and changes as it goes. */
interface Auction {
  readonly cells: readonly AuctionCell[];
  readonly pool: Pool;
  readonly options: AuctionOptions;
  readonly spread: Spread;
  readonly refusals: Map<string, Refusal>;
  readonly placements: Placement[];
  readonly unplaced: Unplaced[];
  starting: number;
}

export function auction(
  cells: readonly AuctionCell[],
  work: readonly Work[],
  options: AuctionOptions = diegoOptions,
): AuctionResult {
  const batch = orderBatch(work);
  const pool = createPool(cells);
  const run: Auction = {
    cells,
    pool,
    options,
    spread: createSpread(pool, cells, [...batch.first, ...batch.rest]),
    refusals: new Map(),
    placements: [],
    unplaced: [],
    starting: cells.reduce((sum, cell) => sum + cell.startingCount, 0),
  };
  placeLrps(run, batch.first);
  placeTasks(run, batch.tasks);
  placeLrps(run, batch.rest);
  return { placements: run.placements, unplaced: run.unplaced };
}

function placeLrps(run: Auction, work: readonly LrpWork[]): void {
  const { pool, options } = run;
  if (work.length === 0) return;
  const { weights } = options;
  const base = (position: number): number =>
    at(pool.fill, position) +
    weights.starting * at(pool.starting, position) +
    weights.binPack * at(pool.placeInZone, position);
  const zones = pool.zones.map((_, zone) =>
    createRanking(
      pool,
      positionsWhere(pool, (position) => at(pool.zoneOf, position) === zone),
      base,
    ),
  );
  for (const item of work) {
    place(run, item, () => {
      const spread = run.spread.of(item.guid);
      const position = bestForLrp(run, zones, spread, item.resources);
      if (position < 0) return position;
      reserve(pool, position, item.resources, 'lrp');
      run.spread.add(spread, position);
      zones[at(pool.zoneOf, position)]?.moved(position);
      return position;
    });
  }
}

/** Zones with the fewest instances of the process go first; those with equally many compete together. */
function bestForLrp(run: Auction, zones: readonly Ranking[], spread: ProcessSpread, need: Resources): number {
  const best: Best = { position: -1, score: Infinity };
  const { inZone, onCell } = spread;
  const { locality: weight } = run.options.weights;
  let floor = -1;
  while (best.position < 0) {
    let next = Infinity;
    for (const count of inZone) if (count > floor && count < next) next = count;
    if (next === Infinity) return -1;
    for (let zone = 0; zone < zones.length; zone++) {
      if (inZone[zone] !== next) continue;
      const leastCount = run.spread.least(spread, zone);
      zones[zone]?.improve(best, need, { weight, counts: onCell, leastCount });
    }
    floor = next;
  }
  return best.position;
}

/** Tasks know no zones: the cell with the fewest tasks, then the emptiest. */
function placeTasks(run: Auction, work: readonly TaskWork[]): void {
  const { pool, options } = run;
  if (work.length === 0) return;
  const { weights } = options;
  const ranking = createRanking(
    pool,
    positionsWhere(pool, () => true),
    (position) =>
      at(pool.fill, position) +
      weights.starting * at(pool.starting, position) +
      weights.locality * at(pool.tasks, position),
  );
  const anywhere = { weight: 0, counts: undefined, leastCount: 0 };
  for (const item of work) {
    place(run, item, () => {
      const best: Best = { position: -1, score: Infinity };
      ranking.improve(best, item.resources, anywhere);
      if (best.position < 0) return best.position;
      reserve(pool, best.position, item.resources, 'task');
      ranking.moved(best.position);
      return best.position;
    });
  }
}

/** Places one piece of work, or records why not. `reserveBest` returns the cell's position, or -1. */
function place(run: Auction, work: Work, reserveBest: () => number): void {
  const { maxStarting } = run.options;
  if (maxStarting > 0 && run.starting >= maxStarting) {
    run.unplaced.push({ work, refusal: explainStartLimit(run.cells, run.starting) });
    return;
  }
  const position = reserveBest();
  if (position < 0) {
    run.unplaced.push({ work, refusal: noRoom(run, work) });
    return;
  }
  run.starting += 1;
  run.placements.push({ work, cellId: run.pool.cellIds[position] as CellId });
}

/** Equal needs share one explanation: thousands that do not fit cost as much as one. */
function noRoom(run: Auction, { resources }: Work): Refusal {
  const key = `${resources.memoryMb}/${resources.diskMb}/${resources.containers}`;
  const known = run.refusals.get(key);
  if (known !== undefined) return known;
  const refusal = explainNoRoom(run.cells, run.pool, resources);
  run.refusals.set(key, refusal);
  return refusal;
}

function positionsWhere(pool: Pool, holds: (position: number) => boolean): number[] {
  const positions: number[] = [];
  for (let position = 0; position < pool.size; position++) if (holds(position)) positions.push(position);
  return positions;
}
