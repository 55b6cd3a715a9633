/**
 * `skep backup restore`: founds the store of this host anew from a backup. The new one is made whole beside the old
 * one, and then takes its place by a rename; the old one stays, under a name with the time.
 */
import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { SkepError } from '../../base/core/errors.ts';
import { randomName } from '../../base/core/rng.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import { systemRng } from '../../base/node/system-rng.ts';
import { keepUnknownMs, type Restored } from '../../model/restored.ts';
import { type VerifiedBackup, verifyBackup } from '../../store/backup-file.ts';
import type { Bbs } from '../../store/bbs.ts';
import { encode } from '../../store/core/codec.ts';
import { eventKey } from '../../store/core/keys.ts';
import { restoreRecords } from '../../store/restore-records.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import { readClusterId, writeClusterId } from './data-folder.ts';
import { endLeftEtcd, etcdFolderOf, holdServer, withEtcd } from './new-store.ts';
import { adoptAuthorities } from './store-repair.ts';

export interface RestoreRequest {
  readonly config: AgentConfig;
  readonly file: string;
  /** The data folder may be of another cluster. */
  readonly force: boolean;
  /** Records that cannot be read are left out. */
  readonly skipCorrupt: boolean;
  readonly signal: AbortSignal;
  /** Asked once everything is known and before anything is changed; throws when the answer is no. */
  confirm(backup: VerifiedBackup, hasOldStore: boolean): Promise<void>;
  say(line: string): void;
}

export interface Restoration {
  readonly backup: VerifiedBackup;
  readonly records: number;
  readonly skipped: readonly { readonly key: string; readonly reason: string }[];
  /** Where the old store is now; undefined: there was none. */
  readonly movedTo: string | undefined;
  readonly restored: Restored;
}

/** @throws SkepError with the reason; unless it says otherwise nothing was changed then */
export async function restore(request: RestoreRequest): Promise<Restoration> {
  const { config, signal, say } = request;
  const backup = await verifyBackup(request.file, signal);
  refuseCorrupt(backup, request.skipCorrupt);
  refuseOtherCluster(backup, config, request.force);
  const lock = await holdServer(config, 'restore');
  try {
    const folder = etcdFolderOf(config);
    await request.confirm(backup, existsSync(folder));
    if (await endLeftEtcd(config, folder)) say('The etcd that the agent left running was ended.');
    const restored = restoredOf(backup);
    const staging = `${folder}.restoring`;
    await endLeftEtcd(config, staging);
    await rm(staging, { recursive: true, force: true });
    const records = await build({ request, backup, staging, restored });
    const movedTo = await exchange(folder, staging, restored.at);
    writeClusterId(config.dataDir, backup.header.clusterId);
    await syncFolder(config.dataDir);
    return { backup, records, skipped: backup.corrupt, movedTo, restored };
  } finally {
    lock.close();
  }
}

function refuseCorrupt({ corrupt, path }: VerifiedBackup, skip: boolean): void {
  const [first] = corrupt;
  if (first === undefined || skip) return;
  const others = corrupt.length === 1 ? '' : ` and ${corrupt.length - 1} more`;
  throw new SkepError(
    'InvalidRequest',
    `${path} holds records that cannot be read: ${first.key} (${first.reason})${others}`,
    { field: 'file', hint: 'restore without them: --skip-corrupt; skep backup verify FILE lists them' },
  );
}

function refuseOtherCluster({ header, path }: VerifiedBackup, config: AgentConfig, force: boolean): void {
  const known = readClusterId(config.dataDir);
  if (known === undefined || known === header.clusterId || force) return;
  throw new SkepError(
    'ResourceConflict',
    `${path} is of cluster ${header.clusterId}, and this host was in ${known}`,
    { hint: 'on the right host? --force moves this host to that cluster' },
  );
}

function restoredOf({ header }: VerifiedBackup): Restored {
  const at = systemClock.now();
  const { at: asOf, revision } = header;
  return { v: 1, from: 'backup', at, asOf, revision, keepUntil: at + keepUnknownMs };
}

interface Building {
  readonly request: RestoreRequest;
  readonly backup: VerifiedBackup;
  readonly staging: string;
  readonly restored: Restored;
}

/** The whole new store in a folder of its own; nothing of it remains when that fails. */
async function build({ request, backup, staging, restored }: Building): Promise<number> {
  const { config, signal, say } = request;
  const how = { dataDir: staging, initialClusterState: 'new', clusterToken: randomName(systemRng) } as const;
  const skip = new Set(backup.corrupt.map(({ key }) => key));
  let toldAt = systemClock.now();
  const aboutTrust = await adoptAuthorities(config, backup);
  try {
    return await withEtcd(config, how, signal, async (bbs) => {
      const onProgress = (records: number): void => {
        if (systemClock.now() - toldAt < 2_000) return;
        toldAt = systemClock.now();
        say(`${records} of ${backup.trailer.records} records`);
      };
      const records = await restoreRecords({ bbs, file: backup, skip, restored, signal, onProgress });
      if (aboutTrust.length > 0) await bbs.commit([{ compare: [], puts: aboutTrust }], { signal });
      await note(bbs, config.name, { backup, restored, signal });
      return records;
    });
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
}

async function note(
  bbs: Bbs,
  server: string,
  { backup, restored, signal }: Pick<Building, 'backup' | 'restored'> & Pick<RestoreRequest, 'signal'>,
): Promise<void> {
  const { header } = backup;
  const message = `the state of ${new Date(header.at).toISOString()} (revision ${header.revision}) was restored from ${basename(backup.path)}`;
  const event = { v: 1, type: 'backup.restored', at: restored.at, subject: server, message } as const;
  const key = eventKey(restored.at, randomName(systemRng));
  await bbs.commit([{ compare: [], puts: [{ key, value: encode(event) }] }], { signal });
}

/** Two renames; between them there is no store, and the command can be given again. */
async function exchange(folder: string, staging: string, at: number): Promise<string | undefined> {
  let movedTo: string | undefined;
  if (existsSync(folder)) {
    movedTo = `${folder}.before-restore-${stampOf(at)}`;
    await rename(folder, movedTo);
  }
  await rename(staging, folder);
  return movedTo;
}

/** `2026-11-21T224000Z`. */
export function stampOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(':', '')}Z`;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
