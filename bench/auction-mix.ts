/** The mix of mix.ts as the auction takes it, and the plain scan that placements are measured against. */
import type { AuctionCell, LrpWork } from '../src/model/auction.ts';
import type { PlacementRules } from '../src/model/placement.ts';
import { type AuctionOptions, auction, diegoOptions } from '../src/scheduler/core/auction.ts';
import { orderBatch } from '../src/scheduler/core/batch.ts';
import { lrpWork } from '../src/scheduler/core/converge.ts';
import { diegoWeights } from '../src/scheduler/core/scoring.ts';
import { mixCells, mixLrps } from './mix.ts';

/** Empty cells of so many units. Racks are 16 cells each; every fourth cell has the tag `gpu`. */
export function auctionMixCells(units: number): AuctionCell[] {
  return mixCells(units).map((cell, place) => ({
    cellId: cell.cellId,
    zone: cell.zone,
    capacity: cell.capacity,
    used: { memoryMb: 0, diskMb: 0, containers: 0 },
    startingCount: 0,
    instancesByProcess: new Map(),
    taskCount: 0,
    os: cell.os,
    arch: cell.arch,
    labels: { rack: `rack-${Math.floor(place / 16)}` },
    requiredTags: [],
    optionalTags: place % 4 === 0 ? ['gpu', 'ssd'] : ['ssd'],
    volumeDrivers: [],
    runtimes: [],
    fixedPorts: new Set(),
  }));
}

/** One piece of work for every instance. `rulesOf` gives the n-th LRP other rules than none. */
export function auctionMixWork(units: number, rulesOf?: (place: number) => PlacementRules): LrpWork[] {
  return mixLrps(units).flatMap((lrp, place) => {
    const ruled = rulesOf === undefined ? lrp : { ...lrp, placement: rulesOf(place) };
    return Array.from({ length: lrp.instances }, (_, index) => lrpWork(ruled, index));
  });
}

/** As the placer holds an auction on cells that are empty. */
const asTheBrain: AuctionOptions = { ...diegoOptions, isDistinct: true, isNowhere: () => true };

/** Decisions a second of one auction over the work. Throws when anything finds no place. */
export function auctionRate(cells: readonly AuctionCell[], work: readonly LrpWork[]): number {
  const startedAt = performance.now();
  const { placements, unplaced } = auction(cells, work, asTheBrain);
  const seconds = (performance.now() - startedAt) / 1_000;
  const [first] = unplaced;
  if (first !== undefined) throw new Error(`${unplaced.length} without a place: ${first.refusal.message}`);
  return placements.length / seconds;
}

interface ScanCell {
  readonly cell: AuctionCell;
  memoryMb: number;
  diskMb: number;
  containers: number;
  starting: number;
  readonly instances: Map<string, number>;
}

/** Decisions a second when every cell is looked at for every placement: Diego's rules, counts kept in maps. */
export function scanRate(cells: readonly AuctionCell[], work: readonly LrpWork[]): number {
  const startedAt = performance.now();
  const live = cells.map((cell): ScanCell => {
    return { cell, ...cell.capacity, starting: 0, instances: new Map() };
  });
  const zoneCounts = new Map<string, Map<string, number>>();
  for (const item of orderBatch(work)) {
    if (item.kind !== 'lrp') continue;
    const inZone = zoneCounts.get(item.guid) ?? new Map<string, number>();
    zoneCounts.set(item.guid, inZone);
    const best = scan(live, item, inZone);
    if (best === undefined) throw new Error('the scan found no place');
    best.memoryMb -= item.resources.memoryMb;
    best.diskMb -= item.resources.diskMb;
    best.containers -= 1;
    best.starting += 1;
    best.instances.set(item.guid, (best.instances.get(item.guid) ?? 0) + 1);
    inZone.set(best.cell.zone, (inZone.get(best.cell.zone) ?? 0) + 1);
  }
  return work.length / ((performance.now() - startedAt) / 1_000);
}

function scan(
  live: readonly ScanCell[],
  { guid, resources }: LrpWork,
  inZone: ReadonlyMap<string, number>,
): ScanCell | undefined {
  let best: ScanCell | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  let bestZone = Number.POSITIVE_INFINITY;
  for (const candidate of live) {
    const { memoryMb, diskMb, containers } = candidate;
    if (memoryMb < resources.memoryMb || diskMb < resources.diskMb || containers < 1) continue;
    const zone = inZone.get(candidate.cell.zone) ?? 0;
    if (zone > bestZone) continue;
    const { capacity } = candidate.cell;
    const score =
      (1 - (memoryMb - resources.memoryMb) / capacity.memoryMb) / 3 +
      (1 - (diskMb - resources.diskMb) / capacity.diskMb) / 3 +
      (1 - (containers - 1) / capacity.containers) / 3 +
      diegoWeights.starting * candidate.starting +
      diegoWeights.locality * (candidate.instances.get(guid) ?? 0);
    if (zone < bestZone || score < bestScore) [best, bestScore, bestZone] = [candidate, score, zone];
  }
  return best;
}
