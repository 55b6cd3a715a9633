import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, inBatches } from './batches.ts';
import type { Mutation } from './records.ts';

const sizeOf = (text: string): number => text.length;
const wide = { maxItems: 1_000, maxBytes: 1_000_000, sizeOf };
const put = (key: string, value = '', compare: string[] = []): Mutation => ({
  compare: compare.map((each) => ({ key: each, revision: 0 })),
  puts: [{ key, value }],
});
const sizes = (batches: readonly Batch[]): number[] => batches.map((batch) => batch.mutations.length);

test('cuts by count', () => {
  const mutations = Array.from({ length: 25 }, (_, index) => put(`k${index}`));
  const batches = inBatches(mutations, { ...wide, maxItems: 10 });
  expect(sizes(batches)).toEqual([10, 10, 5]);
  expect(batches.map((batch) => batch.from)).toEqual([0, 10, 20]);
  expect(batches.some((batch) => batch.waits)).toBe(false);
});

test('cuts by bytes; one over the limit goes alone', () => {
  const small = (index: number): Mutation => put(`k${index}`, 'x'.repeat(300));
  const mutations = [small(1), small(2), put('huge', 'x'.repeat(5_000)), small(3), small(4), small(5)];
  expect(sizes(inBatches(mutations, { ...wide, maxBytes: 1_000 }))).toEqual([2, 1, 2, 1]);
});

test('what compares or writes what an earlier one writes waits for it', () => {
  expect(inBatches([put('a'), put('b'), put('a')], wide).map((b) => [b.from, b.waits])).toEqual([
    [0, false],
    [2, true],
  ]);
  expect(sizes(inBatches([put('a'), put('b', '', ['a'])], wide))).toEqual([1, 1]);
  expect(sizes(inBatches([put('a'), { compare: [], puts: [], deletes: ['a'] }], wide))).toEqual([1, 1]);
});

test('comparing what a later one writes needs no waiting: comparisons come first', () => {
  expect(sizes(inBatches([put('b', '', ['a']), put('a')], wide))).toEqual([2]);
});

test('an earlier batch counts too, not only the one that is open', () => {
  const batches = inBatches([put('a'), put('b'), put('c'), put('a')], { ...wide, maxItems: 2 });
  expect(batches.map((b) => [b.mutations.length, b.waits])).toEqual([
    [2, false],
    [1, false],
    [1, true],
  ]);
});

test('nothing is lost, reordered, over a limit, or in the same span as what it depends on', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
  const mutation = fc
    .record({ write: key, compare: fc.array(key, { maxLength: 2 }), size: fc.nat(400) })
    .map(({ write, compare, size }) => put(write, 'x'.repeat(size), compare));
  const limits = { maxItems: 4, maxBytes: 900, sizeOf };
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 40 }), (mutations) => {
      const batches = inBatches(mutations, limits);
      expect(batches.flatMap((batch) => batch.mutations)).toEqual(mutations);
      let written = new Set<string>();
      for (const batch of batches) {
        expect(batch.mutations.length).toBeLessThanOrEqual(limits.maxItems);
        if (batch.waits) written = new Set();
        for (const { compare, puts } of batch.mutations) {
          for (const touched of [...compare, ...puts]) expect(written.has(touched.key)).toBe(false);
          for (const each of puts) written.add(each.key);
        }
      }
    }),
  );
});
