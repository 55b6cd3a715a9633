/**
 * An operating system process in the simulation: everything that reaches it comes through `deliver` or its
 * clock, so it can be stopped as SIGSTOP does (all that reaches it waits, and time jumps when it goes on) or
 * killed as SIGKILL does (nothing reaches it any more, so it does nothing any more).
 */
import type { Clock } from '../../src/base/clock.ts';
import { sleepOn } from '../kit/virtual-clock.ts';

export class SimProcess {
  readonly name: string;
  /** The only clock that the process may see. */
  readonly clock: Clock;
  /** Aborts when the process is killed; for what the world keeps on its behalf. */
  readonly death: AbortSignal;
  /** Of the store, by the assignments that have reached it: what a cell should know by now. */
  seenRevision = -1;
  readonly #world: Clock;
  readonly #dying = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #pauses = 0;
  #disturbances = 0;

  constructor(name: string, world: Clock) {
    this.name = name;
    this.#world = world;
    this.death = this.#dying.signal;
    const clock: Clock = {
      now: () => world.now(),
      after: (ms, run) => {
        let cancelled = false;
        const timer = world.after(ms, () => this.deliver(() => cancelled || run()));
        return {
          cancel() {
            cancelled = true;
            timer.cancel();
          },
        };
      },
      sleep: (ms, signal) => sleepOn(clock, ms, signal),
    };
    this.clock = clock;
  }

  get isAlive(): boolean {
    return !this.death.aborted;
  }

  get isPaused(): boolean {
    return this.#pauses > 0;
  }

  /** How often it was paused or killed so far. */
  get disturbances(): number {
    return this.#disturbances;
  }

  /** Brings something in from outside, in order: later when it is paused, never when it is dead. */
  deliver(run: () => void): void {
    if (!this.isAlive) return;
    if (this.isPaused || this.#waiting.length > 0) this.#waiting.push(run);
    else run();
  }

  /** Pauses may overlap: it goes on after as many resumes. */
  pause(): void {
    this.#pauses += 1;
    this.#disturbances += 1;
  }

  resume(): void {
    this.#pauses -= 1;
    if (!this.isPaused) this.#catchUp();
  }

  kill(): void {
    this.#disturbances += 1;
    this.#dying.abort();
    this.#waiting.length = 0;
  }

  /** One thing at a time, with what follows from it, as an event loop does. */
  #catchUp(): void {
    this.#world.after(0, () => {
      if (this.isPaused) return;
      const run = this.#waiting[0];
      if (run === undefined) return;
      this.#waiting.shift();
      run();
      if (this.#waiting.length > 0) this.#catchUp();
    });
  }
}

/**
 * What a process waits for out in the world: it hears of the end as of all else, by `deliver`, and no more once the
 * signal has aborted. @param begin is given what ends it, with or without an error
 */
export function awaited<T>(
  process: SimProcess,
  signal: AbortSignal,
  begin: (done: (value: T) => void, failed: (error: Error) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    const settle = (run: () => void): void =>
      process.deliver(() => {
        signal.removeEventListener('abort', giveUp);
        run();
      });
    begin(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
  });
}
