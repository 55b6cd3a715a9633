/** Streams whose frames are JSON: consoles and stats. Used by console-sessions.ts and by `skep top`. */
import type { z } from 'zod';
import { isErrorCode, SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';
import { parseJson, readStream } from './stream.ts';

/** In order, until the stream ends. Throws what the cell refused with, and `Unavailable` for what is no such data. */
export async function* readData<T>(socket: Socket, schema: z.ZodType<T>): AsyncGenerator<T> {
  for await (const message of readStream(socket)) {
    if (message.kind === 'data') {
      const parsed = schema.safeParse(parseJson(new TextDecoder().decode(message.payload)));
      if (!parsed.success) throw new SkepError('Unavailable', 'the cell sent data of an unknown kind');
      yield parsed.data;
    } else if (message.control.kind === 'error') {
      const { code, message: text, hint } = message.control;
      throw new SkepError(isErrorCode(code) ? code : 'Unavailable', text, { hint });
    } else if (message.control.kind === 'exit') {
      return;
    }
  }
  const { code, reason } = await socket.closed;
  throw new SkepError('Unavailable', `the connection was lost: ${reason || `code ${code}`}`);
}
