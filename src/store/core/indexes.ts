/**
 * Indexes of LRPs that are marked: by the fold for its listeners, by the brain for itself. Nearly all LRPs have one
 * instance, and a set of its own for each was a good part of the memory that a mass start went through: LRPs of which
 * one index is marked share that set.
 */
import type { ProcessGuid } from '../../model/ids.ts';

/** The sets of one index that are shared; -1 stands for the LRP itself. Nobody may change them. */
const firstShared = -1;
const shared: readonly ReadonlySet<number>[] = Array.from(
  { length: 16 },
  (_, place) => new Set([firstShared + place]),
);

/** Marks an index of an LRP. Nobody adds to a set of one index, so that it may be in several maps. */
export function addIndex(
  marked: Map<ProcessGuid, ReadonlySet<number>>,
  guid: ProcessGuid,
  index: number,
): void {
  const indexes = marked.get(guid);
  if (indexes === undefined) marked.set(guid, shared[index - firstShared] ?? new Set([index]));
  else if (indexes.has(index)) return;
  else if (indexes.size === 1) marked.set(guid, new Set(indexes).add(index));
  // Of more than one index it is the map's own.
  else (indexes as Set<number>).add(index);
}

/** Marks what another map has marked of an LRP. */
export function addIndexes(
  marked: Map<ProcessGuid, ReadonlySet<number>>,
  guid: ProcessGuid,
  indexes: ReadonlySet<number>,
): void {
  if (indexes.size === 1 && !marked.has(guid)) marked.set(guid, indexes);
  else for (const index of indexes) addIndex(marked, guid, index);
}
