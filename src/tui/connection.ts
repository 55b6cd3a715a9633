/**
 * Which server the terminal UI speaks to. The one it was given to begin with; when that does not answer, the next of
 * those that the cluster has, for ever. Its heartbeat is the cluster's status. Used by run.ts.
 */
import type { Client } from '../api/client.ts';
import type { Status } from '../api/core/routes.ts';
import type { Clock } from '../base/clock.ts';
import { backoffMs } from '../base/core/backoff.ts';
import { messageOf } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { Connection } from './core/app-model.ts';

/** While all is well. */
const statusEveryMs = 2_000;
/** A server that takes longer is as good as gone: another may be better. */
const statusDeadlineMs = 3_000;
const retry = { firstMs: 250, maxMs: 3_000 };

export interface ConnectionOptions {
  /** Where the operator said that the cluster is. */
  readonly first: Client;
  /** A client for another server, by the address that the cluster knows it under. */
  connect(apiAddress: string): Client;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly signal: AbortSignal;
  onStatus(status: Status, skewMs: number): void;
  onConnection(connection: Connection): void;
  /** Another server answers than before. */
  onMoved(from: string, to: string, reason: string): void;
}

export interface ClusterConnection {
  /** The client in use. */
  readonly client: Client;
  /** A feed broke: the heartbeat is done at once instead of in its time. */
  suspect(): void;
  /** Resolves when the server answers again or another one does, or after `ms`. */
  change(ms: number, signal: AbortSignal): Promise<void>;
}

/** Begins at once; ends with the signal. */
export function startConnection(options: ConnectionOptions): ClusterConnection {
  const { clock, rng, signal } = options;
  let current = options.first;
  let name = options.first.address;
  /** The addresses that are tried one after another: the other servers, this one again, then where we began. */
  let ring: readonly string[] = [];
  let next = 0;
  let failures = 0;
  let everHeard = false;
  let state: Connection = { server: name, state: 'connecting', since: clock.now(), reason: '' };
  let wake = (): void => undefined;
  const waiting = new Set<() => void>();

  function tell(change: Pick<Connection, 'state' | 'reason'>): void {
    const before = state;
    const same = before.state === change.state && (before.reason === '') === (change.reason === '');
    const since = same ? before.since : clock.now();
    if (same && before.server === name && before.reason === change.reason) return;
    state = { ...change, server: name, since };
    options.onConnection(state);
  }

  function heard(status: Status, askedAt: number): void {
    const was = name;
    const lost = failures > 0 ? state.reason : '';
    name = status.server;
    ring = ringOf(status);
    next = 0;
    const back = failures > 0;
    const isMove = back && everHeard && was !== name;
    everHeard = true;
    failures = 0;
    tell({ state: 'connected', reason: status.stale });
    options.onStatus(status, status.now - (askedAt + clock.now()) / 2);
    if (isMove) options.onMoved(was, name, lost);
    if (back) for (const resume of waiting) resume();
  }

  function failed(error: unknown): void {
    failures += 1;
    const reason = messageOf(error);
    tell({ state: everHeard ? 'lost' : 'connecting', reason });
    if (ring.length === 0) return;
    const address = ring[next];
    next = (next + 1) % (ring.length + 1);
    current = address === undefined ? options.first : clientFor(address);
  }

  /** The server of an address that makes no sense is one that cannot be reached: the one it began with is tried. */
  function clientFor(address: string): Client {
    try {
      return options.connect(address);
    } catch (error) {
      tell({ state: state.state, reason: messageOf(error) });
      return options.first;
    }
  }

  async function beat(): Promise<void> {
    const askedAt = clock.now();
    try {
      const status = await current.call('status', {}, { signal, deadlineMs: statusDeadlineMs });
      heard(status, askedAt);
    } catch (error) {
      if (signal.aborted) return;
      failed(error);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await beat();
      // The first round through all servers is made without a pause.
      const round = failures > 0 && failures <= ring.length;
      const ms = failures === 0 ? statusEveryMs : round ? 0 : backoffMs(retry, failures, rng);
      const pause = new AbortController();
      wake = () => pause.abort();
      await clock.sleep(ms, AbortSignal.any([signal, pause.signal])).catch(() => undefined);
    }
  }

  void run();
  return {
    get client() {
      return current;
    },
    suspect() {
      // Who is known to be lost is asked again in its time, however many feeds break meanwhile.
      if (failures === 0) wake();
    },
    async change(ms, stop) {
      if (stop.aborted) return;
      await new Promise<void>((resolve) => {
        const end = (): void => {
          waiting.delete(end);
          timer.cancel();
          stop.removeEventListener('abort', end);
          resolve();
        };
        const timer = clock.after(ms, end);
        waiting.add(end);
        stop.addEventListener('abort', end, { once: true });
      });
    },
  };
}

/** The others first: the one that does not answer is the last to be asked again, but it is. */
function ringOf({ server: own, servers }: Status): readonly string[] {
  const ordered = [
    ...servers.filter(({ server }) => server !== own),
    ...servers.filter(({ server }) => server === own),
  ];
  return ordered.map(({ apiAddress }) => apiAddress);
}
