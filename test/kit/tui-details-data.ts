/**
 * What the detail pages and the dialogs of the terminal UI are told of the cluster in tui-data.ts: records, samples,
 * journal, plans. Always the same. `detailData` answers any want of a page from it.
 */
import type { DrainView } from '../../src/api/core/cell-shapes.ts';
import type { Plan } from '../../src/api/core/plan-shapes.ts';
import type { CellView, LrpView, Why } from '../../src/api/core/routes.ts';
import type { Standing } from '../../src/api/core/standing-shapes.ts';
import type { ActualLrp, Refusal } from '../../src/model/actual-lrp.ts';
import type { CellId, ProcessGuid } from '../../src/model/ids.ts';
import { placementSchema } from '../../src/model/placement.ts';
import type { Data, LogLine, Want } from '../../src/tui/core/page.ts';
import { buildActual, buildCell, buildDesired, buildTask } from './builders.ts';
import { now } from './tui-data.ts';
import { clusterEvents, instanceEvents } from './tui-journal.ts';
import { sampleOf } from './tui-samples.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const refusal: Refusal = {
  message: 'no cell has enough memory',
  cells: 27,
  counts: { memory: 24, 'tags gpu': 2, cordoned: 1 },
  nearest: { cellId: 'host-03' as CellId, lacks: '128 MB of memory' },
  change: 'ask for 384 MB of memory or less',
};

/** What an instance of payments-worker looks like, by its index: 0 runs, 18 crashed, 36 has no place, 4 is not ready. */
export function actualOf(index: number): ActualLrp {
  const key = { guid: 'payments-worker', index, domain: 'shop', epoch: 'e1', updatedAt: now - minute };
  if (index === 36) return buildActual({ ...key, since: now - 4 * minute, placementError: refusal });
  if (index === 18)
    return {
      ...buildActual({
        ...key,
        state: 'CRASHED',
        since: now - 12 * second,
        crashCount: 3,
        crashReason: 'exited with status 137 (out of memory)',
        crashes: [
          { cellId: 'host-05' as CellId, at: now - 12 * second },
          { cellId: 'host-05' as CellId, at: now - 3 * minute },
          { cellId: 'host-02' as CellId, at: now - 5 * minute },
        ],
      }),
      home: 'host-05' as CellId,
    };
  const isReady = index !== 4;
  return {
    ...buildActual({
      ...key,
      state: 'RUNNING',
      cellId: 'host-05',
      instanceGuid: '6f1d2c4e-9b1a-4f6e-8b1f-0a5c9d3e7f21',
      since: now - 3 * hour,
      routable: isReady,
      crashCount: isReady ? 0 : 1,
    }),
    containerId: '4be1f0c2a9d5e7b8c1d2e3f405162738',
    netInfo: {
      address: '10.0.2.15',
      instanceAddress: '172.17.0.9',
      ports: [{ containerPort: 8_080, hostPort: 20_000 + index }],
    },
    ...(isReady
      ? {}
      : {
          checkOutput: 'readiness: GET http://172.17.0.9:8080/ready answered 503',
          crashReason: 'exited with status 1',
        }),
  };
}

const desired = {
  ...buildDesired({ guid: 'payments-worker', domain: 'shop', instances: 40, memoryMb: 512, diskMb: 2_048 }),
  image: 'registry.example.com/shop/payments-worker:2026.11.2',
  env: [
    { name: 'QUEUE', value: 'payments' },
    { name: 'DATABASE_URL', value: 'postgres://payments@db.example.com/payments' },
  ],
  ports: [8_080],
  labels: { team: 'payments', tier: '2' },
  placement: placementSchema.parse({ tags: ['ssd'], maxPerCell: 4, spreadBy: 'rack' }),
  routes: { http: [{ hosts: ['pay.example.com'], port: 8_080 }] },
  createdAt: now - 18 * hour,
  updatedAt: now - 40 * minute,
};

export const lrpView: LrpView = {
  desired,
  counts: {
    running: 37,
    ready: 36,
    claimed: 1,
    unclaimed: 1,
    crashed: 1,
    suspect: 0,
    evacuating: 0,
    stopping: 0,
  },
};

const task = {
  ...buildTask({
    guid: 'nightly-003',
    state: 'COMPLETED',
    domain: 'batch',
    memoryMb: 512,
    cellId: 'host-04',
    createdAt: now - 40 * minute,
    startedAt: now - 38 * minute,
    firstCompletedAt: now - 90 * second,
    updatedAt: now - 90 * second,
    failed: true,
    failureReason: 'exited with status 2',
    exitCode: 2,
    attempt: 'a1',
  }),
  image: 'registry.example.com/batch/report:7',
  action: { kind: 'run' as const, args: ['report', '--since', 'yesterday'] },
};

const standing: Standing = {
  summary:
    'by now cell host-11 would be better: it runs fewer of its instances; what runs is not moved by itself',
  rules: ['tag ssd', 'max per cell 4', 'spread by rack'],
  cells: 27,
  candidates: 21,
  ranking: [
    {
      cellId: 'host-11' as CellId,
      zone: 'rack-3',
      isHere: false,
      label: 'r3',
      inLabel: 11,
      inZone: 12,
      terms: { fill: 0.412, starting: 0, locality: 1_000, binPack: 0 },
      score: 1_000.412,
    },
    {
      cellId: 'host-05' as CellId,
      zone: 'rack-2',
      isHere: true,
      label: 'r2',
      inLabel: 12,
      inZone: 13,
      terms: { fill: 0.631, starting: 0.25, locality: 2_000, binPack: 0 },
      score: 2_000.881,
    },
    {
      cellId: 'host-02' as CellId,
      zone: 'rack-3',
      isHere: false,
      crashes: 5,
      label: 'r3',
      inLabel: 14,
      inZone: 15,
      terms: { fill: 0.377, starting: 0, locality: 3_000, binPack: 0 },
      score: 3_000.377,
    },
  ],
};

function whyOf(guid: string, index: number | undefined): Why {
  const events = index === undefined ? clusterEvents : instanceEvents(`${guid}/${index}`);
  if (guid === 'nightly-003') {
    const summary = 'failed on cell host-04 1 min ago: exited with status 2';
    return {
      subject: guid,
      summary,
      instances: [],
      task: { task, summary, hint: 'what it said: skep task logs nightly-003' },
      events: [],
    };
  }
  const one = (actual: ActualLrp, summary: string, hint?: string) => ({
    actual,
    summary,
    ...(hint === undefined ? {} : { hint }),
  });
  const crashed = one(
    actualOf(18),
    'crashed 3 times, last: exited with status 137 (out of memory); next try in 18 s',
    'what it said before it ended: skep logs payments-worker/18 --previous',
  );
  const unplaced = one(
    actualOf(36),
    'could not be placed for 4 min: no cell has enough memory (27 cells looked at, refused by memory: 24, tags gpu: 2, cordoned: 1); nearest is cell host-03, which lacks 128 MB of memory',
    'ask for 384 MB of memory or less; it is placed as soon as it can be',
  );
  const unready = one(
    actualOf(4),
    'has run on cell host-05 for 3 h, but is not ready: readiness: GET http://172.17.0.9:8080/ready answered 503; it crashed once before, last: exited with status 1',
    'what it says itself: skep logs payments-worker/4',
  );
  const well = one(actualOf(index ?? 0), 'has run on cell host-05 for 3 h');
  const about = { 18: crashed, 36: unplaced, 4: unready }[index ?? -1] ?? well;
  if (index !== undefined)
    return {
      subject: `${guid}/${index}`,
      summary: about.summary,
      instances: [about],
      ...(about.actual.cellId === undefined ? {} : { standing }),
      events,
    };
  const summary = `36 of 40 ready; payments-worker/18 ${crashed.summary}`;
  return { subject: guid, summary, instances: [crashed, unplaced, unready, well], events };
}

export function cellViewOf(id: string): CellView {
  const at = { by: 'uid 0 on host-01', at: now - 9 * minute };
  const spec = (change: object): object => ({ spec: { v: 1, cellId: id, ...change } });
  const presence = buildCell(id, {
    zone: 'rack-2',
    capacity: { memoryMb: 65_536, diskMb: 1_900_000, containers: 250 },
    labels: { rack: 'r2', disk: 'ssd' },
    optionalTags: ['ssd'],
    address: '10.0.2.15',
    version: '0.1.0',
    engine:
      id === 'host-04'
        ? { ok: false, name: 'docker 27.3.1', reason: 'connect ECONNREFUSED /run/docker.sock' }
        : { ok: true, name: 'docker 27.3.1' },
    ...(id === 'host-12' ? { hostShell: true } : {}),
    registeredAt: now - 40 * day,
  });
  return {
    presence,
    used: { memoryMb: 50_176, diskMb: 420_000, containers: 61 },
    instances: id === 'host-08' ? 9 : 34,
    evacuating: id === 'host-08' ? 4 : 0,
    tasks: 2,
    ...(id === 'host-08'
      ? spec({ drain: { ...at, reason: 'kernel upgrade', force: false, deadlineAt: now + 51 * minute } })
      : {}),
    ...(id === 'host-10' ? spec({ cordon: { ...at, reason: 'disk replaced on Monday' } }) : {}),
  } as CellView;
}

const worker = (index: number) => ({ guid: 'payments-worker' as ProcessGuid, index });

export const drainView: DrainView = {
  cellId: 'host-08' as CellId,
  present: true,
  ...(cellViewOf('host-08').spec === undefined ? {} : { spec: cellViewOf('host-08').spec }),
  left: { ordinary: 5, evacuating: 4, suspect: 0, tasks: 2 },
  rows: [
    { ...worker(7), state: 'stopping', to: 'host-03' as CellId },
    { ...worker(21), state: 'healthy', to: 'host-11' as CellId },
    {
      ...worker(35),
      state: 'crashed',
      to: 'host-05' as CellId,
      why: 'exited with status 137 (out of memory)',
    },
    {
      guid: 'search-indexer-with-a-rather-long-name' as ProcessGuid,
      index: 0,
      state: 'waiting',
      why: 'no cell has enough memory; host-03 comes nearest and lacks 128 MB of memory',
    },
    { ...worker(49), state: 'starting', to: 'host-02' as CellId },
    { ...worker(63), state: 'not ready', to: 'host-06' as CellId, why: 'GET /ready answered 503' },
    { ...worker(77), state: 'queued' },
    { ...worker(91), state: 'queued' },
    { ...worker(105), state: 'queued' },
  ],
  instances: 31,
  remainingMs: 4 * minute,
  done: false,
};

const lastWords = [
  'I1121 11:59:47.120 worker: job 88121 charge begins',
  'W1121 11:59:47.348 worker: heap 498 MB of 512 MB',
  'W1121 11:59:47.702 worker: GC took 311 ms',
  'I1121 11:59:47.810 worker: job 88122 charge begins',
  'E1121 11:59:48.001 worker: fatal: cannot allocate 16 MB \u001b[31m(out of memory)\u001b[0m',
  'goroutine 1 [running]:',
];
const lastLines: readonly LogLine[] = lastWords.map((text, at) => ({
  at: now - 13_000 + at * 100,
  source: 'payments-worker/18',
  cell: 'host-05',
  stream: 'stderr',
  text,
}));

/** A plan in which everything finds a place. */
export const planThatFits: Plan = {
  summary: 'web gets 6 more instances; all of them find a place',
  moves: [240, 241, 242, 243, 244, 245].map((index, at) => ({
    guid: 'web' as ProcessGuid,
    index,
    to: (['host-03', 'host-11', 'host-06'][at % 3] ?? '') as CellId,
  })),
  stops: [],
  unplaced: [],
  tasks: 0,
};

/** A plan in which some does not. */
export const planThatDoesNot: Plan = {
  summary: '31 instances leave host-08; 2 of them find no place elsewhere',
  moves: Array.from({ length: 29 }, (_, index) => ({
    guid: 'web' as ProcessGuid,
    index,
    from: 'host-08' as CellId,
    to: `host-${String(1 + (index % 5)).padStart(2, '0')}` as CellId,
  })),
  stops: [],
  unplaced: [
    { guid: 'search-indexer-with-a-rather-long-name' as ProcessGuid, index: 0, refusal },
    {
      guid: 'search-indexer-with-a-rather-long-name' as ProcessGuid,
      index: 1,
      refusal: { ...refusal, change: undefined },
    },
  ],
  tasks: 2,
};

interface Query {
  readonly params?: { readonly id?: string; readonly guid?: string };
  readonly query?: { readonly guid?: string; readonly index?: number };
}

/** What a want is answered, one datum or several (samples); nothing for views, which tui-app.ts answers. */
export function detailData(want: Want): readonly Data[] {
  if (want.kind === 'stats')
    return Array.from({ length: 90 }, (_, at) => ({
      kind: 'stats',
      sample: sampleOf(at, 'cell' in want.target),
    }));
  if (want.kind === 'events') {
    const events = want.subject === undefined ? clusterEvents : instanceEvents(want.subject);
    return [{ kind: 'events', events }];
  }
  if (want.kind === 'logs') return [{ kind: 'logs', lines: lastLines }];
  if (want.kind !== 'poll') return [];
  const { params = {}, query = {} } = want.input as Query;
  const answers: Readonly<Record<string, () => unknown>> = {
    getCell: () => cellViewOf(params.id ?? ''),
    getDrain: () => drainView,
    getTask: () => task,
    getLrp: () => lrpView,
    listInstances: () => ({ rows: [actualOf(query.index ?? 0)], revision: 1 }),
    why: () => whyOf(params.guid ?? '', query.index),
  };
  const value = answers[want.route]?.();
  return value === undefined ? [] : [{ kind: 'answer', value }];
}
