import { expect, test } from 'vitest';
import { storeFacts } from './brain-store.ts';

const MiB = 1024 * 1024;
const own = {
  version: '3.4.23',
  dbBytes: 40 * MiB,
  dbBytesInUse: 12 * MiB,
  quotaBytes: 2048 * MiB,
  alarms: [],
};
const members = [
  { server: 'a', dbBytes: 40 * MiB },
  { server: 'b', dbBytes: 41 * MiB },
];
const said = (facts: ReturnType<typeof storeFacts>): string[] =>
  facts.map(({ key, text }) => `${key}: ${text}`);

test('sizes, latencies, and the sizes on the others', () => {
  expect(
    said(
      storeFacts({ server: 'a', own: { ...own, fsyncP99Ms: 4, commitP99Ms: 12.6 }, problem: '', members }),
    ),
  ).toEqual([
    'etcd size: 40M of 2.0G on a, 12M in use',
    'etcd writes: 99 of 100: log synced in 4 ms, committed in 13 ms',
    'and on: b 41M',
  ]);
});

test('what is wrong is told in its colour', () => {
  const full = { ...own, dbBytes: 1_900 * MiB, fsyncP99Ms: 64, alarms: ['NOSPACE'] };
  const facts = storeFacts({ server: 'a', own: full, problem: '', members: [] });
  expect(facts.map(({ role }) => role)).toEqual(['bad', 'warn', 'bad']);
  expect(said(facts)).toContain('etcd alarms: NOSPACE');
});

test('a member that tells nothing, an outside etcd, and a server that does not know the question', () => {
  expect(said(storeFacts({ server: 'a', problem: 'it is away', members }))).toEqual([
    'etcd: a: it is away',
    'etcd size: a 40M, b 41M',
  ]);
  expect(said(storeFacts({ server: '', problem: 'no such route', members: [] }))).toEqual([
    'etcd: no such route',
  ]);
});
