/** The order that a plain sort gives, whatever came and went, and no more taken than asked for. */
import { expect, test } from 'vitest';
import { intBetween, seededRng } from '../../base/core/rng.ts';
import { SortedKeys } from './sorted-keys.ts';

test.each([1, 2, 3, 4])('as a sorted set would have it: seed %i', (seed) => {
  const rng = seededRng(seed);
  const keys = new SortedKeys<string>();
  const plain = new Set<string>();
  const draw = (): string => `k${intBetween(rng, 0, 3_000)}`;
  for (let step = 0; step < 6_000; step++) {
    const key = draw();
    // It grows, then shrinks.
    if (rng.next() < (step < 3_000 ? 0.8 : 0.2)) {
      keys.add(key);
      plain.add(key);
    } else {
      keys.delete(key);
      plain.delete(key);
    }
    if (step % 500 !== 0) continue;
    const sorted = [...plain].sort();
    const start = draw();
    expect([...keys.from(undefined)]).toEqual(sorted);
    expect([...keys.from(start)]).toEqual(sorted.filter((item) => item > start));
    expect([...keys.from(start, true)]).toEqual(sorted.filter((item) => item >= start));
  }
});

test('what comes in order, as in a snapshot, is kept too', () => {
  const all = Array.from({ length: 5_000 }, (_, index) => `k${String(index).padStart(5, '0')}`);
  const keys = new SortedKeys<string>();
  for (const key of all) keys.add(key);
  expect([...keys.from(undefined)]).toEqual(all);
  expect(keys.from('k04998').next().value).toBe('k04999');
  for (const key of all) keys.delete(key);
  expect([...keys.from(undefined)]).toEqual([]);
});
