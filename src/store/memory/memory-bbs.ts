/**
 * The Bbs in memory: complete, for tests and the simulation. Its faults are switched by hand: no quorum,
 * dropped connections, a compacted log, a commit whose answer is lost. Passes test/contract/bbs.contract.ts.
 */
import type { Clock } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { Bbs, BbsObserver, CallOptions } from '../bbs.ts';
import { root } from '../core/keys.ts';
import { MemoryStore } from './memory-store.ts';

/** How long a dropped connection takes to come back. */
const reconnectMs = 50;

export interface MemoryBbs extends Bbs {
  /** What it is connected to; give it to another `memoryBbs` to have two clients of one store. */
  readonly store: MemoryStore;
  /** While it is not available, every call throws `Unavailable` and followers are stale with the reason. */
  setAvailable(available: boolean): void;
  /** Cuts the followers off for a moment; then they resume. */
  dropConnections(): void;
  /** Forgets the log: a follower that is behind gets a snapshot. */
  compact(): void;
  /** The next commit throws `Unavailable`: `before` it was done, or `after`, when only the answer is lost. */
  failNextCommit(when: 'before' | 'after'): void;
}

/** @param store none: a new and empty one */
export function memoryBbs({
  clock,
  store,
}: {
  readonly clock: Clock;
  readonly store?: MemoryStore;
}): MemoryBbs {
  const source = store ?? new MemoryStore(clock);
  const followers = new Set<Follower>();
  let available = true;
  let failing: 'before' | 'after' | undefined;

  /** Every call passes here: one microtask later, so that no caller relies on being served in its own turn. */
  async function call<T>(options: CallOptions, answer: () => T): Promise<T> {
    options.signal.throwIfAborted();
    await Promise.resolve();
    options.signal.throwIfAborted();
    if (!available) throw unavailable();
    return answer();
  }

  return {
    store: source,
    setAvailable(next) {
      available = next;
      for (const follower of followers) follower.connect(next ? undefined : unavailable().message);
    },
    dropConnections() {
      for (const follower of followers) follower.connect('the connection was dropped');
      clock.after(reconnectMs, () => {
        if (available) for (const follower of followers) follower.connect(undefined);
      });
    },
    compact: () => source.compact(),
    failNextCommit(when) {
      failing = when;
    },
    async follow(observer, { signal }) {
      if (signal.aborted) return;
      const follower = new Follower(source, observer, signal);
      followers.add(follower);
      const unsubscribe = source.subscribe(() => follower.wake());
      follower.connect(available ? undefined : unavailable().message);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      unsubscribe();
      followers.delete(follower);
    },
    read: (keys, options) =>
      call(options, () => ({ revision: source.revision, records: keys.map((key) => source.get(key)) })),
    list: (prefix, options) =>
      call(options, () => ({ revision: source.revision, records: source.list(prefix) })),
    commit: (mutations, options) =>
      call(options, () => {
        const when = failing;
        failing = undefined;
        if (when === 'before') throw unavailable();
        const outcomes = source.commit(mutations, options.fence);
        if (when === 'after') throw unavailable();
        return outcomes;
      }),
    deleteRange: (from, to, options) => call(options, () => source.deleteRange(from, to, options.fence)),
    grantLease: (ttlMs, options) => call(options, () => source.grantLease(ttlMs)),
    keepAlive: (leaseId, options) => call(options, () => source.keepAlive(leaseId)),
    revokeLease: (leaseId, options) => call(options, () => source.revokeLease(leaseId)),
  };
}

/** One observer and how far it has been told. */
class Follower {
  readonly #store: MemoryStore;
  readonly #observer: BbsObserver;
  readonly #signal: AbortSignal;
  /** -1: nothing yet. */
  #revision = -1;
  #lost: string | undefined;
  #woken = false;

  constructor(store: MemoryStore, observer: BbsObserver, signal: AbortSignal) {
    this.#store = store;
    this.#observer = observer;
    this.#signal = signal;
  }

  /** @param lost why there is no connection; undefined: there is one */
  connect(lost: string | undefined): void {
    if (this.#signal.aborted) return;
    if (lost !== this.#lost) this.#observer.onStale(lost);
    this.#lost = lost;
    this.wake();
  }

  /** Tells what is new, soon: all that is committed in one turn comes as one batch. */
  wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    queueMicrotask(() => {
      this.#woken = false;
      if (!this.#signal.aborted && this.#lost === undefined) this.#tell();
    });
  }

  #tell(): void {
    const from = this.#revision;
    this.#revision = this.#store.revision;
    if (from < this.#store.compactedRevision) {
      this.#observer.onSnapshot({ revision: this.#revision, records: this.#store.list(root) });
      return;
    }
    const changes = this.#store.changesAfter(from).filter((change) => change.key.startsWith(root));
    if (changes.length > 0) this.#observer.onChanges(changes, this.#revision);
  }
}

function unavailable(): SkepError {
  return new SkepError('Unavailable', 'the store has no quorum', {
    hint: 'wait until most servers are back',
  });
}
