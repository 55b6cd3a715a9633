/** `skep console close`: ends consoles, whoever looks at them. */
import { Command } from 'commander';
import { closeConsole } from '../../api/client/console-sessions.ts';
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
  await closeConsole(session, id);
  session.note(`console ${escapeText(id)} has ended`);
  return undefined;
}
