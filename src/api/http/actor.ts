/** Who asks, as the journal records it. */
import type { IncomingMessage } from 'node:http';
import { actorHeader } from '../core/paths.ts';

/**
 * `uid 0 (unix socket)`, or the peer's address over TCP. Node cannot ask the kernel who holds the other end
 * of a unix socket, so the client's own word is taken there, and only there: whoever may open that socket
 * may do everything anyway.
 */
export function actorOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress;
  if (address !== undefined) return address;
  const said = request.headers[actorHeader];
  return typeof said === 'string' && /^uid \d{1,10}$/.test(said) ? `${said} (unix socket)` : 'unix socket';
}
