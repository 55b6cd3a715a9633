/**
 * Who runs what: places a batch of work on cells by Diego's rules (reference/diego.md 1.20) and says of the
 * rest why it has no place. Called by the brain, the planner and the benchmarks. Pure and deterministic: the
 * order of cells and work does not matter, ties go to the first cell by id, and what is scored is what is
 * reserved.
 */
import type { Refusal } from '../../model/actual-lrp.ts';
import type {
  AuctionCell,
  AuctionResult,
  Eviction,
  LrpWork,
  Placement,
  TaskWork,
  Unplaced,
  Work,
} from '../../model/auction.ts';
import type { BrainSettings } from '../../model/cell-spec.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import { lrpBase, taskBase } from './base-score.ts';
import { orderBatchSteps } from './batch.ts';
import { type Conflicts, createConflicts } from './conflicts.ts';
import { explainRefusal, explainStartLimit } from './explain.ts';
import { scoredCell } from './explain-score.ts';
import { type Filter, liveFilters, repelled, type Seat } from './filters.ts';
import { unheardAt } from './last-resort.ts';
import { classKey, createLayouts, fewLeaves, type Layout, type Layouts } from './layout.ts';
import { added, at, createPool, fits, type Pool, reserve } from './pool.ts';
import { createPreemptor, type Preemptor } from './preempt.ts';
import { type Allows, type Best, needKey } from './ranking.ts';
import { diegoWeights, type ScoreWeights } from './scoring.ts';
import { createSpread, type ProcessSpread, type Spread } from './spread.ts';

export interface AuctionOptions {
  readonly weights: ScoreWeights;
  /** How many containers may be starting in the whole cluster at one time; 0 or less is no limit. */
  readonly maxStarting: number;
  /** The same for one cell. */
  readonly maxStartingPerCell?: number;
  /** How many of the placements, the first ones, say why; each costs as much as placing it once more. */
  readonly explainMax?: number;
  /** Cells that the leader hears nothing from: they take only what no other cell does, whoever wants a place. */
  readonly unheard?: ReadonlySet<CellId>;
  /** No piece of the work is in it twice: it need not be looked for. */
  readonly isDistinct?: boolean;
  /** LRPs that are on no cell: they need not be looked for on each. */
  readonly isNowhere?: (guid: ProcessGuid) => boolean;
}

export const diegoOptions: AuctionOptions = { weights: diegoWeights, maxStarting: 0 };

/** What operators set of the brain, as the auction takes it. */
export function auctionOptions(settings: BrainSettings): AuctionOptions {
  const { maxStarting, maxStartingPerCell, startingWeight, binPackWeight } = settings;
  const weights = { ...diegoWeights, starting: startingWeight, binPack: binPackWeight };
  return { weights, maxStarting, maxStartingPerCell };
}

/** What one auction knows and changes as it goes. */
interface Auction {
  readonly cells: readonly AuctionCell[];
  readonly pool: Pool;
  readonly options: AuctionOptions;
  readonly spread: Spread;
  readonly conflicts: Conflicts;
  readonly layouts: Layouts;
  readonly preemptor: Preemptor;
  readonly positions: ReadonlyMap<CellId, number>;
  /** Positions of the cells that are not heard; undefined when that makes no difference between cells. */
  readonly unheard: ReadonlySet<number> | undefined;
  readonly refusals: Map<string, Refusal>;
  /** Work that found no place: with equal needs, another instance of it finds none either. */
  readonly refusedLrps: Map<string, LrpWork>;
  readonly placements: Placement[];
  readonly unplaced: Unplaced[];
  readonly evictions: Eviction[];
  starting: number;
}

export function auction(
  cells: readonly AuctionCell[],
  work: readonly Work[],
  options: AuctionOptions = diegoOptions,
): AuctionResult {
  const steps = auctionSteps(cells, work, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Work in one step: about 15 ms of one core. */
const workPerStep = 2_000;

/** The same in short steps. It reserves what it places: what cells become meanwhile, it does not see. */
export function* auctionSteps(
  cells: readonly AuctionCell[],
  work: readonly Work[],
  options: AuctionOptions,
): Generator<void, AuctionResult> {
  const batch = yield* orderBatchSteps(work, options.isDistinct);
  if (batch.length > workPerStep) yield;
  const run = openAuction(cells, batch, options);
  for (const [place, item] of batch.entries()) {
    if (place > 0 && place % workPerStep === 0) yield;
    placeOne(run, item);
  }
  return { placements: run.placements, unplaced: run.unplaced, evictions: run.evictions };
}

function openAuction(cells: readonly AuctionCell[], work: readonly Work[], options: AuctionOptions): Auction {
  const { weights, maxStartingPerCell = 0 } = options;
  const perCell = maxStartingPerCell > 0 ? maxStartingPerCell : Number.POSITIVE_INFINITY;
  // The spread is made from the pool, whose seats ask it: they do so only once the auction runs.
  const conflicts: Conflicts = createConflicts(cells, (guid, position) => {
    return spread.of(guid)?.onCell.get(position) ?? 0;
  });
  const pool = createPool(cells, perCell, conflicts.seatOf);
  const spread: Spread = createSpread(pool, cells, work, options.isNowhere);
  const positions = new Map(pool.cellIds.map((cellId, position) => [cellId, position]));
  return {
    cells,
    pool,
    options,
    spread,
    conflicts,
    layouts: createLayouts(pool, { lrp: lrpBase(pool, weights), task: taskBase(pool, weights) }),
    preemptor: createPreemptor(pool),
    positions,
    unheard: unheardAt(positions, options.unheard),
    refusals: new Map(),
    refusedLrps: new Map(),
    placements: [],
    unplaced: [],
    evictions: [],
    starting: cells.reduce((sum, cell) => sum + cell.startingCount, 0),
  };
}

/** Places one piece of work, or records why not. */
function placeOne(run: Auction, work: Work): void {
  const { pool } = run;
  const { maxStarting } = run.options;
  if (maxStarting > 0 && run.starting >= maxStarting) {
    run.unplaced.push({ work, refusal: explainStartLimit(run.cells, run.starting) });
    return;
  }
  const live = liveFiltersOf(run, work);
  const layout = run.layouts.of(work);
  const position = isKnownToFail(run, work) ? -1 : bestOf(run, layout, work, live);
  if (position < 0) {
    refuse(run, layout, work, live);
    return;
  }
  const placement = placementOf(run, layout, work, live, position);
  reserve(pool, position, work.resources, work.kind);
  run.placements.push(placement);
  settle(run, work, position);
  run.starting += 1;
}

/** To be called before anything is reserved: what it says is what was compared. */
function placementOf(
  run: Auction,
  layout: Layout,
  work: Work,
  live: readonly Filter[],
  position: number,
): Placement {
  const cellId = run.pool.cellIds[position] as CellId;
  if (run.placements.length >= (run.options.explainMax ?? 0)) return { work, cellId };
  const second = bestOf(run, layout, work, live, position);
  const spread = work.kind === 'lrp' ? run.spread.of(work.guid) : undefined;
  const scene = { pool: run.pool, layout, spread, weights: run.options.weights };
  const chosen = scoredCell(scene, work, position);
  const why = second < 0 ? { chosen } : { chosen, runnerUp: scoredCell(scene, work, second) };
  return { work, cellId, why };
}

function settle(run: Auction, work: Work, position: number): void {
  if (work.kind === 'task') return;
  run.spread.add(run.spread.of(work.guid) as ProcessSpread, position);
  if (work.fixedPorts.length > 0 || work.rules.notWith.length > 0) run.conflicts.add(work, position);
}

const none: readonly Filter[] = [];

function liveFiltersOf({ conflicts }: Auction, work: Work): readonly Filter[] {
  const { sameCellAs, notWith, maxPerCell } = work.rules;
  const isPlain =
    sameCellAs === undefined &&
    notWith.length === 0 &&
    (work.kind === 'task' ||
      (maxPerCell === undefined && work.fixedPorts.length === 0 && work.home === undefined));
  const own = isPlain ? none : liveFilters.filter((filter) => filter.applies(work));
  return conflicts.anyRepels && repelled.applies(work) ? [...own, repelled] : own;
}

/** Room, ports and places only become fewer in an auction; neighbours to be with may become more. */
function isKnownToFail({ refusedLrps }: Auction, work: Work): boolean {
  if (work.kind === 'task' || refusedLrps.size === 0 || work.rules.sameCellAs !== undefined) return false;
  const known = refusedLrps.get(work.guid);
  return (
    known !== undefined &&
    known.rules === work.rules &&
    known.home === work.home &&
    needKey(known.resources) === needKey(work.resources) &&
    known.fixedPorts.join() === work.fixedPorts.join()
  );
}

/** The position of the best cell, or of the best one but `except`; -1: none. */
function bestOf(run: Auction, layout: Layout, work: Work, live: readonly Filter[], except = -1): number {
  layout.sync();
  const allows = but(except, allowsOf(run.pool.seats, work, live));
  const { unheard } = run;
  if (unheard !== undefined) {
    const position = bestKept(
      run,
      layout,
      work,
      (one) => !unheard.has(one) && (allows === undefined || allows(one)),
    );
    if (position >= 0) return position;
  }
  return bestKept(run, layout, work, allows);
}

/** The best of those allowed, where the LRP keeps crashing only if there is no other. */
function bestKept(run: Auction, layout: Layout, work: Work, allows: Allows): number {
  const lastResort = work.kind === 'lrp' ? work.lastResort : undefined;
  if (lastResort !== undefined) {
    const isOther = (position: number): boolean =>
      !lastResort.has(run.pool.cellIds[position] as CellId) && (allows === undefined || allows(position));
    const position = bestAllowed(run, layout, work, isOther);
    if (position >= 0) return position;
  }
  return bestAllowed(run, layout, work, allows);
}

function bestAllowed(run: Auction, layout: Layout, work: Work, allows: Allows): number {
  const few = fewCandidates(run, work);
  if (few !== undefined && work.kind === 'lrp') return bestOfFew(run, layout, work, few, allows);
  return work.kind === 'lrp' ? bestForLrp(run, layout, work, allows) : bestForTask(layout, work, allows);
}

function allowsOf(seats: readonly Seat[], work: Work, live: readonly Filter[]): Allows {
  if (live.length === 0) return undefined;
  return (position) => live.every((filter) => filter.passes(seats[position] as Seat, work));
}

function but(except: number, allows: Allows): Allows {
  if (except < 0) return allows;
  return (position) => position !== except && (allows === undefined || allows(position));
}

/** Where it may go at most, if its rules name the places. */
function fewCandidates(run: Auction, work: Work): readonly number[] | undefined {
  const home = work.kind === 'lrp' ? work.home : undefined;
  if (home !== undefined) return [run.positions.get(home) ?? -1].filter((position) => position >= 0);
  if (work.rules.sameCellAs === undefined) return undefined;
  return [...(run.spread.of(work.rules.sameCellAs)?.onCell.keys() ?? [])];
}

/** Leaves with the lowest rank go first; those of equal rank compete. */
function bestForLrp(run: Auction, layout: Layout, work: LrpWork, allows: Allows): number {
  const spread = run.spread.of(work.guid) as ProcessSpread;
  const best: Best = { position: -1, score: Number.POSITIVE_INFINITY };
  const ranks = run.spread.ranks(spread, layout);
  let floor = -1;
  while (best.position < 0) {
    let next = Number.POSITIVE_INFINITY;
    let tied = 0;
    for (const rank of ranks) {
      if (rank <= floor || rank > next) continue;
      tied = rank === next ? tied + 1 : 1;
      next = rank;
    }
    if (tied === 0) return -1;
    const isTied = (place: number): boolean => ranks[place] === next;
    if (tied > fewLeaves) improveWhole(run, layout, work, { best, spread, allows, isTied });
    else improveLeaves(run, layout, work, { best, spread, allows, isTied });
    floor = next;
  }
  return best.position;
}

interface Search {
  readonly best: Best;
  readonly spread: ProcessSpread;
  readonly allows: Allows;
  /** Whether a leaf is among those that compete. */
  readonly isTied: (place: number) => boolean;
}

function improveLeaves(run: Auction, layout: Layout, work: LrpWork, search: Search): void {
  const { best, spread, allows, isTied } = search;
  const { locality: weight } = run.options.weights;
  const { leaves } = layout;
  for (let place = 0; place < leaves.length; place++) {
    if (!isTied(place)) continue;
    const leastCount = run.spread.least(spread, layout, place);
    leaves[place]?.ranking.improve(
      best,
      work.resources,
      { weight, counts: spread.onCell, leastCount },
      allows,
    );
  }
}

function improveWhole(run: Auction, layout: Layout, work: LrpWork, search: Search): void {
  const { best, spread, allows, isTied } = search;
  const { locality: weight } = run.options.weights;
  const isAllowed = (position: number): boolean =>
    isTied(at(layout.leafOf, position)) && (allows === undefined || allows(position));
  const locality = { weight, counts: spread.onCell, leastCount: 0 };
  layout.whole?.improve(best, work.resources, locality, isAllowed);
}

/** The same choice among a handful of cells, by looking at each. */
function bestOfFew(
  run: Auction,
  layout: Layout,
  work: LrpWork,
  positions: readonly number[],
  allows: Allows,
): number {
  const { pool, options } = run;
  const spread = run.spread.of(work.guid) as ProcessSpread;
  const base = lrpBase(pool, options.weights);
  const ranks = run.spread.ranks(spread, layout);
  let best = -1;
  let bestRank = Number.POSITIVE_INFINITY;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const position of positions) {
    const place = at(layout.leafOf, position);
    if (place < 0 || !fits(pool, position, work.resources)) continue;
    if (allows !== undefined && !allows(position)) continue;
    const rank = ranks[place] as number;
    const same = spread.onCell.get(position) ?? 0;
    const score = base(position) + (added(pool, position, work.resources) + options.weights.locality * same);
    const isBetter =
      rank < bestRank ||
      (rank === bestRank && (score < bestScore || (score === bestScore && position < best)));
    if (isBetter) [best, bestRank, bestScore] = [position, rank, score];
  }
  return best;
}

const anywhere = { weight: 0, counts: undefined, leastCount: 0 };

/** Tasks know no zones: the cell with the fewest tasks, then the emptiest. */
function bestForTask(layout: Layout, work: TaskWork, allows: Allows): number {
  const best: Best = { position: -1, score: Number.POSITIVE_INFINITY };
  for (const { ranking } of layout.leaves) ranking.improve(best, work.resources, anywhere, allows);
  return best.position;
}

function refuse(run: Auction, layout: Layout, work: Work, live: readonly Filter[]): void {
  const refusal = refusalOf(run, work, live);
  if (work.kind === 'task') {
    run.unplaced.push({ work, refusal });
    return;
  }
  const allows = allowsOf(run.pool.seats, work, live);
  const preemption = run.preemptor.find(
    work,
    (position) => at(layout.leafOf, position) >= 0 && (allows === undefined || allows(position)),
  );
  if (preemption === undefined) {
    run.refusedLrps.set(work.guid, work);
    run.unplaced.push({ work, refusal });
    return;
  }
  const { position, victims } = preemption;
  const cellId = run.pool.cellIds[position] as CellId;
  // What it is promised, free or about to be, goes to nobody else in this auction.
  reserve(run.pool, position, work.resources, work.kind);
  settle(run, work, position);
  for (const { guid, index } of victims) run.evictions.push({ guid, index, cellId, work });
  const message = `waiting for instances of lower priority to stop on cell ${cellId}`;
  const { change: _change, ...rest } = refusal;
  run.unplaced.push({ work, refusal: { ...rest, message } });
}

/** Equal needs share one explanation: thousands that do not fit cost as much as one. */
function refusalOf(run: Auction, work: Work, live: readonly Filter[]): Refusal {
  const home = work.kind === 'lrp' ? (work.home ?? '') : '';
  // Rules about neighbours depend on which process it is, and on what has been placed since.
  const about =
    live.length === 0 ? '' : `${work.guid}|${home}|${work.rules.sameCellAs ? run.placements.length : ''}`;
  const key = `${classKey(work)}|${needKey(work.resources)}|${about}`;
  const known = run.refusals.get(key);
  if (known !== undefined) return known;
  const refusal = explainRefusal({ cells: run.cells, pool: run.pool, work, live });
  run.refusals.set(key, refusal);
  return refusal;
}
