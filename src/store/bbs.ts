/**
 * The store as a port: one revisioned map of text under text, watched from a revision, written by
 * comparisons. Two adapters, `etcd/` and `memory/`, pass one suite: test/contract/bbs.contract.ts.
 */

/** One record as it was read. */
export interface StoredRecord {
  readonly key: string;
  readonly value: string;
  /** The store's revision of the last write to this key. */
  readonly revision: number;
}

/** A change of one key: its new record, or none when it was deleted (or its lease ran out). */
export interface Change {
  readonly key: string;
  readonly record: StoredRecord | undefined;
}

export interface Snapshot {
  readonly revision: number;
  readonly records: readonly StoredRecord[];
}

/** Gets a snapshot, then every change after it, in order, without a gap. */
export interface BbsObserver {
  /** The whole content at one revision; comes again, instead of changes, after the log was compacted. */
  onSnapshot(snapshot: Snapshot): void;
  /** All changes of one or more transactions; a transaction is never split over two calls. */
  onChanges(changes: readonly Change[], revision: number): void;
  /** The connection is lost (with the reason) or back (undefined): what is known may be old meanwhile. */
  onStale(reason: string | undefined): void;
}

/** `key` must be at `revision`; 0 means that it must not exist. */
export interface Comparison {
  readonly key: string;
  readonly revision: number;
}

export interface Put {
  readonly key: string;
  readonly value: string;
  readonly leaseId?: string | undefined;
}

/** Things that change together or not at all. A key appears at most once among puts and deletes. */
export interface Mutation {
  readonly compare: readonly Comparison[];
  readonly puts: readonly Put[];
  readonly deletes?: readonly string[] | undefined;
}

/** Proof of leadership: the leader key must still be at the revision at which the leader wrote it. */
export type Fence = Comparison;

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
   * holds; mutations before that may have been committed, none after it.
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
