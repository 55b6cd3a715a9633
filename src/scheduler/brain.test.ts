/**
 * The brain over the store in memory, on a virtual clock: what it makes of desires, losses and returns, that
 * it wakes when something is due, and that it writes nothing once somebody else leads.
 */
import { afterEach, describe, expect, test } from 'vitest';
import {
  buildActual,
  buildCell,
  buildDesired,
  buildTask,
  builtAt,
  type ClusterRecords,
  clusterRecords,
} from '../../test/kit/builders.ts';
import { type VirtualClock, virtualClock } from '../../test/kit/virtual-clock.ts';
import { seededRng } from '../base/core/rng.ts';
import { silentLog } from '../base/log.ts';
import type { ActualLrp } from '../model/actual-lrp.ts';
import { defaults } from '../model/defaults.ts';
import type { JournalEvent } from '../model/event.ts';
import type { ProcessGuid, TaskGuid } from '../model/ids.ts';
import type { Task } from '../model/task.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey, eventKey, leaderKey, presenceKey } from '../store/core/keys.ts';
import type { ClusterState } from '../store/core/state.ts';
import { createReplica } from '../store/follow-replica.ts';
import { type MemoryBbs, memoryBbs } from '../store/memory/memory-bbs.ts';
import { type Brain, createBrain } from './brain.ts';

const forever = new AbortController().signal;
/** Longer than the debounce, shorter than the sweep: whatever happens within it was caused by an event. */
const soonMs = 1_000;

interface Bench {
  readonly clock: VirtualClock;
  readonly bbs: MemoryBbs;
  readonly state: ClusterState;
  readonly brain: Brain;
  /** Begins a term; resolves when it has ended. */
  lead(): Promise<{ readonly ended: Promise<void>; stop(): void }>;
  put(records: ClusterRecords): Promise<void>;
  change(key: string, value: string | undefined): Promise<void>;
}

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

async function bench(records: ClusterRecords = {}): Promise<Bench> {
  const clock = virtualClock(builtAt);
  const bbs = memoryBbs({ clock });
  const replica = createReplica({ bbs, clock, log: silentLog });
  const following = new AbortController();
  cleanUps.push(() => following.abort());
  void replica.run(following.signal);
  const brain = createBrain({
    bbs,
    replica,
    clock,
    rng: seededRng(7),
    log: silentLog,
    serverName: 'server-a',
  });
  const put = async (more: ClusterRecords): Promise<void> => {
    const puts = clusterRecords(more).map(([key, value]) => ({ compare: [], puts: [{ key, value }] }));
    await bbs.commit(puts, { signal: forever });
    await clock.settle();
  };
  await put(records);
  return {
    clock,
    bbs,
    brain,
    put,
    get state() {
      return replica.state;
    },
    async lead() {
      const raftTerm = bbs.store.revision + 1;
      const value = encode({ v: 1, server: 'server-a', raftTerm, since: clock.now() });
      const [outcome] = await bbs.commit([{ compare: [], puts: [{ key: leaderKey, value }] }], {
        signal: forever,
      });
      const term = new AbortController();
      cleanUps.push(() => term.abort());
      const revision = outcome?.committed === true ? outcome.revision : 0;
      const ended = brain.lead({ fence: { key: leaderKey, revision }, signal: term.signal, raftTerm });
      return { ended, stop: () => term.abort() };
    },
    async change(key, value) {
      const mutation = value === undefined ? { deletes: [key], puts: [] } : { puts: [{ key, value }] };
      await bbs.commit([{ compare: [], ...mutation }], { signal: forever });
      await clock.settle();
    },
  };
}

const web = 'web' as ProcessGuid;
const ordinary = (state: ClusterState, index = 0): ActualLrp | undefined =>
  state.actual.get(web)?.get(index)?.ordinary?.value;
const suspect = (state: ClusterState, index = 0): ActualLrp | undefined =>
  state.actual.get(web)?.get(index)?.suspect?.value;
const taskOf = (state: ClusterState): Task | undefined => state.tasks.get('job' as TaskGuid)?.value;
const claims = (state: ClusterState): Record<string, number> =>
  Object.fromEntries([...state.claimsByCell].map(([cellId, refs]) => [cellId, refs.size]));
const events = (state: ClusterState, type: JournalEvent['type']): string[] =>
  [...state.events.values()]
    .filter((event) => event.type === type)
    .map(({ subject, message }) => `${subject}: ${message}`);

/** Plays the cells' part: every claimed instance runs. */
async function runAll({ bbs, state, clock }: Bench): Promise<void> {
  for (const indexes of state.actual.values()) {
    for (const { ordinary: record } of indexes.values()) {
      if (record?.value.state !== 'CLAIMED') continue;
      const value = encode({ ...record.value, state: 'RUNNING', since: clock.now() });
      await bbs.commit([{ compare: [], puts: [{ key: record.key, value }] }], { signal: forever });
    }
  }
  await clock.settle();
}

describe('a term', () => {
  test('begins with the default domain and a line in the journal', async () => {
    const b = await bench({ domains: [] });
    await b.lead();
    await b.clock.advance(soonMs);
    expect([...b.state.domains.keys()]).toEqual(['default']);
    expect(b.state.domains.get('default')?.value.ttlSeconds).toBe(0);
    expect(events(b.state, 'brain.elected')).toHaveLength(1);
    expect(b.brain.stats()).toMatchObject({ leading: true, unplaced: 0 });
  });

  test('ends when it is told to', async () => {
    const b = await bench();
    const { ended, stop } = await b.lead();
    await b.clock.advance(soonMs);
    stop();
    await ended;
    expect(b.brain.stats().leading).toBe(false);
    expect(b.clock.pendingTimers).toBe(0);
  });

  test('ends at the first write after somebody else leads, and that write is not done', async () => {
    const b = await bench({ cells: ['a'] });
    const { ended } = await b.lead();
    await b.clock.advance(soonMs);
    await b.change(leaderKey, encode({ v: 1, server: 'server-b', raftTerm: 99, since: builtAt }));
    await b.put({ desired: [buildDesired()] });
    await b.clock.advance(soonMs);
    await ended;
    expect(b.state.actual.size).toBe(0);
  });

  test('waits for its own leader key: what the old leader placed is not placed again', async () => {
    const b = await bench({ desired: [buildDesired({ instances: 2 })], cells: ['a', 'b'] });
    const first = await b.lead();
    await b.clock.advance(soonMs);
    first.stop();
    await first.ended;
    const before = [ordinary(b.state, 0), ordinary(b.state, 1)];
    await b.lead();
    await b.clock.advance(soonMs);
    expect([ordinary(b.state, 0), ordinary(b.state, 1)]).toEqual(before);
  });

  test('outlives a store that does not answer, and a commit whose answer is lost', async () => {
    const b = await bench({ cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    b.bbs.setAvailable(false);
    await b.clock.advance(60_000);
    b.bbs.setAvailable(true);
    b.bbs.failNextCommit('after');
    await b.put({}).catch(() => undefined);
    await b.put({ desired: [buildDesired({ instances: 3 })] });
    b.bbs.failNextCommit('after');
    await b.clock.advance(30_000);
    expect(claims(b.state)).toEqual({ a: 3 });
  });
});

describe('placement', () => {
  test('six instances are spread two by two over three cells, told of in one line', async () => {
    const b = await bench({ cells: ['a', 'b', 'c'] });
    await b.lead();
    await b.clock.advance(soonMs);
    await b.put({ desired: [buildDesired({ instances: 6 })] });
    await b.clock.advance(soonMs);
    expect(claims(b.state)).toEqual({ a: 2, b: 2, c: 2 });
    expect(events(b.state, 'instance.placed')).toEqual([
      'web: 6 instances (0-5) placed 2 on a, 2 on b, 2 on c',
    ]);
    expect(b.state.byInstanceGuid.size).toBe(6);
  });

  test('[diego 311] what has no place says why, once, and is placed the moment capacity appears', async () => {
    const b = await bench({ desired: [buildDesired({ instances: 1, memoryMb: 1_500 })], cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.placementError).toEqual({
      message: 'insufficient resources: memory',
      cells: 1,
      counts: { memory: 1 },
      nearest: { cellId: 'a', lacks: '500 MiB memory' },
    });
    await b.clock.advance(3 * defaults.convergeSweepMs);
    expect(events(b.state, 'instance.unplaced')).toEqual([
      'web/0: cannot be placed: insufficient resources: memory; a comes nearest and lacks 500 MiB memory',
    ]);
    await b.put({ cells: [buildCell('b', { capacity: { memoryMb: 2_000 } })] });
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', cellId: 'b' });
    expect(ordinary(b.state)?.placementError).toBeUndefined();
  });

  test('what has no place is placed when something else leaves', async () => {
    const b = await bench({
      desired: [buildDesired({ memoryMb: 600 }), buildDesired({ guid: 'old', memoryMb: 600 })],
      actual: [buildActual({ guid: 'old', state: 'RUNNING', cellId: 'a' })],
      cells: ['a'],
    });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.state).toBe('UNCLAIMED');
    await b.put({ desired: [buildDesired({ guid: 'old', memoryMb: 600, instances: 0 })] });
    await b.change(actualKey('old' as ProcessGuid, 0), undefined);
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.state).toBe('CLAIMED');
  });

  test('[diego 256] with no cell nothing is placed; when one appears it is', async () => {
    const b = await bench({ desired: [buildDesired()] });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.placementError?.message).toBe(
      'found no compatible cell: the cluster has no cells',
    );
    await b.put({ cells: ['a'] });
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.cellId).toBe('a');
    expect(events(b.state, 'cell.joined')).toHaveLength(1);
  });

  test('a thousand instances claim exactly the room there is', async () => {
    const cells = ['a', 'b', 'c'].map((id) =>
      buildCell(id, { capacity: { memoryMb: 100_000, containers: 250 } }),
    );
    const b = await bench({ desired: [buildDesired({ instances: 1_000, memoryMb: 1 })], cells });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(claims(b.state)).toEqual({ a: 250, b: 250, c: 250 });
    expect(b.brain.stats()).toMatchObject({ placed: 750, unplaced: 250, conflicts: 0 });
  });
});

describe('scaling and removal', () => {
  test('[diego 113] extra instances are told to stop; their place is free once their records are gone', async () => {
    const b = await bench({ desired: [buildDesired({ instances: 3 })], cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    await runAll(b);
    await b.put({ desired: [buildDesired({ instances: 1 })] });
    await b.clock.advance(soonMs);
    expect([0, 1, 2].map((index) => ordinary(b.state, index)?.retire?.reason)).toEqual([
      undefined,
      'scaled to 1',
      'scaled to 1',
    ]);
    expect(events(b.state, 'instance.retired')).toEqual([
      'web: 2 instances (1-2): is told to stop: scaled to 1',
    ]);
  });

  test('a removed LRP is forgotten once its last record is gone', async () => {
    const b = await bench({
      desired: [buildDesired({ removedAt: builtAt })],
      actual: [buildActual(), buildActual({ index: 1, state: 'RUNNING', cellId: 'a' })],
      cells: ['a'],
    });
    await b.lead();
    await b.clock.advance(soonMs);
    expect([...(b.state.actual.get(web)?.keys() ?? [])]).toEqual([1]);
    await b.change(actualKey(web, 1), undefined);
    await b.clock.advance(soonMs);
    expect(b.state.desired.size).toBe(0);
  });

  test('an instance that was stopped by itself is created and placed anew at once', async () => {
    const b = await bench({ desired: [buildDesired()], cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    const first = ordinary(b.state)?.instanceGuid;
    await b.change(actualKey(web, 0), undefined);
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.state).toBe('CLAIMED');
    expect(ordinary(b.state)?.instanceGuid).not.toBe(first);
  });
});

describe('a lost cell', () => {
  async function withLoss(): Promise<Bench> {
    const b = await bench({ desired: [buildDesired({ instances: 2 })], cells: ['a', 'b'] });
    await b.lead();
    await b.clock.advance(soonMs);
    await runAll(b);
    await b.change(presenceKey(ordinary(b.state)?.cellId as never), undefined);
    await b.clock.advance(soonMs);
    return b;
  }

  test('[diego 255] its instance is suspect and a replacement is claimed elsewhere at once', async () => {
    const b = await withLoss();
    expect(suspect(b.state)).toMatchObject({ state: 'RUNNING', cellId: 'a' });
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', cellId: 'b' });
    expect(events(b.state, 'cell.lost')).toEqual(['a: its presence ended; it held 1 instances and 0 tasks']);
    expect(events(b.state, 'instance.suspect')).toHaveLength(1);
  });
  test('[diego 260] the suspect goes when the replacement runs', async () => {
    const b = await withLoss();
    await runAll(b);
    await b.clock.advance(soonMs);
    expect(suspect(b.state)).toBeUndefined();
    expect(ordinary(b.state)).toMatchObject({ state: 'RUNNING', cellId: 'b' });
  });
  test('[diego 259] the suspect counts again when its cell is back first', async () => {
    const b = await withLoss();
    await b.put({ cells: ['a'] });
    await b.clock.advance(soonMs);
    expect(suspect(b.state)).toBeUndefined();
    expect(ordinary(b.state)).toMatchObject({ state: 'RUNNING', cellId: 'a' });
    expect(events(b.state, 'instance.recovered')).toHaveLength(1);
  });
  test('[diego 254] with every cell gone all instances are suspect; they count again when their cells return', async () => {
    const b = await withLoss();
    await b.change(presenceKey('b' as never), undefined);
    await b.clock.advance(soonMs);
    expect([0, 1].map((index) => ordinary(b.state, index)?.state)).toEqual(['UNCLAIMED', 'UNCLAIMED']);
    await b.put({ cells: ['a', 'b'] });
    await b.clock.advance(soonMs);
    expect([0, 1].map((index) => ordinary(b.state, index)?.state)).toEqual(['RUNNING', 'RUNNING']);
    expect([0, 1].map((index) => suspect(b.state, index))).toEqual([undefined, undefined]);
  });
  test('a change of leader alone makes no cell lost and tells of none twice', async () => {
    const b = await bench({ desired: [buildDesired({ instances: 2 })], cells: ['a', 'b'] });
    const first = await b.lead();
    await b.clock.advance(soonMs);
    first.stop();
    await first.ended;
    await b.lead();
    await b.clock.advance(soonMs);
    expect(events(b.state, 'cell.joined')).toHaveLength(2);
    expect(events(b.state, 'cell.lost')).toEqual([]);
    expect(suspect(b.state)).toBeUndefined();
  });
});

describe('time', () => {
  test('[diego 122] a crashed instance is restarted when its wait is over, not at the next sweep', async () => {
    const b = await bench({ desired: [buildDesired()], cells: ['a'] });
    await b.lead();
    await b.clock.advance(defaults.convergeSweepMs / 2);
    const crashed = buildActual({ state: 'CRASHED', crashCount: 3, since: b.clock.now() });
    await b.put({ actual: [crashed] });
    await b.clock.advance(defaults.crashBackoffMs - 1);
    expect(ordinary(b.state)?.state).toBe('CRASHED');
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', crashCount: 3 });
  });
  test('[diego 58] a completed task is deleted 120 seconds after it ended', async () => {
    const b = await bench({ tasks: [buildTask({ state: 'COMPLETED', firstCompletedAt: builtAt + 7_000 })] });
    await b.lead();
    await b.clock.advance(7_000 + defaults.taskKeptMs - 1);
    expect(taskOf(b.state)?.state).toBe('COMPLETED');
    await b.clock.advance(soonMs);
    expect(taskOf(b.state)).toBeUndefined();
  });
});

describe('tasks', () => {
  test('a task is given to the cell with the fewest tasks and stays PENDING', async () => {
    const b = await bench({ tasks: [buildTask()], cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(taskOf(b.state)).toMatchObject({ state: 'PENDING', cellId: 'a' });
  });
  test('[diego 32] a task that fits nowhere is refused once a sweep and fails at the fourth, with the reason', async () => {
    const b = await bench({ cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    await b.put({ tasks: [buildTask({ memoryMb: 5_000 })] });
    await b.clock.advance(soonMs);
    const message = 'insufficient resources: memory';
    expect(taskOf(b.state)).toMatchObject({ rejectionCount: 0, placementError: { message } });
    for (const count of [1, 2, 3]) {
      await b.clock.advance(defaults.convergeSweepMs);
      expect(taskOf(b.state)).toMatchObject({ state: 'PENDING', rejectionCount: count });
    }
    await b.clock.advance(defaults.convergeSweepMs);
    expect(taskOf(b.state)).toMatchObject({ state: 'COMPLETED', failed: true, failureReason: message });
    expect(events(b.state, 'task.rejected')).toHaveLength(3);
    expect(events(b.state, 'task.completed')).toEqual([`job: failed: ${message}`]);
  });
  test('a task that waits is placed the moment capacity appears, its refusals notwithstanding', async () => {
    const b = await bench({ tasks: [buildTask({ memoryMb: 5_000 })] });
    await b.lead();
    await b.clock.advance(defaults.convergeSweepMs + soonMs);
    await b.put({ cells: [buildCell('big', { capacity: { memoryMb: 8_000 } })] });
    await b.clock.advance(soonMs);
    expect(taskOf(b.state)).toMatchObject({ state: 'PENDING', cellId: 'big' });
  });
  test('[diego 54] a RUNNING task of a lost cell fails at once', async () => {
    const b = await bench({
      tasks: [buildTask({ state: 'RUNNING', cellId: 'a', attempt: 'x' })],
      cells: ['a'],
    });
    await b.lead();
    await b.clock.advance(soonMs);
    await b.change(presenceKey('a' as never), undefined);
    await b.clock.advance(soonMs);
    expect(taskOf(b.state)).toMatchObject({ state: 'COMPLETED', failed: true });
  });
});

describe('the journal', () => {
  test('is cut to its bound in a sweep', async () => {
    const b = await bench({ cells: ['a'] });
    const line = encode({ v: 1, type: 'lrp.changed', at: builtAt, subject: 'web', message: 'x' });
    const count = defaults.eventJournalMax + 500;
    const puts = Array.from({ length: count }, (_, i) => ({
      compare: [],
      puts: [{ key: eventKey(builtAt - count + i, 'x'), value: line }],
    }));
    await b.bbs.commit(puts, { signal: forever });
    await b.clock.settle();
    await b.lead();
    await b.clock.advance(defaults.convergeSweepMs + soonMs);
    const { records } = await b.bbs.list('/skep/v1/event/', { signal: forever });
    expect(records.length).toBeLessThanOrEqual(defaults.eventJournalMax + 10);
    expect(records.at(-1)?.value).toContain('cell.joined');
  });
  test('tells of a record that cannot be read once, also after a change of leader', async () => {
    const b = await bench({ raw: { '/skep/v1/desired/bad': '{}' } });
    const first = await b.lead();
    await b.clock.advance(2 * defaults.convergeSweepMs);
    first.stop();
    await first.ended;
    await b.lead();
    await b.clock.advance(soonMs);
    expect(events(b.state, 'record.corrupt')).toHaveLength(1);
    expect(events(b.state, 'record.corrupt')[0]).toContain('desired/bad: cannot be read and is left alone');
  });
});
