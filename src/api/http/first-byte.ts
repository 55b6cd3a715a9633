/**
 * Looks at how a peer begins before TLS is tried: what is no TLS is told so in HTTP, which is what such a peer most
 * likely speaks, instead of being cut off without a word. Used by listen.ts.
 */
import type { Server } from 'node:https';
import type { Socket } from 'node:net';

/** The type of a TLS record that begins a handshake. */
const handshakeRecord = 0x16;

export interface FirstByteOptions {
  /** A peer that says nothing for so long is let go. */
  readonly deadlineMs: number;
  /** Answers what is no TLS, and ends the connection. */
  refuse(connection: Socket): void;
}

/** From now on the server's own handshake only meets peers that speak TLS. */
export function sortByFirstByte(server: Server, { deadlineMs, refuse }: FirstByteOptions): void {
  const handshakes = server.listeners('connection') as ((connection: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (connection: Socket) => {
    const giveUp = (): void => void connection.destroy();
    connection.setTimeout(deadlineMs, giveUp);
    // Without a listener the error of a peer that resets the connection would end the process.
    const lost = (): void => void connection.destroy();
    connection.on('error', lost);
    connection.once('readable', () => {
      const begin = connection.read() as Buffer | null;
      if (begin === null) return giveUp();
      connection.setTimeout(0);
      connection.off('timeout', giveUp);
      if (begin[0] !== handshakeRecord) return refuse(connection);
      connection.off('error', lost);
      connection.unshift(begin);
      for (const handshake of handshakes) handshake.call(server, connection);
    });
  });
}
