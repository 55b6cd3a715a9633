/**
 * A feed of the client that goes on when its connection is lost: opened again with a growing wait, said once.
 * Used by everything that follows: `ps -w`, `events -f`, `logs -f`, `run`, `scale`.
 */
import { pause } from '../base/clock.ts';
import { SkepError } from '../base/core/errors.ts';
import type { Session } from './session.ts';

const firstWaitMs = 200;
const maxWaitMs = 3_000;
/** After this long without a connection it is given up. */
const giveUpAfterMs = 60_000;

/**
 * Ends when the signal aborts. Throws what the first try throws, any error that trying again cannot help, and
 * the last one when the connection stays away for a minute.
 */
export async function* retryFeed<T>(
  session: Session,
  open: (signal: AbortSignal) => AsyncIterable<T>,
  signal: AbortSignal = session.signal,
): AsyncGenerator<T> {
  const { clock } = session.io;
  let everConnected = false;
  let lostAt: number | undefined;
  let waitMs = firstWaitMs;
  while (!signal.aborted) {
    try {
      for await (const message of open(signal)) {
        if (lostAt !== undefined) session.note('-- connected again --');
        everConnected = true;
        lostAt = undefined;
        waitMs = firstWaitMs;
        yield message;
      }
      return;
    } catch (error) {
      if (signal.aborted) return;
      const isWorthRetrying = error instanceof SkepError && error.retryable;
      if (!everConnected || !isWorthRetrying) throw error;
      if (lostAt === undefined) session.note(`-- ${error.message}; trying again --`);
      lostAt ??= clock.now();
      if (clock.now() - lostAt > giveUpAfterMs) throw error;
    }
    await pause(clock, waitMs, signal);
    waitMs = Math.min(waitMs * 2, maxWaitMs);
  }
}
