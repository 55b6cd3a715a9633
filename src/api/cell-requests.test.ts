import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../test/kit/virtual-clock.ts';
import { seededRng } from '../base/core/rng.ts';
import { silentLog } from '../base/log.ts';
import { type ActualLrp, claim, newActualLrp, retire, withPresence } from '../model/actual-lrp.ts';
import { defaults } from '../model/defaults.ts';
import type { CellId, InstanceGuid, ProcessGuid, TaskGuid } from '../model/ids.ts';
import { assignTask, cancelReason, desireTask, failTask, type Task, taskSpecSchema } from '../model/task.ts';
import { decode, encode } from '../store/core/codec.ts';
import { type ActualSlot, actualKey, presenceKey, restoredKey, taskKey } from '../store/core/keys.ts';
import { createReplica } from '../store/follow-replica.ts';
import { type MemoryBbs, memoryBbs } from '../store/memory/memory-bbs.ts';
import type { Replica } from '../store/replica.ts';
import { commitQueue } from './cell-commits.ts';
import { createCellJournal } from './cell-journal.ts';
import type { CellContext } from './cell-report.ts';
import { answerCellRequest } from './cell-requests.ts';
import type { CellRequestName } from './core/cell-protocol.ts';

const web = 'web' as ProcessGuid;
const cell = 'cell-1' as CellId;
const other = 'cell-2' as CellId;
const netInfo = {
  address: '10.0.0.1',
  instanceAddress: '172.17.0.2',
  ports: [{ containerPort: 80, hostPort: 61001 }],
};

let clock: VirtualClock;
let bbs: MemoryBbs;
let replica: Replica;
let life: AbortController;

beforeEach(async () => {
  clock = virtualClock();
  bbs = memoryBbs({ clock });
  replica = createReplica({ bbs, clock, log: silentLog });
  life = new AbortController();
  void replica.run(life.signal);
  await clock.settle();
});
afterEach(() => life.abort());

function contextOf(cellId: CellId = cell, seen: Replica = replica): CellContext {
  const commits = commitQueue(bbs, life.signal);
  const common = { clock, rng: seededRng(7), log: silentLog, commits };
  return {
    ...common,
    cellId,
    replica: seen,
    bbs,
    journal: createCellJournal({ ...common, server: 's-1' }),
    reports: new Map(),
    signal: life.signal,
  };
}

/** The answer: '' when it is fine, else the error's code. */
async function ask(method: CellRequestName, params: unknown, context = contextOf()): Promise<string> {
  const answer = await answerCellRequest(context, method, params);
  await clock.settle();
  return 'error' in answer ? answer.error.code : '';
}

async function put(key: string, value: string): Promise<void> {
  await bbs.commit([{ compare: [], puts: [{ key, value }] }], { signal: life.signal });
  await clock.settle();
}

function claimed(instanceGuid = 'i-1', cellId = cell, index = 0): ActualLrp {
  const fresh = newActualLrp({ guid: web, index, domain: 'default' }, clock.now(), 'epoch');
  const move = claim(fresh, { instanceGuid: instanceGuid as InstanceGuid, cellId }, clock.now());
  if (!move.ok) throw new Error(move.refusal);
  return move.next;
}

async function read(key: string): Promise<string | undefined> {
  return (await bbs.read([key], { signal: life.signal })).records[0]?.value;
}

async function actual(slot: ActualSlot = 'ordinary'): Promise<ActualLrp | undefined> {
  const text = await read(actualKey(web, 0, slot));
  const decoded = text === undefined ? undefined : decode('actual', text);
  return decoded?.ok ? decoded.value : undefined;
}

const events = () => [...replica.state.events.values()].map((e) => `${e.type} ${e.subject}: ${e.message}`);
const started = (instanceGuid = 'i-1', more: object = {}) => ({
  guid: 'web',
  index: 0,
  instanceGuid,
  netInfo,
  containerId: 'c-1',
  routable: true,
  ...more,
});
const crashed = (instanceGuid = 'i-1') => ({
  guid: 'web',
  index: 0,
  instanceGuid,
  reason: 'exited with status 3',
});
const stopped = (instanceGuid = 'i-1') => ({ guid: 'web', index: 0, instanceGuid });

describe('presence', () => {
  const presence = {
    v: 1,
    cellId: cell,
    bootId: 'b-1',
    zone: 'default',
    capacity: { memoryMb: 1, diskMb: 1, containers: 1 },
    os: 'linux',
    arch: 'x64',
    address: '10.0.0.1',
    version: '0.1.0',
    engine: { ok: true, name: 'docker' },
    registeredAt: 1,
  };

  test('lives as long as its lease is extended, and no longer', async () => {
    const answer = await answerCellRequest(contextOf(), 'register', { presence });
    const { leaseId, revision } = (answer as { result: { leaseId: string; revision: number } }).result;
    await clock.advance(defaults.presenceTtlMs - 1);
    expect(await ask('heartbeat', { leaseId, revision })).toBe('');
    await clock.advance(defaults.presenceTtlMs - 1);
    expect(replica.state.cells.has(cell)).toBe(true);
    await clock.advance(2);
    expect(replica.state.cells.has(cell)).toBe(false);
    expect(await ask('heartbeat', { leaseId, revision })).toBe('ResourceNotFound');
  });

  test('that an older request wrote again under its own lease is to be registered again', async () => {
    const register = async () => {
      const answer = await answerCellRequest(contextOf(), 'register', { presence });
      return (answer as { result: { leaseId: string; revision: number } }).result;
    };
    const told = await register();
    const late = await register();
    await clock.settle();
    expect(await ask('heartbeat', told)).toBe('ResourceNotFound');
    expect(await ask('heartbeat', late)).toBe('');
  });

  test('[diego 265] registers again under the lease it has, or a new one when that has ended', async () => {
    const first = (await answerCellRequest(contextOf(), 'register', { presence })) as never as {
      result: { leaseId: string };
    };
    const same = { presence: { ...presence, bootId: 'b-2' }, leaseId: first.result.leaseId };
    const again = await answerCellRequest(contextOf(), 'register', same);
    expect(again).toMatchObject({ result: { leaseId: first.result.leaseId } });
    await clock.settle();
    expect(replica.state.cells.get(cell)?.value.bootId).toBe('b-2');
    await clock.advance(defaults.presenceTtlMs + 1);
    const anew = await answerCellRequest(contextOf(), 'register', same);
    expect(anew).not.toMatchObject({ result: { leaseId: first.result.leaseId } });
    expect(await read(presenceKey(cell))).toContain('b-2');
  });

  test("another cell's lease, or the leader's, is not extended", async () => {
    const join = async (cellId: CellId) => {
      const params = { presence: { ...presence, cellId } };
      const answer = await answerCellRequest(contextOf(cellId), 'register', params);
      return (answer as { result: { leaseId: string; revision: number } }).result;
    };
    const [mine, its] = [await join(cell), await join(other)];
    const leaders = await bbs.grantLease(defaults.presenceTtlMs, { signal: life.signal });
    await clock.settle();
    for (let at = 0; at < defaults.presenceTtlMs; at += 1_000) {
      for (const leaseId of [its.leaseId, leaders]) {
        expect(await ask('heartbeat', { leaseId, revision: mine.revision })).toBe('ResourceNotFound');
        expect(await ask('heartbeat', { leaseId, revision: 1e15 })).toBe('ResourceNotFound');
        const again = await answerCellRequest(contextOf(), 'register', { presence, leaseId });
        expect(again).not.toMatchObject({ result: { leaseId } });
      }
      await clock.advance(1_000);
    }
    expect(replica.state.cells.has(cell)).toBe(true);
    expect(replica.state.cells.has(other)).toBe(false);
    expect(await bbs.keepAlive(leaders, { signal: life.signal })).toBe(false);
  });

  test('a lease is extended by a server whose copy does not know the presence yet', async () => {
    const behind = createReplica({ bbs, clock, log: silentLog });
    const answer = await answerCellRequest(contextOf(), 'register', { presence });
    const { leaseId, revision } = (answer as { result: { leaseId: string; revision: number } }).result;
    expect(await ask('heartbeat', { leaseId, revision }, contextOf(cell, behind))).toBe('');
  });

  test('[diego 221] of another cell is refused', async () => {
    expect(await ask('register', { presence: { ...presence, cellId: 'cell-9' } })).toBe('Unauthorized');
    expect(await read(presenceKey('cell-9' as CellId))).toBeUndefined();
  });
});

describe('started', () => {
  test('[diego 109, 291] makes the claim RUNNING and writes it into the journal; again changes nothing', async () => {
    await put(actualKey(web, 0), encode(claimed()));
    expect(await ask('started', started())).toBe('');
    expect(await actual()).toMatchObject({ state: 'RUNNING', containerId: 'c-1', netInfo });
    const revision = bbs.store.revision;
    expect(await ask('started', started())).toBe('');
    expect(bbs.store.revision).toBe(revision);
    expect(events()).toEqual(['instance.running web/0: running on cell-1 at 10.0.0.1:61001']);
  });

  test.each([
    ['another instance guid', 'i-2', cell],
    ['another cell', 'i-1', other],
  ])('is refused for %s', async (_, instanceGuid, cellId) => {
    await put(actualKey(web, 0), encode(claimed()));
    expect(await ask('started', started(instanceGuid), contextOf(cellId))).toBe('ActualLRPCannotBeStarted');
    expect(await actual()).toMatchObject({ state: 'CLAIMED' });
  });

  test('[diego 280] is refused when there is no record', async () => {
    expect(await ask('started', started())).toBe('ActualLRPCannotBeStarted');
  });

  test('never tells a cell to stop because a record cannot be read', async () => {
    await put(actualKey(web, 0), '{broken');
    expect(await ask('started', started())).toBe('Unavailable');
  });

  test('is right although the replica is behind', async () => {
    const old = createReplica({ bbs, clock, log: silentLog });
    const frozen = new AbortController();
    void old.run(frozen.signal);
    await clock.settle();
    frozen.abort();
    await put(actualKey(web, 0), encode(claimed()));
    expect(await ask('started', started(), contextOf(cell, old))).toBe('');
    expect(await actual()).toMatchObject({ state: 'RUNNING' });
  });

  test('[diego 263] of a suspect is no news until the replacement runs, and refused then', async () => {
    const suspect = withPresence(claimed('i-1'), 'SUSPECT', clock.now());
    await put(actualKey(web, 0, 'suspect'), encode(suspect));
    await put(actualKey(web, 0), encode(claimed('i-2', other)));
    expect(await ask('started', started('i-1'))).toBe('');
    expect(await actual('suspect')).toMatchObject({ state: 'CLAIMED', presence: 'SUSPECT' });
    expect(await ask('started', started('i-2'), contextOf(other))).toBe('');
    expect(await actual('suspect')).toBeUndefined();
    expect(await actual()).toMatchObject({ state: 'RUNNING', cellId: other });
    expect(await ask('started', started('i-1'))).toBe('ActualLRPCannotBeStarted');
  });

  test('of an evacuating one is written to its own record, and refused to none else', async () => {
    await put(actualKey(web, 0), encode(claimed('i-1')));
    expect(await ask('started', started('i-1'))).toBe('');
    const running = (await actual()) as ActualLrp;
    await put(actualKey(web, 0, 'evacuating'), encode(withPresence(running, 'EVACUATING', clock.now())));
    await put(actualKey(web, 0), encode(claimed('i-2', other)));
    expect(await ask('started', { ...started('i-1'), routable: false, checkOutput: 'sick' })).toBe('');
    expect(await actual('evacuating')).toMatchObject({ routable: false, checkOutput: 'sick' });
    expect(await ask('started', started('i-2'), contextOf(other))).toBe('');
    expect(await actual('evacuating')).toMatchObject({ presence: 'EVACUATING' });
  });

  test('hundreds at once go in a few commits', async () => {
    for (let index = 0; index < 300; index++) {
      await put(actualKey(web, index), encode(claimed(`i-${index}`, cell, index)));
    }
    let commits = 0;
    const counted = { ...bbs, commit: ((...args) => (commits++, bbs.commit(...args))) as typeof bbs.commit };
    const context = { ...contextOf(), commits: commitQueue(counted, life.signal) };
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) => ask('started', { ...started(`i-${index}`), index }, context)),
    );
    expect(new Set(answers)).toEqual(new Set(['']));
    expect(commits).toBeLessThan(5);
  });

  test('said again before it was answered is written once, and both are answered', async () => {
    await put(actualKey(web, 0), encode(claimed()));
    const written: number[] = [];
    const counted: typeof bbs = {
      ...bbs,
      commit: (mutations, options) => {
        written.push(mutations.length);
        return bbs.commit(mutations, options);
      },
    };
    const context = { ...contextOf(), commits: commitQueue(counted, life.signal) };
    const both = [ask('started', started(), context), ask('started', started(), context)];
    expect(await Promise.all(both)).toEqual(['', '']);
    expect(written).toEqual([1]);
    expect(context.reports.size).toBe(0);
  });
});

describe('crashed', () => {
  test('[diego 143, 292] restarts by policy, with the reason in record and journal', async () => {
    await put(actualKey(web, 0), encode(claimed()));
    expect(await ask('crashed', crashed())).toBe('');
    expect(await actual()).toMatchObject({
      state: 'UNCLAIMED',
      crashCount: 1,
      crashReason: 'exited with status 3',
    });
    expect(events()).toEqual(['instance.crashed web/0: exited with status 3']);
    expect(await ask('crashed', crashed())).toBe('ActualLRPCannotBeCrashed');
  });

  test('[diego 141] is refused for another instance, and not found where there is none', async () => {
    expect(await ask('crashed', crashed())).toBe('ResourceNotFound');
    await put(actualKey(web, 0), encode(claimed('i-2')));
    expect(await ask('crashed', crashed())).toBe('ActualLRPCannotBeCrashed');
    expect(await actual()).toMatchObject({ state: 'CLAIMED', instanceGuid: 'i-2' });
  });

  test('[diego 264] of a suspect removes the suspect and leaves the replacement alone', async () => {
    await put(actualKey(web, 0, 'suspect'), encode(withPresence(claimed('i-1'), 'SUSPECT', clock.now())));
    await put(actualKey(web, 0), encode(claimed('i-2', other)));
    expect(await ask('crashed', crashed('i-1'))).toBe('');
    expect(await actual('suspect')).toBeUndefined();
    expect(await actual()).toMatchObject({ state: 'CLAIMED', instanceGuid: 'i-2' });
  });

  test('[diego 244, 247] of an evacuating one removes it and leaves the replacement alone', async () => {
    const running = { ...claimed('i-1'), state: 'RUNNING' } as const;
    await put(actualKey(web, 0, 'evacuating'), encode(withPresence(running, 'EVACUATING', clock.now())));
    await put(actualKey(web, 0), encode(claimed('i-2', other)));
    expect(await ask('crashed', crashed('i-1'))).toBe('');
    expect(await actual('evacuating')).toBeUndefined();
    expect(await actual()).toMatchObject({ state: 'CLAIMED', instanceGuid: 'i-2' });
  });

  test('of one that was told to stop is the stop, not a crash', async () => {
    const move = retire(claimed(), 'scaled down', clock.now());
    await put(actualKey(web, 0), encode(move.ok ? move.next : claimed()));
    expect(await ask('crashed', crashed())).toBe('');
    expect(await actual()).toBeUndefined();
    expect(events()).toEqual([]);
  });
});

describe('stopped', () => {
  test('is not taken for done by a server whose copy does not know the record yet', async () => {
    await put(actualKey(web, 0), encode(claimed()));
    const old = createReplica({ bbs, clock, log: silentLog });
    expect(await ask('stopped', stopped(), contextOf(cell, old))).toBe('');
    expect(await actual()).toBeUndefined();
  });

  test('[diego 248] deletes the evacuating record of that very instance only', async () => {
    const running = { ...claimed('i-1'), state: 'RUNNING' } as const;
    await put(actualKey(web, 0, 'evacuating'), encode(withPresence(running, 'EVACUATING', clock.now())));
    expect(await ask('stopped', stopped('i-9'))).toBe('');
    expect(await actual('evacuating')).toBeDefined();
    expect(await ask('stopped', stopped('i-1'))).toBe('');
    expect(await actual('evacuating')).toBeUndefined();
  });

  test('keeps of a sticky index a fresh record that knows its home', async () => {
    const move = retire({ ...claimed(), home: cell, crashCount: 3 }, 'told to', clock.now());
    await put(actualKey(web, 0), encode(move.ok ? move.next : claimed()));
    expect(await ask('stopped', stopped())).toBe('');
    expect(await actual()).toMatchObject({ state: 'UNCLAIMED', home: cell, crashCount: 0 });
    expect(await actual()).not.toHaveProperty('retire');
  });

  test('[diego 108] deletes the record, and is fine when it has gone or is another', async () => {
    await put(actualKey(web, 0), encode(claimed()));
    expect(await ask('stopped', stopped('i-9'))).toBe('');
    expect(await actual()).toBeDefined();
    expect(await ask('stopped', stopped(), contextOf(other))).toBe('');
    expect(await actual()).toBeDefined();
    expect(await ask('stopped', stopped())).toBe('');
    expect(await actual()).toBeUndefined();
    expect(await ask('stopped', stopped())).toBe('');
  });
});

describe('tasks', () => {
  const key = taskKey('t1' as TaskGuid);
  const pending = (cellId = cell): Task => {
    const task = desireTask(taskSpecSchema.parse({ guid: 't1', image: 'busybox' }), clock.now());
    const move = assignTask(task, cellId, clock.now());
    if (!move.ok) throw new Error(move.message);
    return move.next;
  };
  const task = async (): Promise<Task | undefined> => {
    const decoded = decode('task', (await read(key)) ?? '');
    return decoded.ok ? decoded.value : undefined;
  };
  const start = (attempt: string) => ({ guid: 't1', attempt });

  test('start once: the same attempt is told yes again, any other no', async () => {
    await put(key, encode(pending()));
    expect(await ask('startTask', start('a'))).toBe('');
    expect(await ask('startTask', start('a'))).toBe('');
    expect(await ask('startTask', start('b'))).toBe('InvalidStateTransition');
    expect(await ask('startTask', start('a'), contextOf(other))).toBe('InvalidStateTransition');
    expect(await task()).toMatchObject({ state: 'RUNNING', attempt: 'a', cellId: cell });
    expect(events()).toEqual(['task.started t1: started on cell-1']);
  });

  test('of another cell are not started here', async () => {
    await put(key, encode(pending(other)));
    expect(await ask('startTask', start('a'))).toBe('RunningOnDifferentCell');
  });

  test('cancelled meanwhile: neither started from an old replica nor completed', async () => {
    await put(key, encode(pending()));
    await ask('startTask', start('a'));
    const old = createReplica({ bbs, clock, log: silentLog });
    const frozen = new AbortController();
    void old.run(frozen.signal);
    await clock.settle();
    frozen.abort();
    const move = failTask((await task()) ?? pending(), cancelReason, clock.now());
    await put(key, encode(move.ok ? move.next : pending()));
    expect(await ask('startTask', start('a'), contextOf(cell, old))).toBe('InvalidStateTransition');
    const done = { guid: 't1', failed: true, failureReason: 'x' };
    expect(await ask('completeTask', done, contextOf(other))).toBe('InvalidStateTransition');
    expect(await task()).toMatchObject({ failureReason: cancelReason });
  });

  test('complete with their result, once', async () => {
    await put(key, encode(pending()));
    await ask('startTask', start('a'));
    const done = { guid: 't1', failed: false, exitCode: 0, result: 'out' };
    expect(await ask('completeTask', done, contextOf(other))).toBe('RunningOnDifferentCell');
    expect(await ask('completeTask', done)).toBe('');
    expect(await ask('completeTask', done)).toBe('');
    expect(await task()).toMatchObject({ state: 'COMPLETED', failed: false, result: 'out' });
    expect(events().at(-1)).toBe('task.completed t1: completed');
  });

  test('[diego 307] are rejected by the cell that has them, by the attempt it started', async () => {
    await put(key, encode(pending()));
    await ask('startTask', start('a'));
    const rejection = { guid: 't1', attempt: 'a', reason: 'no image' };
    expect(await ask('rejectTask', { ...rejection, attempt: 'b' })).toBe('RunningOnDifferentCell');
    expect(await ask('rejectTask', rejection, contextOf(other))).toBe('RunningOnDifferentCell');
    expect(await ask('rejectTask', rejection)).toBe('');
    expect(await task()).toMatchObject({ state: 'PENDING', rejectionCount: 1, rejectionReason: 'no image' });
    expect(await ask('rejectTask', rejection)).toBe('RunningOnDifferentCell');
  });

  test('unknown: ResourceNotFound', async () => {
    expect(await ask('startTask', start('a'))).toBe('ResourceNotFound');
  });
});

test('confirm names what is still mine, in every slot, and what cannot be read', async () => {
  await put(actualKey(web, 0), encode(claimed('i-0')));
  await put(actualKey(web, 1), encode(claimed('i-1', other, 1)));
  await put(
    actualKey(web, 2, 'suspect'),
    encode(withPresence(claimed('i-2', cell, 2), 'SUSPECT', clock.now())),
  );
  await put(actualKey(web, 3), 'broken');
  const leaving = withPresence(claimed('i-5', cell, 5), 'EVACUATING', clock.now());
  await put(actualKey(web, 5, 'evacuating'), encode(leaving));
  const ref = (index: number) => ({ guid: 'web', index, instanceGuid: `i-${index}` });
  const task = desireTask(taskSpecSchema.parse({ guid: 't1', image: 'busybox' }), clock.now());
  await put(taskKey('t1' as TaskGuid), encode({ ...task, state: 'RUNNING', cellId: cell, attempt: 'a' }));
  const answer = await answerCellRequest(contextOf(), 'confirm', {
    instances: [ref(0), ref(1), ref(2), ref(3), ref(4), ref(5)],
    tasks: [
      { guid: 't1', attempt: 'a' },
      { guid: 't2', attempt: 'a' },
    ],
  });
  expect(answer).toEqual({ result: { instances: ['i-0', 'i-2', 'i-3', 'i-5'], tasks: ['t1'] } });
});

describe('in a store that was restored from an older state', () => {
  const asOf = 1_000_000;
  const at = 2_000_000;
  const keepUntil = 9_000_000;
  const restored = { v: 1, from: 'backup', at, asOf, revision: 7, keepUntil } as const;
  beforeEach(async () => {
    await put(restoredKey, encode(restored));
    await clock.advance(at - clock.now() + 1_000);
  });
  const begun = (instanceGuid: string, startedAt?: number) => ({
    guid: 'web',
    index: 0,
    instanceGuid,
    startedAt,
  });
  const asked = {
    instances: [begun('before', asOf - 600_000), begun('between', asOf + 1), begun('after', at + 600_000)],
    tasks: [{ guid: 't1', attempt: 'a', startedAt: asOf + 1 }],
  };

  test('what began after that state was written down is kept and told once, for a time', async () => {
    await put(actualKey(web, 0), encode(claimed('other', other)));
    for (let times = 0; times < 2; times++) {
      const answer = await answerCellRequest(contextOf(), 'confirm', asked);
      expect(answer).toEqual({ result: { instances: ['between'], tasks: ['t1'] } });
    }
    await clock.settle();
    const kept = [...replica.state.events.values()].filter(({ type }) => type === 'instance.kept');
    expect(kept.map(({ subject }) => subject).sort()).toEqual(['t1', 'web/0']);
    await clock.advance(keepUntil - clock.now());
    expect(await answerCellRequest(contextOf(), 'confirm', asked)).toEqual({
      result: { instances: [], tasks: [] },
    });
  });

  test('news of what it does not know is not refused, which would stop it', async () => {
    const started = { ...begun('between'), netInfo, containerId: 'c', routable: true };
    expect(await ask('started', started)).toBe('Unavailable');
    await put(actualKey(web, 0), encode(claimed('mine')));
    expect(await ask('started', { ...started, instanceGuid: 'mine' })).toBe('');
    await clock.advance(keepUntil - clock.now());
    expect(await ask('started', started)).toBe('ActualLRPCannotBeStarted');
  });
});

test('confirm without a quorum answers nothing at all', async () => {
  bbs.setAvailable(false);
  const params = { instances: [{ guid: 'web', index: 0, instanceGuid: 'i' }], tasks: [] };
  expect(await ask('confirm', params)).toBe('Unavailable');
});

test('a comparison that fails is tried again on fresh data, a lost answer is settled by asking again', async () => {
  await put(actualKey(web, 0), encode(claimed()));
  bbs.failNextCommit('after');
  expect(await ask('crashed', crashed())).toBe('Unavailable');
  expect(await actual()).toMatchObject({ state: 'UNCLAIMED', crashCount: 1 });
  expect(await ask('crashed', crashed())).toBe('ActualLRPCannotBeCrashed');
});

test.each([
  ['started', { guid: 'web' }],
  ['crashed', { guid: 'a/b', index: 0, instanceGuid: 'i', reason: '' }],
  ['stopped', { guid: 'web', index: -1, instanceGuid: 'i' }],
  ['confirm', 'x'],
] as const)('%s with bad parameters is an InvalidRequest', async (method, params) => {
  expect(await ask(method, params)).toBe('InvalidRequest');
});
