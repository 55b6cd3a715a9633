/**
 * One session of this cell with one server: a socket that was dialled, the requests that wait for an answer
 * on it, and what the server says unasked. Opened and replaced by links.ts.
 */
import {
  type CellRequestName,
  type CellRequestParams,
  type CellRequestResult,
  cellRequests,
  type ServerMessage,
  serverMessageSchema,
} from '../../api/core/cell-protocol.ts';
import { type Clock, withDeadline } from '../../base/clock.ts';
import { errorFromBody, messageOf, SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';

/** More requests than this wait for answers only when a server has stopped answering. */
const maxOutstanding = 1_024;

export interface RequestOptions {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export interface Session {
  /** Throws what the server answered, `Timeout` when it did not in time, `Unavailable` when the session ended. */
  request<N extends CellRequestName>(
    method: N,
    params: CellRequestParams<N>,
    options: RequestOptions,
  ): Promise<CellRequestResult<N>>;
  /** @param code 1000 unless the agent itself ends */
  close(reason: string, code?: number): void;
  /** Asks the server for a sign of life, which `heardAt` then tells. */
  ping(): void;
  /** When the server gave any sign of life last; when the session was opened, as long as it has not. */
  readonly heardAt: number;
  /** Resolves with why it ended. */
  readonly done: Promise<string>;
}

export type UnaskedMessage = Exclude<ServerMessage, { type: 'response' }>;

export interface SessionOptions {
  readonly socket: Socket;
  /** `host:port`, for messages. */
  readonly address: string;
  readonly clock: Clock;
  /** Throwing ends the session. */
  onMessage(message: UnaskedMessage): void;
}

interface Waiter {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export function openSession(options: SessionOptions): Session {
  const { socket, address, clock } = options;
  const waiters = new Map<number, Waiter>();
  let lastId = 0;
  let ended: string | undefined;
  let heardAt = clock.now();
  const ping = pinger(socket, () => {
    heardAt = clock.now();
  });

  async function read(): Promise<string> {
    try {
      for await (const data of socket.messages) receive(data);
      const end = await socket.closed;
      return end.reason === '' ? `the connection ended (${end.code})` : end.reason;
    } catch (error) {
      socket.close(1002, 'protocol error');
      return messageOf(error);
    }
  }

  function receive(data: string | Uint8Array): void {
    const message = parseMessage(data, address);
    heardAt = clock.now();
    if (message.type !== 'response') return options.onMessage(message);
    const waiter = waiters.get(message.id);
    if (message.error === undefined) waiter?.resolve(message.result);
    else waiter?.reject(errorFromBody(message.error));
  }

  const done = read().then((reason) => {
    ended = reason;
    for (const waiter of waiters.values()) waiter.reject(lost(address, reason));
    return reason;
  });

  async function ask<N extends CellRequestName>(
    method: N,
    params: CellRequestParams<N>,
  ): Promise<CellRequestResult<N>> {
    if (ended !== undefined) throw lost(address, ended);
    if (waiters.size >= maxOutstanding) {
      throw new SkepError('Busy', `server ${address} has ${maxOutstanding} requests of this cell unanswered`);
    }
    const id = ++lastId;
    const answer = Promise.withResolvers<unknown>();
    waiters.set(id, answer);
    answer.promise.catch(() => waiters.delete(id));
    await socket.send(JSON.stringify({ type: 'request', id, method, params }));
    const result = await answer.promise.finally(() => waiters.delete(id));
    return cellRequests[method].result.parse(result) as CellRequestResult<N>;
  }

  return {
    request(method, params, { deadlineMs, signal }) {
      const late = (): SkepError =>
        new SkepError('Timeout', `server ${address} did not answer "${method}" within ${deadlineMs} ms`);
      return withDeadline(clock, deadlineMs, signal, late, () => ask(method, params));
    },
    close: (reason, code = 1000) => socket.close(code, reason),
    ping,
    get heardAt() {
      return heardAt;
    },
    done,
  };
}

/** One ping at a time; `onHeard` when it was answered. */
function pinger(socket: Socket, onHeard: () => void): () => void {
  let isPinging = false;
  return () => {
    if (isPinging) return;
    isPinging = true;
    void socket.ping().then((isHeard) => {
      isPinging = false;
      if (isHeard) onHeard();
    });
  };
}

function lost(address: string, reason: string): SkepError {
  return new SkepError('Unavailable', `the session with server ${address} ended: ${reason}`);
}

/** A message that cannot be read ends the session: what it said is lost, and only a full answer repairs that. */
function parseMessage(data: string | Uint8Array, address: string): ServerMessage {
  const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
  const parsed = serverMessageSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new SkepError(
    'Internal',
    `server ${address} sent a message this cell cannot read: ${issue?.path.join('.')}: ${issue?.message}`,
    { hint: 'do both run the same version of skep?' },
  );
}
