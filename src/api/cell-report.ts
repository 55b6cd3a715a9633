/**
 * How a cell's report becomes a write: read the record, let a pure verb decide, commit with a comparison,
 * and try again on fresh data when the comparison fails. Used by cell-instances.ts and cell-tasks.ts.
 */
import type { Clock } from '../base/clock.ts';
import { SkepError } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import type { CellId } from '../model/ids.ts';
import type { Bbs, Mutation, Put, StoredRecord } from '../store/bbs.ts';
import { type Decoded, decode, type Noun } from '../store/core/codec.ts';
import type { Key } from '../store/core/keys.ts';
import type { Versioned } from '../store/core/state.ts';
import type { Replica } from '../store/replica.ts';
import type { CommitQueue } from './cell-commits.ts';
import type { CellJournal, CellLine } from './cell-journal.ts';

/** What the handlers of one session's requests work with. */
export interface CellContext {
  /** The cell that this session speaks for: nothing is accepted about another. */
  readonly cellId: CellId;
  readonly replica: Replica;
  readonly bbs: Bbs;
  readonly commits: CommitQueue;
  readonly journal: CellJournal;
  /** Reports of this session's instances that are being settled, by what they say. */
  readonly reports: Map<string, Promise<void>>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A record as it was read; 'corrupt' means that there is one which cannot be read. */
export type Slot<T> = Versioned<T> | 'corrupt' | undefined;

export type Decision =
  | { readonly kind: 'write'; readonly mutation: Mutation }
  /** The store says already what was reported. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refuse'; readonly error: SkepError };

export interface Report<R> {
  /** What it is about, for messages. */
  readonly subject: string;
  /** The records as this server's replica has them, which may be old. */
  cached(): R;
  /** The same by a linearizable read. */
  fresh(): Promise<R>;
  decide(records: R): Decision;
  /** Whether 'nothing' may be answered from the replica alone. */
  readonly trustsCache: boolean;
}

const maxFreshTries = 5;

/**
 * Runs one report to its end. The replica serves the first try, since a write's comparison proves it; a
 * refusal is only given on fresh data. Throws the refusal, or `ResourceConflict` when the record kept
 * changing.
 */
export async function settleReport<R>(context: CellContext, report: Report<R>): Promise<void> {
  for (let tries = 0; tries <= maxFreshTries; tries++) {
    const isCached = tries === 0;
    const decision = report.decide(isCached ? report.cached() : await report.fresh());
    if (decision.kind === 'write') {
      const outcome = await context.commits.commit(decision.mutation);
      if (outcome.committed) return;
    } else if (decision.kind === 'refuse') {
      if (!isCached) throw decision.error;
    } else if (!isCached || report.trustsCache) {
      return;
    }
  }
  const message = `${report.subject} changed ${maxFreshTries} times while the report of cell ${context.cellId} was applied`;
  throw new SkepError('ResourceConflict', message, { hint: 'send the report again' });
}

/** A stored record of a known kind, with the corrupt ones marked. */
export function slotOf<K extends Key['kind']>(kind: K, record: StoredRecord | undefined): Slot<Noun<K>> {
  if (record === undefined) return undefined;
  const decoded: Decoded<K> = decode(kind, record.value);
  return decoded.ok ? { key: record.key, revision: record.revision, value: decoded.value } : 'corrupt';
}

/** The refusal for a record that cannot be read: retryable, so that the cell leaves its container alone. */
export function corruptRefusal(subject: string): Decision {
  const message = `the record of ${subject} in the store cannot be read`;
  const hint = 'skep status lists the key; the container is left as it is until the record is repaired';
  return { kind: 'refuse', error: new SkepError('Unavailable', message, { hint }) };
}

/** A line of the journal as a part of the mutation that it tells of; nothing when there are too many of its kind. */
export function journalPuts(context: CellContext, line: CellLine): Put[] {
  return context.journal.puts(context.cellId, line);
}
