/**
 * Crashed containers that are kept so that their log can be read as the previous one's: the newest of each
 * index, until the next crash replaces it, until its LRP has had no instance here for ten minutes, or for a day.
 */
import { instanceName, type Millis } from '../model/ids.ts';
import type { Container } from './core/container.ts';

const maxAgeMs = 24 * 3_600_000;
const unassignedMs = 10 * 60_000;
/** Over all indexes; beyond it the oldest goes. */
const maxKept = 256;

interface Kept {
  readonly container: Container;
  readonly endedAt: Millis;
  assignedAt: Millis;
}

export interface KeptContainers {
  /** Keeps one and returns those that are to be removed for it. */
  keep(container: Container, now: Millis): Container[];
  has(containerId: string): boolean;
  /** Keeps it no more: it is not dead after all. */
  release(containerId: string): void;
  /** The one kept for an index, or for the instance guid that it had. */
  find(
    query: { readonly instanceGuid: string } | { readonly guid: string; readonly index: number },
  ): Container | undefined;
  /** Drops and returns those whose time is over. `assigned`: process guids with an instance here. */
  expire(assigned: ReadonlySet<string>, now: Millis): Container[];
}

export function keptContainers(): KeptContainers {
  const kept = new Map<string, Kept>();
  const nameOf = (container: Container): string =>
    instanceName(container.identity.guid, container.identity.index);

  return {
    keep(container, now) {
      const name = nameOf(container);
      const endedAt = container.finishedAt ?? now;
      const before = kept.get(name);
      if (before !== undefined && before.container.id !== container.id && before.endedAt > endedAt)
        return [container];
      kept.delete(name);
      kept.set(name, { container, endedAt, assignedAt: now });
      const surplus = before === undefined || before.container.id === container.id ? [] : [before.container];
      const oldest = kept.size > maxKept ? kept.entries().next().value : undefined;
      if (oldest === undefined) return surplus;
      kept.delete(oldest[0]);
      return [...surplus, oldest[1].container];
    },
    has: (containerId) => [...kept.values()].some(({ container }) => container.id === containerId),
    release(containerId) {
      for (const [name, { container }] of kept) if (container.id === containerId) kept.delete(name);
    },
    find(query) {
      if ('guid' in query) return kept.get(instanceName(query.guid, query.index))?.container;
      return [...kept.values()].find(
        ({ container }) => container.identity.instanceGuid === query.instanceGuid,
      )?.container;
    },
    expire(assigned, now) {
      const over: Container[] = [];
      for (const [name, entry] of kept) {
        if (assigned.has(entry.container.identity.guid)) entry.assignedAt = now;
        if (now - entry.endedAt < maxAgeMs && now - entry.assignedAt < unassignedMs) continue;
        kept.delete(name);
        over.push(entry.container);
      }
      return over;
    },
  };
}
