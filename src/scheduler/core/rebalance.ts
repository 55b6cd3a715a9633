/**
 * Which running instances would have to move to even the cells. Each move strictly lowers the unevenness, never
 * stacks an LRP deeper on a zone or a cell, and goes where the auction itself would place the instance among the
 * cells that improve things, so every constraint holds, and never on a cell where it crashed again and again. Pure and deterministic; bounded by `maxMoves` and by how
 * many moves it tries. Called by plan.ts.
 *
 * The unevenness is the standard deviation over the mean of the cells' used memory (as a part of each one's
 * capacity), plus how many pairs of instances of one LRP share a cell or a zone beyond what an even spread must
 * have, per instance. 0 is perfectly even.
 */
import { allAtOnce } from '../../base/core/steps.ts';
import type { AuctionCell, LrpWork } from '../../model/auction.ts';
import type { CellId, Millis, ProcessGuid } from '../../model/ids.ts';
import type { ActualRef, ClusterState } from '../../store/core/state.ts';
import { type AuctionOptions, auction } from './auction.ts';
import { lastResorts } from './last-resort.ts';
import { cellsById, settledOptions, withoutInstance, withoutPreemption, withWork } from './plan-cells.ts';
import { wantedWork } from './plan-work.ts';
import { type Balance, createBalance, type Gain } from './rebalance-measure.ts';
import { auctionCellsSteps } from './usage.ts';

export interface RebalanceMove {
  readonly guid: ProcessGuid;
  readonly index: number;
  readonly from: CellId;
  readonly to: CellId;
}

export interface Rebalance {
  readonly moves: readonly RebalanceMove[];
  /** The unevenness now, and after all moves. */
  readonly before: number;
  readonly after: number;
}

/** A move for memory's sake must leave the target this much emptier than the source, as a part of capacity. */
const memoryGap = 0.05;
/** Per pass over the fullest cells: how many of them, and how many LRPs of each, are tried. */
const sourcesMax = 16;
const candidatesMax = 16;
/** Cells looked at in all trials together: what bounds the time. */
const workMax = 1_000_000;

interface Search {
  readonly cells: Map<CellId, AuctionCell>;
  readonly balance: Balance;
  readonly options: AuctionOptions;
  /** What of a cell may move, by LRP; the last one of each list goes first. */
  readonly movable: (cellId: CellId) => ReadonlyMap<ProcessGuid, LrpWork[]>;
  readonly moves: RebalanceMove[];
  readonly maxMoves: number;
  triesLeft: number;
}

export function rebalance(state: ClusterState, maxMoves: number, now: Millis): Rebalance {
  return allAtOnce(rebalanceSteps(state, maxMoves, now));
}

/** The same in short steps. The state may go on between two of them: each record is as it is when it is read. */
export function* rebalanceSteps(
  state: ClusterState,
  maxMoves: number,
  now: Millis,
): Generator<void, Rebalance> {
  const cells = cellsById(
    (yield* auctionCellsSteps(state))
      .map(withoutPreemption)
      .sort((a, b) => (a.cellId < b.cellId ? -1 : a.cellId > b.cellId ? 1 : 0)),
  );
  const balance = createBalance([...cells.values()]);
  const search: Search = {
    cells,
    balance,
    options: settledOptions(state),
    movable: movableBy(state, lastResorts(state, now)),
    moves: [],
    maxMoves,
    triesLeft: Math.ceil(workMax / Math.max(1, cells.size)),
  };
  const before = balance.unevenness();
  yield* unstack(search);
  yield* level(search);
  return { moves: search.moves, before, after: balance.unevenness() };
}

/** Reads a cell when it is first asked for: most are never tried. */
function movableBy(state: ClusterState, heed: (work: LrpWork) => LrpWork): Search['movable'] {
  const followed = new Set<ProcessGuid>();
  for (const { value } of state.desired.values()) {
    if (value.placement.sameCellAs !== undefined) followed.add(value.placement.sameCellAs);
  }
  const known = new Map<CellId, Map<ProcessGuid, LrpWork[]>>();
  return (cellId) => {
    const byGuid = known.get(cellId) ?? new Map<ProcessGuid, LrpWork[]>();
    if (known.has(cellId)) return byGuid;
    known.set(cellId, byGuid);
    for (const ref of state.claimsByCell.get(cellId)?.values() ?? []) {
      const work = movableWork(state, ref);
      if (work === undefined || followed.has(work.guid)) continue;
      const list = byGuid.get(work.guid);
      if (list === undefined) byGuid.set(work.guid, [heed(work)]);
      else list.push(heed(work));
    }
    for (const list of byGuid.values()) list.sort((a, b) => a.index - b.index);
    return byGuid;
  };
}

/** Only what runs undisturbed and is tied to no place may move; nor do those that others have to be with. */
function movableWork(state: ClusterState, ref: ActualRef): LrpWork | undefined {
  const work = wantedWork(state, ref);
  const slots = state.actual.get(ref.guid)?.get(ref.index);
  if (work === undefined || work.rules.sticky || slots?.ordinary?.value.state !== 'RUNNING') return undefined;
  return slots.suspect === undefined && slots.evacuating === undefined ? work : undefined;
}

const exhausted = (search: Search): boolean =>
  search.moves.length >= search.maxMoves || search.triesLeft <= 0;

/** LRPs that lie deeper than they must: from where most of one are, as long as that helps. */
function* unstack(search: Search): Generator<void, void> {
  for (const guid of search.balance.stacked()) {
    let moved = true;
    while (moved && !exhausted(search)) {
      const trials = search.balance.deepest(guid).map((cellId) => ({ cellId, guid }));
      moved = yield* firstMove(search, trials, (gain) => gain.pairs < 0);
    }
  }
}

/** From the fullest cells to emptier ones. */
function* level(search: Search): Generator<void, void> {
  let moved = true;
  while (moved && !exhausted(search)) {
    moved = false;
    for (const cellId of search.balance.fullest().slice(0, sourcesMax)) {
      moved = yield* firstMove(search, largest(search, cellId), (gain) => gain.gap >= memoryGap);
      if (moved) break;
    }
  }
}

interface Trial {
  readonly cellId: CellId;
  readonly guid: ProcessGuid;
}

/** LRPs of a cell, those that take the most memory first. */
function largest({ movable }: Search, cellId: CellId): Trial[] {
  return [...movable(cellId)]
    .filter(([, list]) => list.length > 0)
    .sort(([guidA, [a]], [guidB, [b]]) => memoryOf(b) - memoryOf(a) || (guidA < guidB ? -1 : 1))
    .slice(0, candidatesMax)
    .map(([guid]) => ({ cellId, guid }));
}

/** Does the first of these moves that can be done; false when none can. */
function* firstMove(
  search: Search,
  trials: readonly Trial[],
  enough: (gain: Gain) => boolean,
): Generator<void, boolean> {
  for (const { cellId, guid } of trials) {
    yield;
    if (tryMove(search, cellId, guid, enough)) return true;
  }
  return false;
}

const memoryOf = (work: LrpWork | undefined): number => work?.resources.memoryMb ?? 0;

/** Moves one instance to the best cell that improves things enough; false when there is none. */
function tryMove(search: Search, from: CellId, guid: ProcessGuid, enough: (gain: Gain) => boolean): boolean {
  const { cells, balance, movable, options, moves } = search;
  const candidates = movable(from).get(guid);
  const work = candidates?.at(-1);
  const source = cells.get(from);
  if (work === undefined || candidates === undefined || source === undefined || exhausted(search))
    return false;
  // It came after the cell was read.
  if (!source.instancesByProcess.has(guid)) return false;
  search.triesLeft -= 1;
  const without = withoutInstance(source, work);
  // Cells that would not improve things stay in sight, as they count for how the LRP is spread.
  const shown: AuctionCell[] = without.instancesByProcess.has(guid)
    ? [{ ...without, unusable: 'is left' }]
    : [];
  let anyImproves = false;
  for (const cell of cells.values()) {
    if (cell.cellId === from) continue;
    const isLastResort = work.lastResort?.has(cell.cellId) === true;
    const mayImprove = cell.unusable === undefined && !isLastResort && sharesLabel(work, source, cell);
    const gain = mayImprove ? balance.gain(work, from, cell.cellId) : undefined;
    const improves = gain !== undefined && gain.pairs <= 0 && gain.unevenness < 0 && enough(gain);
    anyImproves ||= improves;
    if (improves) shown.push(cell);
    else if (cell.instancesByProcess.has(guid)) shown.push({ ...cell, unusable: 'would not be better' });
  }
  if (!anyImproves) return false;
  const to = auction(shown, [work], options).placements[0]?.cellId;
  const target = to === undefined ? undefined : cells.get(to);
  if (to === undefined || target === undefined) return false;
  candidates.pop();
  cells.set(from, without);
  cells.set(to, withWork(target, [work], 0));
  balance.move(work, from, to);
  moves.push({ guid, index: work.index, from, to });
  return true;
}

/** What is spread by a label stays within its value: the measure does not know labels. */
function sharesLabel({ rules: { spreadBy } }: LrpWork, from: AuctionCell, to: AuctionCell): boolean {
  return spreadBy === undefined || from.labels[spreadBy] === to.labels[spreadBy];
}
