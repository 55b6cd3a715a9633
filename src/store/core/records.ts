/** What the store holds and what is asked of it, as plain data: the words of the port `Bbs` (store/bbs.ts). */

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

/** `key` must be at `revision`; 0 means that it must not exist. */
export interface Comparison {
  readonly key: string;
  readonly revision: number;
}

export interface Put {
  readonly key: string;
  readonly value: string;
  readonly leaseId?: string | undefined;
  /** What `value` says, exactly as it would be read: only told, for who writes it to know it again. Never stored. */
  readonly noun?: unknown;
}

/** Things that change together or not at all. A key appears at most once among puts and deletes. */
export interface Mutation {
  readonly compare: readonly Comparison[];
  readonly puts: readonly Put[];
  readonly deletes?: readonly string[] | undefined;
}

/** Proof of leadership: the leader key must still be at the revision at which the leader wrote it. */
export type Fence = Comparison;
