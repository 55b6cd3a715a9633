/**
 * Keeps the answer to "which loss would we survive" for `status`: works it out anew when the state has changed,
 * at most every few seconds, off the path of any request, and in slices so short that nothing else waits for
 * them. Made once a server by the composition root; runs until its signal aborts.
 */
import type { Clock } from '../base/clock.ts';
import type { Rng } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import { startLoop } from '../base/loop.ts';
import type { AuctionCell } from '../model/auction.ts';
import { defaults } from '../model/defaults.ts';
import type { ClusterState, Touched } from '../store/core/state.ts';
import type { Replica } from '../store/replica.ts';
import { LateUsage } from './core/late-usage.ts';
import { type Survival, survivalSteps } from './core/survive.ts';

export interface SurvivalWatchOptions {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface SurvivalWatch {
  /** The last answer; undefined until there is one. Its revision says of which state. */
  current(): Survival | undefined;
  /** Resolves once the signal has aborted. */
  readonly done: Promise<void>;
}

/** A cell's claims are read anew in one step; so many cells in one go. */
const cellsPerStep = 8;
/** A pause that ends later than this shows a busy server. */
const lateMs = 50;
/** Steps in one slice at most: a virtual clock stands still meanwhile. */
const stepsMax = 256;

export function createSurvivalWatch(options: SurvivalWatchOptions): SurvivalWatch {
  const watch = new Watch(options);
  return { current: () => watch.answer, done: watch.done };
}

class Watch {
  answer: Survival | undefined;
  readonly done: Promise<void>;
  readonly #options: SurvivalWatchOptions;
  readonly #usage = new LateUsage();
  #isOld = true;

  constructor(options: SurvivalWatchOptions) {
    const { replica, clock, rng, log, signal } = options;
    this.#options = options;
    const loop = startLoop({
      name: 'survival',
      clock,
      log,
      rng,
      signal,
      everyMs: defaults.convergeSweepMs,
      debounceMs: defaults.survivalQuietMs,
      maxDelayMs: defaults.survivalMaxDelayMs,
      pass: () => this.#pass(),
    });
    const unsubscribe = replica.subscribe((touched, state) => {
      this.#hear(touched, state);
      if (this.#isOld) loop.wake();
    });
    this.done = loop.done.finally(unsubscribe);
  }

  #hear(touched: Touched, state: ClusterState): void {
    const { all, cells, assignments, lrps, tasks, settings } = touched;
    this.#usage.hear(touched, state);
    this.#isOld ||= all || settings || [cells, assignments, lrps, tasks].some(({ size }) => size > 0);
  }

  async #pass(): Promise<void> {
    const { replica, clock, signal } = this.#options;
    if (!this.#isOld || replica.staleReason === undefined) return;
    this.#isOld = false;
    const { state } = replica;
    try {
      this.answer = await this.#work(state);
    } catch (error) {
      this.#isOld = true;
      throw error;
    }
    await clock.sleep(defaults.survivalEveryMs, signal);
  }

  async #work(state: ClusterState): Promise<Survival> {
    const { clock } = this.#options;
    const steps = survivalSteps({ state, cells: () => this.#cells(state) });
    let step = steps.next();
    while (step.done !== true) {
      const until = clock.now() + defaults.survivalSliceMs;
      for (let count = 0; count < stepsMax && step.done !== true && clock.now() < until; count++) {
        step = steps.next();
      }
      if (step.done !== true) await this.#rest();
    }
    return step.value;
  }

  /** After a pause that ended late a longer one: who waits for this answer waits less than a busy server's cells. */
  async #rest(): Promise<void> {
    const { clock, signal } = this.#options;
    const dueAt = clock.now() + defaults.survivalPauseMs;
    await clock.sleep(defaults.survivalPauseMs, signal);
    if (clock.now() - dueAt > lateMs) await clock.sleep(defaults.survivalBusyPauseMs, signal);
  }

  /** The cells as they are when the last of the changed ones has been read. */
  *#cells(state: ClusterState): Generator<void, readonly AuctionCell[]> {
    while (!this.#usage.read(state, cellsPerStep)) yield;
    return this.#usage.cells(state);
  }
}
