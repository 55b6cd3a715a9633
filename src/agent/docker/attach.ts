/** The main process's own streams. Its output is what it writes from now on; leaving ends nothing. */
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { SkepError } from '../../base/core/errors.ts';
import type { ProcessStream } from '../runtime.ts';
import { openConsole } from './console.ts';
import { engineStatus } from './docker-errors.ts';
import type { Engine } from './engine.ts';

/** The engine closes the streams a moment before it knows that the process has ended. */
const settleDeadlineMs = 2_000;
const settlePollMs = 10;

/**
 * Ending the input ends our side only: the process's own stays open for the next who attaches.
 * @throws NotRunning when the container has ended; InvalidRequest for input to one that takes none
 */
export async function attachTo(
  engine: Engine,
  id: string,
  options: { readonly stdin: boolean; readonly signal: AbortSignal },
): Promise<ProcessStream> {
  const { signal, stdin } = options;
  const what = `attach to container ${id.slice(0, 12)}`;
  const { State: state, Config: config } = await engine.call({ what, signal }, (docker, abortSignal) =>
    docker.getContainer(id).inspect({ abortSignal }),
  );
  if (!state.Running) throw new SkepError('NotRunning', `cannot ${what}: it is ${state.Status}, not running`);
  if (stdin && !config.OpenStdin) {
    throw new SkepError('InvalidRequest', `cannot ${what} with input: a task's input is closed`, {
      hint: 'attach without input, or run a command in it: skep exec',
    });
  }
  const connection = await engine.call({ what, signal }, (docker, abortSignal) =>
    connect(docker, id, stdin, abortSignal),
  );
  return openConsole({
    engine,
    what,
    connection,
    tty: config.Tty,
    signal,
    // A main process has no terminal, so its size is nobody's concern.
    resize: () => Promise.resolve(),
    async kill(signalName) {
      await engine.call(
        { what: `send ${signalName} to container ${id.slice(0, 12)}`, signal },
        (docker, abortSignal) => docker.getContainer(id).kill({ signal: signalName, abortSignal }),
      );
    },
    exitCode: () => exitCode(engine, id, signal),
    onLeft: () => undefined,
  });
}

/** Without a body, which dockerode's own method would send: Podman takes it for the first of the input. */
function connect(docker: Docker, id: string, stdin: boolean, abortSignal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    docker.modem.dial(
      {
        path: `/containers/${id}/attach?`,
        method: 'POST',
        options: { stream: true, stdin, stdout: true, stderr: true, logs: false },
        file: Buffer.alloc(0),
        headers: { 'Content-Type': 'text/plain' },
        abortSignal,
        isStream: true,
        hijack: true,
        openStdin: false,
        statusCodes: { 101: true, 200: true, 404: 'no such container', 500: 'server error' },
      },
      (error, stream) => (error ? reject(error) : resolve(stream as Duplex)),
    );
  });
}

/** Undefined when it runs on, or has been removed meanwhile. */
async function exitCode(engine: Engine, id: string, signal: AbortSignal): Promise<number | undefined> {
  const what = `ask how container ${id.slice(0, 12)} ended`;
  for (const giveUpAt = engine.clock.now() + settleDeadlineMs; ; ) {
    const state = await engine.call({ what, signal }, async (docker, abortSignal) => {
      try {
        return (await docker.getContainer(id).inspect({ abortSignal })).State;
      } catch (error) {
        if (engineStatus(error) === 404) return undefined;
        throw error;
      }
    });
    if (state === undefined) return undefined;
    if (!state.Running) return state.ExitCode;
    if (engine.clock.now() >= giveUpAt) return undefined;
    await engine.clock.sleep(settlePollMs, signal);
  }
}
