/** Backup files: what is written is read back, and what was altered or cut off anywhere is told from it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runningCluster } from '../../bench/running-mix.ts';
import { inspectBackup, readBackup, verifyBackup, writeBackupFile } from './backup-file.ts';
import { backupBytes } from './backup-writer.ts';
import type { BackupRecord } from './core/backup-format.ts';
import { leaderKey, root } from './core/keys.ts';
import type { PagedRecord, RecordPage } from './record-pages.ts';

const origin = { clusterId: 'skep-abc', server: 'host-a', version: '1.2.3', at: 1_700_000_000_000 };
const signal = new AbortController().signal;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-backup-'));
  path = join(folder, 'one.skep-backup');
});
afterEach(() => rmSync(folder, { recursive: true }));

const cluster: readonly PagedRecord[] = runningCluster(1).map(({ key, value }) => ({
  key,
  value,
  leased: key.endsWith('/presence'),
}));

async function* pagesOf(records: readonly PagedRecord[], size = 100): AsyncGenerator<RecordPage> {
  for (let from = 0; from === 0 || from < records.length; from += size) {
    yield { revision: 77, records: records.slice(from, from + size) };
  }
}

const write = (records: readonly PagedRecord[]): Promise<void> =>
  writeBackupFile(path, backupBytes(pagesOf(records), origin), signal);

async function readAll(): Promise<BackupRecord[]> {
  const found: BackupRecord[] = [];
  for await (const portion of readBackup(await inspectBackup(path))) found.push(...portion);
  return found;
}

test('what is written is read back, record by record, and its ends say what it is', async () => {
  await write(cluster);
  const verified = await verifyBackup(path, signal);
  expect(verified.header).toEqual({ ...origin, revision: 77, compression: 'zstd' });
  expect(verified.trailer.records).toBe(cluster.length);
  expect(verified.trailer.counts['actual']).toBe(
    cluster.filter(({ key }) => key.includes('/actual/')).length,
  );
  expect(verified.corrupt).toEqual([]);
  expect(await readAll()).toEqual(cluster);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['one.skep-backup']);
});

test('who leads and what is to run out stays out; presences are marked', async () => {
  const domain = { key: `${root}domain/old`, value: '{}', leased: true };
  const leader = { key: leaderKey, value: '{}', leased: true };
  const fromElsewhere = { key: `${root}auth/token/x`, value: 'tok\nen\u2028', leased: false };
  await write([...cluster, domain, leader, fromElsewhere]);
  const { trailer } = await verifyBackup(path, signal);
  expect(trailer.leftOut).toEqual({ domain: 1, leader: 1 });
  expect(trailer.counts['auth']).toBe(1);
  const read = await readAll();
  expect(read.at(-1)).toEqual(fromElsewhere);
  expect(read.filter(({ leased }) => leased)).toHaveLength(trailer.counts['presence'] ?? 0);
});

test('a store without a record makes a whole file', async () => {
  await write([]);
  expect((await verifyBackup(path, signal)).trailer.records).toBe(0);
});

test('a record that cannot be read is in the file, and is named', async () => {
  await write([...cluster, { key: `${root}desired/broken`, value: '{"guid":1}', leased: false }]);
  const { corrupt } = await verifyBackup(path, signal);
  expect(corrupt.map(({ key }) => key)).toEqual([`${root}desired/broken`]);
});

test('a bit that changed anywhere, and an end that is missing anywhere, is told', async () => {
  await write(cluster);
  const whole = readFileSync(path);
  const places = Array.from({ length: 60 }, (_, part) => Math.floor((part * whole.length) / 60));
  for (const place of [...places, whole.length - 1, whole.length - 40, whole.length - 100]) {
    const altered = Buffer.from(whole);
    altered[place] = (altered[place] ?? 0) ^ 4;
    writeFileSync(path, altered);
    await expect(verifyBackup(path, signal), `bit at ${place}`).rejects.toThrow(
      /damaged|no backup|does not know/,
    );
    writeFileSync(path, whole.subarray(0, place));
    await expect(verifyBackup(path, signal), `cut at ${place}`).rejects.toThrow(/damaged|no backup/);
  }
  writeFileSync(path, whole);
  await verifyBackup(path, signal);
});

test('the reason of a server that gave up is told', async () => {
  await write(cluster);
  const whole = readFileSync(path);
  writeFileSync(
    path,
    Buffer.concat([whole.subarray(0, 300), Buffer.from('\n{"failed":"etcd: no leader"}\n')]),
  );
  await expect(verifyBackup(path, signal)).rejects.toThrow('the server gave up: etcd: no leader');
});

test('a store that fails half way, or a signal, leaves no file behind', async () => {
  async function* failing(): AsyncGenerator<RecordPage> {
    yield { revision: 1, records: cluster };
    throw new Error('no quorum');
  }
  await expect(writeBackupFile(path, backupBytes(failing(), origin), signal)).rejects.toThrow('no quorum');
  const aborted = AbortSignal.abort(new Error('interrupted'));
  await expect(writeBackupFile(path, backupBytes(pagesOf(cluster), origin), aborted)).rejects.toThrow(
    'interrupted',
  );
  expect(readdirSync(folder)).toEqual([]);
});

test('the store is read no faster than the bytes are taken', async () => {
  let asked = 0;
  let returned = false;
  async function* endless(): AsyncGenerator<RecordPage> {
    try {
      for (;;) {
        asked += 1;
        const value = Array.from({ length: 2_000 }, (_, n) =>
          ((n * asked * 7919) % 65_536).toString(36),
        ).join('');
        yield { revision: 1, records: [{ key: `${root}task/t${asked}`, value, leased: false }] };
      }
    } finally {
      returned = true;
    }
  }
  const bytes = backupBytes(endless(), origin);
  for (let taken = 0; taken < 5; taken++) await bytes.next();
  const before = asked;
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toBeLessThan(before + 500);
  await bytes.return(undefined);
  expect(returned).toBe(true);
});
