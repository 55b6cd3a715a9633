/**
 * Which instances of strictly lower priority have to stop so that work of higher priority gets their room:
 * the fewest on one cell, and of equally many the least important. Tasks are never among them. Called by
 * auction.ts for work that has no place; only cells that list `evictable` instances take part.
 */
import type { Evictable, LrpWork } from '../../model/auction.ts';
import { addResources, noResources, type Resources, resourceNames } from '../../model/resources.ts';
import { at, type Pool } from './pool.ts';

export interface Preemption {
  readonly position: number;
  /** Empty: enough of what stops there already is on its way out. */
  readonly victims: readonly Evictable[];
}

export interface Preemptor {
  /** Undefined when stopping all of lower priority on any one cell were not enough. */
  find(work: LrpWork, allows: (position: number) => boolean): Preemption | undefined;
}

/** Work that displaces others in one auction; what is beyond gets its turn in the next. */
const preemptionsMax = 200;

export function createPreemptor(pool: Pool): Preemptor {
  /** Room that comes back at each position and that nobody has been promised yet. */
  const returning = new Map<number, Resources>();
  const chosen = new Set<Evictable>();
  let count = 0;
  const returningAt = (position: number): Resources => {
    const known = returning.get(position);
    if (known !== undefined) return known;
    const leaving = evictableAt(pool, position).filter((instance) => instance.leaving);
    const sum = leaving.reduce((total, { resources }) => addResources(total, resources), noResources);
    returning.set(position, sum);
    return sum;
  };

  return {
    find(work, allows) {
      let best: Preemption | undefined;
      for (let position = 0; position < pool.size; position++) {
        if (pool.cells[position]?.evictable === undefined || !allows(position)) continue;
        const lacking = lackingAt(pool, position, returningAt(position), work.resources);
        const lower = evictableAt(pool, position).filter(
          (instance) => !instance.leaving && !chosen.has(instance) && instance.priority < work.priority,
        );
        const victims = fewestVictims(lacking, lower);
        if (victims === undefined) continue;
        if (best === undefined || isCheaper(victims, best.victims)) best = { position, victims };
        if (victims.length === 0) break;
      }
      if (best === undefined) return undefined;
      if (best.victims.length > 0 && ++count > preemptionsMax) return undefined;
      const { position, victims } = best;
      for (const victim of victims) {
        chosen.add(victim);
        returning.set(position, addResources(returningAt(position), victim.resources));
      }
      return best;
    },
  };
}

const evictableAt = (pool: Pool, position: number): readonly Evictable[] =>
  pool.cells[position]?.evictable ?? [];

/** What the cell is short of once everything that is on its way out has gone. */
function lackingAt(pool: Pool, position: number, returning: Resources, need: Resources): Resources {
  const free: Resources = {
    memoryMb: at(pool.freeMemoryMb, position),
    diskMb: at(pool.freeDiskMb, position),
    containers: at(pool.freeContainers, position),
  };
  const lacking = (name: keyof Resources): number => Math.max(0, need[name] - free[name] - returning[name]);
  return { memoryMb: lacking('memoryMb'), diskMb: lacking('diskMb'), containers: lacking('containers') };
}

/** Largest help first, then whatever of it turns out to be unneeded is let off: exact for one resource. */
export function fewestVictims(lacking: Resources, from: readonly Evictable[]): Evictable[] | undefined {
  const help = ({ resources }: Evictable): number =>
    resourceNames.reduce((sum, name) => {
      return lacking[name] === 0 ? sum : sum + Math.min(resources[name], lacking[name]) / lacking[name];
    }, 0);
  const covers = (victims: readonly Evictable[]): boolean =>
    resourceNames.every(
      (name) => victims.reduce((sum, { resources }) => sum + resources[name], 0) >= lacking[name],
    );
  if (resourceNames.every((name) => lacking[name] === 0)) return [];
  const ordered = from
    .map((instance) => ({ instance, help: help(instance) }))
    .sort((a, b) => b.help - a.help || inOrder(a.instance, b.instance));
  let victims: Evictable[] = [];
  for (const { instance } of ordered) {
    victims.push(instance);
    if (covers(victims)) break;
  }
  if (!covers(victims)) return undefined;
  for (const victim of victims.toReversed()) {
    const others = victims.filter((other) => other !== victim);
    if (covers(others)) victims = others;
  }
  return victims;
}

/** The least important first; ties by name, so that the order of the input does not matter. */
function inOrder(a: Evictable, b: Evictable): number {
  return a.priority - b.priority || (a.guid < b.guid ? -1 : a.guid > b.guid ? 1 : a.index - b.index);
}

function isCheaper(a: readonly Evictable[], b: readonly Evictable[]): boolean {
  if (a.length !== b.length) return a.length < b.length;
  const worth = (victims: readonly Evictable[]): number =>
    victims.reduce((sum, { priority }) => sum + priority, 0);
  return worth(a) < worth(b);
}
