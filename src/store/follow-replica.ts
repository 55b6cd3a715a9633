/**
 * The replica: a fold that follows the store. Built once a server by its composition root; `run` is called
 * once. What it cannot read it logs, by key, and goes on.
 */
import { type Clock, withDeadline } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Log } from '../base/log.ts';
import type { Bbs } from './bbs.ts';
import { MutableState } from './core/fold.ts';
import type { Change, Mutation, Snapshot } from './core/records.ts';
import type { ClusterState, Touched } from './core/state.ts';
import type { Replica, ReplicaListener } from './replica.ts';

export interface ReplicaOptions {
  readonly bbs: Bbs;
  readonly clock: Clock;
  readonly log: Log;
}

export function createReplica(options: ReplicaOptions): Replica {
  return new FollowReplica(options);
}

interface Early {
  readonly changes: readonly Change[];
  readonly revision: number;
}

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
}

/** Why the state may be old while the watch is back already. */
const isReading =
  'this server reads the whole state anew: it was cut off for longer than the store keeps its log';

class FollowReplica implements Replica {
  readonly #bbs: Bbs;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #state = new MutableState();
  readonly #listeners = new Set<ReplicaListener>();
  readonly #waiters = new Set<Waiter>();
  readonly #reported = new Map<string, string>();
  #loaded = false;
  /** Changes that came while a snapshot is being read; undefined: none is. */
  #early: Early[] | undefined;
  #lostReason = '';

  constructor({ bbs, clock, log }: ReplicaOptions) {
    this.#bbs = bbs;
    this.#clock = clock;
    this.#log = log;
  }

  get state(): ClusterState {
    return this.#state;
  }

  get staleReason(): string | undefined {
    if (!this.#loaded) return undefined;
    return this.#early === undefined ? this.#lostReason : this.#lostReason || isReading;
  }

  subscribe(listener: ReplicaListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  expect(mutations: readonly Mutation[]): void {
    this.#state.expect(mutations);
  }

  async waitFor(revision: number, deadlineMs: number, signal: AbortSignal): Promise<void> {
    if (this.#reached(revision)) return;
    let waiter: Waiter | undefined;
    const reached = new Promise<void>((resolve) => {
      waiter = { revision, resolve };
      this.#waiters.add(waiter);
    });
    try {
      await withDeadline(
        this.#clock,
        deadlineMs,
        signal,
        () => this.#lateError(revision, deadlineMs),
        () => reached,
      );
    } finally {
      if (waiter !== undefined) this.#waiters.delete(waiter);
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#bbs.follow(
      {
        onSnapshot: (snapshot) => this.#load(snapshot, signal),
        onChanges: (changes, revision) => {
          if (this.#early === undefined) this.#changed(this.#state.apply(changes, revision));
          else this.#early.push({ changes, revision });
        },
        onStale: (reason) => this.#setStale(reason),
      },
      { signal },
    );
  }

  /**
   * Read in steps: 450,000 records take four seconds, and a server whose agent is also a cell has to be heard
   * meanwhile. Until then what is there is the old state, or none. A later snapshot puts an end to this one.
   */
  #load(snapshot: Snapshot, signal: AbortSignal): void {
    const early: Early[] = [];
    this.#early = early;
    const steps = this.#state.replaceSteps(snapshot);
    const go = (): void => {
      if (this.#early !== early || signal.aborted) return;
      const step = steps.next();
      if (step.done !== true) {
        this.#clock.after(0, go);
        return;
      }
      this.#early = undefined;
      this.#finish(snapshot, step.value);
      for (const { changes, revision } of early) this.#changed(this.#state.apply(changes, revision));
    };
    go();
  }

  #finish({ revision, records }: Snapshot, touched: Touched): void {
    this.#loaded = true;
    this.#log.info('store.loaded', { revision, records: records.length });
    this.#changed(touched);
  }

  #reached(revision: number): boolean {
    return this.#loaded && this.#state.revision >= revision;
  }

  #changed(touched: Touched): void {
    this.#reportCorrupt();
    for (const listener of this.#listeners) this.#tell(listener, touched);
    for (const waiter of this.#waiters) {
      if (!this.#reached(waiter.revision)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** One listener's fault must not keep the news from the others. */
  #tell(listener: ReplicaListener, touched: Touched): void {
    try {
      listener(touched, this.#state);
    } catch (error) {
      this.#log.error('store.listener_failed', { reason: messageOf(error) });
    }
  }

  #setStale(reason: string | undefined): void {
    if (reason === undefined) this.#log.info('store.current');
    else this.#log.warn('store.stale', { reason });
    this.#lostReason = reason ?? '';
  }

  /** Costs as many steps as records are corrupt, which is none but for an accident. */
  #reportCorrupt(): void {
    const { corrupt } = this.#state;
    if (corrupt.size === 0 && this.#reported.size === 0) return;
    for (const [key, reason] of corrupt) {
      if (this.#reported.get(key) !== reason) this.#log.error('store.corrupt_record', { key, reason });
      this.#reported.set(key, reason);
    }
    for (const key of this.#reported.keys()) if (!corrupt.has(key)) this.#reported.delete(key);
  }

  #lateError(revision: number, deadlineMs: number): SkepError {
    const known = this.#loaded ? `is at revision ${this.#state.revision}` : 'has not been loaded yet';
    const reason = this.staleReason ?? '';
    const why = reason === '' ? '' : `: ${reason}`;
    const message = `this server's copy of the state ${known} and did not reach ${revision} in ${deadlineMs} ms${why}`;
    return new SkepError('Unavailable', message, { hint: 'try again, or ask another server' });
  }
}
