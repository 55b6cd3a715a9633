/**
 * What-if: plays a change on a copy of the cells with the auction that the brain itself holds, and says where
 * everything would land. Called by the planner for `skep plan`, by the check before a drain and by
 * `skep rebalance`. Pure: the state is only read.
 */
import { SkepError, unreachable } from '../../base/core/errors.ts';
import { allAtOnce, mapSteps } from '../../base/core/steps.ts';
import type { AuctionCell, LrpWork, Work } from '../../model/auction.ts';
import { wantedInstances } from '../../model/desired-lrp.ts';
import type { CellId, Millis, ProcessGuid } from '../../model/ids.ts';
import { type RosterMember, stormsOf } from '../../model/roster.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { auctionSteps } from './auction.ts';
import { workKey } from './batch.ts';
import { lrpWork } from './converge.ts';
import { lastResorts } from './last-resort.ts';
import { cellsById, settledOptions, withoutInstance } from './plan-cells.ts';
import { drainSummary, loseSummary, rebalanceSummary, scaleSummary } from './plan-text.ts';
import { displacedSteps } from './plan-work.ts';
import type { PlannedMove, PlannedRefusal, PlannedStop } from './planned.ts';
import { rebalanceSteps } from './rebalance.ts';
import { auctionCellsSteps } from './usage.ts';

/** The question; the API's name for it is `PlanRequest`. */
export type WhatIf =
  | { readonly kind: 'scale'; readonly guid: ProcessGuid; readonly instances: number }
  | { readonly kind: 'drain'; readonly cells: readonly CellId[] }
  | { readonly kind: 'loseCells'; readonly cells: readonly CellId[] }
  | { readonly kind: 'loseZone'; readonly zone: string }
  | { readonly kind: 'rebalance'; readonly maxMoves: number };

/** The answer; the API's name for it is `Plan`. */
export interface PlanOutcome {
  readonly summary: string;
  readonly moves: PlannedMove[];
  /** What would stop without a successor: beyond the new count, or for something of higher priority. */
  readonly stops: PlannedStop[];
  readonly unplaced: PlannedRefusal[];
  readonly tasks: number;
}

/** Indexes that are looked at in one step. */
const workPerStep = 2_000;

/** What the question is about. */
interface World {
  readonly state: ClusterState;
  /** Adds to work which cells are its last resort, as the placer does. */
  readonly heed: (work: LrpWork) => LrpWork;
}

/** Throws `ResourceNotFound` for an LRP, a cell or a zone that is not there. */
export function plan(state: ClusterState, what: WhatIf, now: Millis): PlanOutcome {
  return allAtOnce(planSteps(state, what, now));
}

/** The same in short steps. The state may go on between two of them: each record is as it is when it is read. */
export function* planSteps(state: ClusterState, what: WhatIf, now: Millis): Generator<void, PlanOutcome> {
  const world: World = { state, heed: lastResorts(state, now) };
  switch (what.kind) {
    case 'scale':
      return yield* planScale(world, what.guid, what.instances);
    case 'drain':
      return yield* planDrain(world, drainableCells(state, what.cells));
    case 'loseCells':
      return yield* planLoss(world, presentCells(state, what.cells), '');
    case 'loseZone':
      return yield* planLoss(world, cellsOfZone(state, what.zone), what.zone);
    case 'rebalance': {
      const { moves, before, after } = yield* rebalanceSteps(state, what.maxMoves, now);
      const planned = moves.map(({ guid, index, from, to }) => ({ guid, index, from, to }));
      const summary = rebalanceSummary(planned.length, before, after);
      return { summary, moves: planned, stops: [], unplaced: [], tasks: 0 };
    }
    default:
      return unreachable(what);
  }
}

function* planScale(
  { state, heed }: World,
  guid: ProcessGuid,
  instances: number,
): Generator<void, PlanOutcome> {
  const desired = state.desired.get(guid)?.value;
  if (desired === undefined || desired.removedAt !== undefined) {
    const message = desired === undefined ? `there is no LRP "${guid}"` : `LRP "${guid}" is being removed`;
    throw new SkepError('ResourceNotFound', message, { field: 'guid', hint: '`skep ps` lists the LRPs' });
  }
  const slots = state.actual.get(guid);
  const work: LrpWork[] = [];
  for (let index = 0; index < instances; index++) {
    const record = slots?.get(index)?.ordinary?.value;
    if (record === undefined || record.state === 'UNCLAIMED') work.push(heed(lrpWork(desired, index)));
    if (index % workPerStep === 0) yield;
  }
  const stops: PlannedStop[] = [];
  for (const [index, { ordinary }] of slots ?? []) {
    if (index < instances || ordinary === undefined) continue;
    const from = ordinary.value.cellId;
    stops.push(from === undefined ? { guid, index } : { guid, index, from });
  }
  stops.sort((a, b) => a.index - b.index);
  const played = yield* play(state, yield* auctionCellsSteps(state), work, new Map());
  const counts = { from: wantedInstances(desired), to: instances };
  const summary = scaleSummary(guid, counts, played, stops.length);
  return answer(played, { summary, stops, tasks: 0 });
}

function* planDrain({ state, heed }: World, cellIds: ReadonlySet<CellId>): Generator<void, PlanOutcome> {
  const { instances, pendingTasks, runningTasks } = yield* displacedSteps(state, cellIds);
  const cells = cellsById(yield* auctionCellsSteps(state));
  for (const cellId of cellIds) {
    const cell = cells.get(cellId);
    if (cell !== undefined) cells.set(cellId, { ...cell, unusable: 'it is drained' });
  }
  // What does not run yet leaves at once; what runs stays until its replacement does.
  for (const { work, from } of instances) {
    const cell = cells.get(from);
    const record = state.actual.get(work.guid)?.get(work.index)?.ordinary;
    if (cell !== undefined && record?.value.state === 'CLAIMED') cells.set(from, withoutInstance(cell, work));
  }
  const played = yield* play(
    state,
    [...cells.values()],
    yield* mapSteps(instances, ({ work }) => heed(work)),
    yield* origins(instances),
  );
  const tasks = pendingTasks.length + runningTasks;
  return answer(played, { summary: drainSummary([...cellIds], played, tasks), stops: [], tasks });
}

function* planLoss(
  { state, heed }: World,
  cellIds: ReadonlySet<CellId>,
  zone: string,
): Generator<void, PlanOutcome> {
  const { instances, pendingTasks, runningTasks } = yield* displacedSteps(state, cellIds);
  const cells = (yield* auctionCellsSteps(state)).filter((cell) => !cellIds.has(cell.cellId));
  const work = [...(yield* mapSteps(instances, (item) => heed(item.work))), ...pendingTasks];
  const played = yield* play(state, cells, work, yield* origins(instances));
  const isHeld = wouldBeHeld(state, cellIds);
  const summary = loseSummary({ cells: [...cellIds], zone, played, tasks: runningTasks, isHeld });
  return answer(played, { summary, stops: [], tasks: runningTasks });
}

interface Played extends Pick<PlanOutcome, 'moves' | 'unplaced'> {
  /** What has to stop for something of higher priority. */
  readonly displaced: readonly PlannedStop[];
}

/** Whether the storm guard would wait before it lets anything be replaced. */
function wouldBeHeld(state: ClusterState, cellIds: ReadonlySet<CellId>): boolean {
  const cells: Record<CellId, RosterMember> = {};
  for (const [cellId, { value }] of state.cells) {
    cells[cellId] = cellIds.has(cellId) ? { zone: value.zone, lostAt: 0 } : { zone: value.zone };
  }
  return stormsOf({ v: 1, cells }).length > 0;
}

function answer(
  { moves, unplaced, displaced }: Played,
  rest: Pick<PlanOutcome, 'summary' | 'stops' | 'tasks'>,
): PlanOutcome {
  return { ...rest, moves, unplaced, stops: [...rest.stops, ...displaced] };
}

/** The auction that the brain would hold of this work, told of instances; tasks only take their room. */
function* play(
  state: ClusterState,
  cells: readonly AuctionCell[],
  work: readonly Work[],
  from: ReadonlyMap<string, CellId>,
): Generator<void, Played> {
  yield;
  const result = yield* auctionSteps(cells, work, settledOptions(state));
  yield;
  const moves = result.placements.flatMap(({ work: item, cellId }): PlannedMove[] => {
    if (item.kind === 'task') return [];
    const origin = from.get(workKey(item));
    const move = { guid: item.guid, index: item.index, to: cellId };
    return [origin === undefined ? move : { ...move, from: origin }];
  });
  const unplaced = result.unplaced.flatMap(({ work: item, refusal }): PlannedRefusal[] =>
    item.kind === 'task' ? [] : [{ guid: item.guid, index: item.index, refusal }],
  );
  const displaced = result.evictions.map(({ guid, index, cellId }) => ({ guid, index, from: cellId }));
  yield;
  return { moves: moves.sort(byName), unplaced: unplaced.sort(byName), displaced: displaced.sort(byName) };
}

function* origins(
  instances: readonly { readonly work: LrpWork; readonly from: CellId }[],
): Generator<void, Map<string, CellId>> {
  return new Map(yield* mapSteps(instances, ({ work, from }) => [workKey(work), from] as const));
}

type Named = { readonly guid: ProcessGuid; readonly index: number };

const byName = (a: Named, b: Named): number =>
  a.guid === b.guid ? a.index - b.index : a.guid < b.guid ? -1 : 1;

/** A cell that is away may be drained too: nothing is there now that could move. */
function drainableCells(state: ClusterState, cellIds: readonly CellId[]): Set<CellId> {
  const isAway = (cellId: CellId): boolean =>
    !state.cells.has(cellId) && (state.claimsByCell.has(cellId) || state.cellSpecs.has(cellId));
  return presentCells(
    state,
    cellIds.filter((cellId) => !isAway(cellId)),
  );
}

function presentCells(state: ClusterState, cellIds: readonly CellId[]): Set<CellId> {
  for (const cellId of cellIds) {
    if (state.cells.has(cellId)) continue;
    throw new SkepError('ResourceNotFound', `there is no cell "${cellId}"`, {
      field: 'cells',
      hint: '`skep cells` lists the cells that are present',
    });
  }
  return new Set(cellIds);
}

function cellsOfZone(state: ClusterState, zone: string): Set<CellId> {
  const present = [...state.cells.values()].map(({ value }) => value);
  const inZone = present.filter((cell) => cell.zone === zone);
  if (inZone.length > 0) return new Set(inZone.map(({ cellId }) => cellId));
  const zones = [...new Set(present.map((cell) => cell.zone))].sort();
  throw new SkepError('ResourceNotFound', `there is no cell in zone "${zone}"`, {
    field: 'zone',
    hint: zones.length === 0 ? 'no cell is present' : `the zones with cells are: ${zones.join(', ')}`,
  });
}
