/**
 * One console stream that goes on over lost connections: opened, read, resumed by its session through whichever server
 * answers, until its program ends or nobody wants it any more. Used by pane-session.ts and hand-over.ts.
 */

import { readStream, sendControl, sendInput } from '../api/client/stream.ts';
import type { StreamOptions } from '../api/client.ts';
import { cellOfConsole } from '../api/core/console-shapes.ts';
import type { Control } from '../api/core/stream-frames.ts';
import { type Clock, withDeadline } from '../base/clock.ts';
import { backoffMs } from '../base/core/backoff.ts';
import { type ErrorCode, errorFromBody, messageOf, SkepError } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { Socket } from '../base/socket.ts';
import type { CellId } from '../model/ids.ts';
import type { ClusterConnection } from './connection.ts';
import type { Size } from './core/key.ts';
import type { ConsoleRequest } from './core/page.ts';
import { problemText } from './core/problem.ts';

const retry = { firstMs: 300, maxMs: 5_000 };
/** A cell that does not open the stream by then is tried through another server. */
const openDeadlineMs = 15_000;
/** What another try can mend by itself. A container without a shell is not among it. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['Unavailable', 'Timeout', 'Busy']);

export interface ConsoleLinkOptions {
  readonly connection: ClusterConnection;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly request: ConsoleRequest;
  /** What the terminal has room for now. */
  size(): Size;
  /** Awaited before more is read: that is the backpressure. */
  onOutput(bytes: Uint8Array): Promise<void>;
  /** It is open; `resumed` means that the whole screen is painted next. `size` is what it is painted for. */
  onOpen(resumed: boolean, size: Size | undefined): void;
  /** Another client decided on the size of the session's terminal. */
  onSize(size: Size): void;
  onNotice(message: string): void;
  /** Not open, and tried again. */
  onLost(message: string): void;
}

export interface ConsoleEnd {
  /** Undefined when it did not end by itself. */
  readonly code: number | undefined;
  /** Why, in a sentence. */
  readonly message: string;
}

export class ConsoleLink {
  readonly #options: ConsoleLinkOptions;
  #socket: Socket | undefined;
  #session: string | undefined;
  #retryNow: (() => void) | undefined;

  constructor(options: ConsoleLinkOptions) {
    this.#options = options;
    this.#session = options.request.session;
  }

  /** '' until it is known. */
  get cell(): string {
    return this.#session === undefined ? '' : cellOfConsole(this.#session);
  }
  get session(): string | undefined {
    return this.#session;
  }
  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /** Until the program has ended, or cannot be had; undefined when the signal ended it, which only detaches. */
  async run(signal: AbortSignal): Promise<ConsoleEnd | undefined> {
    const { clock, connection, rng, onLost } = this.#options;
    for (let failures = 1; !signal.aborted; failures += 1) {
      const openedAt = clock.now();
      try {
        return await this.#once(signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        const known = error instanceof SkepError ? error : new SkepError('Internal', messageOf(error));
        if (!passing.has(known.code)) return { code: undefined, message: this.#explained(known) };
        if (clock.now() - openedAt > retry.maxMs) failures = 1;
        connection.suspect();
        onLost(`${known.message}; trying again`);
        await this.#pause(backoffMs(retry, failures, rng), signal);
      }
    }
    return undefined;
  }

  /** Tries at once what is waited for. */
  retryNow(): void {
    this.#retryNow?.();
  }

  /** What is typed; resolves when the line has taken it. Rejects with `Unavailable` when it is not open. */
  send(bytes: Uint8Array): Promise<void> {
    return this.#socket === undefined ? this.#refused() : sendInput(this.#socket, bytes);
  }

  /** Tells the cell something. Rejects with `Unavailable` when it is not open. */
  control(message: Control): Promise<void> {
    return this.#socket === undefined ? this.#refused() : sendControl(this.#socket, message);
  }

  #refused(): Promise<never> {
    return Promise.reject(new SkepError('Unavailable', 'the console is not connected'));
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const now = new AbortController();
    this.#retryNow = () => now.abort();
    await this.#options.connection.change(ms, AbortSignal.any([signal, now.signal]));
    this.#retryNow = undefined;
  }

  async #once(signal: AbortSignal): Promise<ConsoleEnd> {
    const { clock, connection } = this.#options;
    const late = (): SkepError => new SkepError('Timeout', 'the cell did not open the console in time');
    const socket = await withDeadline(clock, openDeadlineMs, signal, late, (inner) =>
      connection.client.openStream(this.#query(), { signal: inner }),
    );
    const close = (): void => socket.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      if (signal.aborted) socket.close();
      for await (const message of readStream(socket)) {
        if (message.kind === 'data') await this.#options.onOutput(message.payload);
        else {
          const end = this.#heard(message.control, socket);
          if (end !== undefined) return end;
        }
      }
      const { code, reason } = await socket.closed;
      throw new SkepError('Unavailable', `the connection was lost: ${reason || `code ${code}`}`);
    } finally {
      this.#socket = undefined;
      signal.removeEventListener('abort', close);
      socket.close();
    }
  }

  #query(): StreamOptions {
    const { request, size } = this.#options;
    const task = request.task === true ? { task: true } : {};
    if (request.kind === 'attach') return { kind: 'attach', target: request.target, ...task };
    if (this.#session !== undefined)
      return { kind: 'console', session: this.#session, watch: request.watch === true, ...size() };
    if (request.host === true) return { kind: 'console', cell: request.target as CellId, ...size() };
    return { kind: 'console', target: request.target, ...task, arg: [...(request.args ?? [])], ...size() };
  }

  #heard(control: Control, socket: Socket): ConsoleEnd | undefined {
    const { onOpen, onSize, onNotice } = this.#options;
    switch (control.kind) {
      case 'opened':
        this.#socket = socket;
        this.#session = control.session ?? this.#session;
        onOpen(control.resumed === true, control.size);
        return undefined;
      case 'resize':
        onSize(control.size);
        return undefined;
      case 'notice':
        onNotice(control.message);
        return undefined;
      case 'exit':
        return { code: control.code, message: endMessage(control.code, control.reason) };
      case 'error':
        throw errorFromBody(control);
      default:
        // Only clients say the others.
        return undefined;
    }
  }

  #explained({ code, message, hint }: SkepError): string {
    if (code === 'ResourceNotFound' && this.#session !== undefined)
      return 'the session has gone: it ended, or nobody came back within 10 minutes';
    return problemText({ message, hint });
  }
}

function endMessage(code: number | undefined, reason: string | undefined): string {
  const how = code === undefined ? 'ended' : `exited ${code}`;
  return reason === undefined || reason === '' ? how : `${how}: ${reason}`;
}
