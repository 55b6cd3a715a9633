/** The backups of one server: when they are made, what remains of them, and what is said of failures. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../test/kit/virtual-clock.ts';
import { silentLog } from '../base/log.ts';
import type { JournalEvent } from '../model/event.ts';
import { BackupKeeper } from './backup-keeper.ts';
import { root } from './core/keys.ts';
import type { ReadPages } from './record-pages.ts';

const hourMs = 60 * 60_000;
let folder: string;
let clock: VirtualClock;
let told: JournalEvent[];
let failure: Error | undefined;
let life: AbortController;
let isReady: boolean;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-keeper-'));
  clock = virtualClock(Date.UTC(2026, 0, 1, 12));
  told = [];
  failure = undefined;
  isReady = true;
  life = new AbortController();
});
afterEach(() => {
  life.abort();
  rmSync(folder, { recursive: true });
});

const pages: ReadPages = async function* () {
  if (failure !== undefined) throw failure;
  yield { revision: 5, records: [{ key: `${root}cluster`, value: 'skep-x', leased: false }] };
};

function keeper(everyMs = hourMs): BackupKeeper {
  return new BackupKeeper({
    folder: join(folder, 'backups'),
    pages,
    clusterId: 'skep-x',
    server: 'host-a',
    version: '1.0.0',
    policy: { everyMs, newest: 3, days: 1 },
    clock,
    log: silentLog,
    isReady: () => isReady,
    note: async (event) => void told.push(event),
  });
}

/** Real disks take real time: the clock goes on a little while they work. */
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
    await clock.advance(1_000);
  }
  throw new Error('not in time');
}

test('one an hour, read back, told in the journal; only so many remain', async () => {
  const kept = keeper();
  const running = kept.run(life.signal);
  const saved = (): number => told.filter(({ type }) => type === 'backup.saved').length;
  for (let hour = 1; hour <= 5; hour++) {
    await until(() => saved() >= hour);
    await clock.advance(hourMs);
  }
  await until(async () => (await kept.list()).length === 3);
  const [newest, ...older] = await kept.list();
  expect(newest).toMatchObject({ problem: '', trailer: { records: 1 }, header: { clusterId: 'skep-x' } });
  expect(older.every((backup) => (backup.header?.at ?? 0) < (newest?.header?.at ?? 0))).toBe(true);
  expect(told[0]?.message).toContain('1 records of revision 5');
  life.abort();
  await clock.advance(60_000);
  await running;
});

test('what is due waits for the store, and that is no failure', async () => {
  isReady = false;
  const kept = keeper();
  void kept.run(life.signal);
  await clock.advance(10 * 60_000);
  expect(told).toEqual([]);
  isReady = true;
  await until(() => told.length === 1);
  expect(told[0]?.type).toBe('backup.saved');
});

test('a failure is told once and tried again, and leaves nothing behind', async () => {
  failure = new Error('etcd: no leader');
  const kept = keeper();
  void kept.run(life.signal);
  await until(() => told.length === 1);
  expect(told[0]).toMatchObject({ type: 'backup.failed', subject: 'host-a' });
  expect(told[0]?.message).toContain('etcd: no leader');
  await clock.advance(20 * 60_000);
  expect(told).toHaveLength(1);
  expect(readdirSync(join(folder, 'backups'))).toEqual([]);
  failure = undefined;
  await until(() => told.length === 2);
  expect(told[1]?.type).toBe('backup.saved');
});

test('with a period of 0 none is made by itself, but on demand', async () => {
  const kept = keeper(0);
  await kept.run(life.signal);
  expect(await kept.list()).toEqual([]);
  const saved = await kept.save({ signal: life.signal });
  expect((await kept.list()).map(({ name }) => name)).toEqual([saved.name]);
  await kept.remove(saved.name);
  expect(await kept.list()).toEqual([]);
});

test('only one is made at a time, and only what is ours is listed or removed', async () => {
  const kept = keeper(0);
  const first = kept.save({ signal: life.signal });
  await expect(kept.save({ signal: life.signal })).rejects.toMatchObject({ code: 'Busy' });
  const { name } = await first;
  writeFileSync(join(folder, 'backups/notes.txt'), 'x');
  writeFileSync(join(folder, 'backups/2026-01-01T000000Z-r1.skep-backup'), 'no backup');
  const listed = await kept.list();
  expect(listed.map((backup) => backup.name)).toEqual([name, '2026-01-01T000000Z-r1.skep-backup']);
  expect(listed[1]?.problem).toContain('is no backup of Skep');
  for (const foreign of ['notes.txt', '../x', '2026-01-01T000000Z-r9.skep-backup']) {
    await expect(kept.remove(foreign)).rejects.toMatchObject({ code: 'ResourceNotFound' });
  }
});
