/** `skep cell shell`: a shell on a cell's host itself, where the cell's own settings allow it. */
import { Command } from 'commander';
import type { CellId } from '../../model/ids.ts';
import { openConsole } from '../console-session.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { openSession, type Session } from '../session.ts';

const manual = `
Only where the host's own /etc/skep/agent.yaml says "hostShell: true" under "cell:", and
only for admins who have console too; the journal tells who had one. It is the login
shell of root and ends with the agent. Keys, leaving and coming back are those of
"skep console"; what was begun in the shell ends with it.

Examples:
  $ skep cell shell host-4
  $ skep console ls --cell host-4
  $ skep console --session host-4.x7f3k2`;

export function cellShellCommand(host: Host): Command {
  const command = new Command('shell')
    .summary('a shell on the host itself, where it allows that')
    .description("Opens a login shell on a cell's host, not in a container.")
    .argument('<cell>', 'CELL')
    .addHelpText('after', manual)
    .action((cell: string) =>
      openSession(host, command, (session) => shell(session, cell as CellId), { forwardsInterrupt: true }),
    );
  return withGlobals(command);
}

/** A cell that is not there is said to be so before anything is said about this terminal. */
async function shell(session: Session, cell: CellId): Promise<number> {
  await session.client.call('getCell', { params: { id: cell } }, { signal: session.signal });
  return await openConsole(
    session,
    { kind: 'console', cell },
    { name: `the host of ${cell}`, isWatching: false, forScripts: `for scripts: ssh ${cell} COMMAND` },
  );
}
