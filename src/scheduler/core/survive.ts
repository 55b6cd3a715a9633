/**
 * Which loss of one cell, or of one zone, the cluster would survive with everything still placed: each is played
 * with the auction itself. Called by survival-watch.ts, a step at a time, so that nothing waits for it; what it
 * reads between two steps may have changed, and is then played again in the next round.
 */
import type { AuctionCell, LrpWork, Work } from '../../model/auction.ts';
import { defaults } from '../../model/defaults.ts';
import type { CellId } from '../../model/ids.ts';
import { type Resources, resourceNames } from '../../model/resources.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { type AuctionOptions, auction } from './auction.ts';
import { orderBatch } from './batch.ts';
import { afterPlacements, cellsById, settledOptions, withoutPreemption } from './plan-cells.ts';
import { displacedBy } from './plan-work.ts';

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
  const work: Work[] = [];
  for (const cellId of cellIds) {
    const { instances, pendingTasks } = displacedBy(input.state, [cellId]);
    for (const instance of instances) work.push(instance.work);
    for (const task of pendingTasks) work.push(task);
    yield;
  }
  if (plainlyFits(cells, work)) return undefined;
  return yield* playSlices(name, cells, work, settledOptions(input.state));
}

/**
 * A cheap proof that the auction would place everything: whatever the order and wherever it puts things, it can
 * only refuse when every cell is too full for one more of the largest, and by then it has placed as many as the
 * cells have room for of the largest. False proves nothing. Work with rules is never plain.
 */
function plainlyFits(cells: readonly AuctionCell[], work: readonly Work[]): boolean {
  if (work.length === 0) return true;
  if (!work.every(isPlain)) return false;
  const largest = { memoryMb: 0, diskMb: 0, containers: 0 };
  for (const { resources } of work) {
    for (const name of resourceNames) largest[name] = Math.max(largest[name], resources[name]);
  }
  let room = 0;
  for (const cell of cells) {
    if (cell.unusable !== undefined || cell.requiredTags.length > 0 || (cell.repels?.size ?? 0) > 0) continue;
    room += roomFor(cell, largest);
    if (room >= work.length) return true;
  }
  return false;
}

function roomFor({ capacity, used }: AuctionCell, need: Resources): number {
  let room = Infinity;
  for (const name of resourceNames) {
    if (need[name] === 0 && capacity[name] >= used[name]) continue;
    room = Math.min(room, Math.floor((capacity[name] - used[name]) / Math.max(1, need[name])));
  }
  return Math.max(0, room);
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
