/**
 * The sessions of this cell with all servers: one each, dialled again with back-off when it ends. A request
 * goes to the server that answers best, and to the next one when that fails. Called by everything on the
 * cell that reports or asks.
 */

import type {
  Assignments,
  CellRequestName,
  CellRequestParams,
  CellRequestResult,
  StreamRequest,
} from '../../api/core/cell-protocol.ts';
import { cellProtocolVersion, cellSessionPath } from '../../api/core/cell-protocol.ts';
import { type Clock, withDeadline } from '../../base/clock.ts';
import { backoffMs } from '../../base/core/backoff.ts';
import { errorCatalogue, messageOf, SkepError } from '../../base/core/errors.ts';
import type { Rng } from '../../base/core/rng.ts';
import type { Log } from '../../base/log.ts';
import type { Dial } from '../../base/socket.ts';
import { defaults } from '../../model/defaults.ts';
import { openSession, type Session, type UnaskedMessage } from './session.ts';

const reconnect = { firstMs: 100, maxMs: 5_000 } as const;
const dialDeadlineMs = 5_000;
/** A session whose requests time out this often in a row is dialled anew: the path may have died unnoticed. */
const maxTimeoutsInRow = 3;

export interface LinksOptions {
  readonly cellId: string;
  /** Servers to begin with, `host:port`; the rest is learnt from their welcome. */
  readonly servers: readonly string[];
  /** Undefined until a welcome told it. */
  readonly clusterId: string | undefined;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** A session is live, so what failed before may be tried again. */
  onLive(): void;
  onAssignments(message: Assignments): void;
  onOpen(address: string, streamId: string, request: StreamRequest): void;
}

export interface LinkStatus {
  readonly address: string;
  readonly live: boolean;
  /** Why it is not live. */
  readonly reason: string | undefined;
}

export interface Links {
  /**
   * Asks one live server after the other until one gives a definite answer. Throws that answer's error, or
   * the last `Unavailable`, `Timeout`, … when none gave one: the caller tries again later.
   */
  request<N extends CellRequestName>(
    method: N,
    params: CellRequestParams<N>,
    options: { readonly signal: AbortSignal; readonly deadlineMs?: number },
  ): Promise<CellRequestResult<N>>;
  readonly clusterId: string | undefined;
  readonly status: readonly LinkStatus[];
  /** Resolves when the signal has aborted and every session has ended. */
  readonly done: Promise<void>;
}

/** True for an answer that settles the matter; false when asking again, or somebody else, may help. */
export function isDefinite(error: unknown): error is SkepError {
  if (!(error instanceof SkepError)) return false;
  const undecided =
    errorCatalogue[error.code].retryable || error.code === 'Internal' || error.code === 'Fenced';
  return !undecided && error.code !== 'Cancelled';
}

interface Link {
  readonly address: string;
  session: Session | undefined;
  /** Welcomed: it may be asked. */
  live: boolean;
  reason: string | undefined;
  /** Failures in a row: the lowest is asked first. */
  penalty: number;
  timeouts: number;
}

export function startLinks(options: LinksOptions): Links {
  const { clock, signal, log } = options;
  const links = new Map<string, Link>();
  const runs: Promise<void>[] = [];
  let clusterId = options.clusterId;

  function add(address: string): void {
    if (links.has(address)) return;
    const link: Link = {
      address,
      session: undefined,
      live: false,
      reason: 'not dialled yet',
      penalty: 0,
      timeouts: 0,
    };
    links.set(address, link);
    runs.push(keepOpen(link));
  }

  async function keepOpen(link: Link): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const wasLive = await serve(link);
      failures = wasLive ? 1 : failures + 1;
      await clock.sleep(backoffMs(reconnect, failures, options.rng), signal).catch(() => undefined);
    }
  }

  /** One session from dialling to its end; true when it had become live. */
  async function serve(link: Link): Promise<boolean> {
    let wasLive = false;
    try {
      const query = `cell=${encodeURIComponent(options.cellId)}&protocol=${cellProtocolVersion}`;
      const url = `ws://${link.address}${cellSessionPath}?${query}`;
      const socket = await withDeadline(
        clock,
        dialDeadlineMs,
        signal,
        () => dialTooLate(link),
        (inner) => options.dial(url, { signal: inner }),
      );
      const session = openSession({
        socket,
        address: link.address,
        clock,
        onMessage: (m) => receive(link, m),
      });
      link.session = session;
      const stop = (): void => session.close('the agent stops');
      signal.addEventListener('abort', stop, { once: true });
      const reason = await session.done;
      signal.removeEventListener('abort', stop);
      wasLive = link.live;
      down(link, reason);
    } catch (error) {
      down(link, messageOf(error));
    }
    return wasLive;
  }

  function down(link: Link, reason: string): void {
    if (!signal.aborted && link.reason !== reason) log.warn('session.down', { server: link.address, reason });
    Object.assign(link, { session: undefined, live: false, reason, timeouts: 0 });
  }

  function receive(link: Link, message: UnaskedMessage): void {
    switch (message.type) {
      case 'welcome':
        return welcome(link, message.clusterId, message.servers);
      case 'assignments':
        return options.onAssignments(message);
      case 'open':
        return options.onOpen(link.address, message.streamId, message.request);
    }
  }

  function welcome(link: Link, theirs: string, servers: readonly string[]): void {
    if (clusterId !== undefined && clusterId !== theirs) {
      throw new SkepError(
        'InvalidConfig',
        `server ${link.address} is of cluster ${theirs}, this cell of ${clusterId}`,
        {
          hint: 'give this cell the addresses of its own cluster, or purge its data to move it',
        },
      );
    }
    clusterId = theirs;
    if (!link.live) log.info('session.up', { server: link.address });
    Object.assign(link, { live: true, reason: undefined, penalty: 0, timeouts: 0 });
    for (const address of servers) add(address);
    options.onLive();
  }

  function failed(link: Link, error: unknown): void {
    link.penalty += 1;
    link.timeouts = error instanceof SkepError && error.code === 'Timeout' ? link.timeouts + 1 : 0;
    if (link.timeouts >= maxTimeoutsInRow) link.session?.close('it does not answer');
  }

  async function request<N extends CellRequestName>(
    method: N,
    params: CellRequestParams<N>,
    how: { readonly signal: AbortSignal; readonly deadlineMs?: number },
  ): Promise<CellRequestResult<N>> {
    let last: unknown = noServer([...links.values()]);
    const live = [...links.values()].filter((link) => link.live).sort((a, b) => a.penalty - b.penalty);
    for (const link of live) {
      if (link.session === undefined) continue;
      try {
        const deadlineMs = how.deadlineMs ?? defaults.cellRequestDeadlineMs;
        const result = await link.session.request(method, params, { deadlineMs, signal: how.signal });
        Object.assign(link, { penalty: 0, timeouts: 0 });
        return result;
      } catch (error) {
        if (how.signal.aborted || isDefinite(error)) throw error;
        failed(link, error);
        last = error;
      }
    }
    throw last;
  }

  for (const address of options.servers) add(address);

  return {
    request,
    get clusterId() {
      return clusterId;
    },
    get status() {
      return [...links.values()].map(({ address, live, reason }) => ({ address, live, reason }));
    },
    done: untilAborted(signal).then(async () => {
      await Promise.all(runs);
    }),
  };
}

function noServer(links: readonly Link[]): SkepError {
  const why = links.map((link) => `${link.address}: ${link.reason ?? 'live'}`).join('; ');
  return new SkepError('Unavailable', `no server can be reached (${why === '' ? 'none is known' : why})`);
}

function dialTooLate(link: Link): SkepError {
  return new SkepError(
    'Unavailable',
    `server ${link.address} does not answer within ${dialDeadlineMs / 1000}s`,
  );
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
