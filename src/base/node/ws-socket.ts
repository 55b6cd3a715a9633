/**
 * The Socket port over WebSockets: the only place that knows the package `ws`. Composition roots hand
 * `wsDial` to whatever dials (cell sessions, the client) and `wsAccept` to the API's upgrade handler.
 *
 * Backpressure is TCP's: the socket is paused while more than a bounded amount waits for the reader, and a
 * send resolves when the kernel has taken it. A paused end reads no pongs, so both ends send pings and
 * whatever arrives counts as life; the end that is paused does not judge its peer.
 */
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Clock, Timer } from '../clock.ts';
import { connectionError } from '../connection-error.ts';
import { errorFromBody, SkepError } from '../core/errors.ts';
import type { Dial, Socket, SocketEnd } from '../socket.ts';
import { tlsConnection } from '../tls-peer.ts';
import { systemClock } from './system-clock.ts';

const maxPayloadBytes = 16 * 1024 * 1024;
/** A ping this often … */
const pingEveryMs = 5_000;
/** … and the peer is dead when nothing at all has come from it for this long. */
const deadAfterMs = 10_000;
/** Reading pauses above either of these, and goes on when the reader has caught up. */
const queueMaxMessages = 64;
const queueMaxBytes = 256 * 1024;
const handshakeDeadlineMs = 15_000;
const errorBodyMaxBytes = 64 * 1024;

/** Makes a Socket of an open WebSocket; from then on nobody else may touch it. */
export function wrapWebSocket(ws: WebSocket, clock: Clock = systemClock, stream?: Duplex): Socket {
  const inbox = createInbox(ws);
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<SocketEnd>();
  const gather = gathering(stream);
  const watch = watchPeer(ws, clock, () => inbox.paused);
  // 'close' always follows; without a listener the error would end the process.
  let failure = '';
  ws.on('error', (error) => {
    failure = error.message;
  });
  ws.on('close', (code, reason) => {
    watch.stop();
    inbox.end();
    resolveClosed({ code, reason: reason.toString() || failure });
  });
  return {
    send(data) {
      return new Promise((resolve, reject) => {
        gather();
        ws.send(data, { binary: typeof data !== 'string' }, (error) => {
          if (!error) return resolve();
          reject(new SkepError('Unavailable', 'the connection has ended', { cause: error }));
        });
      });
    },
    get pendingBytes() {
      return ws.bufferedAmount;
    },
    messages: inbox.messages,
    ping: watch.ping,
    close(code = 1000, reason = '') {
      inbox.end();
      // The closing handshake needs the peer's answer to be read; what waits there is dropped.
      ws.close(sendableCode(code), clipCloseReason(reason));
    },
    closed,
  };
}

/** What is sent in one turn of the event loop leaves in one system call: with 1,250 peers they are a fifth of the work. */
function gathering(stream: Duplex | undefined): () => void {
  let isGathering = false;
  return () => {
    if (stream === undefined || isGathering) return;
    isGathering = true;
    stream.cork();
    process.nextTick(() => {
      isGathering = false;
      stream.uncork();
    });
  };
}

interface Inbox {
  readonly messages: AsyncIterable<string | Uint8Array>;
  readonly paused: boolean;
  /** No more messages will come; those that wait are still delivered. */
  end(): void;
}

/** Queues what arrives for one reader and pauses the socket while too much waits. */
function createInbox(ws: WebSocket): Inbox {
  const queue: (string | Uint8Array)[] = [];
  let queuedBytes = 0;
  let ended = false;
  let paused = false;
  let wake = (): void => undefined;

  ws.on('message', (data: Buffer, isBinary: boolean) => {
    if (ended) return;
    queue.push(isBinary ? data : data.toString('utf8'));
    queuedBytes += data.length;
    if (!paused && (queue.length >= queueMaxMessages || queuedBytes >= queueMaxBytes)) {
      paused = true;
      ws.pause();
    }
    wake();
  });

  function take(): string | Uint8Array | undefined {
    const message = queue.shift();
    if (message === undefined) return undefined;
    queuedBytes -= typeof message === 'string' ? Buffer.byteLength(message) : message.length;
    if (paused && queue.length === 0) resume();
    return message;
  }

  function resume(): void {
    paused = false;
    ws.resume();
  }

  async function* read(): AsyncGenerator<string | Uint8Array> {
    for (;;) {
      const message = take();
      if (message !== undefined) yield message;
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    messages: read(),
    get paused() {
      return paused;
    },
    end() {
      ended = true;
      if (paused) resume();
      wake();
    },
  };
}

interface Watch {
  readonly ping: Socket['ping'];
  /** The socket has ended. */
  stop(): void;
}

/** Pings the peer, and ends the socket when nothing comes from it. */
function watchPeer(ws: WebSocket, clock: Clock, isPaused: () => boolean): Watch {
  let heardAt = clock.now();
  let asking: ((isHeard: boolean) => void)[] = [];
  const answer = (isHeard: boolean): void => {
    const answered = asking;
    asking = [];
    for (const tell of answered) tell(isHeard);
  };
  const heard = (): void => {
    heardAt = clock.now();
    if (asking.length > 0) answer(true);
  };
  for (const event of ['message', 'ping', 'pong'] as const) ws.on(event, heard);
  let timer: Timer | undefined;
  const beat = (): void => {
    if (isPaused()) heard();
    if (clock.now() - heardAt > deadAfterMs) {
      ws.terminate();
      return;
    }
    if (ws.readyState === WebSocket.OPEN) ws.ping();
    timer = clock.after(pingEveryMs, beat);
  };
  timer = clock.after(pingEveryMs, beat);
  return {
    async ping() {
      if (ws.readyState !== WebSocket.OPEN) return false;
      // It is this end that does not read what comes.
      if (isPaused()) return true;
      ws.ping();
      return await new Promise<boolean>((resolve) => asking.push(resolve));
    },
    stop() {
      timer?.cancel();
      answer(false);
    },
  };
}

/** Codes that only describe an end (no status, lost connection, …) may not travel: passed on as 1011. */
function sendableCode(code: number): number {
  if (code === 1005) return 1000;
  const mayTravel = (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1006) || code >= 3000;
  return mayTravel && code < 5000 ? code : 1011;
}

/** A close frame holds at most 123 bytes of reason. */
function clipCloseReason(reason: string): string {
  let clipped = reason;
  while (Buffer.byteLength(clipped) > 123) clipped = clipped.slice(0, -1);
  return clipped;
}

interface Target {
  readonly url: string;
  /** For messages. */
  readonly address: string;
  readonly socketPath: string | undefined;
}

/** Throws `InvalidRequest` for anything but `ws://…` and `ws+unix:///path:/path`. */
function parseTarget(url: string): Target {
  const unix = /^ws\+unix:\/\/(\/.*?):(\/.*)$/.exec(url);
  if (unix) return { url: `ws://localhost${unix[2]}`, address: unix[1] ?? '', socketPath: unix[1] };
  if (!/^wss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new SkepError('InvalidRequest', `"${url}" is not a WebSocket address`, {
      hint: 'write ws://host:port/path or ws+unix:///path/to.sock:/path',
    });
  }
  return { url, address: new URL(url).host, socketPath: undefined };
}

/** Dials a WebSocket: base/socket.ts has the contract. Gives up by itself after 15 s. */
export const wsDial: Dial = (url, { signal, headers = {}, tls }) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const target = parseTarget(url);
    const { socketPath } = target;
    const ws = new WebSocket(target.url, {
      maxPayload: maxPayloadBytes,
      perMessageDeflate: false,
      handshakeTimeout: handshakeDeadlineMs,
      headers,
      ...(tls === undefined ? {} : tlsConnection(tls)),
      ...(socketPath === undefined ? {} : { createConnection: () => connect(socketPath) }),
    });
    const settled = (): void => signal.removeEventListener('abort', abort);
    const fail = (error: unknown): void => {
      settled();
      reject(signal.aborted ? (signal.reason as Error) : connectionError(error, target.address));
    };
    const abort = (): void => {
      ws.terminate();
      fail(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    ws.on('error', fail);
    ws.on('unexpected-response', (_request, response) => {
      refusalOf(response, target.address).then(fail, fail);
    });
    ws.on('open', () => {
      settled();
      ws.off('error', fail);
      resolve(wrapWebSocket(ws));
    });
  });

/** The error that a server answered instead of upgrading. */
async function refusalOf(response: IncomingMessage, address: string): Promise<SkepError> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > errorBodyMaxBytes) break;
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'error' in body) return errorFromBody(body);
  } catch {
    // Not JSON, so not an agent of ours: said below.
  }
  return new SkepError(
    'Unavailable',
    `${address} refused the connection with status ${response.statusCode}`,
    {
      hint: 'check that the address is that of a Skep agent',
    },
  );
}

/** By the largest message that they take. */
const acceptors = new Map<number, WebSocketServer>();

function acceptorFor(maxPayload: number): WebSocketServer {
  const known = acceptors.get(maxPayload);
  if (known !== undefined) return known;
  const made = new WebSocketServer({
    noServer: true,
    maxPayload,
    perMessageDeflate: false,
    clientTracking: false,
  });
  acceptors.set(maxPayload, made);
  return made;
}

/**
 * Completes an upgrade that a server has decided to accept. Rejects when the request is not a WebSocket's.
 * @param maxMessageBytes a larger message ends the socket before it is held in memory; never more than 16 MiB
 */
export function wsAccept(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  maxMessageBytes: number = maxPayloadBytes,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(new SkepError('Unavailable', 'the client went away during the upgrade'));
    socket.once('close', lost);
    const acceptor = acceptorFor(Math.min(maxMessageBytes, maxPayloadBytes));
    acceptor.handleUpgrade(request, socket, head, (ws) => {
      socket.off('close', lost);
      resolve(wrapWebSocket(ws, systemClock, socket));
    });
  });
}
