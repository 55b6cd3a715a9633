import { afterEach, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../test/kit/virtual-clock.ts';
import type { Log } from '../base/log.ts';
import { silentLog } from '../base/log.ts';
import type { ProcessGuid } from '../model/ids.ts';
import type { Touched } from './core/state.ts';
import { createReplica } from './follow-replica.ts';
import { type MemoryBbs, memoryBbs } from './memory/memory-bbs.ts';
import type { Replica } from './replica.ts';

const forever = new AbortController().signal;
const web = 'web' as ProcessGuid;
const domainText = (name: string): string => JSON.stringify({ v: 1, name, ttlSeconds: 0, updatedAt: 1 });

interface Bed {
  readonly bbs: MemoryBbs;
  readonly clock: VirtualClock;
  readonly replica: Replica;
  /** `event key-or-reason` of each record of the log. */
  readonly said: string[];
  write(key: string, value: string): Promise<number>;
}

const end: AbortController[] = [];
afterEach(() => {
  for (const controller of end.splice(0)) controller.abort();
});

function bed(): Bed {
  const clock = virtualClock();
  const bbs = memoryBbs({ clock });
  const said: string[] = [];
  const say: Log['warn'] = (event, fields) =>
    void said.push(`${event} ${String(fields?.['key'] ?? fields?.['reason'])}`);
  const log: Log = { ...silentLog, warn: say, error: say };
  const replica = createReplica({ bbs, clock, log });
  const write = async (key: string, value: string): Promise<number> => {
    const [outcome] = await bbs.commit([{ compare: [], puts: [{ key, value }] }], { signal: forever });
    return outcome?.committed ? outcome.revision : 0;
  };
  return { bbs, clock, replica, said, write };
}

async function started(): Promise<Bed & { readonly touches: Touched[]; readonly ended: Promise<void> }> {
  const all = bed();
  const controller = new AbortController();
  end.push(controller);
  const touches: Touched[] = [];
  all.replica.subscribe((touched) => touches.push(touched));
  const ended = all.replica.run(controller.signal);
  await all.clock.settle();
  return { ...all, touches, ended };
}

test('a large first snapshot is read in steps, and what changes meanwhile comes after it', async () => {
  const { replica, clock, bbs, write } = bed();
  const puts = Array.from({ length: 4_500 }, (_, index) => {
    return { compare: [], puts: [{ key: `/skep/v1/domain/d${index}`, value: domainText(`d${index}`) }] };
  });
  await bbs.commit(puts, { signal: forever });
  const controller = new AbortController();
  end.push(controller);
  void replica.run(controller.signal);
  await clock.settle();
  expect(replica.staleReason).toBeUndefined();
  const last = await write('/skep/v1/domain/late', domainText('late'));
  await bbs.commit([{ compare: [], puts: [], deletes: ['/skep/v1/domain/d7'] }], { signal: forever });
  await clock.settle();
  expect(replica.staleReason).toBeUndefined();
  await clock.advance(10);
  await replica.waitFor(last, 1_000, forever);
  expect(replica.state.domains.size).toBe(4_500);
  expect(replica.state.domains.has('late')).toBe(true);
});

test('loads, follows, and tells its listeners what was touched', async () => {
  const { replica, write, clock, touches } = await started();
  expect(touches).toMatchObject([{ all: true }]);
  await write('/skep/v1/domain/d', domainText('d'));
  await clock.settle();
  expect([...replica.state.domains.keys()]).toEqual(['d']);
  expect(touches[1]).toMatchObject({ all: false, domains: new Set(['d']) });
});

test('is undefined, then current, then stale with the reason, then current', async () => {
  const { bbs, clock, replica } = bed();
  bbs.setAvailable(false);
  const controller = new AbortController();
  const ended = replica.run(controller.signal);
  await clock.settle();
  expect(replica.staleReason).toBeUndefined();
  bbs.setAvailable(true);
  await clock.settle();
  expect(replica.staleReason).toBe('');
  bbs.setAvailable(false);
  expect(replica.staleReason).toContain('no quorum');
  bbs.setAvailable(true);
  expect(replica.staleReason).toBe('');
  controller.abort();
  await ended;
});

test('a snapshot after compaction replaces what was known', async () => {
  const { bbs, clock, replica, write, touches } = await started();
  await write('/skep/v1/domain/old', domainText('old'));
  await clock.settle();
  bbs.setAvailable(false);
  bbs.store.deleteRange('/skep/v1/domain/', '/skep/v1/domain0', undefined);
  bbs.store.commit(
    [{ compare: [], puts: [{ key: '/skep/v1/domain/new', value: domainText('new') }] }],
    undefined,
  );
  bbs.compact();
  bbs.setAvailable(true);
  await clock.settle();
  expect([...replica.state.domains.keys()]).toEqual(['new']);
  expect(touches.map((touched) => touched.all)).toEqual([true, false, true]);
  expect(replica.state.revision).toBe(bbs.store.revision);
});

test('a large snapshot after compaction is read in steps: the old state is served, and said to be old, meanwhile', async () => {
  const { bbs, clock, replica, write, touches } = await started();
  await write('/skep/v1/domain/old', domainText('old'));
  await clock.settle();
  const { state } = replica;
  bbs.setAvailable(false);
  bbs.store.deleteRange('/skep/v1/domain/', '/skep/v1/domain0', undefined);
  const puts = Array.from({ length: 4_500 }, (_, index) => {
    return { compare: [], puts: [{ key: `/skep/v1/domain/d${index}`, value: domainText(`d${index}`) }] };
  });
  bbs.store.commit(puts, undefined);
  bbs.compact();
  const before = clock.pendingTimers;
  bbs.setAvailable(true);
  await clock.settle();
  const last = await write('/skep/v1/domain/late', domainText('late'));
  await clock.settle();
  expect([...state.domains.keys()]).toEqual(['old']);
  expect(replica.staleReason).toContain('reads the whole state anew');
  expect(touches).toHaveLength(2);
  // Each step ends with a timer, so that the server comes to its other work.
  expect(clock.pendingTimers).toBe(before + 1);
  await clock.advance(10);
  await replica.waitFor(last, 1_000, forever);
  expect([state.domains.size, replica.staleReason]).toEqual([4_501, '']);
  expect(touches.map(({ all }) => all)).toEqual([true, false, true, false]);
});

test('waiting for a revision ends when it has come', async () => {
  const { replica, write, clock } = await started();
  const revision = await write('/skep/v1/domain/d', domainText('d'));
  await replica.waitFor(revision, 1_000, forever);
  expect(replica.state.domains.size).toBe(1);
  await replica.waitFor(0, 0, forever);
  await clock.settle();
  expect(clock.pendingTimers).toBe(0);
});

test('waiting in vain ends with the reason, at the deadline', async () => {
  const { replica, bbs, clock } = await started();
  bbs.setAvailable(false);
  const late = expect(replica.waitFor(99, 1_000, forever)).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringMatching(/is at revision 1 and did not reach 99 in 1000 ms: .*no quorum/),
  });
  await clock.advance(1_000);
  await late;
});

test('waiting ends with the reason of its signal', async () => {
  const { replica } = await started();
  const controller = new AbortController();
  const waiting = expect(replica.waitFor(99, 1_000, controller.signal)).rejects.toThrow('went away');
  controller.abort(new Error('went away'));
  await waiting;
});

test('a listener that throws is logged and does not keep the news from the next; one that left hears nothing', async () => {
  const { replica, write, clock, said } = await started();
  const heard: string[] = [];
  replica.subscribe(() => {
    throw new Error('broken listener');
  });
  const leave = replica.subscribe((touched) => void heard.push(...touched.domains));
  await write('/skep/v1/domain/a', domainText('a'));
  await clock.settle();
  leave();
  await write('/skep/v1/domain/b', domainText('b'));
  await clock.settle();
  expect(heard).toEqual(['a']);
  expect(said).toEqual(['store.listener_failed broken listener', 'store.listener_failed broken listener']);
});

test('a corrupt record is logged once, and the rest goes on', async () => {
  const { replica, write, clock, said } = await started();
  await write('/skep/v1/desired/web', '{');
  await write('/skep/v1/domain/a', domainText('a'));
  await clock.settle();
  await write('/skep/v1/domain/b', domainText('b'));
  await clock.settle();
  expect(said).toEqual(['store.corrupt_record /skep/v1/desired/web']);
  expect(replica.state.corrupt.get('/skep/v1/desired/web')).toBe('is not JSON');
  expect(replica.state.desired.has(web)).toBe(false);
  expect(replica.state.domains.size).toBe(2);
});
