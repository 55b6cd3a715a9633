/**
 * `GET /v1/backup`: a backup made while it is sent. Nothing of it lies on the server's disk; the client's pace is the
 * pace at which the store is read. What fails after the first byte is told as the last line of the file.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Right } from '../../model/rights.ts';
import { backupPath } from '../core/paths.ts';
import { backupsOf } from '../handlers/backups.ts';
import { type ApiOptions, starting } from './options.ts';

const backupMime = 'application/x-skep-backup';

/** Adds the route. Called by app.ts. */
export function serveBackup(app: FastifyInstance, options: ApiOptions): void {
  // It holds everything, the keys of the authorities too.
  app.get(backupPath, { config: { right: 'admin' satisfies Right } }, async (_request, reply) => {
    const notReady = options.ready();
    if (notReady !== undefined) throw starting(options.server, notReady);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort(new SkepError('Cancelled', 'the client went away')));
    const bytes = backupsOf(options).stream({ signal: gone.signal })[Symbol.asyncIterator]();
    // Asked before anything is sent, so that a refusal is an answer like any other.
    const first = await bytes.next();
    reply.type(backupMime);
    return reply.send(Readable.from(following(first, bytes, options), { objectMode: false }));
  });
}

async function* following(
  first: IteratorResult<Uint8Array>,
  bytes: AsyncIterator<Uint8Array>,
  { log }: ApiOptions,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; next.done !== true; next = await bytes.next()) yield next.value;
  } catch (error) {
    log.warn('backup.not_sent', { reason: messageOf(error) });
    yield Buffer.from(`\n${JSON.stringify({ failed: messageOf(error) })}\n`);
  } finally {
    await bytes.return?.();
  }
}
