/**
 * Tells a host to become a server, over its own session: with a join token for a server that lives minutes and serves
 * once, so that it gets its certificates as every server does and the journal says so. Asked by the leader's keeper.
 */
import { errorFromBody, messageOf, SkepError } from '../base/core/errors.ts';
import type { Socket } from '../base/socket.ts';
import { cellIdSchema } from '../model/ids.ts';
import type { ApiContext, Call } from './context.ts';
import type { StreamRequest } from './core/cell-protocol.ts';
import { parseToken } from './core/join-token.ts';
import { controlSchema, unpackFrame } from './core/stream-frames.ts';
import { tokenKey } from './handlers/auth/records.ts';
import { createToken, serversOf } from './handlers/auth/tokens.ts';

const tokenLifeMs = 5 * 60_000;

export interface ServerOrders {
  /** Resolves when the host has begun. Throws its refusal; `Unavailable` when it has no session here or is silent. */
  serve(host: string, options: { readonly signal: AbortSignal; readonly by: string }): Promise<void>;
}

export function serverOrders(context: ApiContext): ServerOrders {
  return {
    async serve(host, { signal, by }) {
      const call: Call = { actor: `server ${context.server}`, signal };
      const token = context.certificates === undefined ? undefined : await newToken(context, call);
      try {
        const servers = serversOf(context);
        await order(
          context,
          host,
          { kind: 'serve', by, servers, ...(token === undefined ? {} : { token }) },
          signal,
        );
      } finally {
        if (token !== undefined) await forget(context, token);
      }
    },
  };
}

async function newToken(context: ApiContext, call: Call): Promise<string> {
  const body = { role: 'server', ttlMs: tokenLifeMs, uses: 1 } as const;
  const { token } = await createToken(context, { body }, call);
  return token;
}

/** It has been used or will not be; when this fails it expires. */
async function forget({ bbs, log }: ApiContext, token: string): Promise<void> {
  const deletes = [tokenKey(parseToken(token).id)];
  try {
    await bbs.commit([{ compare: [], puts: [], deletes }], { signal: new AbortController().signal });
  } catch (error) {
    log.info('server.token_left', { reason: messageOf(error) });
  }
}

async function order(
  { dispatcher }: ApiContext,
  host: string,
  request: StreamRequest,
  signal: AbortSignal,
): Promise<void> {
  const socket = await dispatcher.openStream(cellIdSchema.parse(host), request, { signal });
  const stop = (): void => socket.close(1000, 'nobody waits any more');
  signal.addEventListener('abort', stop, { once: true });
  try {
    await untilAnswered(socket, host);
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

async function untilAnswered(socket: Socket, host: string): Promise<void> {
  for await (const data of socket.messages) {
    const frame = typeof data === 'string' ? undefined : unpackFrame(data);
    if (frame?.channel !== 'control') continue;
    const control = controlSchema.parse(JSON.parse(new TextDecoder().decode(frame.payload)));
    if (control.kind === 'exit') return;
    if (control.kind === 'error') throw errorFromBody(control);
  }
  throw new SkepError('Unavailable', `host ${host} did not answer the order to become a server`);
}
