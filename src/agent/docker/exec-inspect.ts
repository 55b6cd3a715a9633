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
