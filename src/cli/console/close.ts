/** `skep console close`: ends consoles, whoever looks at them. */
import { Command } from 'commander';
import { readStream, sendControl } from '../../api/client/stream.ts';
import { SkepError } from '../../base/core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { openSession, type Session } from '../session.ts';

const manual = `
Its program gets SIGHUP, and SIGKILL two seconds later. Who looked is told who closed it.

Example:
  $ skep console close host-4.x7f3k2`;

export function consoleCloseCommand(host: Host): Command {
  const command = new Command('close')
    .summary('end a console')
    .description('Ends a console and what runs in it.')
    .argument('<id>', 'of skep console ls')
    .addHelpText('after', manual)
    .action((id: string) => openSession(host, command, (session) => close(session, id)));
  return withGlobals(command);
}

async function close(session: Session, id: string): Promise<undefined> {
  const { client, signal } = session;
  const socket = await client.openStream({ kind: 'console', session: id }, { signal });
  signal.addEventListener('abort', () => socket.close(), { once: true });
  for await (const message of readStream(socket)) {
    if (message.kind === 'data') continue;
    const { control } = message;
    if (control.kind === 'opened') await sendControl(socket, { kind: 'close' });
    if (control.kind === 'error') {
      throw new SkepError('ResourceNotFound', control.message, { hint: control.hint });
    }
    if (control.kind !== 'exit') continue;
    socket.close();
    session.note(`console ${escapeText(id)} has ended`);
    return undefined;
  }
  signal.throwIfAborted();
  throw new SkepError('Unavailable', `the connection was lost before console ${escapeText(id)} had ended`, {
    hint: 'see whether it is still there: skep console ls',
  });
}
