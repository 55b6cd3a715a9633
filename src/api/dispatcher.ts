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
import type { Replica } from '../store/replica.ts';
import { commitQueue } from './cell-commits.ts';
import { type CellSession, cellSession, sessionCodes } from './cell-session.ts';
import { streamRoom } from './cell-streams.ts';
import type { Dispatcher } from './dispatcher-port.ts';

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

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { replica, bbs, clock, rng, clusterId, server } = options;
  const lifetime = new AbortController();
  const commits = commitQueue(bbs, lifetime.signal);
  const streams = streamRoom(clock, rng);
  const sessions = new Map<CellId, CellSession>();

  const unsubscribe = replica.subscribe((touched) => {
    if (touched.all || touched.servers) {
      for (const session of sessions.values()) session.serversChanged();
    }
    if (touched.all) return;
    for (const cellId of touched.assignments) sessions.get(cellId)?.assignmentsChanged();
  });

  async function serve(cellId: CellId, socket: Socket): Promise<void> {
    const log = options.log.with({ cell: cellId });
    const ended = new AbortController();
    void socket.closed.then(() =>
      ended.abort(new SkepError('Unavailable', `the session of cell ${cellId} ended`)),
    );
    const signal = AbortSignal.any([ended.signal, lifetime.signal]);
    if (!(await isReady(socket, log, signal))) return;
    replaceOlder(cellId);
    const context = { cellId, replica, bbs, commits, clock, rng, log, signal };
    const session = cellSession({ context, socket, clusterId, server });
    sessions.set(cellId, session);
    log.info('cell.session_opened');
    try {
      await session.run();
    } finally {
      if (sessions.get(cellId) === session) {
        sessions.delete(cellId);
        streams.abandon(cellId);
      }
      const end = await socket.closed;
      log.info('cell.session_ended', { code: end.code, reason: end.reason });
    }
  }

  function replaceOlder(cellId: CellId): void {
    const older = sessions.get(cellId);
    if (older === undefined) return;
    older.close(sessionCodes.replaced, 'a newer session of this cell took over');
    streams.abandon(cellId);
  }

  /** Before the first snapshot nothing is known, and a cell must not be told that nothing is assigned. */
  async function isReady(socket: Socket, log: Log, signal: AbortSignal): Promise<boolean> {
    try {
      await replica.waitFor(0, defaults.apiDeadlineMs, signal);
      return true;
    } catch (error) {
      log.warn('cell.session_refused', { reason: messageOf(error) });
      socket.close(sessionCodes.unready, 'this server has not read the store yet');
      return false;
    }
  }

  return {
    serve,
    hasSession: (cellId) => sessions.has(cellId),
    async openStream(cellId, request, { signal }) {
      const session = sessions.get(cellId);
      if (session === undefined) {
        const message = `cell ${cellId} has no session with server ${server}`;
        throw new SkepError('Unavailable', message, { hint: 'skep cells shows whether the cell is present' });
      }
      return streams.open(
        cellId,
        request,
        (message) => session.send(message),
        AbortSignal.any([signal, lifetime.signal]),
      );
    },
    acceptStream: (streamId, socket) => streams.accept(streamId, socket),
    close() {
      unsubscribe();
      for (const session of sessions.values())
        session.close(sessionCodes.goingAway, 'the server is shutting down');
      lifetime.abort(new SkepError('Unavailable', `server ${server} is shutting down`));
    },
  };
}
