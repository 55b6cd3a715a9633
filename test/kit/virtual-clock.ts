/**
 * Time that moves only when told: for unit tests and the simulation. Timers fire in the order of their time,
 * those of one moment in the order they were set; between them every promise that can settle does.
 */
import type { Clock } from '../../src/base/clock.ts';

export interface VirtualClock extends Clock {
  /** Moves time by `ms`, firing what falls due on the way, and what that sets in turn. */
  advance(ms: number): Promise<void>;
  /** Moves time from timer to timer until `condition` holds; throws when that takes more than `maxMs`. */
  advanceUntil(condition: () => boolean, maxMs: number): Promise<void>;
  /** Fires every timer, and those they set, until none is left; throws when that takes more than `maxMs`. */
  runAll(maxMs: number): Promise<void>;
  /** Lets every promise settle that can, without moving time. */
  settle(): Promise<void>;
  /** Timers that are set. */
  readonly pendingTimers: number;
}

interface Entry {
  readonly at: number;
  readonly run: () => void;
}

/** @param startMs milliseconds since the epoch */
export function virtualClock(startMs = 1_700_000_000_000): VirtualClock {
  let nowMs = startMs;
  /** Latest first, so that the next one is taken from the end. */
  const entries: Entry[] = [];

  function insert(entry: Entry): void {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle]?.at ?? 0) > entry.at) low = middle + 1;
      else high = middle;
    }
    entries.splice(low, 0, entry);
  }

  function remove(entry: Entry): void {
    const index = entries.indexOf(entry);
    if (index >= 0) entries.splice(index, 1);
  }

  /** Fires the next timer when it is due by `untilMs`; false when none is. */
  async function step(untilMs: number): Promise<boolean> {
    await settle();
    const next = entries.at(-1);
    if (next === undefined || next.at > untilMs) return false;
    entries.pop();
    nowMs = Math.max(nowMs, next.at);
    next.run();
    return true;
  }

  const clock: VirtualClock = {
    now: () => nowMs,
    after(ms, run) {
      const entry = { at: nowMs + Math.max(0, ms), run };
      insert(entry);
      return { cancel: () => remove(entry) };
    },
    sleep: (ms, signal) => sleepOn(clock, ms, signal),
    async advance(ms) {
      const untilMs = nowMs + ms;
      while (await step(untilMs));
      nowMs = untilMs;
      await settle();
    },
    async advanceUntil(condition, maxMs) {
      const untilMs = nowMs + maxMs;
      await settle();
      while (!condition()) {
        if (!(await step(untilMs))) throw new Error(`the condition does not hold after ${maxMs} ms`);
        await settle();
      }
    },
    async runAll(maxMs) {
      const untilMs = nowMs + maxMs;
      while (await step(untilMs));
      if (entries.length > 0) throw new Error(`${entries.length} timers are left after ${maxMs} ms`);
    },
    settle,
    get pendingTimers() {
      return entries.length;
    },
  };
  return clock;
}

/** A turn of the event loop runs every promise that is ready, however long their chains are. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** `Clock.sleep`, made of `Clock.after`. */
export function sleepOn(clock: Pick<Clock, 'after'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const stop = (): void => {
      timer.cancel();
      reject(signal.reason as Error);
    };
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}
