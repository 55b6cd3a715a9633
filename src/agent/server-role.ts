/**
 * The server half of this host as the cell knows it: what is said of it in the presence, and the `serve` streams with
 * which the leader asks this host to become a server. The port is implemented by cli/run/server-half.ts.
 */
import type { StreamRequest } from '../api/core/cell-protocol.ts';
import { SkepError } from '../base/core/errors.ts';
import type { Log } from '../base/log.ts';
import type { Socket } from '../base/socket.ts';
import type { CellPresence } from '../model/cell.ts';
import { sendControl } from './session/send.ts';

export type ServeRequest = Extract<StreamRequest, { kind: 'serve' }>;

export interface ServerRole {
  /** Whether this host could be a server, why not, and whether it is. */
  capability(): NonNullable<CellPresence['serving']>;
  /** Begins to be a server; resolves when that is durable and under way. Throws the refusal. */
  serve(request: ServeRequest): Promise<void>;
}

/** Serves one `serve` stream: answers when the host has begun. What comes of it is seen in the members. */
export async function serveOrder(
  role: ServerRole | undefined,
  log: Log,
  socket: Socket,
  request: ServeRequest,
): Promise<void> {
  if (role === undefined) throw new SkepError('InvalidStateTransition', 'this host can be no server');
  log.info('server.ordered', { by: request.by });
  await role.serve(request);
  await sendControl(socket, { kind: 'exit', code: 0 });
}
