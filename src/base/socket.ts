/**
 * A message socket as a port: what cells, servers and clients talk over. The WebSocket adapter is
 * base/node/ws-socket.ts; tests and the simulation use an in-memory pair (test/kit/socket-pair.ts).
 */
import type { TlsSource } from './certificates.ts';

export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

export interface Socket {
  /**
   * Queues a message and resolves when the transport has taken it; awaiting it is backpressure. Rejects
   * with `Unavailable` when the socket has ended.
   */
  send(data: string | Uint8Array): Promise<void>;
  /** Bytes queued that the transport has not taken. */
  readonly pendingBytes: number;
  /** Messages in order; may be iterated once. Reading stops at the peer while nobody asks for more. */
  readonly messages: AsyncIterable<string | Uint8Array>;
  /** Asks the peer for a sign of life. Resolves true when anything comes from it, false when the socket has ended. */
  ping(): Promise<boolean>;
  /** Ends the socket; idempotent. */
  close(code?: number, reason?: string): void;
  /** Resolves when it has ended, for whatever reason. */
  readonly closed: Promise<SocketEnd>;
}

/**
 * Opens a socket to `wss://host:port/path?query` (with `tls`), `ws://host:port/path?query` or
 * `ws+unix:///path/to.sock:/path?query`. Throws SkepError:
 * the server's own when it refused the upgrade with an error body, else `Unavailable`.
 */
export type Dial = (
  url: string,
  options: {
    readonly signal: AbortSignal;
    /** Of the request that asks for the upgrade. */
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly tls?: TlsSource | undefined;
  },
) => Promise<Socket>;
