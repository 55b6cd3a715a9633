/**
 * One store in memory: revisions, comparisons, leases on a clock, and a log of changes to follow. Several
 * `memoryBbs` may be connected to one, each with faults of its own. It behaves as etcd does, but that it
 * answers at once.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { MutationOutcome } from '../bbs.ts';
import type { Change, Fence, Mutation, StoredRecord } from '../core/records.ts';

/** Transactions that can be resumed from; older ones are compacted away. */
const logMax = 10_000;

interface Transaction {
  readonly revision: number;
  readonly changes: readonly Change[];
}

interface Lease {
  readonly ttlMs: number;
  readonly keys: Set<string>;
  timer: Timer;
}

export class MemoryStore {
  /** As etcd's, the revision of an empty store is 1. */
  revision = 1;
  /** What happened up to this revision cannot be replayed any more. */
  compactedRevision = 1;
  readonly #clock: Clock;
  readonly #records = new Map<string, StoredRecord>();
  readonly #leaseOf = new Map<string, string>();
  readonly #leases = new Map<string, Lease>();
  readonly #listeners = new Set<() => void>();
  #log: Transaction[] = [];
  #nextLease = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): StoredRecord | undefined {
    return this.#records.get(key);
  }

  /** Records whose key begins with the prefix, in the order of the key. */
  list(prefix: string): StoredRecord[] {
    const found = [...this.#records.values()].filter((record) => record.key.startsWith(prefix));
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Throws `Fenced`, or `ResourceNotFound` for a lease that is gone, before anything is written. */
  commit(mutations: readonly Mutation[], fence: Fence | undefined): MutationOutcome[] {
    this.#assertFence(fence);
    for (const put of mutations.flatMap((mutation) => mutation.puts)) {
      if (put.leaseId !== undefined && !this.#leases.has(put.leaseId)) throw leaseGone(put.leaseId);
    }
    return mutations.map((mutation) => this.#commitOne(mutation));
  }

  deleteRange(from: string, to: string, fence: Fence | undefined): void {
    this.#assertFence(fence);
    this.#delete([...this.#records.keys()].filter((key) => key >= from && key < to));
  }

  grantLease(ttlMs: number): string {
    const id = String(this.#nextLease++);
    this.#leases.set(id, { ttlMs, keys: new Set(), timer: this.#expireAfter(id, ttlMs) });
    return id;
  }

  keepAlive(id: string): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    lease.timer.cancel();
    lease.timer = this.#expireAfter(id, lease.ttlMs);
    return true;
  }

  /** Extends every lease by its full length, as etcd does when its leader changes. */
  extendLeases(): void {
    for (const id of this.#leases.keys()) this.keepAlive(id);
  }

  /** Ends a lease with its keys; nothing when it is gone already. */
  revokeLease(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.timer.cancel();
    this.#leases.delete(id);
    this.#delete([...lease.keys].sort());
  }

  /** Forgets how the present content came about: whoever is behind gets a snapshot. */
  compact(): void {
    this.compactedRevision = this.revision;
    this.#log = [];
  }

  /** Every change after a revision, in order; the revision must not have been compacted. */
  changesAfter(revision: number): Change[] {
    // Whoever asks is seldom far behind, so it is looked for from the end.
    const known = this.#log.findLastIndex((transaction) => transaction.revision <= revision);
    return this.#log.slice(known + 1).flatMap((transaction) => transaction.changes);
  }

  /** Calls back after each transaction; returns how to stop. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #assertFence(fence: Fence | undefined): void {
    if (fence === undefined || this.#holds(fence)) return;
    throw new SkepError(
      'Fenced',
      `${fence.key} is no longer at revision ${fence.revision}: somebody else leads`,
    );
  }

  #holds({ key, revision }: { readonly key: string; readonly revision: number }): boolean {
    return (this.#records.get(key)?.revision ?? 0) === revision;
  }

  #commitOne(mutation: Mutation): MutationOutcome {
    if (!mutation.compare.every((comparison) => this.#holds(comparison))) return { committed: false };
    const revision = this.revision + 1;
    const changes: Change[] = [];
    for (const { key, value, leaseId } of mutation.puts) {
      const record = { key, value, revision };
      this.#records.set(key, record);
      this.#attach(key, leaseId);
      changes.push({ key, record });
    }
    this.#record(revision, [...changes, ...this.#remove(mutation.deletes ?? [])]);
    return { committed: true, revision: this.revision };
  }

  #delete(keys: readonly string[]): void {
    this.#record(this.revision + 1, this.#remove(keys));
  }

  #remove(keys: readonly string[]): Change[] {
    const gone = keys.filter((key) => this.#records.delete(key));
    for (const key of gone) this.#attach(key, undefined);
    return gone.map((key) => ({ key, record: undefined }));
  }

  /** A key belongs to the lease of its last write, and to no other. */
  #attach(key: string, leaseId: string | undefined): void {
    const before = this.#leaseOf.get(key);
    if (before !== undefined) this.#leases.get(before)?.keys.delete(key);
    if (leaseId === undefined) {
      this.#leaseOf.delete(key);
      return;
    }
    this.#leaseOf.set(key, leaseId);
    this.#leases.get(leaseId)?.keys.add(key);
  }

  /** A transaction that changes nothing has no revision of its own. */
  #record(revision: number, changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.revision = revision;
    this.#log.push({ revision, changes });
    if (this.#log.length > logMax) {
      const dropped = this.#log.splice(0, logMax / 2);
      this.compactedRevision = dropped.at(-1)?.revision ?? this.compactedRevision;
    }
    for (const listener of this.#listeners) listener();
  }

  #expireAfter(id: string, ttlMs: number): Timer {
    return this.#clock.after(ttlMs, () => this.revokeLease(id));
  }
}

function leaseGone(leaseId: string): SkepError {
  return new SkepError('ResourceNotFound', `lease ${leaseId} is gone`, { hint: 'register again' });
}
