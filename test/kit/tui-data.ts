/** A cluster as the views show it, always the same: rows, status and journal for golden screens and page tests. */
import type { Status } from '../../src/api/core/routes.ts';
import type { ViewKind, ViewRow } from '../../src/api/core/view-shapes.ts';
import type { Millis } from '../../src/model/ids.ts';

/** 2026-11-21 12:00:00 UTC. */
export const now = 1_795_262_400_000 as Millis;
const minute = 60_000;
const hour = 60 * minute;

const row = (key: string, values: ViewRow['values']): ViewRow => ({ key, values });

function cell(i: number): ViewRow {
  const id = `host-${String(i).padStart(2, '0')}`;
  const state = { 4: 'engine down', 8: 'draining', 10: 'cordoned', 13: 'lost' }[i] ?? 'ready';
  const reason =
    {
      4: 'the engine does not answer: connect ECONNREFUSED /run/docker.sock',
      8: 'drained by uid 0 on host-01: kernel upgrade',
      10: 'cordoned by uid 1000 on host-02: disk replaced on Monday',
      13: 'its agent is away, with 11 instances and 0 tasks',
    }[i] ?? '';
  const isAway = state === 'lost';
  return row(id, {
    cell: id,
    state,
    zone: `rack-${(i % 3) + 1}`,
    instances: 20 + ((i * 7) % 30),
    tasks: i % 4,
    evacuating: i === 8 ? 4 : 0,
    memoryPercent: isAway ? null : (i * 17) % 100,
    memoryUsedMb: isAway ? null : (i * 17 * 655) % 65_536,
    memoryMb: isAway ? null : 65_536,
    diskPercent: isAway ? null : 20 + i,
    containersPercent: isAway ? null : 10 + i,
    address: isAway ? '' : `10.0.${i % 3}.${i + 10}:7070`,
    engine: isAway ? '' : 'docker 27.3.1',
    version: isAway ? '' : '0.1.0',
    platform: isAway ? '' : 'linux/amd64',
    labels: i % 2 === 0 ? 'disk=ssd' : 'disk=ssd,gpu=a100',
    reason,
    since: now - i * 5 * hour,
  });
}

const lrpNames = [
  'web',
  'api',
  'payments-worker',
  'search-indexer-with-a-rather-long-name',
  'メール配信',
  'bee🐝\u001b[31m',
];

function lrp(i: number): ViewRow {
  const name = lrpNames[i] ?? `service-${String(i).padStart(2, '0')}`;
  const desired = i === 0 ? 240 : (i * 3) % 40;
  const crashed = i === 2 ? 2 : 0;
  const unclaimed = i === 3 ? 4 : 0;
  const isStopped = desired === 0;
  const state = isStopped ? 'stopped' : crashed + unclaimed > 0 ? 'degraded' : i === 7 ? 'starting' : 'ok';
  return row(name, {
    lrp: name,
    state,
    running: desired - crashed - unclaimed - (i === 7 ? 1 : 0),
    desired,
    ready: desired - crashed - unclaimed,
    claimed: i === 7 ? 1 : 0,
    unclaimed,
    crashed,
    suspect: 0,
    leaving: i === 9 ? 4 : 0,
    memoryMb: 128 * (1 + (i % 8)),
    image: `registry.example.com/shop/${name.replace(/\W/g, '-')}:2026.11.${i}`,
    domain: 'shop',
    labels: 'team=payments,tier=2',
    since: now - i * 9 * hour,
  });
}

const instanceStates = [
  'RUNNING',
  'RUNNING',
  'CRASHED',
  'RUNNING',
  'UNPLACED',
  'CLAIMED',
  'RUNNING',
  'NOT READY',
];

function instance(i: number): ViewRow {
  const state = i % 9 === 0 ? (instanceStates[i % 8] ?? 'RUNNING') : 'RUNNING';
  const key = `payments-worker/${i}`;
  const reasons: Record<string, string> = {
    CRASHED: 'exited 137 (out of memory), tried again in 30 s',
    UNPLACED: 'no cell has enough memory; nearest host-03 lacks 128 MB',
    'NOT READY': 'readiness: http /ready answered 503',
  };
  return row(key, {
    instance: key,
    state,
    ready: state === 'RUNNING',
    cell: state === 'UNPLACED' ? '' : `host-${String((i % 14) + 1).padStart(2, '0')}`,
    crashes: state === 'CRASHED' ? 3 : 0,
    ports: state === 'UNPLACED' ? '' : `8080>${20_000 + i}`,
    reason: reasons[state] ?? '',
    zone: `rack-${(i % 3) + 1}`,
    domain: 'shop',
    instanceGuid: `6f1d-${i}`,
    since: now - i * 77_000,
  });
}

function task(i: number): ViewRow {
  const state = ['RUNNING', 'PENDING', 'SUCCEEDED', 'FAILED', 'SUCCEEDED', 'RESOLVING'][i % 6] ?? 'PENDING';
  const key = `nightly-${String(i).padStart(3, '0')}`;
  return row(key, {
    task: key,
    state,
    result: state === 'SUCCEEDED' ? 'rows=12000' : '',
    cell: state === 'PENDING' ? '' : `host-${String((i % 9) + 1).padStart(2, '0')}`,
    memoryMb: 512,
    image: 'registry.example.com/batch/report:7',
    reason: state === 'FAILED' ? 'exited 2' : state === 'PENDING' ? 'no cell has enough memory' : '',
    domain: 'batch',
    since: now - i * 11 * minute,
  });
}

const hosts = ['shop.example.com', 'api.shop.example.com/v2', 'search.example.com', 'メール.example.jp'];
const route = (i: number): ViewRow =>
  row(`${lrpNames[i]}#0`, {
    route: hosts[i] ?? '',
    lrp: lrpNames[i] ?? '',
    port: 8_080,
    ready: i === 2 ? 0 : 12,
    desired: 12,
  });

const happenings = [
  [
    'instance.crashed',
    'payments-worker/18',
    'exited 137 (out of memory); crash 3, tried again in 30 s',
    'host-05',
    '',
  ],
  [
    'instance.unplaced',
    'payments-worker/36',
    'no cell has enough memory; nearest host-03 lacks 128 MB',
    '',
    '',
  ],
  ['cell.draining', 'host-08', 'is drained: kernel upgrade', 'host-08', 'uid 0 on host-01'],
  ['instance.running', 'web/12', 'runs', 'host-02', ''],
  ['lrp.changed', 'web', 'instances 200 → 240', '', 'uid 1000 on host-02'],
  ['cell.lost', 'host-13', 'its lease has run out', 'host-13', ''],
  ['console.opened', 'web/0', 'a shell', 'host-01', 'uid 1000 on host-02'],
] as const;

function event(i: number): ViewRow {
  const [type, subject, message, on, actor] = happenings[i % happenings.length] ?? happenings[0];
  const at = now - i * 13_000;
  return row(`${at}-${i}`, { at, type, subject, message, cell: on, actor });
}

const many = (count: number, make: (i: number) => ViewRow, from = 0): readonly ViewRow[] =>
  Array.from({ length: count }, (_, i) => make(i + from));

export const viewData: Readonly<Record<ViewKind, readonly ViewRow[]>> = {
  cells: many(28, cell, 1),
  lrps: many(60, lrp),
  instances: many(12_000, instance),
  tasks: many(40, task),
  routes: many(4, route),
  events: many(200, event),
};

const server = (
  name: string,
  health: Status['servers'][number]['health'],
  at: number,
): Status['servers'][number] => ({
  v: 1,
  server: name,
  apiAddress: `10.0.0.${at}:7071`,
  memberId: `8e9e05c52164694${at - 10}`,
  version: '0.1.0',
  startedAt: now - 40 * 24 * hour,
  health,
});

export const clusterStatus: Status = {
  clusterId: '6b0f3c1e',
  server: 'host-01',
  version: '0.1.0',
  now,
  revision: 1_204_331,
  stale: '',
  leader: { server: 'host-02', since: now - 3 * 24 * hour, raftTerm: 7 },
  servers: [
    server('host-01', 'follower', 11),
    server('host-02', 'leader', 12),
    server('host-03', 'unknown', 13),
  ],
  cells: { present: 27, engineDown: 1, lost: 0 },
  lrps: {
    desired: 60,
    instancesDesired: 12_000,
    instancesRunning: 11_329,
    unplaced: 167,
    crashed: 168,
    suspect: 0,
  },
  tasks: { pending: 7, running: 7, completed: 26 },
  corrupt: [],
  survives: {
    revision: 1_204_300,
    cellCount: 27,
    zoneCount: 3,
    cell: true,
    worstCells: [],
    zone: false,
    worstZones: [{ name: 'rack-2', unplaced: 418, reason: 'no cell has enough memory' }],
  },
  problems: [
    'server host-03 does not answer: one more loss and nothing can be changed',
    'cell host-04: the engine does not answer: connect ECONNREFUSED /run/docker.sock',
    'cell host-13 is lost: its agent is away',
  ],
};
