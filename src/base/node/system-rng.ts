/** The machine's random source as an Rng. Instance guids and epochs come from it by the thousand. */
import { randomFillSync } from 'node:crypto';
import type { Rng } from '../core/rng.ts';

/** One call of the system for so many numbers: for each of its own a call costs twenty times the number. */
const drawn = new Uint32Array(2_048);
let used = drawn.length;

export const systemRng: Rng = {
  next() {
    if (used + 2 > drawn.length) {
      randomFillSync(drawn);
      used = 0;
    }
    const high = drawn[used] as number;
    const low = drawn[used + 1] as number;
    // Given out once: whoever reads this memory later learns nothing about names that exist.
    drawn[used] = 0;
    drawn[used + 1] = 0;
    used += 2;
    // 53 bits, as many as a double holds below 1.
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
  },
};
