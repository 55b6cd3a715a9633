/**
 * An election under a lease, over any Bbs, for tests and the simulation. The leader's record lives under a
 * lease that the leader extends; whoever finds no record takes it. A paused candidate neither extends nor
 * notices anything, as a stopped process would: what it still writes must be refused by its fence.
 */
import type { Clock } from '../../base/clock.ts';
import type { Leader } from '../../model/cell.ts';
import { defaults } from '../../model/defaults.ts';
import type { Bbs, Fence } from '../bbs.ts';
import { encode } from '../core/codec.ts';
import { leaderKey } from '../core/keys.ts';
import type { Election, LeaderTerm } from '../election.ts';

export interface MemoryElectionOptions {
  readonly bbs: Bbs;
  /** The candidate's server name. */
  readonly name: string;
  readonly clock: Clock;
}

export interface MemoryElection extends Election {
  /** The fence of the term that this candidate believes to have. */
  readonly fence: Fence | undefined;
  /** Stops the candidate as SIGSTOP would: it keeps believing whatever it believes. */
  pause(): void;
  resume(): void;
  /** Takes the leadership from whoever has it, at the next poll; the old leader learns of it at its own. */
  steal(): void;
}

interface Won {
  readonly fence: Fence;
  readonly leaseId: string;
}

type Lead = (term: LeaderTerm) => Promise<void>;

export function memoryElection(options: MemoryElectionOptions): MemoryElection {
  return new LeaseCandidate(options);
}

class LeaseCandidate implements MemoryElection {
  readonly #bbs: Bbs;
  readonly #name: string;
  readonly #clock: Clock;
  #fence: Fence | undefined;
  #paused = false;
  #stealing = false;

  constructor({ bbs, name, clock }: MemoryElectionOptions) {
    this.#bbs = bbs;
    this.#name = name;
    this.#clock = clock;
  }

  get fence(): Fence | undefined {
    return this.#fence;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  steal(): void {
    this.#stealing = true;
  }

  async campaign(lead: Lead, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      const won = this.#paused ? undefined : await this.#attempt(() => this.#take(signal), undefined);
      if (won !== undefined) await this.#term(won, lead, signal);
      else await this.#poll(signal);
    }
  }

  /** Writes the leader's record if there is none, or if it is to be stolen. */
  async #take(signal: AbortSignal): Promise<Won | undefined> {
    const found = (await this.#bbs.read([leaderKey], { signal })).records[0];
    if (found !== undefined && !this.#stealing) return undefined;
    this.#stealing = false;
    const leaseId = await this.#bbs.grantLease(defaults.leaderLeaseMs, { signal });
    const since = this.#clock.now();
    const leader: Leader = { v: 1, server: this.#name, raftTerm: (found?.revision ?? 0) + 1, since };
    const compare = [{ key: leaderKey, revision: found?.revision ?? 0 }];
    const puts = [{ key: leaderKey, value: encode(leader), leaseId }];
    const [outcome] = await this.#bbs.commit([{ compare, puts }], { signal });
    if (outcome?.committed) return { leaseId, fence: { key: leaderKey, revision: outcome.revision } };
    await this.#bbs.revokeLease(leaseId, { signal });
    return undefined;
  }

  async #term({ fence, leaseId }: Won, lead: Lead, signal: AbortSignal): Promise<void> {
    const term = new AbortController();
    const stop = (): void => term.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    this.#fence = fence;
    const holding = this.#hold(fence, leaseId, term);
    try {
      await lead({ fence, signal: term.signal, raftTerm: fence.revision });
    } finally {
      term.abort();
      signal.removeEventListener('abort', stop);
      await holding;
      this.#fence = undefined;
      const released = this.#bbs.revokeLease(leaseId, { signal: new AbortController().signal });
      await this.#attempt(() => released, undefined);
    }
  }

  /** Extends the lease until the term ends, and ends it when the record is no longer ours. */
  async #hold(fence: Fence, leaseId: string, term: AbortController): Promise<void> {
    const { signal } = term;
    let heldAt = this.#clock.now();
    while (!signal.aborted) {
      await this.#poll(signal);
      if (signal.aborted || this.#paused) continue;
      const held = await this.#attempt(() => this.#extend(fence, leaseId, signal), 'unknown');
      if (held === true) heldAt = this.#clock.now();
      if (held === false || this.#clock.now() - heldAt >= defaults.leaderLeaseMs) term.abort();
    }
  }

  async #extend(fence: Fence, leaseId: string, signal: AbortSignal): Promise<boolean> {
    if (!(await this.#bbs.keepAlive(leaseId, { signal }))) return false;
    const found = (await this.#bbs.read([leaderKey], { signal })).records[0];
    return found?.revision === fence.revision;
  }

  /** A store that does not answer decides nothing; the next poll asks again. */
  async #attempt<T, U>(work: () => Promise<T>, otherwise: U): Promise<T | U> {
    try {
      return await work();
    } catch {
      return otherwise;
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    await this.#attempt(() => this.#clock.sleep(defaults.raftStatusPollMs, signal), undefined);
  }
}
