/** The flags of `logs` and `task logs`. */
import type { Command } from 'commander';
import { loadLinear } from '../api/client/linear-expression.ts';
import { expressionOf } from '../api/core/expression.ts';
import { SkepError } from '../base/core/errors.ts';
import { parseOneOf, parseSince, parseWhole } from './core/quantity.ts';
import type { PrinterOptions } from './log-printer.ts';
import type { Session } from './session.ts';

export interface LogFlags {
  readonly follow?: boolean;
  readonly lines: number | 'all';
  readonly since?: string;
  readonly prefix: boolean;
  readonly stream?: string;
  readonly grep?: string;
  readonly timestamps?: boolean;
  readonly utc?: boolean;
  readonly raw?: boolean;
}

const maxLines = 1_000_000;

export function withLogFlags(command: Command): Command {
  return command
    .option('-f, --follow', 'go on with what is written from now on')
    .option('-n, --lines <n>', "how many of the last lines of each, or 'all'", parseLines, 100)
    .option('--since <time>', 'only what is newer: 15m, an ISO time, or seconds since 1970')
    .option('--no-prefix', 'do not say where a line comes from')
    .option('--stream <out|err>', 'only standard output, or only standard error')
    .option('--grep <regexp>', 'only lines that match')
    .option('--timestamps', 'when each line was written, in local time')
    .option('--utc', 'the same in UTC')
    .option('--raw', 'pass control characters on as they are');
}

function parseLines(text: string): number | 'all' {
  return text === 'all' ? 'all' : parseWhole('-n', text, 0, maxLines);
}

/** How lines are chosen and printed. Throws `InvalidRequest` for a value that is none. */
export async function printerOptionsOf(session: Session, flags: LogFlags): Promise<PrinterOptions> {
  const { io, colour, format } = session;
  const offsetMinutes = io.offsetMinutes(io.clock.now());
  const local = flags.timestamps === true ? { offsetMinutes } : ('none' as const);
  return {
    prefix: flags.prefix,
    colour,
    raw: flags.raw === true,
    time: flags.utc === true ? 'utc' : local,
    streams: streamsOf(flags.stream),
    matches: await matcherOf(flags.grep),
    json: format === 'jsonl',
  };
}

export function sinceOf(session: Session, flags: LogFlags): number | undefined {
  return flags.since === undefined ? undefined : parseSince('--since', flags.since, session.io.clock.now());
}

export function tailOf(flags: LogFlags): number | undefined {
  return flags.lines === 'all' ? undefined : flags.lines;
}

function streamsOf(text: string | undefined): readonly ('stdout' | 'stderr')[] {
  if (text === undefined) return ['stdout', 'stderr'];
  return parseOneOf('--stream', text, ['out', 'err']) === 'out' ? ['stdout'] : ['stderr'];
}

/** Lines come from workloads: no expression and no line may take more time than the line is long. */
async function matcherOf(pattern: string | undefined): Promise<(text: string) => boolean> {
  if (pattern === undefined) return () => true;
  const { isLiteral, test } = expressionOf(pattern, await loadLinear(), false);
  if (!isLiteral) return test;
  const message = `--grep: ${JSON.stringify(pattern)} is not a regular expression, or none that is sure to end`;
  throw new SkepError('InvalidRequest', message, {
    field: '--grep',
    hint: 'without references such as \\1 and without looking ahead, at most 300 characters; or pipe into grep',
  });
}
