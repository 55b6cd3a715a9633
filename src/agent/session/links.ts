/**
 * The sessions of this cell with all servers: one each, dialled again with back-off when it ends. A request
 * goes to the server that answers best, and to the next one when that fails. Called by everything on the
 * cell that reports or asks.
 */
import {
  type Assignments,
  type CellRequestName,
  type CellRequestParams,
  type CellRequestResult,
  cellProtocolVersion,
  cellSessionPath,
  type StreamRequest,
  sessionCodes,
} from '../../api/core/cell-protocol.ts';
import { type Clock, pause, withDeadline } from '../../base/clock.ts';
import { backoffMs } from '../../base/core/backoff.ts';
import { errorCatalogue, messageOf, SkepError } from '../../base/core/errors.ts';
import type { Rng } from '../../base/core/rng.ts';
import type { Log } from '../../base/log.ts';
import type { Dial } from '../../base/socket.ts';
import { defaults } from '../../model/defaults.ts';
import { inTurn } from './in-turn.ts';
import { openSession, type Session, type UnaskedMessage } from './session.ts';

/** Well below the presence lease: a server that was restarted must hear of its cells before it takes them for lost. */
const reconnect = { firstMs: 100, maxMs: 1_000 } as const;
const dialDeadlineMs = 5_000;
/** A session whose requests time out this often in a row is dialled anew: the path may have died unnoticed. */
const maxTimeoutsInRow = 3;
/** A host that lost its power says nothing; one that is busy at least answers a ping, however long its line is. */
const silenceMs = 1_500;
const pingAfterMs = 500;
/** What the store compares before it writes: two servers that are told the same leave one record. */
const reports: ReadonlySet<CellRequestName> = new Set([
  'started',
  'crashed',
  'stopped',
  'startTask',
  'completeTask',
  'rejectTask',
]);

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
  /** A server says of which epoch certificates should be; comes again and again. */
  onTrust?: ((epoch: number) => void) | undefined;
  /** A server says where all of them are; comes again and again. */
  onServers?: ((servers: readonly string[]) => void) | undefined;
  onAssignments(address: string, message: Assignments): void;
  onOpen(address: string, streamId: string, request: StreamRequest): void;
}

export interface LinkStatus {
  readonly address: string;
  readonly live: boolean;
  /** Why it is not live. */
  readonly reason: string | undefined;
}

export interface RequestHow {
  readonly signal: AbortSignal;
  /** For each server that is asked. */
  readonly deadlineMs?: number;
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
  readonly stop: AbortController;
  session: Session | undefined;
  /** The server's own name, from its welcome. */
  server: string | undefined;
  /** Welcomed: it may be asked. */
  live: boolean;
  reason: string | undefined;
  /** Failures in a row: the lowest is asked first. */
  penalty: number;
  timeouts: number;
}

export class Links {
  readonly #options: LinksOptions;
  readonly #links = new Map<string, Link>();
  readonly #runs = new Set<Promise<void>>();
  /** Addresses that turned out to be other names of a server that is dialled already. */
  readonly #aliases = new Set<string>();
  /** The servers of the cluster, as one of them said last. */
  #listed: ReadonlySet<string> = new Set();
  #clusterId: string | undefined;
  /** Resolves when the signal has aborted and every session has ended. */
  readonly done: Promise<void>;

  constructor(options: LinksOptions) {
    this.#options = options;
    this.#clusterId = options.clusterId;
    for (const address of options.servers) this.#add(address);
    this.done = untilAborted(options.signal).then(async () => {
      await Promise.all(this.#runs);
    });
  }

  get clusterId(): string | undefined {
    return this.#clusterId;
  }

  get status(): LinkStatus[] {
    return [...this.#links.values()].map(({ address, live, reason }) => ({ address, live, reason }));
  }

  /**
   * Asks one live server after the other until one gives a definite answer; a report that a server leaves unanswered
   * for 1.5 s, while nothing else comes from it either, not even a pong, goes to the next as well. Throws that answer's error, or the
   * last `Unavailable`, `Timeout`, … when none gave one: the caller tries again later.
   */
  async request<N extends CellRequestName>(
    method: N,
    params: CellRequestParams<N>,
    { signal, deadlineMs = deadlineOf(method) }: RequestHow,
  ): Promise<CellRequestResult<N>> {
    const all = [...this.#links.values()];
    const live = all.filter((link) => link.live).sort((a, b) => a.penalty - b.penalty);
    const [first, ...others] = live.flatMap((link) => {
      const { session } = link;
      if (session === undefined) return [];
      const ask = () =>
        askThrough(link, () => session.request(method, params, { deadlineMs, signal }), signal);
      const silence = (over: AbortSignal) => this.#untilSilent(link, session, over);
      return [{ ask, silence: reports.has(method) ? silence : undefined }];
    });
    if (first === undefined) throw noServer(all);
    return inTurn([first, ...others], (error) => signal.aborted || isDefinite(error));
  }

  /** A server that is dead, or cut off, must not be asked first by what comes after. */
  async #untilSilent(link: Link, session: Session, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const askedAt = clock.now();
    for (;;) {
      const silentMs = clock.now() - Math.max(askedAt, session.heardAt);
      if (silentMs >= silenceMs) break;
      const isLong = silentMs >= pingAfterMs;
      if (isLong) session.ping();
      if (!(await pause(clock, (isLong ? silenceMs : pingAfterMs) - silentMs, signal))) return;
    }
    link.penalty += 1;
  }

  #add(address: string): void {
    if (this.#links.has(address) || this.#aliases.has(address)) return;
    const link: Link = {
      address,
      stop: new AbortController(),
      session: undefined,
      server: undefined,
      live: false,
      reason: 'not dialled yet',
      penalty: 0,
      timeouts: 0,
    };
    this.#links.set(address, link);
    const run = this.#keepOpen(link).finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }

  #drop(link: Link, reason: string): void {
    this.#links.delete(link.address);
    link.session?.close(reason);
    link.stop.abort();
  }

  async #keepOpen(link: Link): Promise<void> {
    const { clock, rng } = this.#options;
    const signal = AbortSignal.any([this.#options.signal, link.stop.signal]);
    let failures = 0;
    while (!signal.aborted) {
      const wasLive = await this.#serve(link, signal);
      if (!this.#isWanted(link.address)) return this.#drop(link, 'the server has left the cluster');
      failures = wasLive ? 1 : failures + 1;
      await pause(clock, backoffMs(reconnect, failures, rng), signal);
    }
  }

  /** One session from dialling to its end; true when it had become live. */
  async #serve(link: Link, signal: AbortSignal): Promise<boolean> {
    const { address } = link;
    const { cellId, clock, dial } = this.#options;
    const url = `ws://${address}${cellSessionPath}?cell=${encodeURIComponent(cellId)}&protocol=${cellProtocolVersion}`;
    try {
      const socket = await withDeadline(
        clock,
        dialDeadlineMs,
        signal,
        () => dialTooLate(address),
        (inner) => dial(url, { signal: inner }),
      );
      const session = openSession({
        socket,
        address,
        clock,
        onMessage: (message) => this.#receive(link, message),
      });
      link.session = session;
      const stop = (): void => session.close('the agent stops', sessionCodes.goingAway);
      signal.addEventListener('abort', stop, { once: true });
      const reason = await session.done;
      signal.removeEventListener('abort', stop);
      return this.#down(link, reason);
    } catch (error) {
      return this.#down(link, messageOf(error));
    }
  }

  /** Returns whether it was live. */
  #down(link: Link, reason: string): boolean {
    const wasLive = link.live;
    const isNews = link.reason !== reason && !this.#options.signal.aborted && !link.stop.signal.aborted;
    const said = { server: link.address, reason };
    // At start the server of this very host answers later than this cell asks.
    if (isNews && link.server === undefined) this.#options.log.info('session.waits', said);
    else if (isNews) this.#options.log.warn('session.down', said);
    Object.assign(link, { session: undefined, live: false, reason, timeouts: 0 });
    return wasLive;
  }

  #receive(link: Link, message: UnaskedMessage): void {
    switch (message.type) {
      case 'welcome':
        return this.#welcome(link, message);
      case 'assignments':
        return this.#options.onAssignments(link.address, message);
      case 'open':
        return this.#options.onOpen(link.address, message.streamId, message.request);
    }
  }

  #welcome(link: Link, welcome: Extract<UnaskedMessage, { type: 'welcome' }>): void {
    const { clusterId, server, servers, trust } = welcome;
    if (this.#clusterId !== undefined && this.#clusterId !== clusterId) {
      const message = `server ${link.address} is of cluster ${clusterId}, this cell of ${this.#clusterId}`;
      const hint = 'give this cell the addresses of its own cluster, or purge its data to move it';
      throw new SkepError('InvalidConfig', message, { hint });
    }
    this.#clusterId = clusterId;
    if (!link.live) this.#options.log.info('session.up', { server: link.address });
    Object.assign(link, { server, live: true, reason: undefined, penalty: 0, timeouts: 0 });
    this.#dropAliases(link, servers);
    this.#listed = new Set(servers);
    for (const address of servers) this.#add(address);
    this.#options.onServers?.(servers);
    if (trust !== undefined) this.#options.onTrust?.(trust);
    this.#options.onLive();
  }

  /** One that has left the cluster is dialled until its session ends, and not again. */
  #isWanted(address: string): boolean {
    if (this.#listed.size === 0) return true;
    return this.#listed.has(address) || this.#options.servers.includes(address);
  }

  /** A server ends the older of two sessions of one cell, so two names for it would fight for ever. */
  #dropAliases(link: Link, servers: readonly string[]): void {
    for (const other of this.#links.values()) {
      if (other === link || !other.live || other.server !== link.server) continue;
      const alias = servers.includes(link.address) ? other : link;
      this.#aliases.add(alias.address);
      this.#drop(alias, 'another address of the same server');
    }
  }
}

function deadlineOf(method: CellRequestName): number {
  return reports.has(method) ? defaults.cellReportDeadlineMs : defaults.cellRequestDeadlineMs;
}

async function askThrough<R>(link: Link, ask: () => Promise<R>, signal: AbortSignal): Promise<R> {
  try {
    const result = await ask();
    Object.assign(link, { penalty: 0, timeouts: 0 });
    return result;
  } catch (error) {
    if (!signal.aborted && !isDefinite(error)) failed(link, error);
    throw error;
  }
}

function failed(link: Link, error: unknown): void {
  link.penalty += 1;
  link.timeouts = error instanceof SkepError && error.code === 'Timeout' ? link.timeouts + 1 : 0;
  if (link.timeouts >= maxTimeoutsInRow) link.session?.close('it does not answer');
}

function noServer(links: readonly Link[]): SkepError {
  const why = links.map((link) => `${link.address}: ${link.reason ?? 'live'}`).join('; ');
  return new SkepError('Unavailable', `no server can be reached (${why === '' ? 'none is known' : why})`);
}

function dialTooLate(address: string): SkepError {
  return new SkepError('Unavailable', `server ${address} does not answer within ${dialDeadlineMs / 1000}s`);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
