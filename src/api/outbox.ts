/**
 * Messages on their way to one client, in order, never more than a bound of them. Used by watches and event
 * streams, whose producer must not wait: a client that falls behind is told and disconnected, as Diego does
 * (reference/diego.md 1.19), and begins again with a snapshot.
 */
import { messageOf } from '../base/core/errors.ts';
import type { Log } from '../base/log.ts';
import type { Socket } from '../base/socket.ts';

/** Close code of a client that did not keep up. */
export const tooSlowCode = 4429;

export interface Outbox {
  /** Queues a message; never waits, never throws. */
  push(message: unknown): void;
}

/** @param maxPending how many messages may wait before the client is disconnected */
export function createOutbox(socket: Socket, maxPending: number, log: Log): Outbox {
  const queue: unknown[] = [];
  let sending = false;
  let ended = false;
  void socket.closed.then(() => {
    ended = true;
    queue.length = 0;
  });

  async function drain(): Promise<void> {
    sending = true;
    try {
      while (queue.length > 0) await socket.send(JSON.stringify(queue.shift()));
    } catch (error) {
      // The client has gone; whoever feeds this outbox hears it from `closed`.
      log.debug('api.client_gone', { reason: messageOf(error) });
    } finally {
      sending = false;
    }
  }

  return {
    push(message) {
      if (ended) return;
      if (queue.length >= maxPending) {
        ended = true;
        queue.length = 0;
        log.warn('api.client_too_slow', { maxPending });
        socket.close(tooSlowCode, `too slow: more than ${maxPending} messages behind; connect again`);
        return;
      }
      queue.push(message);
      if (!sending) void drain();
    },
  };
}
