import { expect, test } from 'vitest';
import { OwnWrites } from './own-writes.ts';
import type { Mutation } from './records.ts';

const writing = (key: string, noun?: unknown): Mutation => ({
  compare: [],
  puts: [{ key, value: `text of ${key}`, noun }],
});

test('what is noted is given once, for the same text', () => {
  const own = new OwnWrites();
  own.note([writing('a', 'A'), writing('b'), writing('c', 'C')]);
  expect(own.size).toBe(2);
  expect(own.take('a', 'other text')).toBeUndefined();
  expect([own.take('a', 'text of a'), own.take('a', 'text of a')]).toEqual(['A', undefined]);
  expect(own.take('b', 'text of b')).toBeUndefined();
  expect(own.size).toBe(1);
});

test('what does not come back is forgotten, the oldest first', () => {
  const own = new OwnWrites();
  for (let round = 0; round < 5; round++) {
    own.note(Array.from({ length: 10_000 }, (_, place) => writing(`${round}/${place}`, place)));
  }
  expect(own.size).toBe(40_000);
  expect(own.take('0/9999', 'text of 0/9999')).toBeUndefined();
  expect(own.take('1/0', 'text of 1/0')).toBe(0);
});
