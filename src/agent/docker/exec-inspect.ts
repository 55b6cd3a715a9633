/** What the engine knows of a process that exec started. Used by exec.ts and exec-signals.ts. */
import type Docker from 'dockerode';
import type { Engine } from './engine.ts';

/** The engine opens the streams a moment before the process starts, and closes them before it knows the status. */
const settleDeadlineMs = 5_000;
const settlePollMs = 10;

/** Asks about a process until it is `wanted`, or for as long as that can take; then what was last seen. */
export async function inspectUntil(
  engine: Engine,
  exec: Docker.Exec,
  signal: AbortSignal,
  wanted: (info: Docker.ExecInspectInfo) => boolean,
): Promise<Docker.ExecInspectInfo> {
  for (const giveUpAt = engine.clock.now() + settleDeadlineMs; ; ) {
    const info = await engine.call({ what: 'ask about a command', signal }, (_, abortSignal) =>
      exec.inspect({ abortSignal }),
    );
    if (wanted(info) || engine.clock.now() >= giveUpAt) return info;
    await engine.clock.sleep(settlePollMs, signal);
  }
}

/**
 * Whether a process runs, or has run. Before that its status is null with Docker and 0 with Podman, which has an
 * ended one removable and without a number.
 */
export function hasStarted({ Pid: pid, ExitCode: status, CanRemove: isOver }: ExecState): boolean {
  return pid > 0 || isOver === true || (status !== null && status !== 0);
}

type ExecState = Pick<Docker.ExecInspectInfo, 'Pid' | 'ExitCode'> & { readonly CanRemove?: boolean };
