/**
 * Which loss of one cell, or of one zone, the cluster would survive with everything still placed: each is played
 * with the auction itself. Called by survival-watch.ts, a step at a time, so that nothing waits for it; what it
 * reads between two steps may have changed, and is then played again in the next round.
 */
import type { AuctionCell, LrpWork, Work } from '../../model/auction.ts';
import { defaults } from '../../model/defaults.ts';
import type { CellId } from '../../model/ids.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { type AuctionOptions, auction } from './auction.ts';
import { orderBatch } from './batch.ts';
import { afterPlacements, cellsById, settledOptions, withoutPreemption } from './plan-cells.ts';
import { displacedBy } from './plan-work.ts';
import { DisplacedSum, plainOutcome } from './survive-plain.ts';

/** A loss after which not everything would find a place. */
export interface Loss {
  /** The cell's id or the zone's name. */
  readonly name: string;
  /** Instances without a place. */
  readonly unplaced: number;
  /** What they lack: `memory`, or the auction's own words. */
  readonly reason: string;
}

export interface Survival {
  /** The state's revision when the first loss was played. */
  readonly revision: number;
  readonly cellCount: number;
  readonly zoneCount: number;
  /** Every single cell may go; false with fewer than two. */
  readonly cell: boolean;
  /** Those that may not, the worst first; the first few. */
  readonly worstCells: Loss[];
  /** Every single zone may go; false with fewer than two. */
  readonly zone: boolean;
  readonly worstZones: Loss[];
}

/** The state, and its cells as the auction sees them; asked anew for each loss. */
export interface SurvivalInput {
  readonly state: ClusterState;
  /** Up to date when the steps have been taken. */
  cells(): Generator<void, readonly AuctionCell[]>;
}

const shownMax = 10;

/** Each step is short: a loss whose outcome is plain, or one slice of an auction. */
export function* survivalSteps(input: SurvivalInput): Generator<void, Survival> {
  const { state } = input;
  const { revision } = state;
  const cellsOfZone = new Map<string, CellId[]>();
  for (const { value } of state.cells.values()) {
    const inZone = cellsOfZone.get(value.zone);
    if (inZone === undefined) cellsOfZone.set(value.zone, [value.cellId]);
    else inZone.push(value.cellId);
  }
  const cellIds = [...cellsOfZone.values()].flat();
  const lostCells: Loss[] = [];
  for (const cellId of cellIds) {
    const loss = yield* playLoss(input, cellId, [cellId]);
    if (loss !== undefined) lostCells.push(loss);
  }
  const lostZones: Loss[] = [];
  for (const [zone, inZone] of cellsOfZone) {
    const loss = yield* playLoss(input, zone, inZone);
    if (loss !== undefined) lostZones.push(loss);
  }
  return {
    revision,
    cellCount: cellIds.length,
    zoneCount: cellsOfZone.size,
    cell: cellIds.length > 1 && lostCells.length === 0,
    worstCells: worst(lostCells),
    zone: cellsOfZone.size > 1 && lostZones.length === 0,
    worstZones: worst(lostZones),
  };
}

function worst(losses: readonly Loss[]): Loss[] {
  const ranked = losses.toSorted((a, b) => b.unplaced - a.unplaced || (a.name < b.name ? -1 : 1));
  return ranked.slice(0, shownMax);
}

/** Undefined when everything would be placed. */
function* playLoss(
  input: SurvivalInput,
  name: string,
  cellIds: readonly CellId[],
): Generator<void, Loss | undefined> {
  const lost = new Set(cellIds);
  const all = yield* input.cells();
  const cells = all.filter((cell) => !lost.has(cell.cellId)).map(withoutPreemption);
  const displaced = new DisplacedSum();
  for (const cellId of cellIds) {
    displaced.add(displacedWork(input.state, cellId));
    yield;
  }
  const plain = plainOutcome(cells, displaced);
  if (plain !== undefined) return plain.unplaced === 0 ? undefined : { name, ...plain };
  const work: Work[] = [];
  for (const cellId of cellIds) {
    for (const item of displacedWork(input.state, cellId)) work.push(item);
    yield;
  }
  return yield* playSlices(name, cells, work, settledOptions(input.state));
}

function displacedWork(state: ClusterState, cellId: CellId): Work[] {
  const { instances, pendingTasks } = displacedBy(state, [cellId]);
  return [...instances.map(({ work }) => work), ...pendingTasks];
}

/** One auction in slices of its own order, each on the cells as the one before left them: the same outcome. */
function* playSlices(
  name: string,
  cells: readonly AuctionCell[],
  work: readonly Work[],
  options: AuctionOptions,
): Generator<void, Loss | undefined> {
  const ordered = orderBatch(work);
  let current = cellsById(cells);
  let unplaced = 0;
  const reasons = new Set<string>();
  for (let from = 0; from < ordered.length; from += defaults.survivalSliceWork) {
    const slice = ordered.slice(from, from + defaults.survivalSliceWork);
    const result = auction([...current.values()], slice, options);
    current = afterPlacements(current, result.placements);
    for (const { work: item, refusal } of result.unplaced) {
      if (!isInstance(item)) continue;
      unplaced += 1;
      reasons.add(refusal.message);
    }
    yield;
  }
  if (unplaced === 0) return undefined;
  return { name, unplaced, reason: reasonText([...reasons].sort()) };
}

const isInstance = (work: Work): work is LrpWork => work.kind === 'lrp';

/** `memory` of `insufficient resources: memory`. */
function reasonText(messages: readonly string[]): string {
  const short = messages.map((message) => message.replace(/^insufficient resources: /, ''));
  return short.length <= 2 ? short.join('; ') : `${short.slice(0, 2).join('; ')}; …`;
}
