/** What every adapter of the Bbs port must do: writing, reading and leases. `bbs-follow.contract.ts` has the watch. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Bbs, CallOptions, Mutation } from '../../src/store/bbs.ts';
import { record } from '../kit/recording-observer.ts';

export interface BbsBed {
  /** The client under test. */
  readonly bbs: Bbs;
  /** Another client of the same store, which no fault touches. */
  readonly other: Bbs;
  /** Cuts the connections of the client under test; it may connect again. */
  dropConnections(): void;
  /** While unreachable, the client under test reaches nothing. */
  setReachable(reachable: boolean): void;
  /** Throws away the log up to now. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

export const at = (name: string): string => `/skep/v1/${name}`;
export const options: CallOptions = { signal: new AbortController().signal };
export const patient = { timeout: 20_000, interval: 20 };

export const put = (name: string, value: string, revision?: number): Mutation => ({
  compare: revision === undefined ? [] : [{ key: at(name), revision }],
  puts: [{ key: at(name), value }],
});

/** The revision at which something was committed. */
export async function committed(bbs: Bbs, mutation: Mutation): Promise<number> {
  const [outcome] = await bbs.commit([mutation], options);
  if (!outcome?.committed) throw new Error('the mutation was refused');
  return outcome.revision;
}

async function valueOf(bbs: Bbs, name: string): Promise<string | undefined> {
  const { records } = await bbs.read([at(name)], options);
  return records[0]?.value;
}

export function bbsContract(name: string, open: () => Promise<BbsBed>): void {
  describe(`${name}: writing and reading`, () => {
    let bed: BbsBed;
    beforeEach(async () => {
      bed = await open();
    });
    afterEach(() => bed.close());
    comparing(() => bed);
    batching(() => bed);
    fencing(() => bed);
    reading(() => bed);
    leasing(() => bed);
    failing(() => bed);
  });
}

type GetBed = () => BbsBed;

function comparing(bed: GetBed): void {
  test('compare and set: create once, change only what was read, delete only what was read', async () => {
    const { bbs, other } = bed();
    const first = await committed(bbs, put('desired/a', 'one', 0));
    expect(await bbs.commit([put('desired/a', 'again', 0)], options)).toEqual([{ committed: false }]);
    const second = await committed(other, put('desired/a', 'two', first));
    expect(second).toBeGreaterThan(first);
    expect(await bbs.commit([put('desired/a', 'late', first)], options)).toEqual([{ committed: false }]);
    const { records } = await bbs.read([at('desired/a')], options);
    expect(records).toEqual([{ key: at('desired/a'), value: 'two', revision: second }]);
    const remove = (revision: number): Mutation => ({
      compare: [{ key: at('desired/a'), revision }],
      puts: [],
      deletes: [at('desired/a')],
    });
    expect(await bbs.commit([remove(first)], options)).toEqual([{ committed: false }]);
    expect((await bbs.commit([remove(second)], options))[0]?.committed).toBe(true);
    expect(await valueOf(bbs, 'desired/a')).toBeUndefined();
    await committed(bbs, put('desired/a', 'reborn', 0));
  });

  test('one mutation is all or nothing', async () => {
    const { bbs } = bed();
    await committed(bbs, put('task/held', 'x'));
    const move = (revision: number): Mutation => ({
      compare: [
        { key: at('task/held'), revision },
        { key: at('task/new'), revision: 0 },
      ],
      puts: [
        { key: at('task/new'), value: 'y' },
        { key: at('task/newer'), value: 'ž' },
      ],
      deletes: [at('task/held')],
    });
    const held = (await bbs.read([at('task/held')], options)).records[0]?.revision ?? 0;
    expect(await bbs.commit([move(held + 1)], options)).toEqual([{ committed: false }]);
    expect((await bbs.list(at('task/'), options)).records.map((r) => r.key)).toEqual([at('task/held')]);
    await committed(bbs, move(held));
    const { records } = await bbs.list(at('task/'), options);
    expect(records.map((r) => r.value)).toEqual(['y', 'ž']);
    expect(records[0]?.revision).toBe(records[1]?.revision);
  });
}

function batching(bed: GetBed): void {
  test('[diego 279] each mutation of a batch has its own outcome, over several transactions, in order', async () => {
    const { bbs } = bed();
    await committed(bbs, put('task/t7', 'taken'));
    await committed(bbs, put('task/t1500', 'taken'));
    const batch = Array.from({ length: 2_500 }, (_, index) => put(`task/t${index}`, `v${index}`, 0));
    const outcomes = await bbs.commit(batch, options);
    expect(outcomes).toHaveLength(2_500);
    expect(outcomes.flatMap((outcome, index) => (outcome.committed ? [] : [index]))).toEqual([7, 1_500]);
    const { records } = await bbs.list(at('task/'), options);
    expect(records).toHaveLength(2_500);
    const byKey = new Map(records.map((r) => [r.key, r]));
    expect(byKey.get(at('task/t7'))?.value).toBe('taken');
    const last = outcomes[2_499];
    expect(last).toEqual({ committed: true, revision: byKey.get(at('task/t2499'))?.revision });
  });

  test('mutations on one key in one batch follow each other', async () => {
    const { bbs } = bed();
    const outcomes = await bbs.commit(
      [
        put('domain/a', 'first', 0),
        put('domain/b', 'between', 0),
        put('domain/a', 'second', 0),
        { compare: [{ key: at('domain/b'), revision: 0 }], puts: [{ key: at('domain/c'), value: 'c' }] },
        put('domain/a', 'third'),
        { compare: [], puts: [], deletes: [at('domain/b')] },
        put('domain/b', 'anew', 0),
      ],
      options,
    );
    expect(outcomes.map((o) => o.committed)).toEqual([true, true, false, false, true, true, true]);
    const { records } = await bbs.list(at('domain/'), options);
    expect(records.map((r) => r.value)).toEqual(['third', 'anew']);
  });

  test('a batch of more bytes than one request may have', async () => {
    const { bbs } = bed();
    const value = 'é'.repeat(40_000);
    const batch = Array.from({ length: 60 }, (_, index) => put(`task/big${index}`, value, 0));
    expect((await bbs.commit(batch, options)).every((outcome) => outcome.committed)).toBe(true);
    expect(await valueOf(bbs, 'task/big59')).toBe(value);
  });

  test('no mutations, no outcomes', async () => {
    expect(await bed().bbs.commit([], options)).toEqual([]);
  });
}

function fencing(bed: GetBed): void {
  test('a fence that holds lets writes through; one that does not stops all of them', async () => {
    const { bbs, other } = bed();
    const revision = await committed(bbs, put('brain/leader', 'me', 0));
    const fence = { key: at('brain/leader'), revision };
    const outcomes = await bbs.commit([put('task/a', 'a', 0), put('task/a', 'b', 0)], { ...options, fence });
    expect(outcomes.map((o) => o.committed)).toEqual([true, false]);
    await committed(other, put('brain/leader', 'you', revision));
    const late = Array.from({ length: 2_100 }, (_, index) => put(`task/late${index}`, 'x'));
    await expect(bbs.commit(late, { ...options, fence })).rejects.toMatchObject({ code: 'Fenced' });
    await expect(bbs.commit([put('task/late', 'x')], { ...options, fence })).rejects.toMatchObject({
      code: 'Fenced',
    });
    const range = bbs.deleteRange(at('task/'), at('task0'), { ...options, fence });
    await expect(range).rejects.toMatchObject({ code: 'Fenced' });
    const { records } = await bbs.list(at('task/'), options);
    expect(records.map((r) => r.key)).toEqual([at('task/a')]);
  });

  test('when the fence falls during a batch, nothing of it is written from then on', async () => {
    const { bbs, other } = bed();
    const revision = await committed(bbs, put('brain/leader', 'me', 0));
    const fence = { key: at('brain/leader'), revision };
    const batch = Array.from({ length: 20_000 }, (_, i) => put(`task/${String(i).padStart(5, '0')}`, 'x', 0));
    const writing = bbs.commit(batch, { ...options, fence });
    const fell = await committed(other, put('brain/leader', 'you', revision));
    await writing.catch((error: unknown) => expect(error).toMatchObject({ code: 'Fenced' }));
    const { records } = await bbs.list(at('task/'), options);
    expect(records.filter((r) => r.revision > fell)).toEqual([]);
    expect(records.map((r) => r.key)).toEqual(batch.slice(0, records.length).map((m) => m.puts[0]?.key));
  });
}

function reading(bed: GetBed): void {
  test('reads give records in the order asked, and what another client has just written', async () => {
    const { bbs, other } = bed();
    await committed(other, put('desired/a', 'A'));
    const revision = await committed(other, put('desired/b', 'B'));
    const answer = await bbs.read([at('desired/b'), at('desired/none'), at('desired/a')], options);
    expect(answer.records.map((r) => r?.value)).toEqual(['B', undefined, 'A']);
    expect(answer.revision).toBe(revision);
    expect((await bbs.read([], options)).records).toEqual([]);
  });

  test('a list holds the keys under the prefix, in order, and no others', async () => {
    const { bbs } = bed();
    const names = ['actual/web/0', 'actual/web/1', 'actual/web-2/0', 'actual/weba/0', 'actual/we/0'];
    await bbs.commit(
      names.map((each) => put(each, each)),
      options,
    );
    const { records } = await bbs.list(at('actual/web/'), options);
    expect(records.map((r) => r.value)).toEqual(['actual/web/0', 'actual/web/1']);
    expect((await bbs.list(at('nothing/'), options)).records).toEqual([]);
  });

  test('reads far beyond one message', async () => {
    const { bbs } = bed();
    const names = Array.from({ length: 900 }, (_, index) => `task/${String(index).padStart(4, '0')}`);
    await bbs.commit(
      names.map((each) => put(each, each.padEnd(10_000, '.'))),
      options,
    );
    const { records, revision } = await bbs.list(at('task/'), options);
    expect(records.map((r) => r.key)).toEqual(names.map(at));
    expect(records.every((r) => r.value.length === 10_000)).toBe(true);
    const read = await bbs.read(names.map(at), options);
    expect(read.records.map((r) => r?.key)).toEqual(names.map(at));
    expect(read.revision).toBe(revision);
  });

  test('deleteRange takes [from, to) and nothing else', async () => {
    const { bbs } = bed();
    await bbs.commit(
      ['event/1', 'event/2', 'event/3', 'task/x'].map((each) => put(each, each)),
      options,
    );
    await bbs.deleteRange(at('event/'), at('event/3'), options);
    const { records } = await bbs.list('/skep/v1/', options);
    expect(records.map((r) => r.value)).toEqual(['event/3', 'task/x']);
  });
}

function leasing(bed: GetBed): void {
  const under = (name: string, leaseId: string): Mutation => ({
    compare: [],
    puts: [{ key: at(name), value: name, leaseId }],
  });

  test('what is under a lease goes with it, and followers see it go', async () => {
    const { bbs, other } = bed();
    const leaseId = await bbs.grantLease(1_000, options);
    await committed(bbs, under('cell/a/presence', leaseId));
    await committed(bbs, put('cell/b/presence', 'no lease'));
    const following = record(other);
    await vi.waitFor(() => expect(following.content.size).toBe(2), patient);
    await vi.waitFor(() => expect([...following.content.keys()]).toEqual([at('cell/b/presence')]), patient);
    expect(following.snapshots).toHaveLength(1);
    expect(await bbs.keepAlive(leaseId, options)).toBe(false);
    const late = bbs.commit([under('cell/a/presence', leaseId)], options);
    await expect(late).rejects.toMatchObject({ code: 'ResourceNotFound' });
    await following.stop();
  });

  test('a lease that is kept alive outlives one that is not', async () => {
    const { bbs, other } = bed();
    const kept = await bbs.grantLease(2_000, options);
    const left = await bbs.grantLease(2_000, options);
    await committed(bbs, under('cell/kept/presence', kept));
    await committed(bbs, under('cell/left/presence', left));
    const gone = vi.waitFor(async () => {
      // Asked of any client, and of the lease's own.
      expect(await other.keepAlive(kept, options)).toBe(true);
      expect(await valueOf(bbs, 'cell/left/presence')).toBeUndefined();
    }, patient);
    await gone;
    expect(await valueOf(bbs, 'cell/kept/presence')).toBeDefined();
  });

  test('a lease that is revoked goes at once; revoking twice is fine; another key of it may have left', async () => {
    const { bbs } = bed();
    const leaseId = await bbs.grantLease(60_000, options);
    await committed(bbs, under('cell/a/presence', leaseId));
    await committed(bbs, under('cell/b/presence', leaseId));
    await committed(bbs, put('cell/b/presence', 'stays'));
    await bbs.revokeLease(leaseId, options);
    await bbs.revokeLease(leaseId, options);
    expect(await valueOf(bbs, 'cell/a/presence')).toBeUndefined();
    expect(await valueOf(bbs, 'cell/b/presence')).toBe('stays');
    expect(await bbs.keepAlive(leaseId, options)).toBe(false);
  });
}

function failing(bed: GetBed): void {
  test('without a quorum every call says so, and works again afterwards', async () => {
    const { bbs, setReachable } = bed();
    const leaseId = await bbs.grantLease(60_000, options);
    setReachable(false);
    const calls: readonly Promise<unknown>[] = [
      bbs.commit([put('task/a', 'x')], options),
      bbs.read([at('task/a')], options),
      bbs.list(at('task/'), options),
      bbs.deleteRange(at('x/'), at('x0'), options),
      bbs.grantLease(1_000, options),
      bbs.keepAlive(leaseId, options),
      bbs.revokeLease(leaseId, options),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'Unavailable' } });
    }
    setReachable(true);
    await vi.waitFor(() => committed(bbs, put('task/a', 'back')), patient);
    expect(await bbs.keepAlive(leaseId, options)).toBe(true);
  });

  test('an aborted signal rejects with its reason, before and during a call', async () => {
    const { bbs, setReachable } = bed();
    const reason = new Error('the client went away');
    await expect(bbs.read([at('a')], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await committed(bbs, put('task/a', 'x'));
    setReachable(false);
    const during = new AbortController();
    const call = bbs.commit([put('task/a', 'y')], { signal: during.signal });
    during.abort(reason);
    await expect(call).rejects.toBe(reason);
    setReachable(true);
  });
}
