/** Backups over HTTP: bytes at the client's pace, refusals before the first of them, reasons after it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { SkepError } from '../../base/core/errors.ts';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import { verifyBackup, writeBackupFile } from '../../store/backup-file.ts';
import { BackupKeeper } from '../../store/backup-keeper.ts';
import { root } from '../../store/core/keys.ts';
import type { RecordPage } from '../../store/record-pages.ts';
import { backupPath } from '../core/paths.ts';

const { signal } = new AbortController();
let folder: string;
let api: ApiServer;
/** What the store gives; counted. */
let source: () => AsyncGenerator<RecordPage>;
let asked: number;
let isOpen: boolean;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skep-http-backup-'));
  asked = 0;
  isOpen = false;
  source = () => pages(3);
  const backups = new BackupKeeper({
    folder: join(folder, 'kept'),
    pages: () => source(),
    clusterId: 'test-cluster',
    server: 'host-a',
    version: '1.0.0',
    policy: { everyMs: 0, newest: 5, days: 0 },
    clock: systemClock,
    log: silentLog,
    isReady: () => true,
    note: async () => undefined,
  });
  api = await startApiServer({ backups });
});
afterEach(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});

async function* pages(count: number, after?: Error): AsyncGenerator<RecordPage> {
  isOpen = true;
  try {
    for (let page = 0; page < count; page++) {
      asked += 1;
      const value = Array.from(
        { length: 3_000 },
        () => Math.floor((asked * 7919) ** 1.5 % 99_991).toString(36) + (asked += 1),
      ).join('');
      yield { revision: 9, records: [{ key: `${root}task/t${page}`, value, leased: false }] };
    }
    if (after !== undefined) throw after;
  } finally {
    isOpen = false;
  }
}

const download = (path: string): Promise<void> =>
  writeBackupFile(path, api.client.download(backupPath, { signal }), signal);

test('what is sent is a whole backup, over the socket and over TCP', async () => {
  await download(join(folder, 'a'));
  const { header, trailer } = await verifyBackup(join(folder, 'a'), signal);
  expect(header).toMatchObject({ clusterId: 'test-cluster', server: 'host-a', revision: 9 });
  expect(trailer.records).toBe(3);
  await writeBackupFile(join(folder, 'b'), api.tcpClient.download(backupPath, { signal }), signal);
  await verifyBackup(join(folder, 'b'), signal);
});

test('a store that cannot be read is refused with its reason; one that fails later tells it in the file', async () => {
  source = () => pages(0, new SkepError('Unavailable', 'etcd: no leader'));
  await expect(download(join(folder, 'a'))).rejects.toMatchObject({
    code: 'Unavailable',
    message: 'etcd: no leader',
  });
  source = () => pages(40, new SkepError('Unavailable', 'etcd: no leader'));
  await download(join(folder, 'b'));
  await expect(verifyBackup(join(folder, 'b'), signal)).rejects.toThrow(
    'the server gave up: etcd: no leader',
  );
});

test('a client that goes away ends the reading of the store, and one that is slow holds it back', async () => {
  source = () => pages(100_000);
  const bytes = api.client.download(backupPath, { signal })[Symbol.asyncIterator]();
  await bytes.next();
  await bytes.next();
  // It goes on until every buffer on the way is full, and then no further.
  let before = -1;
  for (let same = 0; same < 5; ) {
    same = asked === before ? same + 1 : 0;
    before = asked;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(isOpen).toBe(true);
  await bytes.return?.();
  for (let tries = 0; isOpen && tries < 500; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isOpen).toBe(false);
});

test('only so many are sent at once; not while the server is not ready; not to a browser’s page', async () => {
  source = () => pages(100_000);
  const open = Array.from({ length: 4 }, () =>
    api.client.download(backupPath, { signal })[Symbol.asyncIterator](),
  );
  for (const each of open) await each.next();
  await expect(download(join(folder, 'a'))).rejects.toMatchObject({ code: 'Busy' });
  for (const each of open) await each.return?.();
  api.notReady = 'the state is being read';
  await expect(download(join(folder, 'a'))).rejects.toMatchObject({ code: 'Unavailable' });
  api.notReady = undefined;
  const answer = await fetch(`http://${api.listening.address}${backupPath}`, {
    headers: { origin: 'http://evil' },
  });
  expect(answer.status).toBe(403);
});

test('made, listed and removed among those that the server keeps', async () => {
  const saved = await api.client.call('saveBackup', {}, { signal });
  expect(saved).toMatchObject({ records: 3, revision: 9, problem: '' });
  const { server, rows } = await api.client.call('listBackups', {}, { signal });
  expect({ server, names: rows.map(({ name }) => name) }).toEqual({ server: 'host-a', names: [saved.name] });
  await api.client.call('removeBackup', { params: { name: saved.name } }, { signal });
  expect((await api.client.call('listBackups', {}, { signal })).rows).toEqual([]);
  const foreign = api.client.call('removeBackup', { params: { name: '../../etc/passwd' } }, { signal });
  await expect(foreign).rejects.toMatchObject({ code: 'ResourceNotFound' });
});
