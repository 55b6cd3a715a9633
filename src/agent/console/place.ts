/**
 * Where a console's program runs: in a container, or on the host itself. Made by consoles.ts, used by session.ts, which
 * knows of no other difference between the two.
 */

import type { Clock } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import { instanceName } from '../../model/instance-name.ts';
import { consoleTries } from '../core/console-args.ts';
import type { Container } from '../core/container.ts';
import type { OpenHostShell } from '../host-shell.ts';
import type { ProcessStream, Runtime, TerminalSize } from '../runtime.ts';
import { whyItEnded } from './end.ts';
import { type Program, startProgram } from './program.ts';

export interface ConsolePlace {
  /** `web/0`, a task's guid, or the cell. */
  readonly target: string;
  /** '' on the host. */
  readonly instanceGuid: string;
  readonly isHost: boolean;
  /** As asked for; none is a login shell. */
  readonly args: readonly string[];
  /** Throws what says why the program cannot be started at all. */
  start(options: StartOptions): Promise<Program>;
  /** Undefined: by itself. */
  whyEnded(code: number | undefined): Promise<string | undefined>;
  /** What to tell a person of what the program's start or output threw. */
  explain(error: SkepError): SkepError;
}

export interface StartOptions {
  readonly session: string;
  /** Asked when it starts. */
  size(): TerminalSize;
  /** Aborting kills it. */
  readonly signal: AbortSignal;
}

export interface ContainerPlaceOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly container: Container;
  readonly args: readonly string[];
  readonly user: string | undefined;
}

export function containerPlace({
  runtime,
  clock,
  container,
  args,
  user,
}: ContainerPlaceOptions): ConsolePlace {
  const { kind, guid, index, instanceGuid } = container.identity;
  const target = kind === 'lrp' ? instanceName(guid, index) : guid;
  const containerId = container.id;
  return {
    target,
    instanceGuid,
    isHost: false,
    args,
    start: (options) => startProgram({ runtime, containerId, tries: consoleTries(args), user, ...options }),
    whyEnded: (code) => whyItEnded({ runtime, clock, containerId, code }),
    explain(error) {
      // A container without a shell is the one refusal that a person can do something about.
      if (error.code !== 'NotRunning' || args.length > 0) return error;
      return new SkepError('NotRunning', `the container of ${target} has no shell (bash, ash or sh)`, {
        hint: `name a program that it has: skep exec ${target} -- COMMAND`,
        cause: error,
      });
    },
  };
}

export function hostPlace(cellId: string, openShell: OpenHostShell): ConsolePlace {
  return {
    target: cellId,
    instanceGuid: '',
    isHost: true,
    args: [],
    async start({ session, size, signal }) {
      const process = await openShell({ session, size: size(), signal });
      return { process, output: outputOf(process), exitCode: () => process.exitCode };
    },
    whyEnded: () => Promise.resolve(undefined),
    explain: (error) => error,
  };
}

async function* outputOf(process: ProcessStream): AsyncGenerator<Uint8Array> {
  for await (const { data } of process.output) yield data;
}
