/** The supervisor over the real etcd: start, adoption, restart, and what it tells an operator. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SkepError } from '../../src/base/core/errors.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import { type Log, silentLog } from '../../src/base/log.ts';
import { etcdArgs } from '../../src/store/core/etcd-args.ts';
import { isAlive } from '../../src/store/etcd/etcd-process.ts';
import type { EtcdOptions, EtcdSupervisor } from '../../src/store/etcd/supervisor.ts';
import { type EtcdBed, etcdBed } from '../kit/etcd-member.ts';

let bed: EtcdBed;
beforeEach(async () => {
  bed = await etcdBed();
});
afterEach(() => bed.cleanUp());

const forever = new AbortController().signal;
const ready = (supervisor: EtcdSupervisor): Promise<void> => supervisor.ready(30_000, forever);

/** Pids of the etcd processes on a data folder. */
function etcdsOn(dataDir: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => line.includes(`--data-dir=${dataDir}/data`) && !/^\s*\d+\s+Z/.test(line))
    .map((line) => line.trim().split(/\s+/)[0] ?? '');
}

function recordingLog(): { log: Log; events: string[] } {
  const events: string[] = [];
  const note = (event: string): void => void events.push(event);
  const log: Log = { ...silentLog, info: note, warn: note, error: note };
  return { log, events };
}

async function refusal(options: EtcdOptions): Promise<SkepError> {
  const error: unknown = await bed.start(options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SkepError);
  return error as SkepError;
}

test('starts a member that serves, and stops it for good', async () => {
  const options = bed.member('one');
  const supervisor = await bed.start(options);
  await ready(supervisor);
  expect(supervisor.health).toEqual({ state: 'running', reason: '' });
  const noted = JSON.parse(await readFile(join(options.dataDir, 'etcd.pid.json'), 'utf8')) as {
    pid: number;
    startTime: number;
    args: string[];
  };
  expect(noted.pid).toBe(supervisor.pid);
  expect(noted.args).toContain('--max-txn-ops=20000');
  expect(isAlive(noted)).toBe(true);
  await supervisor.stop();
  expect(isAlive(noted)).toBe(false);
  expect(supervisor.health.state).toBe('down');
  await supervisor.done;
});

test('etcd outlives its supervision and is adopted by the next one', async () => {
  const options = bed.member('one');
  const first = await bed.start(options);
  await ready(first);
  const { pid } = first;
  await bed.abandon(first);
  expect(etcdsOn(options.dataDir)).toEqual([String(pid)]);
  const second = await bed.start(options);
  await ready(second);
  expect(second.pid).toBe(pid);
  await second.stop();
  expect(etcdsOn(options.dataDir)).toEqual([]);
});

test('etcd is found without its pid file', async () => {
  const options = bed.member('one');
  const first = await bed.start(options);
  await bed.abandon(first);
  await writeFile(join(options.dataDir, 'etcd.pid.json'), '{"pid": 1, "startTime": 5, "args": []}');
  const second = await bed.start(options);
  expect(second.pid).toBe(first.pid);
});

test('a second supervisor of the same folder starts no second etcd, also after a crash', async () => {
  const options = bed.member('one');
  const first = await bed.start(options);
  const second = await bed.start({ ...options, rng: seededRng(2) });
  await Promise.all([ready(first), ready(second)]);
  expect(second.pid).toBe(first.pid);
  const { pid } = first;
  await bed.kill(options);
  const isNew = (): void => {
    expect(first.health.state).toBe('running');
    expect(second.health.state).toBe('running');
    expect(first.pid).not.toBe(pid);
  };
  await vi.waitFor(isNew, { timeout: 30_000, interval: 50 });
  expect(etcdsOn(options.dataDir)).toHaveLength(1);
});

test('a member that was killed is restarted with its data', async () => {
  const { log, events } = recordingLog();
  const options = { ...bed.member('one'), log };
  const supervisor = await bed.start(options);
  await ready(supervisor);
  const { pid } = supervisor;
  await bed.kill(options);
  const restarted = (): void => {
    expect(supervisor.pid).not.toBe(pid);
    expect(supervisor.health.state).toBe('running');
  };
  await vi.waitFor(restarted, { timeout: 30_000, interval: 50 });
  expect(events).toContain('etcd.down');
  expect(events.filter((event) => event === 'etcd.started')).toHaveLength(2);
});

/** Kills etcd the moment its log is there: it has no entry yet, and comes back as a member of nothing. */
async function killAtBirth(options: EtcdOptions): Promise<void> {
  const wal = join(options.dataDir, 'data/member/wal');
  await mkdir(join(options.dataDir, 'data'), { recursive: true });
  const child = spawn(options.binary, etcdArgs(options), { stdio: 'ignore' });
  const until = Date.now() + 10_000;
  const isThere = (): boolean => existsSync(wal) && readdirSync(wal).some((name) => name.endsWith('.wal'));
  while (!isThere() && Date.now() < until) await new Promise(setImmediate);
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('a founding member that was killed at birth and can never serve is moved aside and begun anew', async () => {
  const isBegunAnew = async (name: string): Promise<boolean> => {
    const { log, events } = recordingLog();
    const options = { ...bed.member(name), log };
    await killAtBirth(options);
    await writeFile(join(options.dataDir, 'never-served'), '');
    const supervisor = await bed.start(options);
    await ready(supervisor);
    const files = await readdir(options.dataDir);
    await supervisor.stop();
    const aside = files.filter((file) => file.startsWith('data.never-served-'));
    if (!events.includes('etcd.begun_anew')) return false;
    expect([aside.length, files.includes('never-served')]).toEqual([1, false]);
    expect(await readdir(join(options.dataDir, aside[0] ?? ''))).toContain('member');
    return true;
  };
  // The moment is a few milliseconds long: who misses it has a member that serves, and tries again.
  let attempts = 0;
  while (!(await isBegunAnew(`one-${attempts}`))) expect(++attempts).toBeLessThan(20);
});

test('what cannot serve is left alone without the mark that it never did: an older version may have made it', async () => {
  const options = bed.member('one');
  await killAtBirth(options);
  const supervisor = await bed.start(options);
  const unready = supervisor.ready(8_000, forever).catch((error: unknown) => error);
  if ((await unready) instanceof SkepError) expect(supervisor.health.state).toBe('starting');
  expect((await readdir(options.dataDir)).filter((name) => name.startsWith('data.'))).toEqual([]);
});

test('a first start is marked until the member serves, before anybody is told so; a later one is not', async () => {
  const options = bed.member('one');
  const marker = join(options.dataDir, 'never-served');
  const supervisor = await bed.start(options);
  expect(existsSync(marker)).toBe(true);
  await ready(supervisor);
  expect(existsSync(marker)).toBe(false);
  await supervisor.stop();
  const again = await bed.start(options);
  expect(existsSync(marker)).toBe(false);
  await again.stop();
});

test('a member of several is never marked', async () => {
  const options = bed.member('one');
  const initialCluster = `${options.initialCluster},two=http://127.0.0.2:1`;
  await bed.start({ ...options, initialCluster });
  expect(existsSync(join(options.dataDir, 'never-served'))).toBe(false);
});

test('an adopted member that dies is restarted', async () => {
  const options = bed.member('one');
  const first = await bed.start(options);
  // Not before it has served once, or it may have to be begun anew: that is another test's.
  await ready(first);
  await bed.abandon(first);
  const supervisor = await bed.start(options);
  const { pid } = supervisor;
  await bed.kill(options);
  await vi.waitFor(() => expect(supervisor.pid).not.toBe(pid), { timeout: 30_000, interval: 50 });
  await ready(supervisor);
});

test('a living member with other options is restarted, and the log says which', async () => {
  const options = bed.member('one');
  const first = await bed.start(options);
  await ready(first);
  await bed.abandon(first);
  const { log, events } = recordingLog();
  const second = await bed.start({ ...options, name: 'renamed', log });
  await ready(second);
  expect(second.pid).not.toBe(first.pid);
  expect(events).toContain('etcd.restarted_for_options');
});

test('other initial members do not restart a living one', async () => {
  const options = bed.member('one');
  const first = await bed.start(options);
  await bed.abandon(first);
  const second = await bed.start({
    ...options,
    initialCluster: `${options.initialCluster},two=http://127.0.0.2:1`,
    initialClusterState: 'existing',
  });
  expect(second.pid).toBe(first.pid);
});

test('a missing binary is refused with the package to install', async () => {
  const error = await refusal({ ...bed.member('one'), binary: '/nowhere/etcd' });
  expect(error.code).toBe('InvalidConfig');
  expect(error.message).toContain('/nowhere/etcd');
  expect(error.hint).toContain('apt-get install etcd-server');
});

test('a data folder that cannot be written is refused with its path', async () => {
  const options = bed.member('one');
  await mkdir(dirname(options.dataDir), { recursive: true });
  await writeFile(options.dataDir, 'a file');
  const error = await refusal(options);
  expect(error.code).toBe('InvalidConfig');
  expect(error.field).toBe('dataDir');
  expect(error.message).toContain(options.dataDir);
});

test('a taken port is refused with the process that has it', async () => {
  const options = bed.member('one');
  const { hostname, port } = new URL(options.peerUrl);
  const squatter = createServer().listen(Number(port), hostname);
  await once(squatter, 'listening');
  const error = await refusal(options);
  squatter.close();
  expect(error.code).toBe('Unavailable');
  expect(error.message).toContain(`port ${port} on ${hostname} is taken by`);
  expect(error.message).toContain(`(pid ${process.pid})`);
  expect(etcdsOn(options.dataDir)).toEqual([]);
});

test('an address that is not of this host is refused', async () => {
  const error = await refusal({ ...bed.member('one'), clientUrl: 'http://192.0.2.1:17401' });
  expect(error.code).toBe('InvalidConfig');
  expect(error.message).toContain('192.0.2.1');
});

test('a configuration that etcd refuses ends readiness with etcd’s own words', async () => {
  const options = { ...bed.member('one'), initialCluster: 'other=http://127.0.0.1:1' };
  const supervisor = await bed.start(options);
  await expect(ready(supervisor)).rejects.toMatchObject({
    code: 'InvalidConfig',
    message: expect.stringContaining('initial cluster') as string,
  });
  // It is tried again; between two tries the reason is that it has only been started.
  await vi.waitFor(() => expect(supervisor.health.reason).toContain('another cluster'), {
    timeout: 30_000,
    interval: 20,
  });
});

test('damaged data are named as such, and the supervisor goes on trying', async () => {
  const options = bed.member('one');
  const first = await bed.start(options);
  await ready(first);
  await first.stop();
  await writeFile(join(options.dataDir, 'data/member/snap/db'), 'this is no database'.repeat(2_000));
  const supervisor = await bed.start(options);
  const told = (): void => {
    expect(supervisor.health.state).toBe('down');
    expect(supervisor.health.reason).toContain('damaged');
  };
  await vi.waitFor(told, { timeout: 30_000, interval: 20 });
});

test('a member without the others says that it waits for them', async () => {
  const one = bed.member('one');
  const two = bed.member('two', '127.0.0.2');
  const initialCluster = `${one.initialCluster},${two.initialCluster}`;
  const first = await bed.start({ ...one, initialCluster });
  await expect(first.ready(1_500, forever)).rejects.toMatchObject({
    code: 'Unavailable',
    hint: expect.stringContaining('majority') as string,
  });
  expect(first.health.state).toBe('starting');
  const second = await bed.start({ ...two, initialCluster });
  await Promise.all([ready(first), ready(second)]);
});
