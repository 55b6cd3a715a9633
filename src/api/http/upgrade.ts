/**
 * WebSocket upgrades: each path is prepared first, so that a refusal is an ordinary answer with a status and
 * `{error: …}`, and only then accepted. Called by the listeners of listen.ts.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';
import type { CellId } from '../../model/ids.ts';
import { type Call, currentState } from '../context.ts';
import { authorize, authorizeCell, type Caller, streamRights } from '../core/access.ts';
import {
  cellProtocolVersion,
  cellSessionPath,
  cellSessionQuerySchema,
  cellStreamPath,
} from '../core/cell-protocol.ts';
import { socketPaths } from '../core/paths.ts';
import { streamQuerySchema, watchQuerySchema } from '../core/routes.ts';
import type { UpgradeAction } from '../core/upgrade-shapes.ts';
import { validate } from '../core/validation.ts';
import { tellEntered } from '../entered.ts';
import { eventStreamQuerySchema, serveEvents } from '../event-stream.ts';
import { joinSockets } from '../join-sockets.ts';
import { streamTarget } from '../stream-target.ts';
import type { ViewHub } from '../views/hub.ts';
import { serveView } from '../views/session.ts';
import { serveWatch } from '../watch.ts';
import { journal, write } from '../write.ts';
import { refuseBrowsers } from './browsers.ts';
import { type ApiOptions, starting } from './options.ts';
import type { RefusalLog } from './refusal-log.ts';

/** What is done with the socket once it is open; `abandon` when it never is. */
interface Prepared {
  serve(socket: Socket): Promise<void> | void;
  abandon?(): void;
}

const goingAwayCode = 1001;

type Query = Readonly<Record<string, string | string[]>>;

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

  async function upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    const gone = new AbortController();
    connection.once('close', () => gone.abort(new SkepError('Cancelled', 'the client went away')));
    const signal = AbortSignal.any([gone.signal, lifetime.signal]);
    let opened: { readonly prepared: Prepared; readonly socket: Socket };
    try {
      const prepared = await prepare(options, views, request, signal);
      opened = { prepared, socket: await accept(options, prepared, request, connection, head) };
    } catch (error) {
      return refuse(options, refusals, request, connection, error);
    }
    const { prepared, socket } = opened;
    open.add(socket);
    if (lifetime.signal.aborted) socket.close(goingAwayCode, 'the server is shutting down');
    try {
      await prepared.serve(socket);
    } catch (error) {
      options.log.error('api.socket_failed', { path: pathOf(request), reason: messageOf(error) });
      socket.close(1011, 'something unforeseen went wrong: the log of the agent has the details');
    }
    await socket.closed;
    open.delete(socket);
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
    return await options.accept(request, connection, head);
  } catch (error) {
    prepared.abandon?.();
    throw error;
  }
}

/** Throws the SkepError that refuses the upgrade. */
async function prepare(
  options: ApiOptions,
  views: ViewHub,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Prepared> {
  signal.throwIfAborted();
  refuseBrowsers(request);
  const url = new URL(request.url ?? '/', 'http://skep');
  const caller = options.identify(request);
  const forCells = url.pathname === cellSessionPath || url.pathname.startsWith(cellStreamPath);
  authorize(caller, forCells ? 'cell' : 'read');
  refuseNoWebSocket(request);
  const notReady = options.ready();
  if (notReady !== undefined) throw starting(options.server, notReady);
  const query = queryOf(url);
  switch (url.pathname) {
    case socketPaths.watch: {
      const checked = validate(watchQuerySchema, query, 'query');
      await currentState(options, signal);
      return { serve: (socket) => serveWatch(options, checked, socket) };
    }
    case socketPaths.events: {
      const checked = validate(eventStreamQuerySchema, query, 'query');
      await currentState(options, signal);
      return { serve: (socket) => serveEvents(options, checked, socket) };
    }
    case socketPaths.view:
      return prepareView(options, views, query, signal);
    case socketPaths.streams:
      return prepareStream(options, query, caller, signal);
    case cellSessionPath: {
      const cellId = sessionCell(query);
      authorizeCell(caller, cellId);
      return { serve: (socket) => options.dispatcher.serve(cellId, socket) };
    }
  }
  if (url.pathname.startsWith(cellStreamPath)) {
    const streamId = validate(
      z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
      url.pathname.slice(cellStreamPath.length),
      'stream id',
    );
    const cellId = caller.how === 'certificate' ? caller.name : undefined;
    return { serve: (socket) => options.dispatcher.acceptStream(streamId, socket, cellId) };
  }
  throw new SkepError('ResourceNotFound', `there is no WebSocket at ${url.pathname}`);
}

/** Throws `InvalidRequest` for an upgrade that is none to WebSocket 13, before anything is prepared for it. */
function refuseNoWebSocket({ method, headers }: IncomingMessage): void {
  const version = headers['sec-websocket-version'];
  const isKey = /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '');
  if (method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && version === '13' && isKey) return;
  throw new SkepError('InvalidRequest', 'the upgrade is not one to WebSocket version 13', {
    hint: 'send GET with "upgrade: websocket", "sec-websocket-version: 13" and a "sec-websocket-key"',
  });
}

/** Its place is taken before it is accepted, so that one view too many is refused with a reason. */
async function prepareView(
  options: ApiOptions,
  views: ViewHub,
  query: Query,
  signal: AbortSignal,
): Promise<Prepared> {
  validate(z.strictObject({}), query, 'query');
  await currentState(options, signal);
  const leave = views.enter();
  return { serve: (socket) => serveView(options, views, socket).finally(leave), abandon: leave };
}

/** A stream is opened at the cell before the client is told that it is. */
async function prepareStream(
  options: ApiOptions,
  query: Query,
  who: Caller,
  signal: AbortSignal,
): Promise<Prepared> {
  const { arg } = query;
  const lists = typeof arg === 'string' ? { ...query, arg: [arg] } : query;
  const checked = validate(streamQuerySchema, lists, 'query');
  authorize(who, streamRights[checked.kind]);
  const state = await currentState(options, signal);
  const caller = { actor: who.actor, server: options.server };
  const { cellId, request } = streamTarget(state, checked, options.clock.now(), caller);
  if (request.kind === 'upgrade')
    await noteUpgrade(options, cellId, request.action, { actor: who.actor, signal });
  const cellSocket = await options.dispatcher.openStream(cellId, request, { signal });
  await tellEntered(options, checked, { actor: who.actor, signal });
  return {
    serve: (socket) => joinSockets(socket, cellSocket, options.log),
    abandon: () => cellSocket.close(goingAwayCode, 'the client went away'),
  };
}

/** None: nothing is done there. */
const upgradeMessages: Readonly<Record<UpgradeAction, string | undefined>> = {
  install: 'its program is replaced by another release',
  rollback: 'its program goes back to the release before',
  check: 'it is sent a release to look whether it could run it',
  last: undefined,
};

/** Who replaces the program of a host is in the journal before it begins. */
async function noteUpgrade(
  options: ApiOptions,
  cellId: CellId,
  action: UpgradeAction,
  call: Call,
): Promise<void> {
  const message = upgradeMessages[action];
  if (message === undefined) return;
  const line = journal(options, call, { type: 'cell.upgrading', subject: cellId, message, cellId });
  await write(options, call, [], () => ({ puts: [line], result: undefined }));
}

/** Throws `InvalidRequest` for a cell that speaks another protocol than this server. */
function sessionCell(query: Query): CellId {
  const { cell, protocol } = validate(cellSessionQuerySchema, query, 'query');
  if (protocol === cellProtocolVersion) return cell;
  const message = `cell ${cell} speaks protocol ${protocol}, this server protocol ${cellProtocolVersion}`;
  const older = protocol < cellProtocolVersion ? 'cell' : 'server';
  throw new SkepError('InvalidRequest', message, {
    field: 'protocol',
    hint: `install the same version of Skep on both; the ${older} has the older one`,
  });
}

/** A parameter that comes several times is a list. */
function queryOf(url: URL): Query {
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(name);
    query[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return query;
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
