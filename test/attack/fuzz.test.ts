/**
 * Ten thousand spoiled requests over all routes, always the same ones; `npm run fuzz` sends as many to each. Then the
 * fuzzer itself: what it must complain of.
 */
import { expect, test } from 'vitest';
import { routes } from '../../src/api/core/routes.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import { fuzz } from './fuzz.ts';
import { spoiledRequest } from './requests.ts';
import { allTargets } from './targets.ts';

const requestsInAll = 10_000;

test('10,000 fuzzed requests: each answered or refused in words of the catalogue, nothing else disturbed', async () => {
  const targets = allTargets();
  const count = Math.ceil(requestsInAll / targets.length);
  const result = await fuzz({ seed: 7, count, targets });
  expect(result.failures).toEqual([]);
  expect(result.requests).toBeGreaterThanOrEqual(requestsInAll);
  for (const status of [101, 200, 400, 401, 403, 404, 405, 409, 413]) {
    expect(result.statuses.get(status) ?? 0, `answers with status ${status}`).toBeGreaterThan(0);
  }
  // A megabyte kept of each would be ten times as much.
  expect(result.heapGrowthMb).toBeLessThan(100);
});

test('every route of the API is among the targets', () => {
  const names = allTargets().map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(routes)));
});

test('the same seed makes the same requests', () => {
  const [target] = allTargets().filter(({ name }) => name === 'desireLrp');
  const made = (seed: number): string[] => {
    const rng = seededRng(seed);
    return Array.from({ length: 50 }, () =>
      spoiledRequest(target as never, rng, {}).bytes.toString('latin1'),
    );
  };
  expect(made(1)).toEqual(made(1));
  expect(made(1)).not.toEqual(made(2));
});
