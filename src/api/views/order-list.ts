/**
 * A long list that is always in order: put in, taken out, asked for the place of one and for what is at a place,
 * each at a cost that hardly grows with its length. Pieces of bounded length, found by bisection.
 */

/** A piece that grows longer than this becomes two. */
const pieceMax = 512;

export type Compare<T> = (a: T, b: T) => number;

export class OrderList<T> {
  readonly #compare: Compare<T>;
  #pieces: T[][] = [];
  #size = 0;

  /** @param compare a total order: 0 only for what counts as the same entry */
  constructor(compare: Compare<T>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#pieces = [];
    this.#size = 0;
  }

  /** False when it is there already. */
  add(entry: T): boolean {
    const at = Math.min(this.#pieceOf(entry), Math.max(0, this.#pieces.length - 1));
    const piece = this.#pieces[at];
    if (piece === undefined) {
      this.#pieces.push([entry]);
      this.#size += 1;
      return true;
    }
    const place = this.#placeIn(piece, entry);
    const there = piece[place];
    if (there !== undefined && this.#compare(there, entry) === 0) return false;
    if (place === piece.length) piece.push(entry);
    else piece.splice(place, 0, entry);
    if (piece.length > pieceMax) this.#pieces.splice(at + 1, 0, piece.splice(splitAt(piece, place)));
    this.#size += 1;
    return true;
  }

  /** False when it is not there. */
  remove(entry: T): boolean {
    const at = this.#pieceOf(entry);
    const piece = this.#pieces[at];
    if (piece === undefined) return false;
    const place = this.#placeIn(piece, entry);
    const found = piece[place];
    if (found === undefined || this.#compare(found, entry) !== 0) return false;
    this.#size -= 1;
    if (piece.length === 1) this.#pieces.splice(at, 1);
    else piece.splice(place, 1);
    return true;
  }

  /** -1 when it is not there. */
  placeOf(entry: T): number {
    const at = this.#pieceOf(entry);
    const piece = this.#pieces[at];
    if (piece === undefined) return -1;
    let place = this.#placeIn(piece, entry);
    const there = piece[place];
    if (there === undefined || this.#compare(there, entry) !== 0) return -1;
    for (let before = 0; before < at; before++) place += this.#pieces[before]?.length ?? 0;
    return place;
  }

  /** At most `count` entries from a place on. */
  slice(start: number, count: number): T[] {
    const taken: T[] = [];
    let skip = start;
    for (const piece of this.#pieces) {
      if (taken.length >= count) break;
      if (skip >= piece.length) skip -= piece.length;
      else {
        const wanted = piece.slice(skip, skip + count - taken.length);
        for (const entry of wanted) taken.push(entry);
        skip = 0;
      }
    }
    return taken;
  }

  /** The first piece whose last entry is not before `entry`; how many there are when there is none. */
  #pieceOf(entry: T): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#pieces[middle]?.at(-1) as T;
      if (this.#compare(last, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #placeIn(piece: readonly T[], entry: T): number {
    let low = 0;
    let high = piece.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(piece[middle] as T, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What comes in order leaves full pieces behind; everything else is halved. */
function splitAt(piece: readonly unknown[], place: number): number {
  return place === piece.length - 1 ? piece.length - 1 : piece.length >>> 1;
}
