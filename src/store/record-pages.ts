/** The whole store at one revision, in pages, with what was under a lease: the port that backups are read through. */

export interface PagedRecord {
  readonly key: string;
  readonly value: string;
  readonly leased: boolean;
}

export interface RecordPage {
  /** The same for every page. */
  readonly revision: number;
  readonly records: readonly PagedRecord[];
}

/**
 * At least one page, in order of the key. Each is read when it is asked for, so a slow taker holds the store back.
 * Throws `Unavailable` without a quorum, and when the revision was thrown away meanwhile, which takes minutes.
 */
export type ReadPages = (options: { readonly signal: AbortSignal }) => AsyncIterable<RecordPage>;
