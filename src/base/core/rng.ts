/** Seeded randomness: the same seed gives the same run. Chance is an argument, never a global. */

export interface Rng {
  /** In [0, 1). */
  next(): number;
}

/** mulberry32: small, fast, good enough for jitter, guids in simulations and generated tests. */
export function seededRng(seed: number): Rng {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

/** A whole number in [low, high]. */
export function intBetween(rng: Rng, low: number, high: number): number {
  return low + Math.floor(rng.next() * (high - low + 1));
}

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

/** All pairs of letters: a name of them is put together in half the steps, each of which is a text that is thrown away. */
const letters = alphabet.split('');
const pairs = letters.flatMap((first) => letters.map((second) => first + second));

/** A short random name part, for instance guids and epochs: 36^length values. */
export function randomName(rng: Rng, length = 13): string {
  const last = alphabet.length - 1;
  let name = length % 2 === 0 ? '' : (alphabet[intBetween(rng, 0, last)] as string);
  while (name.length < length) {
    name += pairs[intBetween(rng, 0, last) * alphabet.length + intBetween(rng, 0, last)];
  }
  return name;
}
