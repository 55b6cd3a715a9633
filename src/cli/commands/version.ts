/** `skep version`: this program's version and the server's. */
import { Command } from 'commander';
import { escapeText } from '../core/escape.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { isData, openSession, printData } from '../session.ts';

const manual = `
Without a cluster that answers, the version of this program is printed all the same,
and the exit status is 7.

Example:
  $ skep version`;

export function versionCommand(host: Host): Command {
  const command = new Command('version')
    .summary('show the versions of this program and the server')
    .description('Shows the version of this program and of the server that answers.')
    .addHelpText('after', manual)
    .action(() =>
      openSession(host, command, async (session) => {
        const own = session.io.version;
        if (!isData(session)) session.print(`skep    ${own}`);
        const server = await session.client.call('version', {}, { signal: session.signal });
        if (isData(session)) await printData(session, { version: own, server });
        else
          session.print(
            `server  ${escapeText(server.version)} (${escapeText(server.server)}, API ${server.api})`,
          );
        if (server.version !== own) session.note('The versions differ: bring both to the same one soon.');
        return undefined;
      }),
    );
  return withGlobals(command);
}
