/** WebSockets that only the server speaks on, as iterations of checked messages. */
import { SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';
import type { JournalEvent } from '../../model/event.ts';
import type { WatchMessage } from '../core/routes.ts';

export interface EventQuery {
  /** The id of the last event known; '' for all that are kept, absent for new ones only. */
  readonly since?: string | undefined;
  readonly subject?: string | undefined;
}

export type EventRow = JournalEvent & { readonly id: string };

export const watchMessages = (
  open: () => Promise<Socket>,
  signal: AbortSignal,
): AsyncIterable<WatchMessage> => feed<WatchMessage>(open, signal);

export const eventRows = (open: () => Promise<Socket>, signal: AbortSignal): AsyncIterable<EventRow> =>
  feed<EventRow>(open, signal);

/** Ends when the signal aborts or the caller stops iterating; throws `Unavailable` when the server ends it. */
async function* feed<T>(open: () => Promise<Socket>, signal: AbortSignal): AsyncGenerator<T> {
  if (signal.aborted) return;
  let socket: Socket;
  try {
    socket = await open();
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  const stop = (): void => socket.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const message of socket.messages) {
      if (signal.aborted) return;
      yield JSON.parse(String(message)) as T;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    socket.close();
  }
  if (signal.aborted) return;
  const { code, reason } = await socket.closed;
  throw new SkepError('Unavailable', `the server ended the connection: ${reason || `code ${code}`}`, {
    hint: 'connect again; `skep status` shows whether the cluster is well',
  });
}
