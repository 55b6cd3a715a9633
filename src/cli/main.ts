/**
 * `skep`: finds the verb, loads its module and nothing else, runs it, and turns what is thrown into one line, a
 * hint and an exit status. Also the composition root of the client side: the only place here that knows the
 * process.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { didYouMean } from '../api/core/nearest.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import { proveUser } from '../base/node/prove-user.ts';
import { systemClock } from '../base/node/system-clock.ts';
import type { Dial } from '../base/socket.ts';
import { escapeLines } from './core/escape.ts';
import { exitCodeOf, exitCodes, exitMeanings } from './core/exit-codes.ts';
import { plainGlobals, valuedGlobals } from './flags.ts';
import type { Host, Io } from './io.ts';
import { contextFiles } from './run/context-files.ts';
import { version } from './run/version.ts';
import { usageOf, wrongUse } from './usage.ts';
import { clusterVerbs, type Verb } from './verbs.ts';

const programs = 'Programs:';
const care = 'Care:';
const verbs: readonly Verb[] = [
  ...clusterVerbs,
  {
    name: 'backup',
    summary: 'save, verify and restore the state of the cluster',
    group: care,
    load: async () => (await import('./run/backup-command.ts')).backupCommand,
  },
  {
    name: 'doctor',
    summary: 'examine hosts and cluster, with a remedy for each finding',
    group: care,
    load: async () => (await import('./run/doctor-command.ts')).doctorCommand,
  },
  {
    name: 'server',
    summary: 'list, add and remove servers; recover from the loss of most',
    group: care,
    load: async () => (await import('./run/server-command.ts')).serverCommand,
  },
  {
    name: 'ui',
    summary: 'open the terminal UI (skep alone does)',
    group: programs,
    load: async () => (await import('./run/ui-command.ts')).uiCommand,
  },
  {
    name: 'agent',
    summary: 'run the daemon of this host',
    group: programs,
    load: async () => (await import('./run/agent-command.ts')).agentCommand,
  },
  {
    name: 'dev',
    summary: 'run a throw-away cluster on this machine',
    group: programs,
    load: async () => (await import('./run/dev-command.ts')).devCommand,
  },
];

/** Verbs whose next word is a verb of their own. */
const nestedVerbs: readonly string[] = 'backup brain cell cert ctx debug plan server task token user'.split(
  ' ',
);
/** Those of `console`, whose next word may be a name as well. */
const consoleVerbs: readonly string[] = ['ls', 'close'];

const manual = `
NAME is the name of an LRP or a task, or its beginning if no other begins so (what
changes something wants the whole name); NAME/INDEX is one instance.
'skep COMMAND --help' tells more, with examples.

Exit status:
${exitMeanings.map(([code, meaning]) => `  ${code.padEnd(6)}  ${meaning}`).join('\n')}

Environment:
  SKEP_CONTEXT   cluster and user, as 'skep ctx ls' lists them
  SKEP_SERVER    where the cluster's API is: HOST:PORT or the path of a socket
  SKEP_NO_INPUT  1: never ask anything
  NO_COLOR       set: no colours; FORCE_COLOR: colours even without a terminal

Example:
  $ skep run hello nginx:1.27 -n 3 -p 80 --check http:80/
  $ skep ps hello
  $ skep logs -f hello`;

/** Runs one command line (without the program's name); the exit status. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let exit = 0;
  const host: Host = {
    io,
    setExit(code) {
      exit = code;
    },
  };
  try {
    const args = withUi(hoistGlobals(argv), io);
    checkVerb(args[0]);
    const program = await buildProgram(host, args[0] === 'help' ? args[1] : args[0]);
    await program.parseAsync(args, { from: 'user' });
    return exit;
  } catch (error) {
    return report(error, io);
  }
}

/** No verb at all is the terminal UI, where there is a terminal; a program that calls `skep` gets the help. */
function withUi(args: string[], io: Io): string[] {
  const [first] = args;
  const none = first === undefined || (first.startsWith('-') && !args.some((arg) => ownFlags.includes(arg)));
  return none && io.stdin.isTTY === true && io.stdout.isTTY === true ? ['ui', ...args] : args;
}

/** What `skep` answers itself, without a verb. */
const ownFlags: readonly string[] = ['-h', '--help', '-V', '--version'];

function checkVerb(verb: string | undefined): void {
  const names = [...verbs.map(({ name }) => name), 'help'];
  if (verb === undefined || verb.startsWith('-') || names.includes(verb)) return;
  const hint = `${didYouMean(verb, names) ?? ''} 'skep --help' lists the commands`.trim();
  throw new SkepError('InvalidRequest', `there is no command "${verb}"`, { hint });
}

async function buildProgram(host: Host, wanted: string | undefined): Promise<Command> {
  const { io } = host;
  const program = new Command('skep')
    .description('Turns a set of Linux hosts into one cluster, run from a terminal.')
    .usage('COMMAND [OPTIONS]')
    .version(io.version, '-V, --version', 'print the version of this program')
    // A verb that has verbs of its own must not take what is meant for those.
    .enablePositionalOptions()
    .addHelpText('after', manual);
  for (const verb of verbs) {
    const command =
      verb.name === wanted ? (await verb.load())(host) : new Command(verb.name).summary(verb.summary);
    program.addCommand(command.helpGroup(verb.group));
  }
  configure(program, io);
  program.helpCommand('help [command]', 'tell more about a command').action(() => program.outputHelp());
  return program;
}

/** Nothing exits the process or prints past `io`, in any subcommand. */
function configure(command: Command, io: Io): void {
  command
    .exitOverride((error) => {
      throw wrongUse(command, error);
    })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      // `report` says it, as it says every other refusal.
      outputError: () => undefined,
    })
    .configureHelp({ commandUsage: usageOf, subcommandTerm: (sub) => sub.name() });
  for (const sub of command.commands) configure(sub, io);
}

/** Flags of every command may stand before the verb too: they are moved behind it. */
function hoistGlobals(argv: readonly string[]): string[] {
  const leading: string[] = [];
  let at = 0;
  for (; at < argv.length; at++) {
    const arg = argv[at] ?? '';
    if ((plainGlobals as readonly string[]).includes(arg)) {
      leading.push(arg);
    } else if ((valuedGlobals as readonly string[]).includes(arg)) {
      leading.push(...argv.slice(at, at + 2));
      at += 1;
    } else if (valuedGlobals.some((name) => name.startsWith('--') && arg.startsWith(`${name}=`))) {
      leading.push(arg);
    } else {
      break;
    }
  }
  const rest = argv.slice(at);
  const verbLength = isNested(rest[0], rest[1]) ? 2 : 1;
  return [...rest.slice(0, verbLength), ...leading, ...rest.slice(verbLength)];
}

function isNested(verb = '', next = '-'): boolean {
  if (verb === 'console') return consoleVerbs.includes(next);
  return nestedVerbs.includes(verb) && !next.startsWith('-');
}

/** One line that says what went wrong, one that says what to do. */
function report(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (!(error instanceof SkepError)) {
    io.stderr.write(`skep: ${escapeLines(messageOf(error))}\n`);
    return exitCodes.failed;
  }
  io.stderr.write(`skep: ${escapeLines(error.message)}\n`);
  if (error.hint !== undefined) io.stderr.write(`  hint: ${escapeLines(error.hint)}\n`);
  return exitCodeOf(error.code);
}

function processIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    // Read by the commands that have input: making it takes a moment.
    get stdin() {
      return process.stdin;
    },
    env: process.env,
    onSignal(name, run) {
      process.on(name, run);
      return () => process.off(name, run);
    },
    exists: existsSync,
    readFile: (path) => readFileSync(path, 'utf8'),
    clock: systemClock,
    dial,
    version: version(),
    prove: proveUser,
    contexts: contextFiles(process.env),
    async makeRequest(name) {
      const { x509Maker } = await import('../base/node/x509-maker.ts');
      return await x509Maker.request(name);
    },
    writeSecret: (path, text) => writeFileSync(path, text, { mode: 0o600, flag: 'wx' }),
    offsetMinutes: (at) => new Date(at).getTimezoneOffset(),
  };
}

/** `ws` is loaded by the commands that stream, not by those that print and end. */
const dial: Dial = async (url, options) => {
  const { wsDial } = await import('../base/node/ws-socket.ts');
  return await wsDial(url, options);
};

/**
 * A reader that went away, as `| head` does, is no error. What holds processes and containers goes on without
 * one: Ctrl-C in `skep dev | tee log` ends tee first, and the cluster is still to be taken down.
 */
function surviveClosedPipe(verb: string | undefined): void {
  const goesOn = verb === 'dev' || verb === 'agent';
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!goesOn) process.exit(error.code === 'EPIPE' ? 0 : 1);
    });
  }
}

if (import.meta.main) {
  surviveClosedPipe(process.argv[2]);
  const code = await main(process.argv.slice(2), processIo());
  if (code !== 0) process.exitCode = code;
}
