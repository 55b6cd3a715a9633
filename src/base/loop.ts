/**
 * The level-triggered loop that every controller runs in. Events call `wake`, the level drives `pass`, the
 * signal ends it. At most one pass is in flight; wakes during a pass cause exactly one more. A pass that
 * throws is logged and tried again after a growing wait, so nothing that failed once is forgotten.
 */
import type { Clock } from './clock.ts';
import { backoffMs } from './core/backoff.ts';
import { messageOf } from './core/errors.ts';
import type { Rng } from './core/rng.ts';
import type { Log } from './log.ts';

export interface LoopOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly rng: Rng;
  readonly signal: AbortSignal;
  /** A full pass at least this often. */
  readonly everyMs: number;
  /** A wake waits this long for more of them … */
  readonly debounceMs: number;
  /** … but never longer than this after the first. */
  readonly maxDelayMs: number;
  /** `sweep` is true when the interval caused the pass, and on the first pass. */
  pass(cause: { readonly sweep: boolean }): Promise<void>;
}

export interface Loop {
  /** Makes a pass soon. Cheap; may be called from anywhere, any number of times. */
  wake(): void;
  /** Resolves once the signal has aborted and the last pass has ended. */
  readonly done: Promise<void>;
}

export function startLoop(options: LoopOptions): Loop {
  let wakeUp = (): void => undefined;
  let woken = false;
  let wokenAt = 0;
  const wake = (): void => {
    if (!woken) wokenAt = options.clock.now();
    woken = true;
    wakeUp();
  };

  /** Waits until woken or due; true when it was the interval. */
  async function idle(untilMs: number): Promise<boolean> {
    if (woken) return false;
    const waiting = new AbortController();
    wakeUp = () => waiting.abort();
    const slept = await pause(options, untilMs - options.clock.now(), waiting.signal);
    wakeUp = () => undefined;
    return slept;
  }

  /** Gathers further wakes, counting the delay from the first of them. */
  async function settle(): Promise<void> {
    const latest = wokenAt + options.maxDelayMs;
    do {
      const left = latest - options.clock.now();
      if (left <= 0) return;
      woken = false;
      await pause(options, Math.min(options.debounceMs, left), options.signal);
    } while (woken && !options.signal.aborted);
  }

  async function run(): Promise<void> {
    let failures = 0;
    let sweepAt = options.clock.now();
    while (!options.signal.aborted) {
      const due = await idle(sweepAt);
      if (options.signal.aborted) return;
      if (!due) await settle();
      const sweep = due || options.clock.now() >= sweepAt;
      if (sweep) sweepAt = options.clock.now() + options.everyMs;
      woken = false;
      try {
        await options.pass({ sweep });
        failures = 0;
      } catch (error) {
        if (options.signal.aborted) return;
        failures += 1;
        const waitMs = backoffMs({ firstMs: 100, maxMs: 10_000 }, failures, options.rng);
        options.log.warn('loop.pass_failed', { loop: options.name, reason: messageOf(error), waitMs });
        await pause(options, waitMs, options.signal);
        sweepAt = options.clock.now();
      }
    }
  }

  return { wake, done: run() };
}

/** Sleeps; true when the time passed, false when a signal ended it early. */
async function pause(options: LoopOptions, ms: number, signal: AbortSignal): Promise<boolean> {
  if (ms <= 0) return true;
  try {
    await options.clock.sleep(ms, AbortSignal.any([signal, options.signal]));
    return true;
  } catch {
    return false;
  }
}
