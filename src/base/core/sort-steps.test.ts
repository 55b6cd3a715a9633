import { expect, test } from 'vitest';
import { intBetween, seededRng } from './rng.ts';
import { sortSteps } from './sort-steps.ts';
import { allAtOnce } from './steps.ts';

interface Item {
  readonly key: number;
  readonly place: number;
}
const byKey = (a: Item, b: Item): number => a.key - b.key;

test.each([0, 1, 4_096, 4_097, 12_289, 30_000])(
  'sorts %i items as sort does, equal ones in their order',
  (size) => {
    const rng = seededRng(size);
    const items = Array.from({ length: size }, (_, place): Item => ({ key: intBetween(rng, 0, 500), place }));
    expect(allAtOnce(sortSteps(items, byKey))).toEqual(items.toSorted(byKey));
  },
);

test('a step compares no more than it has to for its items', () => {
  const rng = seededRng(7);
  const items = Array.from({ length: 40_000 }, () => rng.next());
  let count = 0;
  const most: number[] = [];
  const steps = sortSteps(items, (a, b) => {
    count += 1;
    return a - b;
  });
  for (let step = steps.next(); step.done !== true; step = steps.next()) {
    most.push(count);
    count = 0;
  }
  expect(most.length).toBeGreaterThan(30);
  // n log2 n of 4,096.
  expect(Math.max(...most)).toBeLessThan(12 * 4_096);
});
