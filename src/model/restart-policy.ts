/** Diego's crash policy, exactly: reference/diego.md 1.4. Used by the servers and, without quorum, by cells. */
import { defaults } from './defaults.ts';
import type { Millis } from './ids.ts';

/**
 * The crash count after one more crash.
 * @param wasRunning whether the instance had become RUNNING; a crash while CLAIMED never resets the count
 * @param since when the instance entered its state
 */
export function nextCrashCount(count: number, wasRunning: boolean, since: Millis, now: Millis): number {
  return wasRunning && now - since > defaults.crashResetAfterMs ? 1 : count + 1;
}

/** Crashes 1 and 2 restart at once. */
export function restartsAtOnce(count: number): boolean {
  return count < defaults.crashImmediateRestarts;
}

/** How long an instance that crashed `count` times waits in CRASHED, in milliseconds; undefined: for ever. */
export function crashBackoffMs(count: number): number | undefined {
  if (count >= defaults.crashGiveUpCount) return undefined;
  if (restartsAtOnce(count)) return 0;
  const doublings = Math.min(count - defaults.crashImmediateRestarts, 30);
  return Math.min(defaults.crashBackoffMs * 2 ** doublings, defaults.crashBackoffMaxMs);
}

/** When a CRASHED instance is due again; undefined: never. */
export function restartDueAt(count: number, since: Millis): Millis | undefined {
  const wait = crashBackoffMs(count);
  return wait === undefined ? undefined : since + wait;
}
