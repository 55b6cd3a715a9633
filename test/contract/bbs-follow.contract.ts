/** What every adapter of the Bbs port must do for those who follow it. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Bbs, Mutation } from '../../src/store/bbs.ts';
import { type Recording, record } from '../kit/recording-observer.ts';
import { at, type BbsBed, committed, options, patient, put } from './bbs.contract.ts';

/** The store's content as another client lists it. */
async function contentOf(bbs: Bbs): Promise<Map<string, string>> {
  const { records } = await bbs.list('/skep/v1/', options);
  return new Map(records.map(({ key, value }) => [key, value]));
}

/** Waits until the follower knows exactly what the store holds. */
async function caughtUp(following: Recording, bbs: Bbs): Promise<void> {
  await vi.waitFor(async () => {
    const wanted = await contentOf(bbs);
    expect(following.content).toEqual(wanted);
  }, patient);
}

const loaded = (following: Recording): Promise<void> =>
  vi.waitFor(() => expect(following.snapshots).toHaveLength(1), patient);

export function bbsFollowContract(name: string, open: () => Promise<BbsBed>): void {
  describe(`${name}: following`, () => {
    let bed: BbsBed;
    beforeEach(async () => {
      bed = await open();
    });
    afterEach(() => bed.close());
    watching(() => bed);
    resuming(() => bed);
    grouping(() => bed);
  });
}

type GetBed = () => BbsBed;

function watching(bed: GetBed): void {
  test('snapshot, then every change, without a gap, while others write', async () => {
    const { bbs, other } = bed();
    let writes = 0;
    const enough = new AbortController();
    const writing = (async () => {
      while (!enough.signal.aborted) {
        await committed(other, put('task/counter', String(++writes)));
        await committed(other, put(`task/t${writes}`, 'x'));
        // In memory nothing of this waits for anything: let the test have its turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await vi.waitFor(() => expect(writes).toBeGreaterThan(5), patient);
    const followers = [record(bbs), record(bbs), record(bbs)];
    await vi.waitFor(() => {
      for (const following of followers) expect(following.batches.length).toBeGreaterThan(10);
    }, patient);
    enough.abort();
    await writing;
    for (const following of followers) {
      await caughtUp(following, other);
      expect(following.snapshots).toHaveLength(1);
      const seen = [following.snapshots[0]?.records ?? [], ...following.batches.map((b) => b.changes)]
        .flatMap((items) => items.map((item) => ('record' in item ? item.record : item)))
        .filter((item) => item?.key === at('task/counter'))
        .map((item) => Number(item?.value));
      const first = seen[0] ?? 0;
      expect(seen).toEqual(Array.from({ length: writes - first + 1 }, (_, index) => first + index));
      const revisions = following.batches.map((b) => b.revision);
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
      await following.stop();
    }
  });

  test('tells of puts, deletions and their revisions, of our keys only', async () => {
    const { bbs, other } = bed();
    const following = record(bbs);
    await loaded(following);
    await other.commit([{ compare: [], puts: [{ key: '/foreign/key', value: 'x' }] }], options);
    const revision = await committed(other, put('desired/a', 'A'));
    await committed(other, { compare: [], puts: [], deletes: [at('desired/a')] });
    await vi.waitFor(() => expect(following.batches.flatMap((b) => b.changes)).toHaveLength(2), patient);
    expect(following.batches.flatMap((b) => b.changes)).toEqual([
      { key: at('desired/a'), record: { key: at('desired/a'), value: 'A', revision } },
      { key: at('desired/a'), record: undefined },
    ]);
    await following.stop();
  });

  test('a snapshot of many megabytes', async () => {
    const { bbs, other } = bed();
    const batch = Array.from({ length: 800 }, (_, index) =>
      put(`task/${index}`, `${index}`.padEnd(10_000, '.')),
    );
    await other.commit(batch, options);
    const following = record(bbs);
    await loaded(following);
    expect(following.content).toEqual(await contentOf(other));
    await following.stop();
  });

  test('ends when its signal aborts, and tells nothing more', async () => {
    const { bbs, other } = bed();
    const following = record(bbs);
    await loaded(following);
    await following.stop();
    await committed(other, put('task/late', 'x'));
    await contentOf(other);
    expect(following.content.size).toBe(0);
    await bbs.follow(following, { signal: AbortSignal.abort() });
    expect(following.snapshots).toHaveLength(1);
  });
}

function resuming(bed: GetBed): void {
  test('a dropped connection: stale, then resumed from where it was', async () => {
    const { bbs, other, dropConnections } = bed();
    await committed(other, put('task/before', 'x'));
    const following = record(bbs);
    await loaded(following);
    for (const round of [1, 2, 3]) {
      await committed(other, put(`task/seen${round}`, 'x'));
      await caughtUp(following, other);
      dropConnections();
      await committed(other, put(`task/missed${round}`, 'x'));
      await committed(other, { compare: [], puts: [], deletes: [at(`task/seen${round}`)] });
      await caughtUp(following, other);
      await vi.waitFor(() => expect(following.stale).toHaveLength(2 * round), patient);
    }
    expect(following.stale.map((reason) => typeof reason)).toEqual(
      Array(3).fill(['string', 'undefined']).flat(),
    );
    expect(following.snapshots).toHaveLength(1);
    const keys = following.batches.flatMap((b) => b.changes.map((change) => change.key));
    expect(keys).toHaveLength(9);
    await following.stop();
  });

  test('the log was compacted meanwhile: a snapshot takes the place of the changes', async () => {
    const { bbs, other, compact, setReachable } = bed();
    await committed(other, put('task/old', 'x'));
    const following = record(bbs);
    await loaded(following);
    setReachable(false);
    await vi.waitFor(() => expect(following.stale.at(-1)).toBeTypeOf('string'), patient);
    await committed(other, { compare: [], puts: [], deletes: [at('task/old')] });
    for (const index of [1, 2, 3]) await committed(other, put('task/new', `${index}`));
    await compact();
    setReachable(true);
    await vi.waitFor(() => expect(following.snapshots).toHaveLength(2), patient);
    await caughtUp(following, other);
    await committed(other, put('task/after', 'x'));
    await caughtUp(following, other);
    await vi.waitFor(() => expect(following.stale.at(-1)).toBeUndefined(), patient);
    expect(following.snapshots).toHaveLength(2);
    await following.stop();
  });

  test('compaction while it follows disturbs nobody who is up to date', async () => {
    const { bbs, other, compact } = bed();
    const following = record(bbs);
    await loaded(following);
    await committed(other, put('task/a', 'x'));
    await caughtUp(following, other);
    await compact();
    await committed(other, put('task/b', 'x'));
    await caughtUp(following, other);
    expect(following.snapshots).toHaveLength(1);
    await following.stop();
  });

  test('starts unreachable, loads when the store is there', async () => {
    const { bbs, other, setReachable } = bed();
    await committed(other, put('task/a', 'x'));
    setReachable(false);
    const following = record(bbs);
    await vi.waitFor(() => expect(following.stale[0]).toBeTypeOf('string'), patient);
    expect(following.snapshots).toEqual([]);
    setReachable(true);
    await caughtUp(following, other);
    await vi.waitFor(() => expect(following.stale).toEqual([following.stale[0], undefined]), patient);
    await following.stop();
  });
}

function grouping(bed: GetBed): void {
  test('a transaction is never split, though many are caught up with at once', async () => {
    const { bbs, other, setReachable } = bed();
    const following = record(bbs);
    await loaded(following);
    setReachable(false);
    await vi.waitFor(() => expect(following.stale).toHaveLength(1), patient);
    const puts = (value: string): Mutation => ({
      compare: [],
      puts: Array.from({ length: 90 }, (_, i) => ({
        key: at(`task/${i}`),
        value: value.padEnd(10_000, '.'),
      })),
    });
    for (const value of ['a', 'b', 'c', 'd', 'e', 'f']) await committed(other, puts(value));
    setReachable(true);
    await caughtUp(following, other);
    for (const { changes } of following.batches) {
      const perValue = Map.groupBy(changes, (change) => change.record?.value[0]);
      for (const [value, group] of perValue) expect(`${value} ${group.length}`).toBe(`${value} 90`);
    }
    expect(following.batches.flatMap((b) => b.changes)).toHaveLength(540);
    await following.stop();
  });
}
