/**
 * Says when this process got no time: a host that starves its agent looks, from the cluster, like a host that
 * is lost, and the log should tell which it was.
 */
import { type Clock, pause } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';

const everyMs = 500;
const warnAboveMs = 1_000;

/** Looks twice a second until the signal aborts. `ownMs`: how much of the gap this process computed itself. */
export async function watchStalls(clock: Clock, log: Log, signal: AbortSignal): Promise<void> {
  let before = clock.now();
  let usedBefore = usedMs();
  while (!signal.aborted) {
    await pause(clock, everyMs, signal);
    const now = clock.now();
    const used = usedMs();
    const lateMs = now - before - everyMs;
    if (lateMs > warnAboveMs) log.warn('agent.stalled', { lateMs, ownMs: used - usedBefore });
    before = now;
    usedBefore = used;
  }
}

function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return Math.round((user + system) / 1_000);
}
