/** The servers of the store's quorum, as a port. Adapter: etcd/etcd-members.ts. */

export interface Member {
  /** etcd's id in hexadecimal. */
  readonly id: string;
  /** The server's name; '' for a learner that has not started yet. */
  readonly server: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly learner: boolean;
}

/** How old an answer may be that is taken for another one's question; 0, as without it: it is asked now. */
export interface Asking {
  readonly signal: AbortSignal;
  readonly maxAgeMs?: number;
}

export interface Members {
  /** What was changed through this object is in it, whatever `maxAgeMs` says. */
  list(options: Asking): Promise<readonly Member[]>;
  /**
   * Adds a learner, unless a member with this peer URL exists, and returns what `--initial-cluster` must be
   * on it. Throws `InvalidRequest` above seven servers, `Busy` while another learner catches up.
   */
  add(server: string, peerUrl: string, options: { readonly signal: AbortSignal }): Promise<string>;
  /** Makes a learner a voter; done already is fine. Throws `Unavailable` while it has not caught up. */
  promote(server: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /**
   * Removes a member by server name, or by peer URL if it never started and so has none; `ResourceNotFound`
   * if there is none.
   */
  remove(server: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Gives Raft's leadership from one voter to another; both by server name. Throws `Unavailable` when it fails. */
  handOver(from: string, to: string, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** This server's own member. */
export interface MemberStatus {
  readonly memberId: string;
  readonly leaderId: string;
  readonly raftTerm: number;
  readonly learner: boolean;
  readonly dbSizeBytes: number;
  /** How far its log is committed: what it lacks of the furthest member's is its lag. */
  readonly raftIndex: number;
}
