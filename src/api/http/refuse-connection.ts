/**
 * Connections that speak nothing this server understands, or prove nothing: answered in words of the catalogue, told to
 * the log, and bounded. Wired to each listener by listen.ts.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type ErrorCode, SkepError } from '../../base/core/errors.ts';
import { sortByFirstByte } from './first-byte.ts';
import type { RefusalLog } from './refusal-log.ts';
import { strangers } from './strangers.ts';
import { handshakeDeadlineMs } from './tls-options.ts';
import { httpRefusal } from './upgrade.ts';

const notTls = new SkepError('InvalidRequest', 'this port speaks TLS 1.3 and nothing else', {
  hint: 'use https:// or wss://, with the certificate of a context',
});

function note(refusals: RefusalLog, code: ErrorCode, from: string | undefined, reason: string): void {
  refusals.note({ code, from, what: 'a connection', reason });
}

/** Who is still sending gets so long to see the answer: to cut it off at once would take the answer away from it. */
const lingerMs = 1_000;
const refused = new WeakSet<Duplex>();

/** Answers in HTTP and ends the connection, whether the answer is read or not. */
function refuse(refusals: RefusalLog, connection: Duplex, refusal: SkepError): void {
  // What else the peer sends is no HTTP either.
  if (refused.has(connection)) return;
  refused.add(connection);
  const from = connection instanceof Socket ? connection.remoteAddress : undefined;
  note(refusals, refusal.code, from, refusal.message);
  const timer = setTimeout(() => connection.destroy(), lingerMs);
  connection.once('close', () => clearTimeout(timer));
  connection.end(httpRefusal(refusal));
  connection.resume();
}

/** What is no HTTP, or too much or too slow of it. */
export function refuseBadHttp(server: Server, refusals: RefusalLog): void {
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const refusal = new SkepError('InvalidRequest', `"expect: ${request.headers.expect}" is not met here`);
    note(refusals, refusal.code, request.socket.remoteAddress, refusal.message);
    const headers = { 'content-type': 'application/json; charset=utf-8', connection: 'close' };
    response.writeHead(refusal.status, headers).end(JSON.stringify({ error: refusal.toBody() }));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, connection) => {
    const isGone = error.code === 'ECONNRESET' || !connection.writable;
    if (isGone && !refused.has(connection)) connection.destroy();
    else refuse(refusals, connection, badHttp(error));
  });
}

/** What node found, in words of the catalogue. */
function badHttp({ code, message }: NodeJS.ErrnoException): SkepError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new SkepError('TooLarge', 'the headers of the request are larger than 16 KiB');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new SkepError('Timeout', 'the request did not come whole in time');
  }
  return new SkepError('InvalidRequest', `the request is not HTTP: ${message}`);
}

/** What is no TLS, or a handshake that fails. */
export function refuseBadTls(server: TlsServer, refusals: RefusalLog): void {
  server.on('tlsClientError', (error, socket) => {
    note(refusals, 'Unauthenticated', socket.remoteAddress, `the TLS handshake failed: ${error.message}`);
    socket.destroy();
  });
  sortByFirstByte(server, {
    deadlineMs: handshakeDeadlineMs,
    refuse: (connection) => refuse(refusals, connection, notTls),
  });
}

/** Who has shown a certificate that counts, or asked anything where none is needed, is no stranger. */
export function boundStrangers(server: Server, refusals: RefusalLog): void {
  const known = strangers((from) =>
    note(refusals, 'Busy', from, 'too many connections that have proved nothing: the oldest was ended'),
  );
  server.on('connection', (connection: Socket) => known.add(connection));
  if (server instanceof TlsServer) {
    server.on('secureConnection', (connection: TLSSocket) => {
      if (connection.authorized) known.trust(connection);
    });
  } else {
    server.on('request', ({ socket }) => known.trust(socket));
    server.on('upgrade', ({ socket }) => known.trust(socket));
  }
}
