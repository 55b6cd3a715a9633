/**
 * The records of a backup → an empty store, in large transactions. Called by the composition root of the restore,
 * which founded the store and throws it away when this fails.
 */
import { messageOf, SkepError } from '../base/core/errors.ts';
import { presenceGraceMs, type Restored } from '../model/restored.ts';
import type { BackupFile } from './backup-file.ts';
import { readBackup } from './backup-file.ts';
import type { Bbs, Mutation, Put } from './bbs.ts';
import { encode } from './core/codec.ts';
import { restoredKey } from './core/keys.ts';
import { restoredValue, treatmentOf } from './core/restore-plan.ts';
import type { ReadPages } from './record-pages.ts';

export interface RestoreOptions {
  readonly bbs: Bbs & { readonly pages: ReadPages };
  readonly file: BackupFile;
  /** Keys that are left out, because they cannot be read. */
  readonly skip: ReadonlySet<string>;
  readonly restored: Restored;
  readonly signal: AbortSignal;
  /** Told after each portion: records written so far. */
  onProgress?(records: number): void;
}

/** Puts of one mutation, which is the unit that the store's adapter puts into transactions of up to a megabyte. */
const putsPerMutation = 100;
const mutationMaxChars = 200_000;
/** Records under way at once: what a restore holds in memory. */
const portionRecords = 20_000;

/**
 * Writes everything that belongs in a restored store, and last the record that says that it is one. Returns how many
 * records of the backup were written.
 * @throws SkepError what the store or the file throws; the store is of no use then
 */
export async function restoreRecords(options: RestoreOptions): Promise<number> {
  const { bbs, file, skip, restored, signal, onProgress } = options;
  const leaseId = await bbs.grantLease(presenceGraceMs, { signal });
  let waiting: Put[] = [];
  let written = 0;
  const flush = async (): Promise<void> => {
    await commitAll(bbs, waiting, signal);
    written += waiting.length;
    waiting = [];
    onProgress?.(written);
  };
  for await (const portion of readBackup(file)) {
    for (const { key, value } of portion) {
      const treatment = skip.has(key) ? 'drop' : treatmentOf(key);
      if (treatment === 'drop') continue;
      const put = { key, value: restoredValue(key, value, restored.at) };
      waiting.push(treatment === 'put' ? put : { ...put, leaseId });
    }
    if (waiting.length >= portionRecords) await flush();
  }
  await flush();
  await commitAll(bbs, [{ key: restoredKey, value: encode(restored) }], signal);
  await proveCount(bbs.pages, written + 1, signal);
  return written;
}

async function commitAll(bbs: Bbs, puts: readonly Put[], signal: AbortSignal): Promise<void> {
  const mutations: Mutation[] = [];
  let open: Put[] = [];
  let chars = 0;
  for (const put of puts) {
    if (open.length > 0 && (open.length >= putsPerMutation || chars + put.value.length > mutationMaxChars)) {
      mutations.push({ compare: [], puts: open });
      open = [];
      chars = 0;
    }
    open.push(put);
    chars += put.value.length;
  }
  if (open.length > 0) mutations.push({ compare: [], puts: open });
  if (mutations.length === 0) return;
  try {
    await bbs.commit(mutations, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new SkepError('Unavailable', `the new store does not take the records: ${messageOf(error)}`, {
      hint: 'nothing was changed; look at the space and the speed of the disk, then try again',
      cause: error,
    });
  }
}

/** Everything that was sent is there: nobody starts an agent on less. */
async function proveCount(pages: ReadPages, wanted: number, signal: AbortSignal): Promise<void> {
  let found = 0;
  for await (const { records } of pages({ signal })) found += records.length;
  if (found === wanted) return;
  throw new SkepError('Internal', `the new store has ${found} records instead of ${wanted}`);
}
