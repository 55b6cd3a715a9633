/** The terminal that this process was started in. For src/cli/run, which loads it only when the terminal UI is opened. */
import type { Clock } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { Terminal } from '../terminal.ts';
import { startKeeper } from './keeper.ts';
import { processHost } from './process-host.ts';
import { type Environment, profileOf, refusal } from './profile.ts';
import { openTerminal } from './screen.ts';
import { ttyWriter } from './writer.ts';

export interface OperatorTerminalOptions {
  readonly clock: Clock;
  readonly env: Environment;
}

/**
 * Takes the terminal until `close`.
 * @throws SkepError InvalidRequest with what to use instead, where there is no terminal that could be drawn on
 */
export function openOperatorTerminal({ clock, env }: OperatorTerminalOptions): Terminal {
  const { stdin: input, stdout: output } = process;
  const refused = refusal(env, { input, output });
  if (refused !== undefined) throw new SkepError('InvalidRequest', refused);
  return openTerminal({
    input,
    output,
    makeWriter: (onClosed) => ttyWriter({ fd: output.fd, clock, onClosed }),
    profile: profileOf(env),
    clock,
    host: processHost({ env, now: () => clock.now(), keeper: startKeeper(output.fd) }),
  });
}
