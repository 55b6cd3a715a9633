/** Backup and restore against a real etcd: one revision while the store goes on, and leases by their meaning. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runningCluster } from '../../bench/running-mix.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { verifyBackup, writeBackupFile } from '../../src/store/backup-file.ts';
import { backupBytes } from '../../src/store/backup-writer.ts';
import { encode } from '../../src/store/core/codec.ts';
import { domainKey, leaderKey, restoredKey, root, taskKey } from '../../src/store/core/keys.ts';
import { type EtcdBbs, etcdBbs } from '../../src/store/etcd/etcd-bbs.ts';
import { restoreRecords } from '../../src/store/restore-records.ts';
import { startEtcd, type TestEtcd } from '../kit/etcd.ts';

let etcds: TestEtcd[] = [];
let stores: EtcdBbs[] = [];
let folder: string;
const { signal } = new AbortController();
const origin = { clusterId: 'skep-abc', server: 'host-a', version: '1.2.3', at: 1_700_000_000_000 };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skep-backup-'));
  etcds = [await startEtcd(), await startEtcd()];
  stores = etcds.map(({ endpoints }) =>
    etcdBbs({ endpoints, clock: systemClock, log: silentLog, rng: seededRng(1) }),
  );
}, 60_000);
afterAll(async () => {
  for (const store of stores) store.close();
  for (const etcd of etcds) await etcd.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a store that goes on is backed up at one revision, and restored as it was then', async () => {
  const [from, to] = stores as [EtcdBbs, EtcdBbs];
  const cluster = runningCluster(60);
  const leaseId = await from.grantLease(60_000, { signal });
  const put = (key: string, value: string, leased = false) => ({
    compare: [],
    puts: [leased ? { key, value, leaseId } : { key, value }],
  });
  const presence = (key: string): boolean => key.endsWith('/presence');
  await from.commit(
    [
      ...cluster.map(({ key, value }) => put(key, value, presence(key))),
      put(leaderKey, encode({ v: 1, server: 'host-a', raftTerm: 1, since: 1 }), true),
      put(domainKey('cf'), encode({ v: 1, name: 'cf', ttlSeconds: 60, updatedAt: 1 }), true),
      put(`${root}cluster`, 'skep-abc'),
    ],
    { signal },
  );
  const then = await from.list(root, { signal });
  const path = join(folder, 'one.skep-backup');
  let pages = 0;
  async function* disturbed(): AsyncGenerator<{
    revision: number;
    records: readonly { key: string; value: string; leased: boolean }[];
  }> {
    for await (const page of from.pages({ signal })) {
      yield page;
      // Between two pages: a record behind the reader, one before it, and one that goes.
      const last = cluster.at(-1)?.key ?? '';
      await from.commit(
        [put(taskKey(`t${++pages}` as never), '{}'), { ...put(`${root}actual/a`, '{}'), deletes: [last] }],
        {
          signal,
        },
      );
    }
  }
  await writeBackupFile(path, backupBytes(disturbed(), origin), signal);
  expect(pages).toBeGreaterThan(2);
  const file = await verifyBackup(path, signal);
  expect(file.header.revision).toBe(then.revision);
  expect(file.corrupt).toEqual([]);
  expect(file.trailer.leftOut).toEqual({ leader: 1, domain: 1 });

  const restored = { v: 1, from: 'backup', at: 5, asOf: 4, revision: then.revision, keepUntil: 6 } as const;
  const written = await restoreRecords({ bbs: to, file, skip: new Set(), restored, signal });
  const now = await to.list(root, { signal });
  const contents = (records: typeof now.records) => records.map(({ key, value }) => [key, value]);
  const wanted = then.records.filter(({ key }) => key !== leaderKey && key !== domainKey('cf'));
  expect(written).toBe(wanted.length);
  expect(contents(now.records.filter(({ key }) => key !== restoredKey))).toEqual(contents(wanted));
  const leased: string[] = [];
  for await (const { records } of to.pages({ signal })) {
    for (const record of records) if (record.leased) leased.push(record.key);
  }
  expect(leased).toEqual(
    cluster
      .map(({ key }) => key)
      .filter(presence)
      .sort(),
  );
}, 60_000);

test('a revision that was thrown away while it was read fails, and leaves no file', async () => {
  const [from] = stores as [EtcdBbs];
  const [etcd] = etcds as [TestEtcd];
  async function* compacted(): AsyncGenerator<{ revision: number; records: readonly never[] }> {
    for await (const { revision } of from.pages({ signal })) {
      yield { revision, records: [] };
      await from.commit([{ compare: [], puts: [{ key: `${root}task/later`, value: '{}' }] }], { signal });
      await etcd.compact();
    }
  }
  const path = join(folder, 'two.skep-backup');
  await expect(writeBackupFile(path, backupBytes(compacted(), origin), signal)).rejects.toThrow('compacted');
  await expect(verifyBackup(path, signal)).rejects.toThrow('there is no such file');
}, 60_000);
