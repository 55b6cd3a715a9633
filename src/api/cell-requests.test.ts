/** What every request of a cell has in common, its presence, and what it may keep. */
import { beforeEach, describe, expect, test } from 'vitest';
import { cell, cellRequests, crashed, netInfo, other, web } from '../../test/kit/cell-requests.ts';
import { silentLog } from '../base/log.ts';
import { type ActualLrp, start, withPresence } from '../model/actual-lrp.ts';
import { cellPresenceSchema } from '../model/cell.ts';
import { defaults } from '../model/defaults.ts';
import { definitionOf, desiredLrpSpecSchema, desireLrp } from '../model/desired-lrp.ts';
import type { CellId, InstanceGuid, TaskGuid } from '../model/ids.ts';
import { replacedMs } from '../model/restored.ts';
import { desireTask, taskSpecSchema } from '../model/task.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey, desiredKey, presenceKey, restoredKey, taskKey } from '../store/core/keys.ts';
import { createReplica } from '../store/follow-replica.ts';
import { answerCellRequest } from './cell-requests.ts';

const s = cellRequests();

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

describe('presence', () => {
  test('lives as long as its lease is extended, and no longer', async () => {
    const answer = await answerCellRequest(s().contextOf(), 'register', { presence });
    const { leaseId, revision } = (answer as { result: { leaseId: string; revision: number } }).result;
    await s().clock.advance(defaults.presenceTtlMs - 1);
    expect(await s().ask('heartbeat', { leaseId, revision })).toBe('');
    await s().clock.advance(defaults.presenceTtlMs - 1);
    expect(s().replica.state.cells.has(cell)).toBe(true);
    await s().clock.advance(2);
    expect(s().replica.state.cells.has(cell)).toBe(false);
    expect(await s().ask('heartbeat', { leaseId, revision })).toBe('ResourceNotFound');
  });

  test('that an older request wrote again under its own lease is to be registered again', async () => {
    const register = async () => {
      const answer = await answerCellRequest(s().contextOf(), 'register', { presence });
      return (answer as { result: { leaseId: string; revision: number } }).result;
    };
    const told = await register();
    const late = await register();
    await s().clock.settle();
    expect(await s().ask('heartbeat', told)).toBe('ResourceNotFound');
    expect(await s().ask('heartbeat', late)).toBe('');
  });

  test('[diego 265] registers again under the lease it has, or a new one when that has ended', async () => {
    const first = (await answerCellRequest(s().contextOf(), 'register', { presence })) as never as {
      result: { leaseId: string };
    };
    const same = { presence: { ...presence, bootId: 'b-2' }, leaseId: first.result.leaseId };
    const again = await answerCellRequest(s().contextOf(), 'register', same);
    expect(again).toMatchObject({ result: { leaseId: first.result.leaseId } });
    await s().clock.settle();
    expect(s().replica.state.cells.get(cell)?.value.bootId).toBe('b-2');
    await s().clock.advance(defaults.presenceTtlMs + 1);
    const anew = await answerCellRequest(s().contextOf(), 'register', same);
    expect(anew).not.toMatchObject({ result: { leaseId: first.result.leaseId } });
    expect(await s().read(presenceKey(cell))).toContain('b-2');
  });

  test("another cell's lease, or the leader's, is not extended", async () => {
    const join = async (cellId: CellId) => {
      const params = { presence: { ...presence, cellId } };
      const answer = await answerCellRequest(s().contextOf(cellId), 'register', params);
      return (answer as { result: { leaseId: string; revision: number } }).result;
    };
    const [mine, its] = [await join(cell), await join(other)];
    const leaders = await s().bbs.grantLease(defaults.presenceTtlMs, { signal: s().life.signal });
    await s().clock.settle();
    for (let at = 0; at < defaults.presenceTtlMs; at += 1_000) {
      for (const leaseId of [its.leaseId, leaders]) {
        expect(await s().ask('heartbeat', { leaseId, revision: mine.revision })).toBe('ResourceNotFound');
        expect(await s().ask('heartbeat', { leaseId, revision: 1e15 })).toBe('ResourceNotFound');
        const again = await answerCellRequest(s().contextOf(), 'register', { presence, leaseId });
        expect(again).not.toMatchObject({ result: { leaseId } });
      }
      await s().clock.advance(1_000);
    }
    expect(s().replica.state.cells.has(cell)).toBe(true);
    expect(s().replica.state.cells.has(other)).toBe(false);
    expect(await s().bbs.keepAlive(leaders, { signal: s().life.signal })).toBe(false);
  });

  test('a lease is extended by a server whose copy does not know the presence yet', async () => {
    const behind = createReplica({ bbs: s().bbs, clock: s().clock, log: silentLog });
    const answer = await answerCellRequest(s().contextOf(), 'register', { presence });
    const { leaseId, revision } = (answer as { result: { leaseId: string; revision: number } }).result;
    expect(await s().ask('heartbeat', { leaseId, revision }, s().contextOf(cell, behind))).toBe('');
  });

  test('[diego 221] of another cell is refused', async () => {
    expect(await s().ask('register', { presence: { ...presence, cellId: 'cell-9' } })).toBe('Unauthorized');
    expect(await s().read(presenceKey('cell-9' as CellId))).toBeUndefined();
  });
});

test('confirm names what is still mine, in every slot, and what cannot be read', async () => {
  await s().put(actualKey(web, 0), encode(s().claimed('i-0')));
  await s().put(actualKey(web, 1), encode(s().claimed('i-1', other, 1)));
  await s().put(
    actualKey(web, 2, 'suspect'),
    encode(withPresence(s().claimed('i-2', cell, 2), 'SUSPECT', s().clock.now())),
  );
  await s().put(actualKey(web, 3), 'broken');
  const leaving = withPresence(s().claimed('i-5', cell, 5), 'EVACUATING', s().clock.now());
  await s().put(actualKey(web, 5, 'evacuating'), encode(leaving));
  const ref = (index: number) => ({ guid: 'web', index, instanceGuid: `i-${index}` });
  const task = desireTask(taskSpecSchema.parse({ guid: 't1', image: 'busybox' }), s().clock.now());
  await s().put(taskKey('t1' as TaskGuid), encode({ ...task, state: 'RUNNING', cellId: cell, attempt: 'a' }));
  const answer = await answerCellRequest(s().contextOf(), 'confirm', {
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
    await s().put(restoredKey, encode(restored));
    await s().clock.advance(at - s().clock.now() + 1_000);
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
    await s().put(actualKey(web, 0), encode(s().claimed('other', other)));
    for (let times = 0; times < 2; times++) {
      const answer = await answerCellRequest(s().contextOf(), 'confirm', asked);
      expect(answer).toEqual({ result: { instances: ['between'], tasks: ['t1'] } });
    }
    await s().clock.settle();
    const kept = [...s().replica.state.events.values()].filter(({ type }) => type === 'instance.kept');
    expect(kept.map(({ subject }) => subject).sort()).toEqual(['t1', 'web/0']);
    await s().clock.advance(keepUntil - s().clock.now());
    expect(await answerCellRequest(s().contextOf(), 'confirm', asked)).toEqual({
      result: { instances: [], tasks: [] },
    });
  });

  describe('another runs in its place', () => {
    const replacement = async (changes: Partial<ActualLrp> = {}): Promise<void> => {
      const { clock } = s();
      const move = start(
        s().claimed('new', other),
        { instanceGuid: 'new' as InstanceGuid, cellId: other, netInfo, containerId: 'c', routable: true },
        clock.now(),
      );
      if (!move.ok) throw new Error(move.refusal);
      await s().put(actualKey(web, 0), encode({ ...move.next, ...changes }));
    };
    const lrp = desireLrp(desiredLrpSpecSchema.parse({ guid: 'web', image: 'x' }), 1, 'epoch-1');
    const surplus = { ...begun('between', asOf + 1), definition: definitionOf(lrp) };
    const confirmed = async (asked: object = surplus): Promise<unknown> => {
      const answer = await answerCellRequest(s().contextOf(), 'confirm', { instances: [asked], tasks: [] });
      await s().clock.settle();
      return answer;
    };
    const isKept = { result: { instances: ['between'], tasks: [] } };
    const ends = { result: { instances: [], tasks: [] } };
    beforeEach(async () => {
      await s().put(desiredKey(web), encode(lrp));
      await s().put(presenceKey(other), encode(cellPresenceSchema.parse({ ...presence, cellId: other })));
    });

    test('for ten minutes: it ends, and the journal says why', async () => {
      await replacement();
      await s().clock.advance(replacedMs - 1);
      expect(await confirmed()).toEqual(isKept);
      expect(s().events()).toEqual([expect.stringMatching(/^instance.kept web\/0.*, or until another of/)]);
      await s().clock.advance(1);
      expect(await confirmed()).toEqual(ends);
      expect(s().events()).toContain(
        'instance.retired web/0: between on cell-1, which the restored state does not know, goes: another has run in its place for 10 minutes',
      );
    });

    test.each<[string, Partial<ActualLrp>]>([
      ['is only claimed', { state: 'CLAIMED' }],
      ['is not ready', { routable: false }],
      ['is to stop', { retire: { reason: 'moved', since: 1 } }],
      ['goes with its cell, where its data is', { home: other }],
    ])('and %s: it is kept', async (_name, changes) => {
      await replacement(changes);
      await s().clock.advance(replacedMs);
      expect(await confirmed()).toEqual(isKept);
    });

    test('by the word of the backup alone: it is kept', async () => {
      await replacement();
      await s().put(restoredKey, encode(restored));
      await s().clock.advance(replacedMs);
      expect(await confirmed()).toEqual(isKept);
    });

    test('on a cell that is lost: it is kept', async () => {
      await replacement();
      await s().bbs.commit([{ compare: [], puts: [], deletes: [presenceKey(other)] }], {
        signal: s().life.signal,
      });
      await s().clock.advance(replacedMs);
      expect(await confirmed()).toEqual(isKept);
    });

    test.each([
      ['of another definition', { ...surplus, definition: 'epoch-2/1' }],
      ['that does not say of which definition it is', begun('between', asOf + 1)],
    ])('of a container %s: it is kept', async (_name, asked) => {
      await replacement();
      await s().clock.advance(replacedMs);
      expect(await confirmed(asked)).toEqual(isKept);
    });
  });

  test('news of what it does not know is not refused, which would stop it', async () => {
    const started = { ...begun('between'), netInfo, containerId: 'c', routable: true };
    expect(await s().ask('started', started)).toBe('Unavailable');
    await s().put(actualKey(web, 0), encode(s().claimed('mine')));
    expect(await s().ask('started', { ...started, instanceGuid: 'mine' })).toBe('');
    await s().clock.advance(keepUntil - s().clock.now());
    expect(await s().ask('started', started)).toBe('ActualLRPCannotBeStarted');
  });
});

test('confirm without a quorum answers nothing at all', async () => {
  s().bbs.setAvailable(false);
  const params = { instances: [{ guid: 'web', index: 0, instanceGuid: 'i' }], tasks: [] };
  expect(await s().ask('confirm', params)).toBe('Unavailable');
});

test('a comparison that fails is tried again on fresh data, a lost answer is settled by asking again', async () => {
  await s().put(actualKey(web, 0), encode(s().claimed()));
  s().bbs.failNextCommit('after');
  expect(await s().ask('crashed', crashed())).toBe('Unavailable');
  expect(await s().actual()).toMatchObject({ state: 'UNCLAIMED', crashCount: 1 });
  expect(await s().ask('crashed', crashed())).toBe('ActualLRPCannotBeCrashed');
});

test.each([
  ['started', { guid: 'web' }],
  ['crashed', { guid: 'a/b', index: 0, instanceGuid: 'i', reason: '' }],
  ['stopped', { guid: 'web', index: -1, instanceGuid: 'i' }],
  ['confirm', 'x'],
] as const)('%s with bad parameters is an InvalidRequest', async (method, params) => {
  expect(await s().ask(method, params)).toBe('InvalidRequest');
});
