/**
 * One end of a simulated WebSocket, with the behaviour of base/node/ws-socket.ts: pings every 5 s, an end that
 * hears nothing for 10 s gives up by itself, closing waits for the peer's answer.
 */
import { SkepError } from '../../src/base/core/errors.ts';
import type { Socket, SocketEnd } from '../../src/base/socket.ts';
import type { SimProcess } from './process.ts';
import type { Frame, Wire } from './wire.ts';

const pingEveryMs = 5_000;
const deadAfterMs = 10_000;
/** As the package ws: a close that the peer does not answer. */
const closeTimeoutMs = 30_000;

export interface SimSocketOptions {
  readonly process: SimProcess;
  readonly out: Wire;
  onEnd(socket: SimSocket): void;
  /** Hears of each message that is sent. */
  onSend?(data: string): void;
  /** Hears of each message that its process has read, once it asks for the next. */
  onRead?(data: string | Uint8Array): void;
}

export class SimSocket implements Socket {
  readonly process: SimProcess;
  readonly out: Wire;
  readonly messages: AsyncIterable<string | Uint8Array>;
  readonly closed: Promise<SocketEnd>;
  readonly #options: SimSocketOptions;
  /** Pings that wait for a sign of life. */
  #asking: ((isHeard: boolean) => void)[] = [];
  readonly #inbox: (string | Uint8Array)[] = [];
  #wake: () => void = () => undefined;
  #resolveClosed: (end: SocketEnd) => void = () => undefined;
  #isClosing = false;
  #isEnded = false;
  #heardAt: number;

  constructor(options: SimSocketOptions) {
    this.#options = options;
    this.process = options.process;
    this.out = options.out;
    this.messages = this.#read();
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#heardAt = this.process.clock.now();
    this.process.clock.after(pingEveryMs, () => this.#beat());
  }

  get pendingBytes(): number {
    return this.out.pending * 100;
  }

  async send(data: string | Uint8Array): Promise<void> {
    if (this.#isClosing || this.#isEnded) throw new SkepError('Unavailable', 'the connection has ended');
    this.out.send({ kind: 'message', data });
    if (typeof data === 'string') this.#options.onSend?.(data);
  }

  /** The same message once more, if the connection still stands. */
  sendAgain(data: string): void {
    if (this.#isClosing || this.#isEnded || !this.process.isAlive) return;
    const { id, ...message } = JSON.parse(data) as { readonly id: number };
    // The answer to a copy must not be taken for that to another request.
    this.out.send({ kind: 'message', data: JSON.stringify({ ...message, id: id + 1_000_000 }) });
  }

  async ping(): Promise<boolean> {
    if (this.#isClosing || this.#isEnded) return false;
    this.out.send({ kind: 'ping' });
    return await new Promise((resolve) => this.#asking.push(resolve));
  }

  #answer(isHeard: boolean): void {
    for (const tell of this.#asking.splice(0)) tell(isHeard);
  }

  close(code = 1000, reason = ''): void {
    if (this.#isClosing || this.#isEnded) return;
    this.#isClosing = true;
    this.#wake();
    this.out.send({ kind: 'close', code, reason });
    this.process.clock.after(closeTimeoutMs, () => this.#end({ code: 1006, reason: '' }));
  }

  /** The process has died: its host ends the connection for it. */
  reset(): void {
    if (!this.#isEnded) this.out.send({ kind: 'reset' });
  }

  receive(frame: Frame): void {
    if (this.#isEnded) return;
    this.#heardAt = this.process.clock.now();
    this.#answer(true);
    switch (frame.kind) {
      case 'message':
        if (this.#isClosing) return;
        this.#inbox.push(frame.data);
        return this.#wake();
      case 'ping':
        return this.out.send({ kind: 'pong' });
      case 'pong':
        return;
      case 'close':
        this.out.send({ kind: 'closed' });
        return this.#end({ code: frame.code, reason: frame.reason });
      case 'closed':
        return this.#end({ code: 1000, reason: '' });
      case 'reset':
        return this.#end({ code: 1006, reason: 'read ECONNRESET' });
    }
  }

  #beat(): void {
    if (this.#isEnded) return;
    if (this.process.clock.now() - this.#heardAt > deadAfterMs) {
      this.out.send({ kind: 'reset' });
      return this.#end({ code: 1006, reason: '' });
    }
    if (!this.#isClosing) this.out.send({ kind: 'ping' });
    this.process.clock.after(pingEveryMs, () => this.#beat());
  }

  #end(end: SocketEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#isClosing = true;
    this.#wake();
    this.#answer(false);
    this.#resolveClosed(end);
    this.#options.onEnd(this);
  }

  /** What waits when the socket closes is still read. */
  async *#read(): AsyncGenerator<string | Uint8Array> {
    for (;;) {
      const data = this.#inbox.shift();
      if (data !== undefined) {
        yield data;
        this.#options.onRead?.(data);
      } else if (this.#isClosing) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
