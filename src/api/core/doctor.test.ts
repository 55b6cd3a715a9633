import { expect, test } from 'vitest';
import { type ClusterFacts, clusterChecks } from './doctor-cluster.ts';
import type { Check } from './doctor-shapes.ts';
import { backupChecks, etcdChecks, reachChecks, type StoreFigures } from './doctor-store.ts';

const findings = (checks: readonly Check[]): Record<string, string> =>
  Object.fromEntries(
    checks.filter(({ verdict }) => verdict !== 'ok').map(({ id, verdict }) => [id, verdict]),
  );

const server = (name: string, health: string, version = '1.0.0') => ({ server: name, health, version });
const well: ClusterFacts = {
  servers: [server('a', 'leader'), server('b', 'follower'), server('c', 'follower')],
  cells: [{ cellId: 'a', version: '1.0.0', engineProblem: '' }],
  hasLeader: true,
  stale: '',
  corruptKeys: [],
  offsetsMs: [{ server: 'a', offsetMs: -300, errorMs: 5 }],
};

test.each<[string, Partial<ClusterFacts>, Record<string, string>]>([
  ['well', {}, {}],
  [
    'one of three silent',
    { servers: [server('a', 'leader'), server('b', 'unknown'), server('c', 'follower')] },
    { quorum: 'warn' },
  ],
  [
    'no majority',
    { servers: [server('a', 'leader'), server('b', 'unknown'), server('c', 'unknown')] },
    { quorum: 'bad' },
  ],
  ['nobody leads', { hasLeader: false }, { quorum: 'bad' }],
  [
    'two are weaker than one',
    { servers: [server('a', 'leader'), server('b', 'follower')] },
    { quorum: 'warn' },
  ],
  ['one alone', { servers: [server('a', 'leader')] }, {}],
  ['a learner has no vote', { servers: [server('a', 'leader'), server('b', 'learner')] }, {}],
  ['half upgraded', { cells: [{ cellId: 'x', version: '1.1.0', engineProblem: '' }] }, { versions: 'warn' }],
  [
    'a clock that is off',
    { offsetsMs: [{ server: 'a', offsetMs: 900, errorMs: 5 }] },
    { 'clock.offset': 'warn' },
  ],
  [
    'a clock of another day',
    { offsetsMs: [{ server: 'a', offsetMs: -90_000, errorMs: 5 }] },
    { 'clock.offset': 'bad' },
  ],
  ['a slow answer proves nothing', { offsetsMs: [{ server: 'a', offsetMs: 900, errorMs: 800 }] }, {}],
  [
    'an engine that is away',
    { cells: [{ cellId: 'x', version: '1.0.0', engineProblem: 'gone' }] },
    { engines: 'bad' },
  ],
  ['no cell', { cells: [] }, { engines: 'bad' }],
  ['a record nobody reads', { corruptKeys: ['/skep/v1/desired/x'] }, { records: 'bad' }],
])('cluster: %s', (_what, change, wanted) => {
  expect(findings(clusterChecks({ ...well, ...change }))).toEqual(wanted);
});

const figures: StoreFigures = {
  unhealthy: '',
  version: '3.4.23',
  hasLeader: true,
  dbBytes: 2 ** 20,
  dbBytesInUse: 2 ** 19,
  quotaBytes: 2 ** 33,
  fsyncP99Ms: 8,
  alarms: [],
};

test.each<[string, Partial<StoreFigures>, Record<string, string>]>([
  ['well', {}, {}],
  ['no leader', { hasLeader: false }, { etcd: 'bad' }],
  ['unhealthy', { unhealthy: 'RAFT NO LEADER' }, { etcd: 'bad' }],
  ['filling', { dbBytes: 0.7 * 2 ** 33 }, { 'etcd.size': 'warn' }],
  ['full', { dbBytes: 0.9 * 2 ** 33, alarms: ['NOSPACE'] }, { 'etcd.size': 'bad', 'etcd.alarms': 'bad' }],
  ['a slow log', { fsyncP99Ms: 64 }, { 'etcd.fsync': 'warn' }],
  ['hardly used', { fsyncP99Ms: undefined }, {}],
])('etcd: %s', (_what, change, wanted) => {
  expect(findings(etcdChecks({ ...figures, ...change }))).toEqual(wanted);
});

test('backups: late, none, off, broken', () => {
  const hourMs = 3_600_000;
  const facts = { folder: '/b', everyMs: hourMs, newestAt: 10 * hourMs, count: 3, broken: [] };
  expect(findings(backupChecks(facts, 11 * hourMs))).toEqual({});
  expect(findings(backupChecks(facts, 13 * hourMs))).toEqual({ backups: 'warn' });
  expect(findings(backupChecks({ ...facts, newestAt: undefined, count: 0 }, 0))).toEqual({ backups: 'warn' });
  expect(findings(backupChecks({ ...facts, everyMs: 0 }, 11 * hourMs))).toEqual({ backups: 'warn' });
  expect(findings(backupChecks({ ...facts, broken: ['x'] }, 11 * hourMs))).toEqual({
    'backups.broken': 'warn',
  });
});

test('ports: one line when all answer, one for each that does not, with its port', () => {
  expect(reachChecks([{ what: 'b api', address: '10.0.0.2:7400', problem: '' }])).toEqual([
    { id: 'ports', verdict: 'ok', value: '1 of 1 answer' },
  ]);
  const [bad] = reachChecks([{ what: 'b api', address: '10.0.0.2:7400', problem: 'nobody listens there' }]);
  expect(bad).toMatchObject({ verdict: 'bad', value: 'b api at 10.0.0.2:7400: nobody listens there' });
  expect(bad?.remedy).toContain('nc -vz 10.0.0.2 7400');
});
