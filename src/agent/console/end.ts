/** How a console's program is ended, and why one ended that nobody asked to. Used by session.ts. */
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Runtime } from '../runtime.ts';
import type { Program } from './program.ts';

/** What a shell gets to save its history. */
const hangUpGraceMs = 2_000;
/** An engine closes the streams of what was killed at once. */
const killDeadlineMs = 5_000;
/** It shows a container as ended a moment after its processes. */
const inspectForMs = 1_000;
const inspectPollMs = 50;
/** Statuses of what was ended from outside. */
const endedFromOutside: readonly (number | undefined)[] = [undefined, 129, 137, 143];

export interface EndOptions {
  readonly program: Program;
  readonly clock: Clock;
  readonly log: Log;
  readonly session: string;
}

/** SIGHUP, as a lost terminal sends, then SIGKILL to whatever is left. Resolves when it has ended; never throws. */
export async function endProgram({ program, clock, log, session }: EndOptions): Promise<void> {
  const { process } = program;
  const ended = process.exitCode.then(
    () => undefined,
    () => undefined,
  );
  const within = async (ms: number): Promise<void> => {
    const late = Promise.withResolvers<void>();
    const timer = clock.after(ms, () => late.resolve());
    await Promise.race([ended, late.promise]);
    timer.cancel();
  };
  try {
    await process.kill('SIGHUP');
    await within(hangUpGraceMs);
    // Also when it has ended: what it began on its terminal may have ignored the hang-up.
    await process.kill('SIGKILL');
    await within(killDeadlineMs);
  } catch (error) {
    log.warn('console.end_failed', { session, reason: messageOf(error) });
  }
}

export interface EndedOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly containerId: string;
  readonly code: number | undefined;
}

/** Undefined when the container runs on: then the program ended by itself. */
export async function whyItEnded({
  runtime,
  clock,
  containerId,
  code,
}: EndedOptions): Promise<string | undefined> {
  const { signal } = new AbortController();
  try {
    for (const giveUpAt = clock.now() + inspectForMs; ; ) {
      const container = await runtime.inspect(containerId, { signal });
      if (container === undefined) return 'its container was removed';
      if (container.state === 'exited') {
        const status = container.exitCode === undefined ? '' : ` with status ${container.exitCode}`;
        return `its container has ended${status}`;
      }
      if (!endedFromOutside.includes(code) || clock.now() >= giveUpAt) return undefined;
      await clock.sleep(inspectPollMs, signal);
    }
  } catch (error) {
    return code === undefined ? `the container engine went away: ${messageOf(error)}` : undefined;
  }
}
