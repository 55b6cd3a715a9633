/**
 * Snapshot, then watch from its revision; resume after every break; a new snapshot when the log was
 * compacted under us. What the observer knows is said to be stale from the break until the watch is back.
 */
import { type Clock, pause } from '../../base/clock.ts';
import { backoffMs } from '../../base/core/backoff.ts';
import { messageOf } from '../../base/core/errors.ts';
import type { Rng } from '../../base/core/rng.ts';
import type { Log } from '../../base/log.ts';
import type { BbsObserver } from '../bbs.ts';
import { root } from '../core/keys.ts';
import type { EtcdConnections } from './etcd-connections.ts';
import { EtcdFailure } from './etcd-errors.ts';
import type { EtcdReader } from './etcd-reads.ts';
import { watch } from './etcd-watch.ts';

const reconnect = { firstMs: 50, maxMs: 1_000 };

export interface FollowParts {
  readonly connections: EtcdConnections;
  readonly reader: EtcdReader;
  readonly clock: Clock;
  readonly log: Log;
  readonly rng: Rng;
}

/** Without a quorum a watch fails every second: it is told at the first, second, fourth, eighth, … failure. */
const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0;

/** Feeds the observer until the signal aborts. Throws only what the observer itself throws. */
export async function followEtcd(
  parts: FollowParts,
  observer: BbsObserver,
  signal: AbortSignal,
): Promise<void> {
  const { connections, reader, clock, log, rng } = parts;
  let revision: number | undefined;
  let stale = false;
  let failures = 0;

  function connected(): void {
    failures = 0;
    if (stale) observer.onStale(undefined);
    stale = false;
  }

  async function session(): Promise<void> {
    if (revision === undefined) {
      const snapshot = await reader.list(root, signal);
      observer.onSnapshot(snapshot);
      revision = snapshot.revision;
    }
    await watch({
      endpoint: connections.current,
      clock,
      signal,
      fromRevision: revision + 1,
      onOpen: connected,
      onChanges(changes, reached) {
        revision = reached;
        observer.onChanges(changes, reached);
      },
    });
  }

  while (!signal.aborted) {
    const endpoint = connections.current;
    try {
      await session();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof EtcdFailure)) throw error;
      if (error.kind === 'compacted') revision = undefined;
      else connections.leave(endpoint);
      failures += 1;
      if (isPowerOfTwo(failures))
        log.warn('store.watch_lost', { endpoint: endpoint.address, reason: error.message, failures });
      if (!stale) observer.onStale(messageOf(error));
      stale = true;
      await pause(clock, backoffMs(reconnect, failures, rng), signal);
    }
  }
}
