/** `skep status`: how the cluster is, problems first. */
import { Command } from 'commander';
import { statusLines } from '../core/prose.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { isData, openSession, printData } from '../session.ts';

const manual = `
Begins with what needs attention: no leader, engines that do not answer, instances
without a place, records that cannot be read.

Example:
  $ skep status`;

export function statusCommand(host: Host): Command {
  const command = new Command('status')
    .summary('show how the cluster is, problems first')
    .description('Shows how the cluster is: problems first, then servers, cells and counts.')
    .addHelpText('after', manual)
    .action(() =>
      openSession(host, command, async (session) => {
        const status = await session.client.call('status', {}, { signal: session.signal });
        if (isData(session)) await printData(session, status);
        else
          for (const line of statusLines(status, session.io.clock.now(), session.paint)) session.print(line);
        return undefined;
      }),
    );
  return withGlobals(command);
}
