/** Time as an argument. The real one is base/node/system-clock.ts, the virtual one test/kit/virtual-clock.ts. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `run` once after `ms` unless cancelled. */
  after(ms: number, run: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

/**
 * Waits `ms`, or until the signal aborts if that comes first, which is no error here: for a loop that looks at its
 * signal when it wakes. Whoever must not go on after an abort sleeps instead. False when the signal has aborted.
 */
export async function pause(clock: Pick<Clock, 'sleep'>, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return !signal.aborted;
}

/**
 * Rejects with `makeError()` when `work` takes longer than `ms`. The work is given a signal that aborts
 * then, or when the outer signal does; it must stop at that.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal,
  makeError: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted();
  const inner = new AbortController();
  const stop = (): void => inner.abort(outer.reason);
  outer.addEventListener('abort', stop, { once: true });
  const timer = clock.after(ms, () => inner.abort(makeError()));
  const aborted = new Promise<never>((_, reject) => {
    inner.signal.addEventListener('abort', () => reject(inner.signal.reason as Error), { once: true });
  });
  try {
    return await Promise.race([work(inner.signal), aborted]);
  } finally {
    timer.cancel();
    outer.removeEventListener('abort', stop);
  }
}

/**
 * Rejects with `makeError()` when `work` takes longer than `ms`; the work itself goes on, and what becomes of it is not
 * heard. For what is asked thousands of times a second and needs no signal: `withDeadline` costs several times as much.
 */
export function within<T>(
  clock: Pick<Clock, 'after'>,
  ms: number,
  makeError: () => Error,
  work: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(makeError()));
    const settle =
      <A>(say: (what: A) => void) =>
      (what: A): void => {
        timer.cancel();
        say(what);
      };
    work.then(settle(resolve), settle(reject));
  });
}
