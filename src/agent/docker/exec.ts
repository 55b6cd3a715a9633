/** A further process in a running container: its streams, size, signals and exit status. */
import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { ExecOptions, ProcessStream, TerminalSize } from '../runtime.ts';
import { openConsole } from './console.ts';
import type { Engine } from './engine.ts';
import { refusalReader } from './exec-refusal.ts';

/** The engine opens the streams a moment before the process starts, and closes them before it knows the status. */
const settleDeadlineMs = 5_000;
const settlePollMs = 10;
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
  const refusal = refusalReader(tty);
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
    kill: (signalName) => signalExec(engine, exec, id, signalName),
    exitCode: async () => refusal.statusOf(await exitCode(engine, exec, signal)),
    onLeft: () => void endExec(engine, exec, id, tty),
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
    if (signal.aborted) void endExec(engine, exec, id, tty);
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

/** Asks about a process until it is `wanted`, or for as long as that can take; then what was last seen. */
async function inspectUntil(
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

async function exitCode(engine: Engine, exec: Docker.Exec, signal: AbortSignal): Promise<number | undefined> {
  const { ExitCode: status } = await inspectUntil(engine, exec, signal, (info) => !info.Running);
  return status ?? undefined;
}

/**
 * The engine has no call for it: the process is signalled by its number on this host, once its control group
 * has shown that the number still belongs to that container. One that has ended is let be.
 */
async function signalExec(engine: Engine, exec: Docker.Exec, id: string, signalName: string): Promise<void> {
  const { signal } = new AbortController();
  const started = (info: Docker.ExecInspectInfo): boolean => info.Pid > 0 || info.ExitCode !== null;
  const { Pid: pid, ExitCode: status } = await inspectUntil(engine, exec, signal, started);
  if (status !== null || pid <= 0) return;
  if (!(await isInContainer(pid, id))) return refuseIfRunning(engine, exec, signalName);
  try {
    process.kill(pid, signalName as NodeJS.Signals);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ESRCH') return;
    throw new SkepError('InvalidRequest', `cannot send ${signalName} to the command: ${messageOf(error)}`, {
      hint: 'name a signal such as SIGTERM',
      cause: error,
    });
  }
}

/** A process that cannot be seen has ended, or lives where this host's process numbers mean nothing. */
async function refuseIfRunning(engine: Engine, exec: Docker.Exec, signalName: string): Promise<void> {
  const { signal } = new AbortController();
  const { Running: running } = await inspectUntil(engine, exec, signal, () => true);
  if (!running) return;
  throw new SkepError(
    'Unavailable',
    `cannot send ${signalName} to the command: this host cannot see its process`,
    {
      hint: "run the agent on the engine's own host, outside of any container",
    },
  );
}

/** False also when the process has just ended, or the engine runs on another host. */
async function isInContainer(pid: number, id: string): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/cgroup`, 'utf8')).includes(id);
  } catch {
    return false;
  }
}

/** A shell whose terminal went away gets a hang-up first, as from any lost line; what is left is killed. */
async function endExec(engine: Engine, exec: Docker.Exec, id: string, tty: boolean): Promise<void> {
  try {
    if (tty) {
      await signalExec(engine, exec, id, 'SIGHUP');
      await engine.clock.sleep(hangUpGraceMs, new AbortController().signal);
    }
    await signalExec(engine, exec, id, 'SIGKILL');
  } catch (error) {
    // With its container gone the process is gone too.
    if (error instanceof SkepError && error.code === 'ResourceNotFound') return;
    engine.log.warn('exec.left_running', { container: id, reason: messageOf(error) });
  }
}
