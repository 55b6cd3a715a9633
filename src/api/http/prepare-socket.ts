/**
 * What a WebSocket is for: checks who asks and what, and prepares it as far as it can be refused. Called by upgrade.ts
 * before the upgrade is accepted.
 */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';
import type { CellId } from '../../model/ids.ts';
import { type Call, currentState } from '../context.ts';
import {
  authorize,
  authorizeCell,
  authorizeHostShell,
  type Caller,
  mayEnterHost,
  streamRights,
} from '../core/access.ts';
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

/** What is done with the socket once it is open; `abandon` when it never is. */
export interface Prepared {
  serve(socket: Socket): Promise<void> | void;
  abandon?(): void;
  /** The largest message that the client may send. */
  readonly maxMessageBytes: number;
}

/** Of queries and of clients that only listen. */
const questionMaxBytes = 64 * 1024;
/** Of a cell's reports; the largest is "which of these 2,000 are mine". */
const reportMaxBytes = 1024 * 1024;
/** Of what goes through to a container or a host: input, a release. */
const inputMaxBytes = 16 * 1024 * 1024;

type Query = Readonly<Record<string, string | string[]>>;

/** Whether only cells may ask for it. */
const isForCells = ({ pathname }: URL): boolean =>
  pathname === cellSessionPath || pathname.startsWith(cellStreamPath);

const urlOf = (request: IncomingMessage): URL => new URL(request.url ?? '/', 'http://skep');

/** Who asks. Throws for who may not, and for what is no WebSocket. */
export function callerOfSocket(
  options: ApiOptions,
  request: IncomingMessage,
): { readonly caller: Caller; readonly isCell: boolean } {
  refuseBrowsers(request);
  const caller = options.identify(request);
  const isCell = isForCells(urlOf(request));
  authorize(caller, isCell ? 'cell' : 'read');
  refuseNoWebSocket(request);
  return { caller, isCell };
}

/** Throws the SkepError that refuses the upgrade. */
export async function prepareSocket(
  options: ApiOptions,
  views: ViewHub,
  request: IncomingMessage,
  caller: Caller,
  signal: AbortSignal,
): Promise<Prepared> {
  signal.throwIfAborted();
  const url = urlOf(request);
  const notReady = options.ready();
  if (notReady !== undefined) throw starting(options.server, notReady);
  const query = queryOf(url);
  switch (url.pathname) {
    case socketPaths.watch: {
      const checked = validate(watchQuerySchema, query, 'query');
      await currentState(options, signal);
      return listening((socket) => serveWatch(options, checked, socket));
    }
    case socketPaths.events: {
      const checked = validate(eventStreamQuerySchema, query, 'query');
      await currentState(options, signal);
      return listening((socket) => serveEvents(options, checked, socket));
    }
    case socketPaths.view:
      return prepareView(options, views, query, signal);
    case socketPaths.streams:
      return prepareStream(options, query, caller, signal);
    case cellSessionPath: {
      const cellId = sessionCell(query);
      authorizeCell(caller, cellId);
      return {
        serve: (socket) => options.dispatcher.serve(cellId, socket),
        maxMessageBytes: reportMaxBytes,
      };
    }
  }
  if (url.pathname.startsWith(cellStreamPath)) {
    const streamId = validate(
      z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
      url.pathname.slice(cellStreamPath.length),
      'stream id',
    );
    const cellId = caller.how === 'certificate' ? caller.name : undefined;
    return {
      serve: (socket) => options.dispatcher.acceptStream(streamId, socket, cellId),
      maxMessageBytes: inputMaxBytes,
    };
  }
  throw new SkepError('ResourceNotFound', `there is no WebSocket at ${url.pathname}`);
}

const listening = (serve: Prepared['serve']): Prepared => ({ serve, maxMessageBytes: questionMaxBytes });

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
  return { ...listening((socket) => serveView(options, views, socket).finally(leave)), abandon: leave };
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
  if (checked.kind === 'console' && checked.cell !== undefined) authorizeHostShell(who);
  const state = await currentState(options, signal);
  const caller = { actor: who.actor, server: options.server, mayEnterHost: mayEnterHost(who) };
  const { cellId, request } = streamTarget(state, checked, options.clock.now(), caller);
  if (request.kind === 'upgrade')
    await noteUpgrade(options, cellId, request.action, { actor: who.actor, signal });
  const cellSocket = await options.dispatcher.openStream(cellId, request, { signal });
  await tellEntered(options, checked, { actor: who.actor, signal });
  return {
    serve: (socket) => joinSockets(socket, cellSocket, options.log),
    abandon: () => cellSocket.close(1001, 'the client went away'),
    maxMessageBytes: streamRights[checked.kind] === 'read' ? questionMaxBytes : inputMaxBytes,
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
