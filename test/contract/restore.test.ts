/** `skep backup restore` against a real etcd: what it refuses leaves everything as it was, what it does can be repeated. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runningCluster } from '../../bench/running-mix.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { systemRng } from '../../src/base/node/system-rng.ts';
import { certificateFacts } from '../../src/base/node/x509-facts.ts';
import { type AgentConfig, checkAgentConfig } from '../../src/cli/core/agent-config.ts';
import { lockDataFolder, readClusterId, writeClusterId } from '../../src/cli/run/data-folder.ts';
import { withEtcd } from '../../src/cli/run/new-store.ts';
import { PkiFolder } from '../../src/cli/run/pki-files.ts';
import { recover } from '../../src/cli/run/recover.ts';
import { type Restoration, restore } from '../../src/cli/run/restore.ts';
import { writeBackupFile } from '../../src/store/backup-file.ts';
import { backupBytes } from '../../src/store/backup-writer.ts';
import { decode } from '../../src/store/core/codec.ts';
import { authoritiesKey, restoredKey, root } from '../../src/store/core/keys.ts';
import { etcdBbs } from '../../src/store/etcd/etcd-bbs.ts';
import { endEtcd, findEtcd } from '../../src/store/etcd/etcd-process.ts';
import { startEtcd } from '../../src/store/etcd/supervisor.ts';
import { freePorts } from '../kit/ports.ts';
import { testAuthorities } from '../kit/tls-server.ts';

const signal = new AbortController().signal;
let folder: string;
let dataDir: string;
let file: string;
let config: AgentConfig;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skep-restore-'));
  dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  file = join(folder, 'one.skep-backup');
  const [api, etcdClient, etcdPeer] = (await freePorts(3)) as [number, number, number];
  const checked = checkAgentConfig({
    name: 'host-a',
    dataDir,
    insecure: true,
    ports: { api, etcdClient, etcdPeer },
  });
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  config = checked.config;
  await write([]);
});
afterEach(async () => {
  for (const name of readdirSync(dataDir)) {
    const living = await findEtcd('etcd', join(dataDir, name));
    if (living !== undefined) await endEtcd(living, systemClock);
  }
  rmSync(folder, { recursive: true, force: true });
});

async function write(more: readonly { key: string; value: string }[]): Promise<void> {
  const records = [...runningCluster(1), { key: `${root}cluster`, value: 'skep-abc' }, ...more];
  async function* pages() {
    yield { revision: 40, records: records.map(({ key, value }) => ({ key, value, leased: false })) };
  }
  const origin = { clusterId: 'skep-abc', server: 'host-a', version: '1.0.0', at: 1_700_000_000_000 };
  await writeBackupFile(file, backupBytes(pages(), origin), signal);
}

const run = (
  change: { force?: boolean; skipCorrupt?: boolean; settings?: AgentConfig } = {},
): Promise<Restoration> =>
  restore({
    config: change.settings ?? config,
    file,
    force: change.force ?? false,
    skipCorrupt: change.skipCorrupt ?? false,
    signal,
    confirm: async () => undefined,
    say: () => undefined,
  });

const folders = (): string[] =>
  readdirSync(dataDir)
    .filter((name) => name.startsWith('etcd'))
    .sort();

async function keysThere(): Promise<Map<string, string>> {
  const how = { dataDir: join(dataDir, 'etcd'), initialClusterState: 'existing', clusterToken: 'x' } as const;
  return withEtcd(config, how, signal, async (bbs) => {
    const { records } = await bbs.list(root, { signal });
    return new Map(records.map(({ key, value }) => [key, value]));
  });
}

test('founds a store with the cluster’s id; a second time the first is moved aside', async () => {
  const first = await run();
  expect(first.movedTo).toBeUndefined();
  expect(readClusterId(dataDir)).toBe('skep-abc');
  const there = await keysThere();
  expect(there.get(`${root}cluster`)).toBe('skep-abc');
  expect(decode('restored', there.get(restoredKey) ?? '')).toMatchObject({
    ok: true,
    value: { from: 'backup', revision: 40 },
  });
  expect([...there.keys()].filter((key) => key.includes('/actual/'))).toHaveLength(250);
  const second = await run();
  expect(second.movedTo).toMatch(/etcd\.before-restore-\d{4}-/);
  expect(folders()).toHaveLength(2);
}, 90_000);

test('refusals change nothing: an agent that runs, another cluster, damage, records that cannot be read, a cell', async () => {
  const lock = await lockDataFolder(dataDir);
  await expect(run()).rejects.toMatchObject({
    code: 'ResourceConflict',
    hint: expect.stringContaining('systemctl stop skep'),
  });
  await new Promise<void>((resolve) => lock.close(() => resolve()));

  writeClusterId(dataDir, 'skep-other');
  await expect(run()).rejects.toThrow('is of cluster skep-abc, and this host was in skep-other');

  const cellOnly = { ...config, server: false };
  await expect(run({ force: true, settings: cellOnly })).rejects.toThrow('host-a is a cell only');

  const whole = readFileSync(file);
  writeFileSync(file, whole.subarray(0, whole.length - 10));
  await expect(run({ force: true })).rejects.toThrow('damaged');
  writeFileSync(file, whole);
  appendFileSync(file, 'x');
  await expect(run({ force: true })).rejects.toThrow('damaged');

  await write([{ key: `${root}desired/broken`, value: '{' }]);
  await expect(run({ force: true })).rejects.toMatchObject({
    hint: expect.stringContaining('--skip-corrupt'),
  });
  expect(folders()).toEqual([]);
  expect(readClusterId(dataDir)).toBe('skep-other');

  const { skipped } = await run({ force: true, skipCorrupt: true });
  expect(skipped).toEqual([{ key: `${root}desired/broken`, reason: 'is not JSON' }]);
  expect(readClusterId(dataDir)).toBe('skep-abc');
  expect((await keysThere()).has(`${root}desired/broken`)).toBe(false);
}, 90_000);

test('what a restore that was killed left is cleared away, and so is an etcd without its agent', async () => {
  await run();
  mkdirSync(join(dataDir, 'etcd.restoring/data'), { recursive: true });
  writeFileSync(join(dataDir, 'etcd.restoring/data/half'), '');
  // As after a kill -9 of the agent: its etcd runs on.
  const url = (port: number): string => `http://127.0.0.1:${port}`;
  const peerUrl = url(config.ports.etcdPeer);
  const supervision = new AbortController();
  const left = await startEtcd({
    name: config.name,
    dataDir: join(dataDir, 'etcd'),
    clientUrl: url(config.ports.etcdClient),
    peerUrl,
    binary: 'etcd',
    initialCluster: `${config.name}=${peerUrl}`,
    initialClusterState: 'existing',
    clusterToken: 'x',
    clock: systemClock,
    rng: systemRng,
    log: silentLog,
    signal: supervision.signal,
  });
  await left.ready(20_000, signal);
  supervision.abort();
  await left.done;
  expect(await findEtcd('etcd', join(dataDir, 'etcd'))).toBeDefined();
  const { movedTo } = await run();
  expect(existsSync(movedTo ?? '')).toBe(true);
  expect(folders().filter((name) => name.includes('restoring'))).toEqual([]);
  expect((await keysThere()).size).toBeGreaterThan(250);
}, 90_000);

test('recover: on a host that never was a server it refuses; on a lone one it keeps everything', async () => {
  const request = { config, signal, confirm: async () => undefined, say: () => undefined };
  await expect(recover(request)).rejects.toThrow('this host was never a server');
  await run();
  const before = await keysThere();
  const { copiedTo, records } = await recover(request);
  expect(existsSync(join(copiedTo, 'data/member'))).toBe(true);
  expect(records).toBe(before.size);
  const after = await keysThere();
  for (const [key, value] of before) if (key !== restoredKey) expect(after.get(key)).toBe(value);
  expect(decode('restored', after.get(restoredKey) ?? '')).toMatchObject({
    ok: true,
    value: { from: 'survivor' },
  });
  // Nobody listens any more: the agent starts on it.
  const [endpoint] = [`127.0.0.1:${config.ports.etcdClient}`];
  const bbs = etcdBbs({ endpoints: [endpoint ?? ''], clock: systemClock, log: silentLog, rng: systemRng });
  await expect(bbs.read([restoredKey], { signal })).rejects.toMatchObject({ code: 'Unavailable' });
  bbs.close();
}, 90_000);

test('a cluster with TLS is restored onto a host that never was in it, which signs for itself', async () => {
  const settings = { ...config, insecure: false };
  await expect(run({ settings })).rejects.toThrow('is of a cluster without TLS');
  const authorities = await testAuthorities('skep-abc', systemClock.now());
  await write([{ key: authoritiesKey, value: JSON.stringify(authorities) }]);
  await run({ settings });
  const host = new PkiFolder(dataDir).readHost();
  expect(host).toMatchObject({ clusterId: 'skep-abc', cluster: { ca: authorities.cluster.certificate } });
  expect(certificateFacts(host?.cluster.certificate ?? '').identity?.roles).toEqual(['server', 'cell']);
}, 90_000);
