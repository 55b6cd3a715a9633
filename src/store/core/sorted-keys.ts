/**
 * Keys in their order, kept in chunks: one that comes or goes costs its chunk, and a walk from any place costs what
 * it takes, however many keys there are. Kept by fold.ts beside its largest maps, read by the pages of the API.
 */

export interface KeysInOrder<K extends string> {
  /** The keys from `start` on, in the order of their characters' codes. @param including whether `start` counts */
  from(start: string | undefined, including?: boolean): IterableIterator<K>;
}

/** A chunk that becomes larger is cut in two. */
const chunkMax = 512;

export class SortedKeys<K extends string> implements KeysInOrder<K> {
  /** None is empty. */
  readonly #chunks: K[][] = [];

  /** A key that is there already changes nothing. */
  add(key: K): void {
    const place = this.#chunkOf(key);
    const chunk = this.#chunks[place];
    if (chunk === undefined) {
      this.#chunks.push([key]);
      return;
    }
    const at = placeIn(chunk, key);
    if (chunk[at] === key) return;
    chunk.splice(at, 0, key);
    if (chunk.length <= chunkMax) return;
    // What comes in order only ever fills the last chunk: it stays full when it is cut.
    const isLast = place === this.#chunks.length - 1 && at === chunk.length - 1;
    this.#chunks.splice(place + 1, 0, chunk.splice(isLast ? chunkMax : chunkMax / 2));
  }

  delete(key: K): void {
    const place = this.#chunkOf(key);
    const chunk = this.#chunks[place];
    const at = chunk === undefined ? -1 : placeIn(chunk, key);
    if (chunk?.[at] !== key) return;
    chunk.splice(at, 1);
    if (chunk.length === 0) this.#chunks.splice(place, 1);
  }

  *from(start: string | undefined, including = false): Generator<K> {
    if (start === undefined) {
      for (const chunk of this.#chunks) yield* chunk;
      return;
    }
    for (let place = this.#chunkOf(start); place < this.#chunks.length; place++) {
      const chunk = this.#chunks[place] ?? [];
      for (let at = placeIn(chunk, start); at < chunk.length; at++) {
        const key = chunk[at] as K;
        if (including || key !== start) yield key;
      }
    }
  }

  /** The last chunk that begins at or before the key; the first when all begin after it. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#chunks[middle]?.[0] ?? '') <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Where the key is in the chunk, or belongs. */
function placeIn(chunk: readonly string[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chunk[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
