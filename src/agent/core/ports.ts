/** Which host ports an instance gets. Called before its container is created, because it is told of them. */
import type { Rng } from '../../base/core/rng.ts';
import { intBetween } from '../../base/core/rng.ts';

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/**
 * `count` free ports of the range, looked for from a random place so that two cells on one machine and two
 * tries in a row seldom meet; undefined when the range has not that many left.
 */
export function pickPorts(
  range: PortRange,
  count: number,
  taken: ReadonlySet<number>,
  rng: Rng,
): number[] | undefined {
  const size = range.to - range.from + 1;
  const picked: number[] = [];
  const start = intBetween(rng, 0, Math.max(0, size - 1));
  for (let offset = 0; offset < size && picked.length < count; offset++) {
    const port = range.from + ((start + offset) % size);
    if (!taken.has(port)) picked.push(port);
  }
  return picked.length === count ? picked : undefined;
}
