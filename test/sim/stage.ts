/**
 * A simulated cluster and its time. Whatever a checker finds ends the run before anything else happens: it is
 * thrown by whichever of these waits.
 */
import type { Clock } from '../../src/base/clock.ts';
import { type VirtualClock, virtualClock } from '../kit/virtual-clock.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { EventLog } from './event-log.ts';

/** A promise that must hold at every moment was broken. */
export class SafetyError extends Error {}

export type StageOptions = Omit<ClusterOptions, 'clock' | 'log' | 'fail'> & {
  /** Gets every line of the log at once. */
  readonly print?: ((line: string) => void) | undefined;
};

export class Stage {
  readonly cluster: Cluster;
  readonly log: EventLog;
  readonly #time: VirtualClock;
  #broken: string | undefined;
  #steps = 0;

  constructor(options: StageOptions) {
    this.#time = virtualClock(options.dump?.at);
    this.log = new EventLog(() => this.#time.now(), options.print);
    const fail = (message: string): void => this.#fail(message);
    this.cluster = new Cluster({ ...options, clock: this.#steppedClock(), log: this.log, fail });
  }

  /** Things that happened so far. */
  get steps(): number {
    return this.#steps;
  }

  get now(): number {
    return this.#time.now();
  }

  /** Calls back after so many milliseconds. */
  after(ms: number, run: () => void): void {
    this.#time.after(ms, run);
  }

  async advance(ms: number): Promise<void> {
    await this.#time.advance(ms);
    this.#check();
  }

  /** Advances until it holds; returns how long that took. Throws after `maxMs`. */
  async until(condition: () => boolean, maxMs: number): Promise<number> {
    const since = this.now;
    await this.#time.advanceUntil(condition, maxMs);
    this.#check();
    return this.now - since;
  }

  #steppedClock(): Clock {
    const time = this.#time;
    return {
      now: () => time.now(),
      sleep: (ms, signal) => time.sleep(ms, signal),
      after: (ms, run) =>
        time.after(ms, () => {
          this.#check();
          run();
        }),
    };
  }

  #check(): void {
    this.#steps += 1;
    this.cluster.containers.look();
    if (this.#broken !== undefined) throw new SafetyError(this.#broken);
  }

  #fail(message: string): void {
    this.log.add('BROKEN', message);
    this.#broken ??= message;
  }
}
