/**
 * The backups that one server keeps on its own disk: made when they are due, read back, thrown away by number and
 * age, listed and handed out. Built and run by the server's composition root; the API asks it through ApiContext.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, pause } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Log } from '../base/log.ts';
import type { JournalEvent } from '../model/event.ts';
import { inspectBackup, type VerifiedBackup, verifyBackup, writeBackupFile } from './backup-file.ts';
import { backupBytes } from './backup-writer.ts';
import type { BackupHeader, BackupTrailer } from './core/backup-format.ts';
import {
  type BackupPolicy,
  backupName,
  isBackupName,
  nextBackupAt,
  outdatedBackups,
} from './core/backup-retention.ts';
import type { ReadPages } from './record-pages.ts';

/** A backup of this server's folder; without header and trailer it cannot be read, and `problem` says why. */
export interface StoredBackup {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly header: BackupHeader | undefined;
  readonly trailer: BackupTrailer | undefined;
  readonly problem: string;
}

export interface Backups {
  /** Newest first. */
  list(): Promise<readonly StoredBackup[]>;
  /** Makes one now and keeps it. Throws `Busy` while one is being made, and whatever keeps it from being whole. */
  save(options: { readonly signal: AbortSignal }): Promise<StoredBackup>;
  /** Throws `ResourceNotFound` for a name that is none of ours. */
  remove(name: string): Promise<void>;
  /** One made for whoever asks, not kept here. Ends early by throwing. */
  stream(options: { readonly signal: AbortSignal }): AsyncIterable<Uint8Array>;
}

export interface BackupKeeperOptions {
  /** Made when it is missing, for its owner alone. */
  readonly folder: string;
  readonly pages: ReadPages;
  readonly clusterId: string;
  readonly server: string;
  readonly version: string;
  readonly policy: BackupPolicy;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the store can be read now: what is due waits for it and is no failure. */
  isReady(): boolean;
  /** Writes a line of the journal; may throw. */
  note(event: JournalEvent, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** After a failure it is tried again this soon. */
const retryMs = 5 * 60_000;
/** The schedule is looked at this often. */
const lookMs = 15_000;
/** Streams that go on at once: each holds a page of the store and a compressor. */
const maxStreams = 4;

export class BackupKeeper implements Backups {
  readonly #options: BackupKeeperOptions;
  #isSaving = false;
  #streams = 0;
  /** Told in the journal once, until one succeeds. */
  #hasFailed = false;

  constructor(options: BackupKeeperOptions) {
    this.#options = options;
  }

  /** Makes what is due until the signal aborts; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, policy, isReady } = this.#options;
    if (policy.everyMs === 0) return;
    let notBefore = 0;
    while (!signal.aborted) {
      try {
        const isDue = isReady() && clock.now() >= Math.max(notBefore, await this.#dueAt());
        if (isDue) await this.save({ signal });
      } catch (error) {
        if (signal.aborted) return;
        notBefore = clock.now() + retryMs;
        await this.#tellFailure(error, signal);
      }
      await pause(clock, lookMs, signal);
    }
  }

  async #dueAt(): Promise<number> {
    const { policy, server } = this.#options;
    const [newest] = (await this.list()).filter(({ header }) => header !== undefined);
    return nextBackupAt(newest?.header?.at, policy, server);
  }

  async list(): Promise<readonly StoredBackup[]> {
    const names = await this.#names();
    const found = await Promise.all(names.map((name) => describe(join(this.#options.folder, name), name)));
    return found.toSorted((a, b) => (a.name < b.name ? 1 : -1));
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.#options.folder)).filter(isBackupName);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  async save({ signal }: { readonly signal: AbortSignal }): Promise<StoredBackup> {
    if (this.#isSaving) {
      throw new SkepError('Busy', `server ${this.#options.server} is making a backup already`, {
        hint: "wait some seconds; 'skep backup ls' shows it then",
      });
    }
    this.#isSaving = true;
    try {
      const saved = await this.#write(signal);
      await this.#tidy();
      this.#hasFailed = false;
      await this.#tellSaved(saved, signal);
      return { ...saved, name: saved.path.slice(this.#options.folder.length + 1), problem: '' };
    } finally {
      this.#isSaving = false;
    }
  }

  /** Under a name that is known once its revision is; only a file that was read back keeps it. */
  async #write(signal: AbortSignal): Promise<VerifiedBackup> {
    const { folder, clock } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const at = clock.now();
    const raw = join(folder, '.new');
    await writeBackupFile(raw, this.#bytes(at, signal), signal);
    try {
      const verified = await verifyBackup(raw, signal);
      const path = join(folder, backupName(at, verified.header.revision));
      await rename(raw, path);
      return { ...verified, path };
    } catch (error) {
      await rm(raw, { force: true });
      throw error;
    }
  }

  #bytes(at: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const { pages, clusterId, server, version } = this.#options;
    return backupBytes(pages({ signal }), { clusterId, server, version, at });
  }

  async #tidy(): Promise<void> {
    const { folder, policy, clock, log } = this.#options;
    const dated = (await this.list()).flatMap(({ name, header }) =>
      header === undefined ? [] : [{ name, at: header.at }],
    );
    for (const name of outdatedBackups(dated, policy, clock.now())) {
      await rm(join(folder, name), { force: true });
      log.info('backup.removed', { name });
    }
  }

  async remove(name: string): Promise<void> {
    if (!isBackupName(name) || !(await this.#names()).includes(name)) {
      throw new SkepError('ResourceNotFound', `server ${this.#options.server} keeps no backup ${name}`, {
        hint: "'skep backup ls' shows those that it keeps; other servers keep their own: --server HOST:PORT",
      });
    }
    await rm(join(this.#options.folder, name));
  }

  async *stream({ signal }: { readonly signal: AbortSignal }): AsyncIterable<Uint8Array> {
    const { server, clock } = this.#options;
    if (this.#streams >= maxStreams) {
      throw new SkepError('Busy', `server ${server} sends ${this.#streams} backups already`, {
        hint: 'wait until one has ended, or ask another server: --server HOST:PORT',
      });
    }
    this.#streams += 1;
    try {
      yield* this.#bytes(clock.now(), signal);
    } finally {
      this.#streams -= 1;
    }
  }

  async #tellSaved(
    { header, trailer, bytes, path, corrupt }: VerifiedBackup,
    signal: AbortSignal,
  ): Promise<void> {
    const { log, server, clock } = this.#options;
    log.info('backup.saved', { path, bytes, records: trailer.records, revision: header.revision });
    const faults = corrupt.length === 0 ? '' : `; ${corrupt.length} of them cannot be read`;
    const message = `${trailer.records} records of revision ${header.revision}, ${bytes} bytes, read back${faults}: ${path}`;
    await this.#note({ v: 1, type: 'backup.saved', at: clock.now(), subject: server, message }, signal);
  }

  async #tellFailure(error: unknown, signal: AbortSignal): Promise<void> {
    const { log, server, clock, folder } = this.#options;
    log.warn('backup.failed', { reason: messageOf(error), folder, retryMs });
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const message = `no backup in ${folder}: ${messageOf(error)}`.slice(0, 1_000);
    await this.#note({ v: 1, type: 'backup.failed', at: clock.now(), subject: server, message }, signal);
  }

  /** A backup is none the worse when the journal does not take its line. */
  async #note(event: JournalEvent, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.note(event, { signal });
    } catch (error) {
      this.#options.log.info('backup.not_noted', { type: event.type, reason: messageOf(error) });
    }
  }
}

async function describe(path: string, name: string): Promise<StoredBackup> {
  try {
    const { bytes, header, trailer } = await inspectBackup(path);
    return { name, path, bytes, header, trailer, problem: '' };
  } catch (error) {
    return { name, path, bytes: 0, header: undefined, trailer: undefined, problem: messageOf(error) };
  }
}
