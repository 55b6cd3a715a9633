/**
 * WebSocket upgrades: each path is prepared first, so that a refusal is an ordinary answer with a status and
 * `{error: …}`, and only then accepted. Called by the listeners of listen.ts.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';
import type { Caller } from '../core/access.ts';
import type { ViewHub } from '../views/hub.ts';
import { clientSockets } from './client-sockets.ts';
import type { ApiOptions } from './options.ts';
import { callerOfSocket, type Prepared, prepareSocket } from './prepare-socket.ts';
import type { RefusalLog } from './refusal-log.ts';

const goingAwayCode = 1001;
/** A socket that ended without a closing frame. */
const brokenCode = 1006;

export interface Upgrades {
  /** Takes over the connection of an upgrade request. Never throws. */
  handle(request: IncomingMessage, connection: Duplex, head: Buffer): void;
  /** Ends every socket and refuses new ones; resolves when they have ended, or after a second. */
  close(): Promise<void>;
}

/** How long clients may take to answer the end of their sockets. */
const closeDeadlineMs = 1_000;

/** @param views what the views of this server share; the caller closes it after this */
export function serveUpgrades(options: ApiOptions, views: ViewHub, refusals: RefusalLog): Upgrades {
  const lifetime = new AbortController();
  const open = new Set<Socket>();
  const clients = clientSockets();

  /** What this end found wrong with the frames: nobody said why the socket ended. */
  function tellBroken(request: IncomingMessage, { address, actor }: Caller, reason: string): void {
    const what = `the WebSocket ${pathOf(request)}`;
    refusals.note({ code: 'InvalidRequest', from: address, actor, what, reason });
  }

  async function upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    const gone = new AbortController();
    connection.once('close', () => gone.abort(new SkepError('Cancelled', 'the client went away')));
    const signal = AbortSignal.any([gone.signal, lifetime.signal]);
    let opened: { readonly prepared: Prepared; readonly socket: Socket; readonly caller: Caller };
    let leave = (): void => undefined;
    try {
      const { caller, isCell } = callerOfSocket(options, request);
      if (!isCell) leave = clients.enter(caller.name);
      const prepared = await prepareSocket(options, views, request, caller, signal);
      opened = { prepared, caller, socket: await accept(options, prepared, request, connection, head) };
    } catch (error) {
      leave();
      return refuse(options, refusals, request, connection, error);
    }
    const { prepared, socket, caller } = opened;
    open.add(socket);
    if (lifetime.signal.aborted) socket.close(goingAwayCode, 'the server is shutting down');
    try {
      await prepared.serve(socket);
    } catch (error) {
      options.log.error('api.socket_failed', { path: pathOf(request), reason: messageOf(error) });
      socket.close(1011, 'something unforeseen went wrong: the log of the agent has the details');
    }
    const end = await socket.closed;
    open.delete(socket);
    leave();
    if (end.code === brokenCode && end.reason !== '') tellBroken(request, caller, end.reason);
  }

  return {
    handle(request, connection, head) {
      // Without a listener the error of a client that resets the connection would end the process.
      connection.on('error', (error) =>
        options.log.debug('api.connection_failed', { reason: error.message }),
      );
      void upgrade(request, connection, head);
    },
    async close() {
      lifetime.abort(new SkepError('Unavailable', `server ${options.server} is shutting down`));
      for (const socket of open) socket.close(goingAwayCode, 'the server is shutting down');
      const deadline = Promise.withResolvers<void>();
      const timer = options.clock.after(closeDeadlineMs, () => deadline.resolve());
      await Promise.race([Promise.all([...open].map((socket) => socket.closed)), deadline.promise]);
      timer.cancel();
    },
  };
}

async function accept(
  options: ApiOptions,
  prepared: Prepared,
  request: IncomingMessage,
  connection: Duplex,
  head: Buffer,
): Promise<Socket> {
  try {
    return await options.accept(request, connection, head, prepared.maxMessageBytes);
  } catch (error) {
    prepared.abandon?.();
    throw error;
  }
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?')[0] ?? '';

/** Answers in HTTP, which the connection still speaks. */
function refuse(
  { log, identify }: ApiOptions,
  refusals: RefusalLog,
  request: IncomingMessage,
  connection: Duplex,
  thrown: unknown,
): void {
  const error = thrown instanceof SkepError ? thrown : new SkepError('Internal', messageOf(thrown));
  const { actor, address } = identify(request);
  refusals.note({
    code: error.code,
    from: address,
    actor,
    what: `upgrade ${request.url}`,
    reason: error.message,
  });
  const fields = { path: pathOf(request), code: error.code, reason: error.message };
  if (error.code === 'Internal') log.error('api.upgrade_failed', fields);
  else log.debug('api.upgrade_refused', fields);
  // Not only ended: who reads nothing would hold it open for ever.
  if (connection.writable) connection.end(httpRefusal(error), () => connection.destroy());
}

/** A whole answer as bytes, for connections that no longer belong to an HTTP server. */
export function httpRefusal(error: SkepError): string {
  const body = JSON.stringify({ error: error.toBody() });
  return [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Refused'}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
