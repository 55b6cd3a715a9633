/**
 * Who runs the brain, as a port. Adapters: `etcd/raft-election.ts` (leadership follows Raft's own leader),
 * `etcd/lease-election.ts` (an outside etcd), `memory/`. Suite: test/contract/election.contract.ts.
 */
import type { Fence } from './bbs.ts';

export interface LeaderTerm {
  /** Goes with every write of the brain; stops holding the moment somebody else leads. */
  readonly fence: Fence;
  /** Aborts when leadership is known to be lost, or the candidate is told to stop. */
  readonly signal: AbortSignal;
  readonly raftTerm: number;
}

export interface Election {
  /**
   * Runs `lead` each time this candidate leads, one at a time, until the signal aborts. `lead` must return
   * soon after its term's signal aborts. Leadership is given up cleanly when the signal aborts.
   */
  campaign(
    lead: (term: LeaderTerm) => Promise<void>,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}
