/**
 * Why a piece of work has no place, told from the same free amounts that the auction reserves from: what is
 * short on every cell, how many cells each filter dropped, and what the nearest one lacks. Texts are Diego's
 * (reference/diego.md 1.20) where it has one.
 */
import type { Refusal } from '../../model/actual-lrp.ts';
import type { AuctionCell } from '../../model/auction.ts';
import { type ResourceName, type Resources, resourceNames, resourceWords } from '../../model/resources.ts';
import { at, type Pool } from './pool.ts';

/** What a cell has too little of, and how much. */
type Shortage = readonly (readonly [ResourceName, number])[];

/** The refusal of work that no cell of the pool has room for. */
export function explainNoRoom(cells: readonly AuctionCell[], pool: Pool, need: Resources): Refusal {
  if (pool.size === 0) return explainNoCell(cells);
  const counts: Record<string, number> = {};
  const unusable = cells.length - pool.size;
  if (unusable > 0) counts['unusable'] = unusable;
  let nearest = 0;
  let nearestLack = Infinity;
  for (let position = 0; position < pool.size; position++) {
    const shortage = shortageOn(pool, position, need);
    let lack = 0;
    for (const [name, amount] of shortage) {
      counts[resourceWords[name]] = (counts[resourceWords[name]] ?? 0) + 1;
      lack += amount / need[name];
    }
    if (lack < nearestLack) [nearest, nearestLack] = [position, lack];
  }
  const everywhere = resourceNames.filter((name) => counts[resourceWords[name]] === pool.size);
  const words = everywhere.map((name) => resourceWords[name]).join(', ');
  return {
    message: words === '' ? 'insufficient resources' : `insufficient resources: ${words}`,
    cells: cells.length,
    counts,
    nearest: {
      cellId: pool.cellIds[nearest] as (typeof pool.cellIds)[number],
      lacks: shortageOn(pool, nearest, need).map(amountText).join(', '),
    },
  };
}

function shortageOn(pool: Pool, position: number, need: Resources): Shortage {
  const free: Resources = {
    memoryMb: at(pool.freeMemoryMb, position),
    diskMb: at(pool.freeDiskMb, position),
    containers: at(pool.freeContainers, position),
  };
  return resourceNames.flatMap((name) => (free[name] < need[name] ? [[name, need[name] - free[name]]] : []));
}

function amountText([name, amount]: readonly [ResourceName, number]): string {
  if (name === 'containers') return amount === 1 ? '1 container slot' : `${amount} container slots`;
  return `${amount} MiB ${resourceWords[name]}`;
}

/** There is no cell, or none that may be used: says which, and why. */
function explainNoCell(cells: readonly AuctionCell[]): Refusal {
  const unusable = cells.length;
  if (unusable === 0) {
    return { message: 'found no compatible cell: the cluster has no cells', cells: 0, counts: {} };
  }
  const reasons = [...new Set(cells.map((cell) => `${cell.cellId}: ${cell.unusable ?? ''}`))].sort();
  const shown =
    reasons.slice(0, 3).join('; ') + (reasons.length > 3 ? `; and ${reasons.length - 3} more` : '');
  return {
    message: `found no compatible cell: none of ${unusable} is usable (${shown})`,
    cells: unusable,
    counts: { unusable },
  };
}

/** The cluster starts as many containers as it may at one time. */
export function explainStartLimit(cells: readonly AuctionCell[], starting: number): Refusal {
  return {
    message: 'waiting to start instance: reached in-flight start limit',
    cells: cells.length,
    counts: { starting },
  };
}
