/** Bounded answers: one page of rows in the order of their keys, and where the next one begins. */
import type { KeysInOrder } from '../store/core/sorted-keys.ts';

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

/** The entries of a map in the order of their keys, from the first after `after`; costs what is taken. */
export function* inOrder<K extends string, E>(
  map: ReadonlyMap<K, E>,
  order: KeysInOrder<K>,
  after: string | undefined,
): Generator<readonly [key: K, entry: E]> {
  for (const key of order.from(after)) {
    const entry = map.get(key);
    if (entry !== undefined) yield [key, entry];
  }
}

const portionSize = 1_000;

/**
 * Keys that nobody keeps in order, in order, from `from` on: each thousand is picked in one walk over all, which is
 * far cheaper than to sort them. For what is seldom asked: the dump of the whole state, the keys of few.
 * @param keys can be iterated again and again, by calling it
 * @param including whether `from` itself counts
 */
export function* keysInOrder<K extends string>(
  keys: () => Iterable<K>,
  from: string | undefined,
  including: boolean,
): Generator<K> {
  let portion = smallest(keys(), from, including);
  while (portion.length > 0) {
    yield* portion;
    if (portion.length < portionSize) return;
    portion = smallest(keys(), portion.at(-1), false);
  }
}

/** The first keys in order behind `from`, no more than a portion. */
function smallest<K extends string>(keys: Iterable<K>, from: string | undefined, including: boolean): K[] {
  const picked: K[] = [];
  let bound: string | undefined;
  for (const key of keys) {
    if (from !== undefined && (key < from || (key === from && !including))) continue;
    if (bound !== undefined && key >= bound) continue;
    picked.push(key);
    if (picked.length < 4 * portionSize) continue;
    sortKeys(picked).length = portionSize;
    bound = picked.at(-1);
  }
  sortKeys(picked);
  return picked.slice(0, portionSize);
}

function sortKeys<K extends string>(keys: K[]): K[] {
  return keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
