import { expect, test } from 'vitest';
import type { Container } from './core/container.ts';
import { keptContainers } from './kept-containers.ts';

const minute = 60_000;
const dead = (id: string, index = 0, finishedAt = 0): Container => ({
  id,
  identity: { clusterId: 'k', cellId: 'a', kind: 'lrp', guid: 'web', index, instanceGuid: `i-${id}` },
  state: 'exited',
  exitCode: 1,
  oomKilled: false,
  startedAt: 0,
  finishedAt,
  pid: 0,
  ipAddress: '',
  ports: [],
});
const ids = (containers: readonly Container[]): string[] => containers.map(({ id }) => id);

test('the newest of each index is kept, whatever the order they come in', () => {
  const kept = keptContainers();
  expect(ids(kept.keep(dead('b', 0, 20), 30))).toEqual([]);
  expect(ids(kept.keep(dead('other', 1, 10), 30))).toEqual([]);
  expect(ids(kept.keep(dead('a', 0, 10), 30))).toEqual(['a']);
  expect(ids(kept.keep(dead('c', 0, 30), 30))).toEqual(['b']);
  expect(kept.find({ guid: 'web', index: 0 })?.id).toBe('c');
  expect(kept.find({ instanceGuid: 'i-other' })?.id).toBe('other');
  expect(ids(kept.keep(dead('c', 0, 30), 40))).toEqual([]);
});

test('it goes ten minutes after the last instance here, or after a day', () => {
  const kept = keptContainers();
  kept.keep(dead('a'), 0);
  expect(ids(kept.expire(new Set(['web']), 60 * minute))).toEqual([]);
  expect(ids(kept.expire(new Set(), 69 * minute))).toEqual([]);
  expect(ids(kept.expire(new Set(), 70 * minute))).toEqual(['a']);
  expect(kept.has('a')).toBe(false);
  kept.keep(dead('b'), 0);
  expect(ids(kept.expire(new Set(['web']), 24 * 60 * minute))).toEqual(['b']);
});

test('one that is released is kept no more, and others stay', () => {
  const kept = keptContainers();
  kept.keep(dead('a', 0), 0);
  kept.keep(dead('b', 1), 0);
  kept.release('a');
  expect([kept.has('a'), kept.has('b')]).toEqual([false, true]);
});

test('there is a bound over all indexes: the oldest goes', () => {
  const kept = keptContainers();
  for (let index = 0; index < 256; index++) expect(kept.keep(dead(`c${index}`, index), 0)).toEqual([]);
  expect(ids(kept.keep(dead('more', 999), 0))).toEqual(['c0']);
});
