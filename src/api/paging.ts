/** Bounded answers: one page of rows in the order of their keys, and where the next one begins. */

export interface Page<T> {
  readonly rows: T[];
  /** The key of the last row, when there are more. */
  readonly next?: string;
}

/**
 * The first `limit` rows of `entries`, which come in order and begin where the page does. `row` makes the
 * row of an entry, or undefined when a filter drops it; no more entries are taken than the page needs.
 */
export function pageOf<E, T>(
  entries: Iterable<readonly [key: string, entry: E]>,
  limit: number,
  row: (entry: E) => T | undefined,
): Page<T> {
  const rows: T[] = [];
  let last = '';
  for (const [key, entry] of entries) {
    const made = row(entry);
    if (made === undefined) continue;
    if (rows.length === limit) return { rows, next: last };
    rows.push(made);
    last = key;
  }
  return { rows };
}

/** The entries of a map in order of their keys, from the first after `after`. */
export function inOrder<K extends string, E>(
  map: ReadonlyMap<K, E>,
  after: string | undefined,
): (readonly [key: K, entry: E])[] {
  const later = after === undefined ? [...map] : [...map].filter(([key]) => key > after);
  return later.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
