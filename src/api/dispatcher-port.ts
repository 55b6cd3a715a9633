/** This server's sessions with cells, as the rest of the API sees them. Implemented by dispatcher.ts. */
import type { Socket } from '../base/socket.ts';
import type { CellId } from '../model/ids.ts';
import type { StreamRequest } from './core/cell-protocol.ts';

export interface Dispatcher {
  /** Serves one cell's session until its socket ends. A newer session of the same cell ends the older one. */
  serve(cellId: CellId, socket: Socket): Promise<void>;
  hasSession(cellId: CellId): boolean;
  /**
   * Asks the cell to dial back for a stream and resolves with the socket it opened. Throws `Unavailable`
   * when the cell has no session here or does not dial within the deadline.
   */
  openStream(
    cellId: CellId,
    request: StreamRequest,
    options: { readonly signal: AbortSignal },
  ): Promise<Socket>;
  /**
   * A cell dialled for a stream; a stream id that nobody waits for is refused by closing the socket, and so is one of
   * another cell than `dialler`, the cell that the certificate names.
   */
  acceptStream(streamId: string, socket: Socket, dialler?: string): void;
  /** Ends every session, for shutdown. */
  close(): void;
}

/** What the leader's brain asks of its server's sessions; not part of what the API calls. */
export interface Hearing {
  /**
   * Those of `present` that this server hears nothing from, by asking them. Resolves within about half a second, at
   * once when all were heard lately. It says of none that it is lost. Throws the signal's reason.
   */
  unheard(present: Iterable<CellId>, options: { readonly signal: AbortSignal }): Promise<ReadonlySet<CellId>>;
}
