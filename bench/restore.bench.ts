/**
 * A backup of the A.9 mix in which every instance runs, and its restore into a new etcd, each as a server and
 * `skep backup restore` do them: read at one revision, compressed, made durable and read back; then verified, founded,
 * written in large transactions and counted. fsync on. Peer: etcd's own copy of its database, taken and laid down again.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../src/base/log.ts';
import { systemClock } from '../src/base/node/system-clock.ts';
import { systemRng } from '../src/base/node/system-rng.ts';
import { verifyBackup, writeBackupFile } from '../src/store/backup-file.ts';
import { backupBytes } from '../src/store/backup-writer.ts';
import { type EtcdBbs, etcdBbs } from '../src/store/etcd/etcd-bbs.ts';
import { restoreRecords } from '../src/store/restore-records.ts';
import { type EtcdBed, etcdBed } from '../test/kit/etcd-member.ts';
import { fullUnits, instancesPerUnit } from './mix.ts';
import type { BenchOptions, Figures, Measured } from './report.ts';
import { runningCluster } from './running-mix.ts';

export const ratioOf = { figure: 'restore_s', better: 'less' } as const;

const deadlineMs = 600_000;
const origin = { clusterId: 'skep-bench', server: 'bench', version: '0.0.0', at: 1_700_000_000_000 };

export async function measure({ quick, say }: BenchOptions): Promise<Measured> {
  const units = quick ? fullUnits / 10 : fullUnits;
  const folder = mkdtempSync(join(tmpdir(), 'skep-restore-'));
  const source = await etcdBed();
  const target = await etcdBed();
  try {
    const path = join(folder, 'cluster.skep-backup');
    const signal = AbortSignal.timeout(deadlineMs);
    const { save_s, peers } = await onEtcd(source, async (bbs, endpoint) => {
      const records = await fill(bbs, units, signal);
      say(`${units * instancesPerUnit} running instances, ${records} records, are in etcd`);
      const save_s = await seconds(async () => {
        await writeBackupFile(path, backupBytes(bbs.pages({ signal }), origin), signal);
        await verifyBackup(path, signal);
      });
      return { save_s, peers: snapshotOf(endpoint, folder) };
    });
    const file_mb = statSync(path).size / 1e6;
    say(`saved and read back in ${save_s.toFixed(1)} s: ${file_mb.toFixed(1)} MB`);
    const restore_s = await seconds(async () => {
      const file = await verifyBackup(path, signal);
      const restored = { v: 1, from: 'backup', at: 1, asOf: 0, revision: 1, keepUntil: 2 } as const;
      await onEtcd(target, (bbs) => restoreRecords({ bbs, file, skip: new Set(), restored, signal }));
    });
    say(`restored in ${restore_s.toFixed(1)} s; the budget is 300 s`);
    const rss_mb = process.memoryUsage().rss / 2 ** 20;
    return { ours: { save_s, file_mb, restore_s, rss_mb }, peers, samples: 1 };
  } finally {
    await source.cleanUp();
    await target.cleanUp();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An etcd as the supervisor starts it, for the time of the work, its start included and its end not. */
async function onEtcd<T>(bed: EtcdBed, work: (bbs: EtcdBbs, endpoint: string) => Promise<T>): Promise<T> {
  const member = bed.member('bench');
  const etcd = await bed.start(member);
  await etcd.ready(30_000, AbortSignal.timeout(deadlineMs));
  const endpoint = new URL(member.clientUrl).host;
  const bbs = etcdBbs({ endpoints: [endpoint], clock: systemClock, log: silentLog, rng: systemRng });
  try {
    return await work(bbs, endpoint);
  } finally {
    bbs.close();
  }
}

async function fill(bbs: EtcdBbs, units: number, signal: AbortSignal): Promise<number> {
  const records = runningCluster(units);
  const mutations = records.map(({ key, value }) => ({ compare: [], puts: [{ key, value }] }));
  for (let from = 0; from < mutations.length; from += 20_000) {
    await bbs.commit(mutations.slice(from, from + 20_000), { signal });
  }
  return records.length;
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

/** What etcdctl does with the same store; left out where there is no etcdctl. */
function snapshotOf(endpoint: string, folder: string): Record<string, Figures> {
  const env = { ...process.env, ETCDCTL_API: '3' };
  const file = join(folder, 'etcd.db');
  const took = (args: readonly string[]): number | undefined => {
    const startedAt = performance.now();
    const { status } = spawnSync('etcdctl', args, { env, stdio: 'ignore' });
    return status === 0 ? (performance.now() - startedAt) / 1_000 : undefined;
  };
  const save_s = took(['--endpoints', endpoint, 'snapshot', 'save', file]);
  const restore_s = took(['snapshot', 'restore', file, '--data-dir', join(folder, 'restored')]);
  if (save_s === undefined || restore_s === undefined) return {};
  return { etcdctl: { save_s, file_mb: statSync(file).size / 1e6, restore_s } };
}
