/**
 * The waiting room of streams: a server asked a cell to dial back, and the cell has not yet. Used by
 * dispatcher.ts. Everybody in it leaves by one of three doors: joined, refused, or late.
 */
import { type Clock, withDeadline } from '../base/clock.ts';
import { SkepError } from '../base/core/errors.ts';
import { type Rng, randomName } from '../base/core/rng.ts';
import type { Socket } from '../base/socket.ts';
import { defaults } from '../model/defaults.ts';
import type { CellId } from '../model/ids.ts';
import type { ServerMessage, StreamRequest } from './core/cell-protocol.ts';

/** Streams that one cell may be asked for before it has dialled any of them. */
const maxWaitingPerCell = 256;
/** Hard to guess: whoever knows it may speak as the cell's end. */
const streamIdLength = 26;
const noSuchStreamCode = 4404;

interface Waiting {
  readonly cellId: CellId;
  join(socket: Socket): void;
  refuse(error: SkepError): void;
}

export interface StreamRoom {
  /**
   * Sends `open` and resolves with the socket that the cell dialled. Throws `Unavailable` when it does not
   * within the deadline or its session ends, `Busy` when too many wait already.
   */
  open(
    cellId: CellId,
    request: StreamRequest,
    send: (message: ServerMessage) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Socket>;
  /** @param dialler the cell that dialled, where a certificate says so */
  accept(streamId: string, socket: Socket, dialler?: string): void;
  /** The cell's session ended: nobody will dial any more. */
  abandon(cellId: CellId): void;
}

export function streamRoom(clock: Clock, rng: Rng): StreamRoom {
  const waiting = new Map<string, Waiting>();

  function checkRoom(cellId: CellId): void {
    let count = 0;
    for (const stream of waiting.values()) if (stream.cellId === cellId) count += 1;
    if (count < maxWaitingPerCell) return;
    throw new SkepError('Busy', `cell ${cellId} has ${count} streams to open already`, { hint: 'try again' });
  }

  return {
    async open(cellId, request, send, signal) {
      checkRoom(cellId);
      const streamId = randomName(rng, streamIdLength);
      const late = (): Error =>
        new SkepError(
          'Unavailable',
          `cell ${cellId} did not open the stream within ${defaults.apiDeadlineMs} ms`,
          {
            hint: `skep why ${cellId} tells how the cell is`,
          },
        );
      try {
        return await withDeadline(clock, defaults.apiDeadlineMs, signal, late, async () => {
          const joined = new Promise<Socket>((join, refuse) =>
            waiting.set(streamId, { cellId, join, refuse }),
          );
          await Promise.race([send({ type: 'open', streamId, request }), joined]);
          return await joined;
        });
      } finally {
        waiting.delete(streamId);
      }
    },
    accept(streamId, socket, dialler) {
      const found = waiting.get(streamId);
      const stream = dialler === undefined || found?.cellId === dialler ? found : undefined;
      if (stream !== undefined) waiting.delete(streamId);
      if (stream === undefined) socket.close(noSuchStreamCode, 'nobody waits for this stream');
      else stream.join(socket);
    },
    abandon(cellId) {
      for (const [id, stream] of waiting) {
        if (stream.cellId !== cellId) continue;
        waiting.delete(id);
        stream.refuse(
          new SkepError('Unavailable', `the session of cell ${cellId} ended before it opened the stream`, {
            hint: 'try again once the cell is back: skep cells',
          }),
        );
      }
    },
  };
}
