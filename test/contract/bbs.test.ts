/** The Bbs contract on both adapters: in memory, and on a real etcd behind a proxy with faults. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { type EtcdBbs, etcdBbs } from '../../src/store/etcd/etcd-bbs.ts';
import { memoryBbs } from '../../src/store/memory/memory-bbs.ts';
import { startEtcd, type TestEtcd } from '../kit/etcd.ts';
import { record } from '../kit/recording-observer.ts';
import { type TcpProxy, tcpProxy } from '../kit/tcp-proxy.ts';
import { at, type BbsBed, bbsContract, committed, options, patient, put } from './bbs.contract.ts';
import { bbsFollowContract } from './bbs-follow.contract.ts';

async function memoryBed(): Promise<BbsBed> {
  const bbs = memoryBbs({ clock: systemClock });
  return {
    bbs,
    other: memoryBbs({ clock: systemClock, store: bbs.store }),
    dropConnections: () => bbs.dropConnections(),
    setReachable: (reachable) => bbs.setAvailable(reachable),
    compact: async () => bbs.compact(),
    close: async () => undefined,
  };
}

bbsContract('memory', memoryBed);
bbsFollowContract('memory', memoryBed);

/** An election time-out of 100 ms allows leases of 1 s. */
const quick = ['--heartbeat-interval', '20', '--election-timeout', '200'];

const client = (...endpoints: string[]): EtcdBbs =>
  etcdBbs({ endpoints, clock: systemClock, log: silentLog, rng: seededRng(1) });

/** Empties the store of everything, leases and foreign keys too. */
async function empty(bbs: EtcdBbs): Promise<void> {
  await bbs.deleteRange('!', '~', options);
}

describe('etcd', () => {
  let etcd: TestEtcd;
  beforeAll(async () => {
    etcd = await startEtcd(quick);
  });
  afterAll(() => etcd.stop());

  async function etcdBed(): Promise<BbsBed & { readonly proxy: TcpProxy }> {
    const proxy = await tcpProxy(etcd.port);
    const bbs = client(proxy.address);
    const other = client(...etcd.endpoints);
    await empty(other);
    return {
      bbs,
      other,
      proxy,
      dropConnections: () => proxy.dropConnections(),
      setReachable: (reachable) => proxy.refuse(!reachable),
      compact: () => etcd.compact(),
      async close() {
        bbs.close();
        other.close();
        await proxy.close();
      },
    };
  }

  bbsContract('etcd', etcdBed);
  bbsFollowContract('etcd', etcdBed);

  test('a connection that dies without a word is noticed, and the next one resumes', async () => {
    const { bbs, other, proxy, close } = await etcdBed();
    const following = record(bbs);
    await vi.waitFor(() => expect(following.snapshots).toHaveLength(1), patient);
    // One that has caught up: it would be left more time otherwise.
    await committed(other, put('task/seen', 'x'));
    await vi.waitFor(() => expect(following.content.get(at('task/seen'))).toBe('x'), patient);
    proxy.silence('everything');
    await committed(other, put('task/missed', 'x'));
    await vi.waitFor(() => expect(following.stale[0]).toContain('no answer'), patient);
    proxy.dropConnections();
    proxy.silence('nothing');
    await vi.waitFor(() => expect(following.content.get(at('task/missed'))).toBe('x'), patient);
    await following.stop();
    await close();
  });

  test('goes on to another member when the preferred one is gone', async () => {
    const proxy = await tcpProxy(etcd.port);
    const bbs = client(proxy.address, ...etcd.endpoints);
    await empty(bbs);
    const following = record(bbs);
    await vi.waitFor(() => expect(following.snapshots).toHaveLength(1), patient);
    proxy.refuse(true);
    await vi.waitFor(() => committed(bbs, put('task/a', 'x')), patient);
    await vi.waitFor(() => expect(following.content.get(at('task/a'))).toBe('x'), patient);
    await following.stop();
    bbs.close();
    await proxy.close();
  });

  test('a commit whose answer is lost is asked after, not done twice', async () => {
    const proxy = await tcpProxy(etcd.port);
    const bbs = client(proxy.address, ...etcd.endpoints);
    const other = client(...etcd.endpoints);
    await empty(bbs);
    const before = await committed(bbs, put('task/a', 'one', 0));
    await committed(other, put('task/taken', 'by another', 0));
    proxy.silence('answers');
    const outcomes = await bbs.commit(
      [put('task/a', 'two', before), put('task/b', 'new', 0), put('task/taken', 'mine', 0)],
      options,
    );
    const { records, revision } = await other.read([at('task/a'), at('task/b'), at('task/taken')], options);
    expect(records.map((r) => r?.value)).toEqual(['two', 'new', 'by another']);
    expect(revision).toBe(before + 2);
    const done = { committed: true, revision };
    expect(outcomes).toEqual([done, done, { committed: false }]);
    for (const each of [bbs, other, proxy]) await each.close();
  });

  test('a commit that could happen twice is not sent twice', async () => {
    const proxy = await tcpProxy(etcd.port);
    const bbs = client(proxy.address, ...etcd.endpoints);
    await empty(bbs);
    const before = await committed(bbs, put('task/a', 'one'));
    proxy.silence('answers');
    const lost = bbs.commit([put('task/a', 'two')], options);
    await expect(lost).rejects.toMatchObject({ code: 'Unavailable' });
    const [record] = (await bbs.read([at('task/a')], options)).records;
    expect(record).toEqual({ key: at('task/a'), value: 'two', revision: before + 1 });
    for (const each of [bbs, proxy]) await each.close();
  });

  test('a record too large for etcd is refused and named so; its neighbours are not stopped by it', async () => {
    const { bbs, close } = await etcdBed();
    const huge = bbs.commit([put('task/huge', 'x'.repeat(3_000_000))], options);
    await expect(huge).rejects.toMatchObject({ code: 'TooLarge' });
    await committed(bbs, put('task/fine', 'x'));
    await close();
  });
});

test('etcd: an outside one with small transactions takes large batches all the same', async () => {
  const etcd = await startEtcd([...quick, '--max-txn-ops', '128']);
  const bbs = client(...etcd.endpoints);
  const batch = Array.from({ length: 1_500 }, (_, index) => put(`task/${index}`, 'x', 0));
  const outcomes = await bbs.commit([...batch, put('task/1', 'again', 0)], options);
  expect(outcomes.filter((outcome) => outcome.committed)).toHaveLength(1_500);
  expect(outcomes.at(-1)).toEqual({ committed: false });
  expect((await bbs.list(at('task/'), options)).records).toHaveLength(1_500);
  bbs.close();
  await etcd.stop();
});
