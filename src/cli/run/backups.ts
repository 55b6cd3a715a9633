/** The backups of a server, built on its data folder and its store. Called by server.ts. */
import { join } from 'node:path';
import { randomName } from '../../base/core/rng.ts';
import { BackupKeeper } from '../../store/backup-keeper.ts';
import { encode } from '../../store/core/codec.ts';
import { eventKey } from '../../store/core/keys.ts';
import type { Replica } from '../../store/replica.ts';
import type { AgentContext } from './context.ts';
import type { StoreAccess } from './store-access.ts';

/** Where a server keeps its own, and where `skep backup restore` is mostly told to look. */
export const backupFolderOf = (dataDir: string): string => join(dataDir, 'backups');

export interface ServerBackupsOptions {
  readonly store: StoreAccess;
  readonly replica: Replica;
  readonly clusterId: string;
  readonly signal: AbortSignal;
}

export interface ServerBackups {
  readonly keeper: BackupKeeper;
  /** Resolves once the signal has aborted and nothing is being written. */
  readonly done: Promise<void>;
}

export function startBackups(
  { config, clock, rng, log, version, metrics }: AgentContext,
  { store, replica, clusterId, signal }: ServerBackupsOptions,
): ServerBackups {
  const { everyMinutes, newest, days } = config.backups;
  const keeper = new BackupKeeper({
    folder: backupFolderOf(config.dataDir),
    pages: store.pages,
    clusterId,
    server: config.name,
    version,
    policy: { everyMs: everyMinutes * 60_000, newest, days },
    clock,
    log,
    isReady: () => store.health() === '' && replica.staleReason === '',
    async note(event, options) {
      const key = eventKey(event.at, randomName(rng));
      await store.bbs.commit([{ compare: [], puts: [{ key, value: encode(event) }] }], options);
    },
  });
  metrics.read('skep_backup_newest_timestamp_seconds', async () => {
    const newest = (await keeper.list()).find(({ header }) => header !== undefined)?.header?.at;
    return newest === undefined ? 0 : newest / 1_000;
  });
  return { keeper, done: keeper.run(signal) };
}
