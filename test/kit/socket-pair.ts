/**
 * Two ends of one in-memory socket, for tests and the simulation. Messages arrive in order; a sender waits
 * while its peer has `maxQueued` unread messages, which is the backpressure that a real socket has.
 */

import { SkepError } from '../../src/base/core/errors.ts';
import type { Socket, SocketEnd } from '../../src/base/socket.ts';

export interface SocketPair {
  readonly left: Socket;
  readonly right: Socket;
  /** From now on pings are not answered, as if the peer's host had lost power. */
  silence(): void;
  /** The wire breaks: both ends close with 1006 and what was on its way is lost. */
  cut(): void;
}

interface Inbox {
  readonly queue: (string | Uint8Array)[];
  bytes: number;
  wakeReader: () => void;
  wakeWriters: (() => void)[];
}

const sizeOf = (data: string | Uint8Array): number =>
  typeof data === 'string' ? Buffer.byteLength(data) : data.length;

export function socketPair(options: { readonly maxQueued?: number } = {}): SocketPair {
  const maxQueued = options.maxQueued ?? 64;
  const inbox = (): Inbox => ({ queue: [], bytes: 0, wakeReader: () => undefined, wakeWriters: [] });
  const toLeft = inbox();
  const toRight = inbox();
  let end: SocketEnd | undefined;
  let isSilent = false;
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<SocketEnd>();

  const finish = (how: SocketEnd, lost: boolean): void => {
    if (end !== undefined) return;
    end = how;
    for (const box of [toLeft, toRight]) {
      if (lost) box.queue.length = 0;
      box.wakeReader();
      for (const wake of box.wakeWriters.splice(0)) wake();
    }
    resolveClosed(how);
  };

  async function* read(box: Inbox): AsyncGenerator<string | Uint8Array> {
    for (;;) {
      const data = box.queue.shift();
      if (data !== undefined) {
        box.bytes -= sizeOf(data);
        box.wakeWriters.shift()?.();
        yield data;
      } else if (end !== undefined) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          box.wakeReader = resolve;
        });
      }
    }
  }

  const socket = (mine: Inbox, theirs: Inbox): Socket => ({
    async send(data) {
      while (end === undefined && theirs.queue.length >= maxQueued) {
        await new Promise<void>((resolve) => theirs.wakeWriters.push(resolve));
      }
      if (end !== undefined) {
        throw new SkepError('Unavailable', `the socket has ended: ${end.code} ${end.reason}`);
      }
      theirs.queue.push(data);
      theirs.bytes += sizeOf(data);
      theirs.wakeReader();
    },
    get pendingBytes() {
      return theirs.bytes;
    },
    messages: read(mine),
    ping: async () => {
      if (end === undefined && isSilent) await closed;
      return end === undefined;
    },
    close: (code = 1000, reason = '') => finish({ code, reason }, false),
    closed,
  });

  return {
    left: socket(toLeft, toRight),
    right: socket(toRight, toLeft),
    silence: () => {
      isSilent = true;
    },
    cut: () => finish({ code: 1006, reason: 'the connection was lost' }, true),
  };
}
