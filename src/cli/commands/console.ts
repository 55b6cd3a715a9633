/** `skep console`: a shell in an instance that goes on when this terminal goes away, and can be joined again. */
import { Command } from 'commander';
import type { StreamOptions } from '../../api/client.ts';
import { consoleSessionSchema } from '../../api/core/console-shapes.ts';
import { SkepError } from '../../base/core/errors.ts';
import { consoleCloseCommand } from '../console/close.ts';
import { consoleListCommand } from '../console/list.ts';
import { openConsole } from '../console-session.ts';
import { escapeText } from '../core/escape.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { pickConsole } from '../pick-console.ts';
import { openSession, type Session } from '../session.ts';

interface Flags {
  readonly session?: string;
  readonly watch?: boolean;
  readonly user?: string;
}

const manual = `
The shell (bash, ash or sh, or the COMMAND) goes on for ten minutes when this terminal
goes away, or after Ctrl-] d: join it again with --session. Ctrl-] x ends it; Ctrl-]
twice sends Ctrl-]. Several may join the same one; --watch only looks. NAME alone means
its instance with the lowest index that runs, or the task of that name; task:NAME
means the task where both have it. The exit status is the program's own; 255
means that the connection failed.

Examples:
  $ skep console hello
  $ skep console hello/2 -- top
  $ skep console night
  $ skep console ls
  $ skep console --session host-4.x7f3k2
  $ skep console --session host-4.x7f3k2 --watch
  $ skep console close host-4.x7f3k2`;

export function consoleCommand(host: Host): Command {
  const command = new Command('console')
    .summary('a shell in an instance or a task that survives this terminal')
    .description('Opens a shell in an instance or a task, or joins one that was left.')
    .usage('[OPTIONS] NAME[/INDEX] [-- COMMAND ARGUMENTS…]')
    .argument('[name]', 'NAME of an LRP or a task, or NAME/INDEX')
    .argument('[command...]', 'what to run (default: a login shell)')
    .option('--session <id>', 'join this one: skep console ls names them')
    .option('--watch', 'with --session: look and touch nothing')
    .option('--user <user>', "who runs it (default: the instance's user)")
    .addHelpText('after', manual)
    .action((name: string | undefined, args: string[], flags: Flags) =>
      openSession(host, command, (session) => run(session, name, args, flags), { forwardsInterrupt: true }),
    );
  // What follows `ls` or `close` is for them.
  withGlobals(command).enablePositionalOptions();
  return command.addCommand(consoleListCommand(host)).addCommand(consoleCloseCommand(host));
}

async function run(
  session: Session,
  name: string | undefined,
  args: readonly string[],
  flags: Flags,
): Promise<number> {
  const query = flags.session === undefined ? await begin(session, name, args, flags) : join(name, flags);
  return await openConsole(session, query, {
    name: query.target ?? flags.session ?? '',
    isWatching: flags.watch === true,
    forScripts: 'for scripts: skep exec NAME -- COMMAND',
  });
}

async function begin(
  session: Session,
  name: string | undefined,
  args: readonly string[],
  { watch, user }: Flags,
): Promise<StreamOptions> {
  if (watch === true) {
    throw new SkepError('InvalidRequest', '--watch: there is no console to look at', {
      field: '--watch',
      hint: 'name it with --session; skep console ls lists them',
    });
  }
  if (name === undefined) {
    throw new SkepError('InvalidRequest', 'name the instance to open a console in', {
      field: 'name',
      hint: 'skep console NAME, or --session ID for one that was left',
    });
  }
  const target = await pickConsole(session, name);
  return { kind: 'console', ...target, arg: [...args], ...(user === undefined ? {} : { user }) };
}

function join(name: string | undefined, flags: Flags): StreamOptions {
  if (name !== undefined) {
    throw new SkepError('InvalidRequest', `--session already says where: leave out "${escapeText(name)}"`, {
      field: 'name',
    });
  }
  return { kind: 'console', session: sessionId(flags.session ?? ''), watch: flags.watch === true };
}

/** Throws `InvalidRequest` for what names no session. */
function sessionId(text: string): string {
  const parsed = consoleSessionSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new SkepError('InvalidRequest', `--session: "${escapeText(text)}" does not name a console`, {
    field: '--session',
    hint: 'skep console ls lists them, such as host-4.x7f3k2',
  });
}
