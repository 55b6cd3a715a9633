/**
 * Diego's score of one cell for one piece of work, as named terms with their weights as data; the lowest
 * wins. Used by ranking.ts. Source: reference/scheduling-and-reliability.md A.1.
 */
import type { Resources } from '../../model/resources.ts';

export interface ScoreWeights {
  /** For each container that is starting on the cell; 0.25 equals 25 percentage points of average fill. */
  readonly starting: number;
  /** For each instance of the same process on the cell or, for a task, each task. Outweighs all else. */
  readonly locality: number;
  /** For each step of the cell's place in its zone (by id): above 0, earlier cells fill first. */
  readonly binPack: number;
}

/** What Diego ships with. */
export const diegoWeights: ScoreWeights = { starting: 0.25, locality: 1_000, binPack: 0 };

/** How much one unit of each resource adds to the fill of a cell. */
export function fillPerUnit(capacity: Resources): Resources {
  return {
    memoryMb: perUnit(capacity.memoryMb),
    diskMb: perUnit(capacity.diskMb),
    containers: perUnit(capacity.containers),
  };
}

/** A third of the fraction that one unit is; a resource that the cell has none of is full with one. */
function perUnit(capacity: number): number {
  return 1 / (3 * Math.max(capacity, 1));
}

/**
 * The mean of three used fractions (memory, disk, container slots) that an amount makes up. It is linear:
 * the fill after a placement is that of what is used plus that of what is placed.
 */
export function fill(amount: Resources, unit: Resources): number {
  return amount.memoryMb * unit.memoryMb + amount.diskMb * unit.diskMb + amount.containers * unit.containers;
}
