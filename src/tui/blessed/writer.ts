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

export function ttyWriter({ fd, clock, onClosed }: WriterOptions): Writer {
  const own = reopen(fd);
  const target = own ?? fd;
  let pending: Buffer[] = [];
  let timer: Timer | undefined;
  let written = 0;
  let closed = false;
  const drained: (() => void)[] = [];
  let waiting: (() => void)[] = [];

  /** False when the terminal takes no more now. */
  function push(): boolean {
    for (let next = pending[0]; next !== undefined; next = pending[0]) {
      const taken = attempt(next);
      if (taken === undefined) return false;
      written += taken;
      // Nothing is left when the line was closed.
      if (pending.length > 0 && taken < next.length) pending[0] = next.subarray(taken);
      else pending.shift();
    }
    return true;
  }

  /** Bytes taken; undefined when none can be now. */
  function attempt(bytes: Buffer): number | undefined {
    try {
      return writeSync(target, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
      fail();
      return 0;
    }
  }

  function fail(): void {
    pending = [];
    if (closed) return;
    closed = true;
    onClosed();
  }

  function retry(): void {
    timer = undefined;
    if (!push()) {
      timer = clock.after(retryMs, retry);
      return;
    }
    release();
    for (const listener of drained) listener();
  }

  function release(): void {
    const released = waiting;
    waiting = [];
    for (const resolve of released) resolve();
  }

  return {
    write(data) {
      if (closed) return;
      pending.push(typeof data === 'string' ? Buffer.from(data, 'utf8') : Buffer.from(data));
      if (timer === undefined && !push()) timer = clock.after(retryMs, retry);
    },
    get busy() {
      return pending.length > 0;
    },
    get written() {
      return written;
    },
    onDrained(listener) {
      drained.push(listener);
    },
    taken: () => (pending.length === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    last(data) {
      timer?.cancel();
      timer = undefined;
      pending = [Buffer.from(data, 'utf8')];
      const pause = new Int32Array(new SharedArrayBuffer(4));
      for (let tries = lastWordsMaxMs / retryMs; !push() && tries > 0; tries -= 1)
        Atomics.wait(pause, 0, 0, retryMs);
      pending = [];
      release();
    },
    close() {
      timer?.cancel();
      release();
      closed = true;
      if (own !== undefined) closeSync(own);
    },
  };
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
