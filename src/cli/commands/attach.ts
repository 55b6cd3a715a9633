/** `skep attach`: the output of an instance as it comes, and its input. */
import { Command } from 'commander';
import { joinConsole } from '../console.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { pickInstance } from '../pick-instance.ts';
import { openSession, type Session } from '../session.ts';

const manual = `
Shows what the main process of an instance writes from now on; with -i, what is typed
goes to it. Ctrl-C, or Ctrl-] and Enter, leaves it running. What it wrote before:
skep logs.

Examples:
  $ skep attach hello/0
  $ skep attach -i console/0`;

export function attachCommand(host: Host): Command {
  const command = new Command('attach')
    .summary('join the output of an instance, and its input')
    .description('Joins the output of an instance and, with -i, its input.')
    .argument('<name>', 'NAME of an LRP, or NAME/INDEX')
    .option('-i, --interactive', 'pass standard input on')
    .addHelpText('after', manual)
    .action((name: string, flags: { interactive?: boolean }) =>
      openSession(host, command, (session) => attach(session, name, flags.interactive === true)),
    );
  return withGlobals(command);
}

async function attach(session: Session, name: string, stdin: boolean): Promise<number> {
  const target = await pickInstance(session, name);
  const socket = await session.client.openStream(
    { kind: 'attach', target, stdin },
    { signal: session.signal },
  );
  session.note(`-- joined ${target}; Ctrl-C leaves it running --`);
  const options = { name: target, stdin, tty: false, detachable: true, forwardsSignals: false };
  return await joinConsole(session, socket, options);
}
