/** Rows of a watch as a whole: after each message, all of them. Used by live-table.ts, await-lrp.ts and logs. */
import type { WatchQuery } from '../api/core/routes.ts';
import { retryFeed } from './retry-feed.ts';
import type { Session } from './session.ts';

/**
 * Yields the same map after every change, by key; it begins with the first snapshot. Ends when the signal
 * aborts; goes on over lost connections.
 */
export async function* watchRows<T>(
  session: Session,
  query: WatchQuery,
  signal: AbortSignal = session.signal,
): AsyncGenerator<ReadonlyMap<string, T>> {
  const rows = new Map<string, T>();
  let wasStale = false;
  const feed = retryFeed(session, (inner) => session.client.watch(query, { signal: inner }), signal);
  for await (const message of feed) {
    if (message.type === 'stale') {
      if (message.reason !== '') session.note(`-- what is shown may be old: ${message.reason} --`);
      else if (wasStale) session.note('-- what is shown is current again --');
      wasStale = message.reason !== '';
      continue;
    }
    if (message.type === 'snapshot') rows.clear();
    for (const { key, row } of message.rows) {
      if (row === undefined || row === null) rows.delete(key);
      else rows.set(key, row as T);
    }
    yield rows;
  }
}
