/**
 * Some cells in order of what their score would be before the work's own part is added, so that the best
 * one is found by looking at the head and not at all of them. Used by layout.ts, one per zone and group.
 *
 * Why the walk may stop early and is still exact: the work adds at least `least` to any cell's score, so
 * once a cell's base plus `least` reaches the best score seen, no later cell can win.
 */
import type { Resources } from '../../model/resources.ts';
import { added, at, fits, type Pool } from './pool.ts';
import { fill } from './scoring.ts';
import { sortedPositions } from './sorted-positions.ts';

/** The cheapest cell of each ranking that has been looked at so far. */
export interface Best {
  position: number;
  score: number;
}

/** How many of one process each cell has, and what one of them costs. */
export interface Locality {
  readonly weight: number;
  /** Position of the cell → instances there; absent is none. */
  readonly counts: ReadonlyMap<number, number> | undefined;
  /** No cell of this ranking has fewer. */
  readonly leastCount: number;
}

/** Whether the rules that depend on what is placed let the work onto this cell; undefined: onto all. */
export type Allows = ((position: number) => boolean) | undefined;

export interface Ranking {
  /** Lowers `best` to this ranking's cheapest cell that has room and is allowed, if that is cheaper. */
  improve(best: Best, need: Resources, locality: Locality, allows?: Allows): void;
  /** Puts a cell where it belongs by its new base score. */
  move(position: number, newBase: number): void;
}

/**
 * @param positions the cells of the ranking
 * @param base by position: a cell's score before the work's part. Rankings without a cell in common may share it.
 */
export function createRanking(pool: Pool, positions: readonly number[], base: Float64Array): Ranking {
  const order = sortedPositions(base, positions);
  const leastUnit = smallestUnits(pool, positions);
  /** Needs that no cell here has room for: room only shrinks, so they need not be asked again. */
  const noRoomFor = new Set<string>();

  return {
    improve(best, need, locality, allows) {
      if (noRoomFor.size > 0 && noRoomFor.has(needKey(need))) return;
      const least = fill(need, leastUnit) + locality.weight * locality.leastCount;
      let anyRoom = false;
      for (const chunk of order.chunks) {
        for (const position of chunk) {
          const lower = at(base, position) + least;
          // Beyond a tie the cells of one base come in order of position, so a later one cannot win it.
          if (lower > best.score || (lower === best.score && position > best.position)) return;
          if (!fits(pool, position, need)) continue;
          anyRoom = true;
          if (allows !== undefined && !allows(position)) continue;
          const same = locality.counts?.get(position) ?? 0;
          const score = at(base, position) + (added(pool, position, need) + locality.weight * same);
          if (score < best.score || (score === best.score && position < best.position)) {
            best.score = score;
            best.position = position;
          }
        }
      }
      if (!anyRoom) noRoomFor.add(needKey(need));
    },

    move(position, newBase) {
      if (at(base, position) === newBase) return;
      order.remove(position);
      base[position] = newBase;
      order.insert(position);
    },
  };
}

/** Equal needs have equal keys. */
export const needKey = (need: Resources): string => `${need.memoryMb}/${need.diskMb}/${need.containers}`;

function smallestUnits(pool: Pool, positions: readonly number[]): Resources {
  const least = { memoryMb: Infinity, diskMb: Infinity, containers: Infinity };
  for (const position of positions) {
    const unit = pool.units[position] as Resources;
    least.memoryMb = Math.min(least.memoryMb, unit.memoryMb);
    least.diskMb = Math.min(least.diskMb, unit.diskMb);
    least.containers = Math.min(least.containers, unit.containers);
  }
  return least;
}
