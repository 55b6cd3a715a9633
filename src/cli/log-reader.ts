/** What api/client/log-source.ts needs of a command's session. Used by everything that prints logs. */
import type { LogReader } from '../api/client/log-source.ts';
import type { Session } from './session.ts';

export const logReader = ({ client, signal, io }: Session): LogReader => ({
  client,
  signal,
  clock: io.clock,
});
