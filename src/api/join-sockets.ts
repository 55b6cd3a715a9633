/** Two sockets made one: what comes in at one end goes out at the other, unread. Used for streams. */
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Log } from '../base/log.ts';
import type { Socket } from '../base/socket.ts';

/**
 * Passes messages both ways until one end closes, then closes the other with the same code and reason, after
 * what was on its way. The next message is read only when the last one was taken, so a slow end slows the
 * other and nobody else.
 */
export async function joinSockets(left: Socket, right: Socket, log: Log): Promise<void> {
  await Promise.all([pass(left, right, log), pass(right, left, log)]);
}

async function pass(from: Socket, to: Socket, log: Log): Promise<void> {
  try {
    for await (const message of from.messages) await to.send(message);
    const { code, reason } = await from.closed;
    to.close(code, reason);
  } catch (error) {
    // The receiver has gone while something was on its way to it.
    if (!(error instanceof SkepError)) log.error('stream.failed', { reason: messageOf(error) });
    const { code, reason } = await endOf(to, error);
    from.close(code, reason);
  }
}

/** How a socket that refused a message ended; it has, or is about to. */
function endOf(socket: Socket, error: unknown): Promise<{ code: number; reason: string }> {
  socket.close(1011, messageOf(error));
  return socket.closed;
}
