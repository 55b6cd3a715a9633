/**
 * This server's side of every cell's session: keeps one session a cell, wakes those whose assignments changed,
 * and joins streams to the cells that serve them. Built by the agent's composition root, fed sockets by the
 * HTTP server, asked for streams by the API.
 */
import type { Clock } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import type { Socket } from '../base/socket.ts';
import { defaults } from '../model/defaults.ts';
import type { CellId } from '../model/ids.ts';
import type { Bbs } from '../store/bbs.ts';
import type { Touched } from '../store/core/state.ts';
import type { Replica } from '../store/replica.ts';
import { type CommitQueue, commitQueue } from './cell-commits.ts';
import { CellHearing } from './cell-hearing.ts';
import { type CellJournal, createCellJournal } from './cell-journal.ts';
import { CellSession } from './cell-session.ts';
import { type StreamRoom, streamRoom } from './cell-streams.ts';
import { type StreamRequest, sessionCodes } from './core/cell-protocol.ts';
import type { Dispatcher, Hearing } from './dispatcher-port.ts';

/** Messages with assignments to all cells together, in a second; a write to a socket costs 50 µs of the server. */
const messagesPerSecond = 5_000;
const leastGatherMs = 10;

/** How long one cell's changes gather: with few cells it hears at once, with 1,250 four times a second. */
function gatherMsFor(sessionCount: number): number {
  return Math.max(leastGatherMs, (1_000 * sessionCount) / messagesPerSecond);
}

export interface DispatcherOptions {
  readonly replica: Replica;
  readonly bbs: Bbs;
  readonly clusterId: string;
  /** This server's name. */
  readonly server: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher & Hearing {
  return new CellDispatcher(options);
}

class CellDispatcher implements Dispatcher, Hearing {
  readonly #options: DispatcherOptions;
  readonly #lifetime = new AbortController();
  readonly #commits: CommitQueue;
  readonly #journal: CellJournal;
  readonly #streams: StreamRoom;
  readonly #sessions = new Map<CellId, CellSession>();
  readonly #hearing: CellHearing;
  readonly #unsubscribe: () => void;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#commits = commitQueue(options.bbs, this.#lifetime.signal);
    this.#journal = createCellJournal({ ...options, commits: this.#commits });
    this.#streams = streamRoom(options.clock, options.rng);
    this.#hearing = new CellHearing(options.clock);
    this.#unsubscribe = options.replica.subscribe((touched) => this.#wake(touched));
  }

  #wake(touched: Touched): void {
    if (touched.all || touched.servers || touched.trust) {
      for (const session of this.#sessions.values()) session.wake();
    }
    if (!touched.all) {
      for (const [cellId, keys] of touched.assignments) this.#sessions.get(cellId)?.wakeFor(keys);
    }
  }

  async serve(cellId: CellId, socket: Socket): Promise<void> {
    const { replica, bbs, clock, rng, clusterId, server } = this.#options;
    const log = this.#options.log.with({ cell: cellId });
    const signal = this.#untilEnd(cellId, socket);
    if (!(await this.#isReady(socket, log, signal))) return;
    this.#replaceOlder(cellId);
    const [commits, journal] = [this.#commits, this.#journal];
    const reports = new Map<string, Promise<void>>();
    const context = { cellId, replica, bbs, commits, journal, reports, clock, rng, log, signal };
    const gatherMs = (): number => gatherMsFor(this.#sessions.size);
    const heard = (): void => this.#hearing.heard(cellId);
    const session = new CellSession({ context, socket, clusterId, server, gatherMs, heard });
    this.#sessions.set(cellId, session);
    this.#hearing.opened(cellId, socket);
    log.info('cell.session_opened');
    try {
      await session.run();
    } finally {
      const end = await socket.closed;
      if (this.#sessions.get(cellId) === session) {
        this.#sessions.delete(cellId);
        this.#hearing.ended(cellId, end.code === sessionCodes.goingAway);
        this.#streams.abandon(cellId);
      }
      log.info('cell.session_ended', { code: end.code, reason: end.reason });
    }
  }

  /** Aborts when the socket ends, or the dispatcher does. */
  #untilEnd(cellId: CellId, socket: Socket): AbortSignal {
    const ended = new AbortController();
    const error = new SkepError('Unavailable', `the session of cell ${cellId} ended`);
    void socket.closed.then(() => ended.abort(error));
    return AbortSignal.any([ended.signal, this.#lifetime.signal]);
  }

  #replaceOlder(cellId: CellId): void {
    const older = this.#sessions.get(cellId);
    if (older === undefined) return;
    older.close(sessionCodes.replaced, 'a newer session of this cell took over');
    this.#streams.abandon(cellId);
  }

  /** Before the first snapshot nothing is known, and a cell must not be told that nothing is assigned. */
  async #isReady(socket: Socket, log: Log, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#options.replica.waitFor(0, defaults.apiDeadlineMs, signal);
      return true;
    } catch (error) {
      log.warn('cell.session_refused', { reason: messageOf(error) });
      socket.close(sessionCodes.unready, 'this server has not read the store yet');
      return false;
    }
  }

  hasSession(cellId: CellId): boolean {
    return this.#sessions.has(cellId);
  }

  unheard(
    present: Iterable<CellId>,
    options: { readonly signal: AbortSignal },
  ): Promise<ReadonlySet<CellId>> {
    return this.#hearing.unheard(present, options);
  }

  async openStream(
    cellId: CellId,
    request: StreamRequest,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Socket> {
    const session = this.#sessions.get(cellId);
    if (session === undefined) {
      const message = `cell ${cellId} has no session with server ${this.#options.server}`;
      throw new SkepError('Unavailable', message, { hint: 'skep cells shows whether the cell is present' });
    }
    const either = AbortSignal.any([signal, this.#lifetime.signal]);
    return await this.#streams.open(cellId, request, (message) => session.send(message), either);
  }

  acceptStream(streamId: string, socket: Socket, dialler?: string): void {
    this.#streams.accept(streamId, socket, dialler);
  }

  close(): void {
    this.#unsubscribe();
    this.#journal.close();
    for (const session of this.#sessions.values()) {
      session.close(sessionCodes.goingAway, 'the server is shutting down');
    }
    this.#lifetime.abort(new SkepError('Unavailable', `server ${this.#options.server} is shutting down`));
  }
}
