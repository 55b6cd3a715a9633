/**
 * How fast a program may write: as fast as those who use it read, for a while. Used by session.ts after each piece of
 * output.
 */
import type { Clock } from '../../base/clock.ts';
import type { ConsoleClient } from './client.ts';

/** Whoever still has too much waiting after this is left behind: a dead line must not hold the program. */
const patienceMs = 1_000;

/**
 * Waits for clients that have too much waiting, at most a second. Who is slow all the same, and a watcher at once,
 * misses output from then on; `catchUp` is called when it has taken what waits for it.
 */
export async function pace(
  clients: readonly ConsoleClient[],
  clock: Clock,
  catchUp: (client: ConsoleClient) => void,
): Promise<void> {
  const slow = clients.filter((client) => client.isSlow && !client.isBehind);
  if (slow.length === 0) return;
  const awaited = slow.filter((client) => !client.isWatching);
  if (awaited.length > 0) {
    const late = Promise.withResolvers<void>();
    const timer = clock.after(patienceMs, () => late.resolve());
    await Promise.race([Promise.all(awaited.map((client) => client.drained())), late.promise]);
    timer.cancel();
  }
  for (const client of slow) {
    if (!client.isSlow) continue;
    client.isBehind = true;
    void client.drained().then(() => catchUp(client));
  }
}
