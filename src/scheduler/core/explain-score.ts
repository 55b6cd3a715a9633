/**
 * A cell's score for one piece of work, taken apart into its terms: as the auction's pool stands, by the same
 * functions that the auction places by. Called by auction.ts for the decision trace and by standing.ts.
 */
import type { ScoredCell, Work } from '../../model/auction.ts';
import type { Layout } from './layout.ts';
import { added, at, type Pool } from './pool.ts';
import type { ScoreWeights } from './scoring.ts';
import type { ProcessSpread } from './spread.ts';

interface Scene {
  readonly pool: Pool;
  /** Of the work; it admits the cell. */
  readonly layout: Layout;
  /** Of the work's process; undefined for a task. */
  readonly spread: ProcessSpread | undefined;
  readonly weights: ScoreWeights;
}

/** @param position of a cell that the work may go to */
export function scoredCell(scene: Scene, work: Work, position: number): ScoredCell {
  const { pool, layout, spread, weights } = scene;
  const { cellId, zone } = pool.cells[position] as Pool['cells'][number];
  const leaf = layout.leaves[at(layout.leafOf, position)];
  const group = leaf?.group ?? -1;
  const inLabel = spread?.layouts?.get(layout)?.inGroup[group] ?? 0;
  const same = work.kind === 'task' ? at(pool.tasks, position) : (spread?.onCell.get(position) ?? 0);
  const terms = {
    fill: at(pool.fill, position) + added(pool, position, work.resources),
    starting: weights.starting * at(pool.starting, position),
    locality: weights.locality * same,
    // Tasks fill no cell before another: base-score.ts.
    binPack: work.kind === 'task' ? 0 : weights.binPack * at(pool.placeInZone, position),
  };
  return {
    cellId,
    zone,
    ...(layout.spreadBy === undefined ? {} : { label: layout.groups[group] ?? '', inLabel }),
    inZone: spread?.inZone[at(pool.zoneOf, position)] ?? 0,
    terms,
    score: terms.fill + terms.starting + terms.locality + terms.binPack,
  };
}
