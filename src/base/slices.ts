/**
 * Runs what is written in short steps (core/steps.ts) in slices, between which the process does its other work: answers,
 * heartbeats, the leader's lease. Used by whoever computes for longer than a heartbeat may wait.
 */
import type { Clock } from './clock.ts';

/** One slice, unless a single step takes longer. */
const sliceMs = 8;

/** Resolves with what the steps come to; rejects with what they throw, and with the signal's reason once it aborts. */
export async function inSlices<T>(steps: Generator<void, T>, clock: Clock, signal: AbortSignal): Promise<T> {
  let until = clock.now() + sliceMs;
  for (;;) {
    signal.throwIfAborted();
    const step = steps.next();
    if (step.done === true) return step.value;
    if (clock.now() < until) continue;
    await clock.sleep(0, signal);
    until = clock.now() + sliceMs;
  }
}
