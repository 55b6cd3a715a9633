/**
 * One server's connection to the store in memory: what a Bbs over a network would be. Calls and watches take
 * time and can be cut off, in either direction: a call that does not arrive, an answer that is lost after the
 * commit, a watch that is late or silent.
 */
import type { Clock } from '../../src/base/clock.ts';
import { SkepError } from '../../src/base/core/errors.ts';
import { intBetween, type Rng } from '../../src/base/core/rng.ts';
import { defaults } from '../../src/model/defaults.ts';
import type { Bbs, BbsObserver, CallOptions, Fence, Mutation } from '../../src/store/bbs.ts';
import { root } from '../../src/store/core/keys.ts';
import type { MemoryStore } from '../../src/store/memory/memory-store.ts';
import type { SimProcess } from './process.ts';

/** What is wrong with a connection now. The numbers count the faults at work. */
export interface StoreFaults {
  /** Calls do not arrive. */
  requests: number;
  /** Calls arrive, their answers do not. */
  answers: number;
  /** Changes do not arrive. */
  watch: number;
  /** At most so much is added to each call and each batch of changes. */
  delayMs: number;
  /** The same for batches of changes alone. */
  watchDelayMs: number;
  /** Part of the answers that are lost although nothing is cut. */
  lostAnswers: number;
}

export interface StoreViewOptions {
  readonly process: SimProcess;
  readonly world: Clock;
  readonly store: MemoryStore;
  readonly rng: Rng;
  readonly faults: StoreFaults;
  /** Called around what changes the store, so that whoever watches it knows who writes. */
  writing(fence: Fence | undefined, write: () => unknown): unknown;
}

export class StoreView implements Bbs {
  readonly #options: StoreViewOptions;
  readonly #followers = new Set<Follower>();

  constructor(options: StoreViewOptions) {
    this.#options = options;
  }

  /** Has followers look at the faults anew. */
  kick(): void {
    for (const follower of this.#followers) follower.kick();
  }

  async follow(observer: BbsObserver, { signal }: CallOptions): Promise<void> {
    if (signal.aborted) return;
    const follower = new Follower(this.#options, observer, signal);
    this.#followers.add(follower);
    const unsubscribe = this.#options.store.subscribe(() => follower.kick());
    follower.kick();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    unsubscribe();
    this.#followers.delete(follower);
  }

  read(keys: readonly string[], options: CallOptions) {
    const { store } = this.#options;
    return this.#call(options, () => ({
      revision: store.revision,
      records: keys.map((key) => store.get(key)),
    }));
  }

  list(prefix: string, options: CallOptions) {
    const { store } = this.#options;
    return this.#call(options, () => ({ revision: store.revision, records: store.list(prefix) }));
  }

  commit(mutations: readonly Mutation[], options: CallOptions & { readonly fence?: Fence }) {
    const { fence } = options;
    return this.#write(options, fence, () => this.#options.store.commit(mutations, fence));
  }

  deleteRange(from: string, to: string, options: CallOptions & { readonly fence?: Fence }) {
    const { fence } = options;
    return this.#write(options, fence, () => this.#options.store.deleteRange(from, to, fence));
  }

  grantLease(ttlMs: number, options: CallOptions) {
    return this.#call(options, () => this.#options.store.grantLease(ttlMs));
  }

  keepAlive(leaseId: string, options: CallOptions) {
    return this.#call(options, () => this.#options.store.keepAlive(leaseId));
  }

  revokeLease(leaseId: string, options: CallOptions) {
    return this.#write(options, undefined, () => this.#options.store.revokeLease(leaseId));
  }

  #write<T>(options: CallOptions, fence: Fence | undefined, write: () => T): Promise<T> {
    return this.#call(options, () => this.#options.writing(fence, write) as T);
  }

  /** A call that is given up may still arrive, as a real one may. */
  #call<T>({ signal }: CallOptions, answer: () => T): Promise<T> {
    const { process, world, faults, rng } = this.#options;
    const sentAt = world.now();
    return new Promise<T>((resolve, reject) => {
      const giveUp = (): void => reject(signal.reason as Error);
      if (signal.aborted) return giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      const settle = (run: () => void, ms: number): void => {
        world.after(ms, () =>
          process.deliver(() => {
            signal.removeEventListener('abort', giveUp);
            run();
          }),
        );
      };
      /** Told at once when the connection is refused, at the deadline when nothing answers. */
      const fail = (): void => {
        const left = sentAt + defaults.storeDeadlineMs - world.now();
        const ms = rng.next() < 0.5 ? this.#latency() : Math.max(0, left);
        settle(() => reject(noQuorum()), ms);
      };
      world.after(this.#latency(), () => {
        if (faults.requests > 0) return fail();
        const outcome = outcomeOf(answer);
        if (faults.answers > 0 || rng.next() < faults.lostAnswers) return fail();
        settle(() => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value)), this.#latency());
      });
    });
  }

  #latency(): number {
    return latency(this.#options);
  }
}

function latency({ rng, faults }: StoreViewOptions): number {
  return intBetween(rng, 1, 4) + Math.floor(rng.next() * faults.delayMs);
}

function outcomeOf<T>(answer: () => T): { readonly value: T } | { readonly error: Error } {
  try {
    return { value: answer() };
  } catch (error) {
    return { error: error as Error };
  }
}

function noQuorum(): SkepError {
  return new SkepError('Unavailable', 'the store does not answer: no quorum', {
    hint: 'wait for most servers',
  });
}

/** One observer and how far it has been told. */
class Follower {
  readonly #options: StoreViewOptions;
  readonly #observer: BbsObserver;
  readonly #signal: AbortSignal;
  /** -1: nothing yet. */
  #revision = -1;
  #isLost = false;
  #isDue = false;

  constructor(options: StoreViewOptions, observer: BbsObserver, signal: AbortSignal) {
    this.#options = options;
    this.#observer = observer;
    this.#signal = signal;
  }

  kick(): void {
    if (this.#isDue || this.#signal.aborted) return;
    this.#isDue = true;
    const slowMs = Math.floor(this.#options.rng.next() * this.#options.faults.watchDelayMs);
    this.#options.world.after(latency(this.#options) + slowMs, () => {
      this.#isDue = false;
      this.#tell();
    });
  }

  #tell(): void {
    const { faults, store, process } = this.#options;
    const isLost = faults.watch > 0;
    if (isLost !== this.#isLost) {
      this.#isLost = isLost;
      this.#deliver(() => this.#observer.onStale(isLost ? 'the watch was cut off' : undefined));
    }
    if (isLost || this.#revision === store.revision || !process.isAlive) return;
    const from = this.#revision;
    const revision = store.revision;
    this.#revision = revision;
    if (from < store.compactedRevision) {
      const snapshot = { revision, records: store.list(root) };
      return this.#deliver(() => this.#observer.onSnapshot(snapshot));
    }
    const changes = store.changesAfter(from).filter((change) => change.key.startsWith(root));
    if (changes.length > 0) this.#deliver(() => this.#observer.onChanges(changes, revision));
  }

  #deliver(tell: () => void): void {
    this.#options.process.deliver(() => {
      if (!this.#signal.aborted) tell();
    });
  }
}
