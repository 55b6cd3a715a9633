/** What the API is built with. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';
import type { ApiContext } from '../context.ts';
import type { Identify } from './identify.ts';

export interface ApiOptions extends ApiContext {
  /** Who asks: identify.ts. */
  readonly identify: Identify;
  /** Why nothing but `version` can be answered yet; undefined once it can. */
  ready(): string | undefined;
  /** Completes a WebSocket upgrade: base/node/ws-socket.ts. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, maxMessageBytes?: number): Promise<Socket>;
}

/** The refusal of everything while the server is not ready. */
export function starting(server: string, reason: string): SkepError {
  return new SkepError('Unavailable', `server ${server} is not ready: ${reason}`, {
    hint: 'try again in a few seconds; the log of the agent says more: journalctl -u skep',
  });
}
