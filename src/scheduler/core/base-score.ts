/** A cell's score before the work's own part is added, as the pool stands. Used by auction.ts and standing.ts. */
import { at, type Pool } from './pool.ts';
import type { ScoreWeights } from './scoring.ts';

type BaseOf = (position: number) => number;

export function lrpBase(pool: Pool, weights: ScoreWeights): BaseOf {
  return (position) =>
    at(pool.fill, position) +
    weights.starting * at(pool.starting, position) +
    weights.binPack * at(pool.placeInZone, position);
}

export function taskBase(pool: Pool, weights: ScoreWeights): BaseOf {
  return (position) =>
    at(pool.fill, position) +
    weights.starting * at(pool.starting, position) +
    weights.locality * at(pool.tasks, position);
}
