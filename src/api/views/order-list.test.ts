import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrderList } from './order-list.ts';

const ascending = (a: number, b: number): number => a - b;

test('whatever is put in and taken out, it equals a sorted array', () => {
  const moves = fc.array(fc.tuple(fc.boolean(), fc.nat(4_000)), {
    maxLength: 6_000,
    minLength: 0,
    size: 'max',
  });
  fc.assert(
    fc.property(moves, (steps) => {
      const list = new OrderList<number>(ascending);
      const there = new Set<number>();
      for (const [isAdded, number] of steps) {
        if (!isAdded) expect(list.remove(number)).toBe(there.delete(number));
        else {
          expect(list.add(number)).toBe(!there.has(number));
          there.add(number);
        }
      }
      const sorted = [...there].sort(ascending);
      expect(list.slice(0, 10_000)).toEqual(sorted);
      expect(list.size).toBe(sorted.length);
      expect(sorted.map((number) => list.placeOf(number))).toEqual(sorted.map((_, place) => place));
      expect(list.placeOf(5_000)).toBe(-1);
      expect(list.placeOf(0)).toBe(there.has(0) ? 0 : -1);
      const middle = Math.floor(sorted.length / 2);
      expect(list.slice(middle, 5)).toEqual(sorted.slice(middle, middle + 5));
    }),
    { numRuns: 20 },
  );
});

test.each<[string, (place: number) => number]>([
  ['in order', (place) => place],
  ['backwards', (place) => 5_000 - place],
])('what comes %s', (_how, numberAt) => {
  const list = new OrderList<number>(ascending);
  for (let place = 0; place < 5_000; place++) list.add(numberAt(place));
  const low = Math.min(numberAt(0), numberAt(4_999));
  expect(list.slice(0, 5_000)).toEqual(Array.from({ length: 5_000 }, (_, at) => low + at));
  expect(list.placeOf(low + 4_000)).toBe(4_000);
});
