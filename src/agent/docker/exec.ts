/** A further process in a running container: its streams, size, signals and exit status. */
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { ExecOptions, ProcessStream, TerminalSize } from '../runtime.ts';
import { openConsole } from './console.ts';
import type { Engine } from './engine.ts';
import { inspectUntil } from './exec-inspect.ts';
import { refusalReader } from './exec-refusal.ts';
import { type ExecSignaller, execSignaller } from './exec-signals.ts';

/** What a shell gets to save its history. */
const hangUpGraceMs = 1_000;

/**
 * Starts a process. One whose command is missing ends with status 127, one that cannot be run with 126, and the
 * reason on standard error.
 * When the signal aborts it is killed: nothing else would ever end it.
 * @throws NotRunning when the container has ended; ResourceNotFound when there is none
 */
export async function execIn(engine: Engine, id: string, options: ExecOptions): Promise<ProcessStream> {
  const { signal, tty } = options;
  const what = `run a command in container ${id.slice(0, 12)}`;
  const exec = await engine.call({ what, signal }, (docker, abortSignal) =>
    docker.getContainer(id).exec({ ...processOptions(options), abortSignal }),
  );
  const connection = await start(engine, exec, what, id, options);
  // Sizes are set in the order given; the engine lets the first wait until the process has started.
  let sized: Promise<void> =
    options.size === undefined ? Promise.resolve() : setSize(engine, exec, options.size);
  const refusal = refusalReader();
  const signaller = execSignaller(engine, exec, { id, tty });
  const console = openConsole({
    engine,
    what,
    connection,
    tty,
    signal,
    resize(size) {
      sized = sized.then(() => setSize(engine, exec, size));
      return sized;
    },
    kill: signaller.send,
    exitCode: async () => refusal.statusOf(await exitCode(engine, exec, signal)),
    onLeft: () => void endExec(engine, signaller, id, tty),
  });
  return { ...console, output: refusal.read(console.output) };
}

async function start(
  engine: Engine,
  exec: Docker.Exec,
  what: string,
  id: string,
  options: ExecOptions,
): Promise<Duplex> {
  const { signal, tty } = options;
  const how = { hijack: true, stdin: false, Detach: false, Tty: tty, ...consoleSize(options) };
  try {
    return await engine.call({ what, signal }, (_, abortSignal) => exec.start({ ...how, abortSignal }));
  } catch (error) {
    // The engine may have started it all the same, with nobody to read from it.
    if (signal.aborted) void endExec(engine, execSignaller(engine, exec, { id, tty }), id, tty);
    throw error;
  }
}

function processOptions(options: ExecOptions): Docker.ExecCreateOptions {
  return {
    Cmd: [...options.args],
    Tty: options.tty,
    AttachStdin: options.stdin,
    AttachStdout: true,
    AttachStderr: true,
    Env: (options.env ?? []).map(({ name, value }) => `${name}=${value}`),
    ...(options.user === undefined ? {} : { User: options.user }),
    ...consoleSize(options),
  };
}

/**
 * Lets the process find its size from the first moment on. Engines before API 1.42 (Docker 23) ignore it; there the
 * size follows a moment after the start.
 */
function consoleSize({ size, tty }: ExecOptions): { ConsoleSize?: [number, number] } {
  return tty && size !== undefined ? { ConsoleSize: [size.rows, size.columns] } : {};
}

/** A size that cannot be set, mostly because the process has just ended, is no reason to end the console. */
async function setSize(engine: Engine, exec: Docker.Exec, size: TerminalSize): Promise<void> {
  const signal = new AbortController().signal;
  try {
    await engine.call({ what: 'set the size of a terminal', signal }, (_, abortSignal) =>
      exec.resize({ h: size.rows, w: size.columns, abortSignal }),
    );
  } catch (error) {
    engine.log.debug('exec.resize_failed', { reason: messageOf(error) });
  }
}

async function exitCode(engine: Engine, exec: Docker.Exec, signal: AbortSignal): Promise<number | undefined> {
  const { ExitCode: status } = await inspectUntil(engine, exec, signal, (info) => !info.Running);
  return status ?? undefined;
}

/** A shell whose terminal went away gets a hang-up first, as from any lost line; what is left is killed. */
async function endExec(engine: Engine, signaller: ExecSignaller, id: string, tty: boolean): Promise<void> {
  try {
    if (tty) {
      await signaller.send('SIGHUP');
      await engine.clock.sleep(hangUpGraceMs, new AbortController().signal);
    }
    await signaller.send('SIGKILL');
  } catch (error) {
    // With its container gone the process is gone too.
    if (error instanceof SkepError && error.code === 'ResourceNotFound') return;
    engine.log.warn('exec.left_running', { container: id, reason: messageOf(error) });
  }
}
