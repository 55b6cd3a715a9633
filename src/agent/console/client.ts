/**
 * One client of a console session: what it is still to be sent, bounded. A client that cannot keep up is not waited
 * for without end; it is brought up to date with a painted screen instead. Used by session.ts.
 */
import { type Control, packFrame } from '../../api/core/stream-frames.ts';
import type { Socket } from '../../base/socket.ts';
import type { TerminalSize } from '../runtime.ts';

/** Output that may wait for a client before the program is held back. */
const highWaterBytes = 256 * 1024;

export interface ConsoleClientOptions {
  readonly socket: Socket;
  readonly isWatching: boolean;
  /** Who it is, for the journal. */
  readonly by: string;
  /** Undefined: it did not say. */
  readonly size: TerminalSize | undefined;
}

export class ConsoleClient {
  readonly socket: Socket;
  readonly isWatching: boolean;
  readonly by: string;
  size: TerminalSize | undefined;
  /** It misses output: it is to be painted the screen once it has taken what waits. */
  isBehind = false;
  /** A watcher is told once that it cannot type. */
  isToldToWatch = false;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isSending = false;
  #hasEnded = false;
  #idle: (() => void)[] = [];

  constructor({ socket, isWatching, by, size }: ConsoleClientOptions) {
    this.socket = socket;
    this.isWatching = isWatching;
    this.by = by;
    this.size = size;
    void socket.closed.then(() => this.#end());
  }

  /** Output of the program. Nothing is queued for a client that is behind. */
  output(data: Uint8Array): void {
    if (!this.isBehind) this.#push(packFrame('stdout', data));
  }

  /** The screen, which makes up for whatever it missed. */
  paint(data: Uint8Array): void {
    this.isBehind = false;
    this.#push(packFrame('stdout', data));
  }

  control(message: Control): void {
    this.#push(packFrame('control', new TextEncoder().encode(JSON.stringify(message))));
  }

  /** So much waits for it that the program should not write more. */
  get isSlow(): boolean {
    return this.#queuedBytes > highWaterBytes;
  }

  /** Resolves when it has taken everything, or has gone. */
  drained(): Promise<void> {
    if (!this.#isSending || this.#hasEnded) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #push(frame: Uint8Array): void {
    if (this.#hasEnded) return;
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    if (this.#isSending) return;
    this.#isSending = true;
    // A socket that takes nothing any more has ended or is about to, and then the client goes.
    this.#sendAll().catch(() => this.#end());
  }

  async #sendAll(): Promise<void> {
    for (let frame = this.#queue.shift(); frame !== undefined; frame = this.#queue.shift()) {
      await this.socket.send(frame);
      this.#queuedBytes -= frame.length;
    }
    this.#isSending = false;
    this.#wake();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
