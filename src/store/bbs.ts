/**
 * The store as a port: one revisioned map of text under text, watched from a revision, written by
 * comparisons. Two adapters, `etcd/` and `memory/`, pass one suite: test/contract/bbs.contract.ts.
 */
import type { Change, Fence, Mutation, Snapshot, StoredRecord } from './core/records.ts';

export type { Change, Comparison, Fence, Mutation, Put, Snapshot, StoredRecord } from './core/records.ts';

/** Gets a snapshot, then every change after it, in order, without a gap. */
export interface BbsObserver {
  /** The whole content at one revision; comes again, instead of changes, after the log was compacted. */
  onSnapshot(snapshot: Snapshot): void;
  /** All changes of one or more transactions; a transaction is never split over two calls. */
  onChanges(changes: readonly Change[], revision: number): void;
  /** The connection is lost (with the reason) or back (undefined): what is known may be old meanwhile. */
  onStale(reason: string | undefined): void;
}

export type MutationOutcome =
  | { readonly committed: true; readonly revision: number }
  /** Some comparison failed; nothing of this mutation was written. */
  | { readonly committed: false };

export interface ReadResult {
  readonly revision: number;
  /** In the order of the keys asked for. */
  readonly records: readonly (StoredRecord | undefined)[];
}

export interface CallOptions {
  readonly signal: AbortSignal;
}

/**
 * Every call throws SkepError `Unavailable` when no quorum answers within its deadline; a commit that
 * throws may have happened or not. Aborting the signal rejects with the signal's reason.
 */
export interface Bbs {
  /** Feeds the observer until the signal aborts, then resolves. Reconnects and resumes by itself. */
  follow(observer: BbsObserver, options: CallOptions): Promise<void>;
  /** A linearizable (quorum-backed) read of some keys. */
  read(keys: readonly string[], options: CallOptions): Promise<ReadResult>;
  /** A linearizable read of all keys under a prefix, in order of the key, paged. */
  list(prefix: string, options: CallOptions): Promise<Snapshot>;
  /**
   * Commits each mutation by itself, many to a transaction. With a fence, throws `Fenced` when it no longer
   * holds: some of the mutations may have been committed before that moment, none after it. A put under a
   * lease that is gone throws `ResourceNotFound`; one that is too large for the store throws `TooLarge`.
   */
  commit(
    mutations: readonly Mutation[],
    options: CallOptions & { readonly fence?: Fence },
  ): Promise<readonly MutationOutcome[]>;
  /** Deletes every key in [from, to) without reading them. */
  deleteRange(from: string, to: string, options: CallOptions & { readonly fence?: Fence }): Promise<void>;
  /** A lease of `ttlMs`; keys put under it are deleted when it ends. */
  grantLease(ttlMs: number, options: CallOptions): Promise<string>;
  /** Extends a lease by its full length; false when it is gone. */
  keepAlive(leaseId: string, options: CallOptions): Promise<boolean>;
  /** Ends a lease now; no error when it is gone already. */
  revokeLease(leaseId: string, options: CallOptions): Promise<void>;
}
