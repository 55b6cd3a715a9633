/**
 * A founding member that was killed at the very beginning of its life and can never serve: etcd 3.4 that dies
 * between making its log and writing the first entry comes back as a member of nothing, for ever. Used by
 * supervisor.ts, which then begins anew. A marker is written before the first start and goes before anybody is
 * told that etcd serves, so what it still marks has acknowledged nothing; a folder without it is never touched.
 */
import { access, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { type EtcdMemberConfig, etcdDataFolder } from '../core/etcd-args.ts';
import { hasNoVoters } from '../core/etcd-voters.ts';
import { logTail } from './etcd-log-file.ts';

const markerOf = (dataDir: string): string => `${dataDir}/never-served`;

const text = `etcd in this folder has not served yet. The agent takes this file away once it has.
While it is here, an etcd that cannot get up is moved aside and begun anew.
`;

/** Marks a founding member that is about to be started for the first time; others are left alone. */
export async function markFirstStart(config: EtcdMemberConfig): Promise<void> {
  if (!isFounder(config) || (await readdir(etcdDataFolder(config.dataDir))).length > 0) return;
  await writeFile(markerOf(config.dataDir), text, { mode: 0o600, flush: true });
}

/** To be awaited before anybody hears that the member serves; survives a loss of power from then on. */
export async function markServed(dataDir: string): Promise<void> {
  await rm(markerOf(dataDir), { force: true });
  const folder = await open(dataDir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whether the living etcd, whose words begin at `logStart`, never served and is a member of nothing. */
export async function isStillborn(config: EtcdMemberConfig, logStart: number): Promise<boolean> {
  if (!isFounder(config) || !(await isMarked(config.dataDir))) return false;
  return hasNoVoters(await logTail(config.dataDir, logStart));
}

/** Renames etcd's data folder, so that the next start finds none; returns where the data are now. */
export async function moveAside(dataDir: string, now: number): Promise<string> {
  const aside = `${dataDir}/data.never-served-${now}`;
  await rename(etcdDataFolder(dataDir), aside);
  return aside;
}

/** Alone and new: nobody else can hold what its cluster has acknowledged. */
function isFounder({ initialCluster, initialClusterState }: EtcdMemberConfig): boolean {
  return initialClusterState === 'new' && !initialCluster.includes(',');
}

async function isMarked(dataDir: string): Promise<boolean> {
  try {
    await access(markerOf(dataDir));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
