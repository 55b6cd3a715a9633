/**
 * Writes to the operator's terminal without ever waiting for it: a line that takes nothing (a stalled SSH connection)
 * must not stop the program. Node's own stdout blocks on terminals, so the device is opened once more, not blocking.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Clock, Timer } from '../../base/clock.ts';

export interface Writer {
  write(data: string | Uint8Array): void;
  /** The terminal has not taken all that was written. */
  readonly busy: boolean;
  /** Bytes written so far. */
  readonly written: number;
  /** Called each time it has taken everything after having been busy. */
  onDrained(listener: () => void): void;
  /** Resolves when the terminal has taken everything, or will take nothing any more. */
  taken(): Promise<void>;
  /** Drops what was not taken and writes this at once, waiting a little if it must: the last words. */
  last(data: string): void;
  close(): void;
}

const retryMs = 5;
const lastWordsMaxMs = 300;

export interface WriterOptions {
  /** A descriptor of the terminal. */
  readonly fd: number;
  readonly clock: Clock;
  /** Told once when the line is closed. */
  readonly onClosed: () => void;
}

/** Opens the terminal once more; `close` it. */
export const ttyWriter = (options: WriterOptions): Writer => new TtyWriter(options);

class TtyWriter implements Writer {
  readonly #clock: Clock;
  readonly #onClosed: () => void;
  readonly #own: number | undefined;
  readonly #target: number;
  readonly #drained: (() => void)[] = [];
  #waiting: (() => void)[] = [];
  #pending: Buffer[] = [];
  #timer: Timer | undefined;
  #written = 0;
  #closed = false;

  constructor({ fd, clock, onClosed }: WriterOptions) {
    this.#clock = clock;
    this.#onClosed = onClosed;
    this.#own = reopen(fd);
    this.#target = this.#own ?? fd;
  }

  get busy(): boolean {
    return this.#pending.length > 0;
  }

  get written(): number {
    return this.#written;
  }

  write(data: string | Uint8Array): void {
    if (this.#closed) return;
    this.#pending.push(typeof data === 'string' ? Buffer.from(data, 'utf8') : Buffer.from(data));
    if (this.#timer === undefined && !this.#push()) this.#wait();
  }

  onDrained(listener: () => void): void {
    this.#drained.push(listener);
  }

  taken(): Promise<void> {
    return this.busy ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  last(data: string): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pending = [Buffer.from(data, 'utf8')];
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let tries = lastWordsMaxMs / retryMs; !this.#push() && tries > 0; tries -= 1)
      Atomics.wait(pause, 0, 0, retryMs);
    this.#pending = [];
    this.#release();
  }

  close(): void {
    this.#timer?.cancel();
    this.#release();
    this.#closed = true;
    if (this.#own !== undefined) closeSync(this.#own);
  }

  /** False when the terminal takes no more now. */
  #push(): boolean {
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      const taken = this.#attempt(next);
      if (taken === undefined) return false;
      this.#written += taken;
      // Nothing is left when the line was closed.
      if (this.busy && taken < next.length) this.#pending[0] = next.subarray(taken);
      else this.#pending.shift();
    }
    return true;
  }

  /** Bytes taken; undefined when none can be now. */
  #attempt(bytes: Buffer): number | undefined {
    try {
      return writeSync(this.#target, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
      this.#fail();
      return 0;
    }
  }

  #fail(): void {
    this.#pending = [];
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed();
  }

  #wait(): void {
    this.#timer = this.#clock.after(retryMs, () => this.#retry());
  }

  #retry(): void {
    this.#timer = undefined;
    if (!this.#push()) return this.#wait();
    this.#release();
    for (const listener of this.#drained) listener();
  }

  #release(): void {
    const released = this.#waiting;
    this.#waiting = [];
    for (const resolve of released) resolve();
  }
}

/** The same terminal through a description of our own; undefined where it belongs to somebody else (after `su`). */
function reopen(fd: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Written to blocking then, as every other program does.
    return undefined;
  }
}
