/**
 * Positions in order of a key, in short chunks: moving one costs a search and a few shifts within a chunk,
 * however many there are. Used by ranking.ts, which walks it from the least key on.
 */
import { at } from './pool.ts';

export interface SortedPositions {
  /** Walk these in order; none is empty. */
  readonly chunks: readonly (readonly number[])[];
  /** Takes a position out; its key must still be what it was when it went in. */
  remove(position: number): void;
  insert(position: number): void;
}

const chunkMax = 64;

/** @param keys the key of each position; equal ones stay in order of the position */
export function sortedPositions(keys: Float64Array, positions: readonly number[]): SortedPositions {
  const isBefore = (a: number, b: number): boolean =>
    at(keys, a) < at(keys, b) || (at(keys, a) === at(keys, b) && a < b);
  const all = positions.toSorted((a, b) => at(keys, a) - at(keys, b) || a - b);
  const chunks: number[][] = [];
  for (let from = 0; from < all.length; from += chunkMax / 2)
    chunks.push(all.slice(from, from + chunkMax / 2));

  /** The last chunk that begins at or before the position, or the first one. */
  function chunkFor(position: number): number {
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const [first] = chunks[middle] as number[];
      if (isBefore(position, first as number)) high = middle - 1;
      else low = middle;
    }
    return low;
  }

  return {
    chunks,
    remove(position) {
      const place = chunkFor(position);
      const chunk = chunks[place] as number[];
      chunk.splice(chunk.indexOf(position), 1);
      if (chunk.length === 0) chunks.splice(place, 1);
    },
    insert(position) {
      if (chunks.length === 0) chunks.push([]);
      const place = chunkFor(position);
      const chunk = chunks[place] as number[];
      let rank = chunk.length;
      while (rank > 0 && isBefore(position, chunk[rank - 1] as number)) rank--;
      chunk.splice(rank, 0, position);
      if (chunk.length > chunkMax) chunks.splice(place + 1, 0, chunk.splice(chunkMax / 2));
    },
  };
}
