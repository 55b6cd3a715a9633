/** How long to wait before the next try: doubling, capped, with full jitter below half. */
import type { Rng } from './rng.ts';

export interface BackoffPolicy {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** @param failures how many tries failed in a row, from 1 */
export function backoffMs(policy: BackoffPolicy, failures: number, rng: Rng): number {
  const full = Math.min(policy.firstMs * 2 ** Math.min(failures - 1, 30), policy.maxMs);
  return Math.round(full / 2 + (full / 2) * rng.next());
}
