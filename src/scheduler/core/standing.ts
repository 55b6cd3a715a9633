/**
 * Why an instance is where it is: the cells that would take it now, scored by the auction's own functions as
 * if it had no place yet, its own cell among them. Called for `skep why NAME/INDEX`.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { AuctionCell, LrpWork, ScoredCell } from '../../model/auction.ts';
import { defaultBrainSettings } from '../../model/cell-spec.ts';
import type { CellId, Millis, ProcessGuid } from '../../model/ids.ts';
import { subtractResources, withOverhead } from '../../model/resources.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { auctionOptions } from './auction.ts';
import { lrpBase, taskBase } from './base-score.ts';
import { lrpWork } from './converge.ts';
import { scoredCell } from './explain-score.ts';
import { liveFilters, repelled, type Seat } from './filters.ts';
import { faultyCellsOf } from './last-resort.ts';
import { createLayouts } from './layout.ts';
import { at, createPool, fits } from './pool.ts';
import { rulesText } from './rules-text.ts';
import type { ScoreWeights } from './scoring.ts';
import { createSpread } from './spread.ts';
import { auctionCells } from './usage.ts';

export interface RankedCell extends ScoredCell {
  readonly isHere: boolean;
  /** Crashes of the LRP there lately, if they are so many that it is the last resort. */
  readonly crashes?: number;
}

export interface InstanceStanding {
  readonly summary: string;
  readonly rules: string[];
  readonly cells: number;
  readonly candidates: number;
  readonly ranking: RankedCell[];
}

const othersMax = 3;

export function standingOf(
  state: ClusterState,
  guid: ProcessGuid,
  index: number,
  now: Millis,
): InstanceStanding | undefined {
  const desired = state.desired.get(guid)?.value;
  const record = state.actual.get(guid)?.get(index)?.ordinary?.value;
  if (desired === undefined || record?.cellId === undefined) return undefined;
  const work = lrpWork(desired, index, record.home);
  const cells = auctionCells(state).map((cell) =>
    cell.cellId === record.cellId ? withoutInstance(cell, work, record) : cell,
  );
  if (cells.every(({ cellId }) => cellId !== record.cellId)) return undefined;
  const { weights } = auctionOptions(state.settings?.value ?? defaultBrainSettings);
  const faulty = faultyCellsOf(state, guid, now);
  const ranked = lastResortsLast(rankCells(cells, work, weights, record.cellId), faulty);
  const here = ranked.find(({ isHere }) => isHere);
  const others = ranked.filter(({ isHere }) => !isHere).slice(0, othersMax);
  const ranking = ranked.filter((cell) => cell === here || others.includes(cell));
  const summary = summarise(record.cellId, here, ranked);
  return { summary, rules: rulesText(work), cells: cells.length, candidates: ranked.length, ranking };
}

/** Its own cell as it would be without it, and usable: it is there already, cordoned or not. */
function withoutInstance(cell: AuctionCell, work: LrpWork, { state }: ActualLrp): AuctionCell {
  const counts = new Map(cell.instancesByProcess);
  counts.set(work.guid, Math.max(0, (counts.get(work.guid) ?? 0) - 1));
  return {
    ...cell,
    unusable: undefined,
    used: subtractResources(cell.used, withOverhead(work.resources, cell.overheadMemoryMb ?? 0)),
    startingCount: cell.startingCount - (state === 'CLAIMED' ? 1 : 0),
    instancesByProcess: counts,
    fixedPorts: new Set([...cell.fixedPorts].filter((port) => !work.fixedPorts.includes(port))),
  };
}

/** Every cell that would take it, best first. */
function rankCells(
  cells: readonly AuctionCell[],
  work: LrpWork,
  weights: ScoreWeights,
  hereId: CellId,
): RankedCell[] {
  const pool = createPool(cells);
  const spread = createSpread(pool, cells, [work]);
  const own = spread.of(work.guid);
  if (own === undefined) return [];
  const layout = createLayouts(pool, { lrp: lrpBase(pool, weights), task: taskBase(pool, weights) }).of(work);
  const ranks = spread.ranks(own, layout);
  const live = [...liveFilters.filter((filter) => filter.applies(work)), repelled];
  const found: { readonly rank: number; readonly position: number; readonly cell: RankedCell }[] = [];
  for (let position = 0; position < pool.size; position++) {
    const place = at(layout.leafOf, position);
    const seat = pool.seats[position] as Seat;
    if (place < 0 || !fits(pool, position, work.resources)) continue;
    if (!live.every((filter) => filter.passes(seat, work))) continue;
    const scored = scoredCell({ pool, layout, spread: own, weights }, work, position);
    const cell: RankedCell = { ...scored, isHere: scored.cellId === hereId };
    found.push({ rank: ranks[place] as number, position, cell });
  }
  found.sort((a, b) => a.rank - b.rank || a.cell.score - b.cell.score || a.position - b.position);
  return found.map(({ cell }) => cell);
}

function lastResortsLast(ranked: readonly RankedCell[], faulty: ReadonlyMap<CellId, number>): RankedCell[] {
  const told = ranked.map((cell): RankedCell => {
    const crashes = faulty.get(cell.cellId);
    return crashes === undefined ? cell : { ...cell, crashes };
  });
  return [
    ...told.filter(({ crashes }) => crashes === undefined),
    ...told.filter(({ crashes }) => crashes !== undefined),
  ];
}

function summarise(hereId: CellId, here: RankedCell | undefined, ranked: readonly RankedCell[]): string {
  const [best, second] = ranked;
  if (here === undefined || best === undefined) {
    return `by now cell ${hereId} would not take it any more: its rules or its room have changed since`;
  }
  if (best !== here) {
    return `by now cell ${best.cellId} would be better: ${advantage(best, here)}; what runs is not moved by itself`;
  }
  if (second === undefined) return `no other cell would take it`;
  return `cell ${hereId} is the best place for it also now: compared with ${second.cellId}, ${advantage(here, second)}`;
}

/** What decides between two cells: the first thing in which they differ, in the auction's order. */
function advantage(winner: RankedCell, loser: RankedCell): string {
  if (loser.crashes !== undefined && winner.crashes === undefined) {
    return `${loser.cellId} is the last resort after ${loser.crashes} crashes there in five minutes`;
  }
  if (loser.label === '' && winner.label !== '') return 'it has the label that instances are spread by';
  if ((winner.inLabel ?? 0) !== (loser.inLabel ?? 0)) {
    return `"${winner.label}" has fewer of its instances (${winner.inLabel} against ${loser.inLabel})`;
  }
  if (winner.inZone !== loser.inZone) {
    return `zone ${winner.zone} has fewer of its instances (${winner.inZone} against ${loser.inZone})`;
  }
  const [a, b] = [winner.terms, loser.terms];
  if (a.locality !== b.locality) return 'it runs fewer of its instances';
  const names = {
    starting: 'fewer containers start there',
    fill: 'it is emptier',
    binPack: 'it comes earlier',
  };
  const byGain = (['starting', 'fill', 'binPack'] as const).toSorted((x, y) => a[x] - b[x] - (a[y] - b[y]));
  const [most] = byGain;
  if (winner.score === loser.score || most === undefined) return 'it is first by name among equals';
  return names[most];
}
