/** Real randomness, for names that must never repeat in a cluster. */
import { randomBytes } from 'node:crypto';
import type { Rng } from '../core/rng.ts';

export const systemRng: Rng = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};
