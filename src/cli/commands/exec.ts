/** `skep exec`: a command in a running instance. */
import { Command } from 'commander';
import { SkepError } from '../../base/core/errors.ts';
import { joinConsole, terminalSize } from '../console.ts';
import { escapeText } from '../core/escape.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { openOrFail } from '../open-or-fail.ts';
import { pickInstance } from '../pick-instance.ts';
import { openSession, type Session } from '../session.ts';

interface Flags {
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly user?: string;
}

const manual = `
NAME alone means its instance with the lowest index that runs. Without a command, and
on a terminal, a shell is started as with -it. The exit status is the command's own;
255 means that the connection failed. Without -t, Ctrl-C and other signals are passed
on to the command; three times Ctrl-C gives up on it. A shell that survives this
terminal: skep console.

Examples:
  $ skep exec -it hello
  $ skep exec hello/2 -- cat /etc/hosts
  $ tar c data | skep exec -i hello -- tar x -C /srv`;

export function execCommand(host: Host): Command {
  const command = new Command('exec')
    .summary('run a command in an instance')
    .description('Runs a command in a running instance.')
    .usage('[OPTIONS] NAME[/INDEX] [-- COMMAND ARGUMENTS…]')
    .argument('<name>', 'NAME of an LRP, or NAME/INDEX')
    .argument('[command...]', 'what to run (default: sh)')
    .option('-i, --interactive', 'pass standard input on')
    .option('-t, --tty', 'give the command a terminal')
    .option('--user <user>', "who runs it (default: the instance's user)")
    .addHelpText('after', manual)
    .action((name: string, args: string[], flags: Flags) =>
      openSession(host, command, (session) => exec(session, name, args, flags), { forwardsInterrupt: true }),
    );
  return withGlobals(command);
}

async function exec(session: Session, name: string, args: readonly string[], flags: Flags): Promise<number> {
  const { io } = session;
  const isTerminal = io.stdin.isTTY === true;
  const isShell = args.length === 0 && isTerminal && io.stdout.isTTY === true;
  if (args.length === 0 && !isShell && flags.interactive !== true) {
    throw new SkepError('InvalidRequest', 'there is no command to run, and no terminal for a shell', {
      field: 'command',
      hint: `skep exec ${escapeText(name)} -- COMMAND, or -i for a script on standard input`,
    });
  }
  const tty = flags.tty === true || isShell;
  const stdin = flags.interactive === true || isShell;
  if (tty && stdin && !isTerminal) {
    throw new SkepError('InvalidRequest', '-t: standard input is not a terminal', {
      field: '-t',
      hint: 'use -i alone',
    });
  }
  const target = await pickInstance(session, name);
  const arg = args.length === 0 ? ['sh'] : [...args];
  const query = {
    kind: 'exec' as const,
    target,
    arg,
    tty,
    stdin,
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(tty ? terminalSize(io.stdout) : undefined),
  };
  const socket = await openOrFail(session, () =>
    session.client.openStream(query, { signal: session.signal }),
  );
  if (socket === undefined) return exitCodes.transport;
  return await joinConsole(session, socket, {
    name: target,
    stdin,
    tty,
    detachable: false,
    forwardsSignals: !tty || !stdin,
  });
}
