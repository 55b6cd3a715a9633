/**
 * A view as a client has it: queries go up, messages come down, over one WebSocket. Made by `Client.view`; the
 * terminal UI keeps one for each table it shows. Rows that the server names by their key alone are filled in
 * here, so every row that comes out is whole, and one that has not changed is the same object as before.
 */
import { SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';
import type { ViewMessage, ViewQuery, ViewRequest, ViewRow } from '../core/view-shapes.ts';

export interface ViewFeed {
  /** Asks for something else from now on; the answers carry a `seq` that is one higher. Never waits or throws. */
  change(query: ViewQuery): void;
  /**
   * What the server says, in order; may be iterated once. Ends after `close`, or when the signal aborts; throws
   * `Unavailable` when the connection is lost: open another then. `seq` of the first query is 1. A reader that
   * is slow gets fewer messages, each as new as can be.
   */
  readonly messages: AsyncIterable<ViewMessage>;
  /** Idempotent. */
  close(): void;
}

/** Opens a feed over a socket of `open`. Throws what `open` throws, such as the refusal of one view too many. */
export async function openViewFeed(
  open: () => Promise<Socket>,
  query: ViewQuery,
  signal: AbortSignal,
): Promise<ViewFeed> {
  const socket = await open();
  let seq = 0;
  let closed = false;
  let sending = false;
  let wanted: ViewQuery | undefined;
  const close = (): void => {
    closed = true;
    signal.removeEventListener('abort', close);
    socket.close();
  };
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });

  /** One query on its way at a time; of those that come meanwhile only the newest goes. */
  async function send(): Promise<void> {
    sending = true;
    try {
      for (let next = wanted; next !== undefined && !closed; next = wanted) {
        wanted = undefined;
        await socket.send(JSON.stringify({ type: 'query', seq, query: next } satisfies ViewRequest));
      }
    } catch {
      // The connection has ended: whoever reads `messages` is told.
      socket.close();
    } finally {
      sending = false;
    }
  }

  const change = (next: ViewQuery): void => {
    wanted = next;
    seq += 1;
    if (!sending) void send();
  };
  change(query);
  return { change, messages: readMessages(socket, () => closed, close), close };
}

async function* readMessages(
  socket: Socket,
  isClosed: () => boolean,
  close: () => void,
): AsyncGenerator<ViewMessage> {
  let seq = -1;
  let known = new Map<string, ViewRow>();
  let byUs = false;
  try {
    for await (const text of socket.messages) {
      if (isClosed()) return;
      const message = JSON.parse(String(text)) as ViewMessage;
      if (message.type !== 'rows') {
        yield message;
        continue;
      }
      const rows = filledIn(message.rows, message.seq === seq ? known : new Map<string, ViewRow>());
      seq = message.seq;
      known = new Map(rows.map((row) => [row.key, row]));
      yield { ...message, rows };
    }
  } finally {
    byUs = isClosed();
    close();
  }
  if (byUs) return;
  const { code, reason } = await socket.closed;
  throw new SkepError('Unavailable', `the server ended the view: ${reason || `code ${code}`}`, {
    hint: 'connect again; `skep status` shows whether the cluster is well',
  });
}

/** Throws `Internal` for a key that was never sent: the server breaks its promise. */
function filledIn(rows: readonly (ViewRow | string)[], known: ReadonlyMap<string, ViewRow>): ViewRow[] {
  return rows.map((row) => {
    if (typeof row !== 'string') return row;
    const before = known.get(row);
    if (before !== undefined) return before;
    throw new SkepError('Internal', `the server says that row ${row} is as before, but never sent it`);
  });
}
