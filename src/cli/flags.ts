/** Flags that every command has, and how a command is told what they say. Used by session.ts and main.ts. */
import { type Command, Option } from 'commander';
import type { ColourMode } from './core/colour.ts';
import { parseOneOf } from './core/quantity.ts';

export interface GlobalFlags {
  readonly server?: string | undefined;
  readonly context?: string | undefined;
  readonly output?: string | undefined;
  readonly headers: boolean;
  readonly quiet?: boolean | undefined;
  readonly color: ColourMode;
  readonly input: boolean;
  readonly yes?: boolean | undefined;
}

/** Those that take a value, for main.ts, which accepts them before the verb too. */
export const valuedGlobals = ['--server', '--context', '-o', '--output', '--color'] as const;
export const plainGlobals = ['--no-headers', '-q', '--quiet', '--no-input', '-y', '--yes'] as const;

export const formats = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Format = (typeof formats)[number] | 'jsonl';

const colourModes: readonly ColourMode[] = ['auto', 'always', 'never'];

const everyCommand = 'Options of every command:';

/** Adds the flags of every command, in a group of their own at the end of its help. */
export function withGlobals(command: Command, more: readonly Format[] = []): Command {
  const choices = [...formats, ...more].join(', ');
  command
    .optionsGroup(everyCommand)
    .option(
      '--server <address>',
      'HOST:PORT or socket (default: SKEP_SERVER, /run/skep/skep.sock, 127.0.0.1:7400)',
    )
    .option('--context <name>', 'cluster and user, of `skep ctx ls` (default: SKEP_CONTEXT, `skep ctx use`)')
    .option('-o, --output <format>', `how to print: ${choices}`)
    .option('--no-headers', 'print tables without their first line')
    .option('-q, --quiet', 'print no progress and no notes')
    .addOption(
      choiceOption(
        '--color <when>',
        'when to colour; NO_COLOR and FORCE_COLOR count too',
        colourModes,
      ).default('auto'),
    )
    .option('--no-input', 'never ask; SKEP_NO_INPUT=1 does the same')
    .option('-y, --yes', 'answer yes to every question')
    .addHelpOption(new Option('-h, --help', 'display help for command').helpGroup(everyCommand));
  return command;
}

/** A flag with one of a few words as its value; another is refused with all of them. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, description).choices(choices);
  return option.argParser((text) => parseOneOf(option.long ?? flags, text, choices));
}

/** The format asked for; throws `InvalidRequest` for one that the command does not have. */
export function formatOf(flags: GlobalFlags, more: readonly Format[] = []): Format {
  return parseOneOf('-o', flags.output ?? 'table', [...formats, ...more]);
}
