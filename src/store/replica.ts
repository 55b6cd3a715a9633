/**
 * The cluster's state in this server's memory, kept current by a watch. The API reads it, the brain decides
 * from it, the dispatcher sends cells their part of it. Reads after one's own write wait for its revision.
 */
import type { Mutation } from './core/records.ts';
import type { ClusterState, Touched } from './core/state.ts';

export type ReplicaListener = (touched: Touched, state: ClusterState) => void;

export interface Replica {
  readonly state: ClusterState;
  /** Undefined until the first snapshot has come, then why it may be old, or '' when it is current. */
  readonly staleReason: string | undefined;
  /** Called after every batch of changes, in order; must not throw. Returns how to stop. */
  subscribe(listener: ReplicaListener): () => void;
  /**
   * Resolves when the state has reached `revision` (0: the first snapshot). Throws `Unavailable` after
   * `deadlineMs`.
   */
  waitFor(revision: number, deadlineMs: number, signal: AbortSignal): Promise<void>;
  /** Is told of what this process is about to write, so that it is not read again when it comes back. */
  expect(mutations: readonly Mutation[]): void;
  /** Follows the store until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}
