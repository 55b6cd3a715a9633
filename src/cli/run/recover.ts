/**
 * `skep server recover`: after the majority of the servers was lost for good, makes this one the only server, with
 * all that it has. A copy of its data is laid aside first. The others, should they ever come back, must not be
 * started with their old data: they would be a second cluster of the same name.
 */
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { SkepError } from '../../base/core/errors.ts';
import { randomName } from '../../base/core/rng.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import { systemRng } from '../../base/node/system-rng.ts';
import { keepUnknownMs, presenceGraceMs, type Restored } from '../../model/restored.ts';
import type { Bbs, Put, StoredRecord } from '../../store/bbs.ts';
import { encode } from '../../store/core/codec.ts';
import { etcdDataFolder } from '../../store/core/etcd-args.ts';
import { eventKey, parseKey, restoredKey, root } from '../../store/core/keys.ts';
import { restoredValue } from '../../store/core/restore-plan.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import { endLeftEtcd, etcdFolderOf, holdServer, withEtcd } from './new-store.ts';
import { stampOf } from './restore.ts';

export interface RecoverRequest {
  readonly config: AgentConfig;
  readonly signal: AbortSignal;
  /** Asked before anything is changed; throws when the answer is no. */
  confirm(): Promise<void>;
  say(line: string): void;
}

export interface Recovery {
  readonly records: number;
  readonly revision: number;
  /** Servers that are no longer of the cluster. */
  readonly dropped: readonly string[];
  readonly copiedTo: string;
}

/** @throws SkepError `InvalidRequest` where no server ever was, `ResourceConflict` while the agent runs */
export async function recover({ config, signal, confirm, say }: RecoverRequest): Promise<Recovery> {
  const lock = await holdServer(config, 'recover');
  try {
    const folder = etcdFolderOf(config);
    if (!existsSync(join(etcdDataFolder(folder), 'member'))) {
      throw new SkepError('InvalidRequest', `${folder} holds no state: this host was never a server`, {
        hint: 'run it on a server that survived, or restore a backup: skep backup restore FILE',
      });
    }
    await confirm();
    if (await endLeftEtcd(config, folder)) say('The etcd that the agent left running was ended.');
    const copiedTo = `${folder}.before-recover-${stampOf(systemClock.now())}`;
    await cp(folder, copiedTo, { recursive: true, errorOnExist: true, force: false });
    const how = {
      dataDir: folder,
      initialClusterState: 'existing',
      clusterToken: randomName(systemRng),
      forceNewCluster: true,
    } as const;
    const told = await withEtcd(config, how, signal, (bbs) => settle(bbs, config, signal));
    return { ...told, copiedTo };
  } finally {
    lock.close();
  }
}

/**
 * The lost servers are forgotten, cells get time to come back, and every cell will take the word of this store, which
 * may lack what the others had acknowledged last.
 */
async function settle(
  bbs: Bbs,
  config: AgentConfig,
  signal: AbortSignal,
): Promise<Omit<Recovery, 'copiedTo'>> {
  const { revision, records } = await bbs.list(root, { signal });
  const leaseId = await bbs.grantLease(presenceGraceMs, { signal });
  const servers = records.filter(({ key }) => isOfServers(key));
  const dropped = servers.flatMap(({ key }) => serverOf(key)).filter((name) => name !== config.name);
  const puts = [...presencesUnder(leaseId, records), ...unbegunTasks(records), ...notes(config, revision)];
  const mutations = puts.map((put) => ({ compare: [], puts: [put] }));
  await bbs.commit([...mutations, { compare: [], puts: [], deletes: servers.map(({ key }) => key) }], {
    signal,
  });
  return { records: records.length, revision, dropped };
}

/** Also how they were looked after: those waits and changes are over. */
function isOfServers(key: string): boolean {
  const kind = parseKey(key)?.kind;
  return kind === 'server' || kind === 'quorum';
}

function serverOf(key: string): string[] {
  const parsed = parseKey(key);
  return parsed?.kind === 'server' ? [parsed.server] : [];
}

function presencesUnder(leaseId: string, records: readonly StoredRecord[]): Put[] {
  return records.flatMap(({ key, value }) =>
    parseKey(key)?.kind === 'presence' ? [{ key, value, leaseId }] : [],
  );
}

/** Another server may have let them begin without this one knowing. */
function unbegunTasks(records: readonly StoredRecord[]): Put[] {
  return records.flatMap(({ key, value }) => {
    const now = restoredValue(key, value, systemClock.now());
    return now === value ? [] : [{ key, value: now }];
  });
}

function notes({ name }: AgentConfig, revision: number): Put[] {
  const at = systemClock.now();
  const restored: Restored = {
    v: 1,
    from: 'survivor',
    at,
    asOf: 0,
    revision,
    keepUntil: at + keepUnknownMs,
  };
  const message = `made the only server after the majority was lost; the state is of revision ${revision}`;
  const event = { v: 1, type: 'backup.restored', at, subject: name, message } as const;
  return [
    { key: restoredKey, value: encode(restored) },
    { key: eventKey(at, randomName(systemRng)), value: encode(event) },
  ];
}
