/** The flags of commands that wait until what was asked for is true. */
import { type Command, Option } from 'commander';
import { parseDurationMs } from './core/quantity.ts';

const defaultTimeoutMs = 5 * 60_000;

export interface WaitFlags {
  readonly detach?: boolean;
  readonly timeout: number;
}

export function withWaitFlags(command: Command): Command {
  return withTimeoutFlag(command.option('-d, --detach', 'do not wait until it is true'));
}

/** For a command that does nothing but wait. */
export function withTimeoutFlag(command: Command): Command {
  return command.addOption(
    new Option('--timeout <duration>', 'how long to wait, such as 90s or 1h30m')
      .argParser((text) => parseDurationMs('--timeout', text))
      .default(defaultTimeoutMs, '5m'),
  );
}
