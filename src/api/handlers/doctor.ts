/** What this server finds of its host, its store and its ways to the others. */
import { SkepError } from '../../base/core/errors.ts';
import type { Handler } from '../context.ts';

export const doctor: Handler<'doctor'> = async (context, _input, { signal }) => {
  if (context.doctor !== undefined) return await context.doctor({ signal });
  throw new SkepError('Unavailable', `server ${context.server} examines nothing`, {
    hint: 'ask another server: --server HOST:PORT',
  });
};
