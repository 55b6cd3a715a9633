/**
 * A login shell on this host, on a pseudo-terminal of its own: the adapter of host-shell.ts, built by the composition
 * root where the cell's settings allow it. Under systemd it is a unit of its own (host-shell-command.ts says why); it
 * ends with the agent in any case, because its terminal does.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import { type Clock, pause } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import type { OpenHostShell } from '../host-shell.ts';
import type { ProcessStream } from '../runtime.ts';
import { type HostCommand, hostCommand } from './host-shell-command.ts';
import { loadPty } from './pty-module.ts';
import { sessionMembers } from './terminal-session.ts';

/** A terminal that something in the background still holds is read for so long after the shell has ended. */
const lastWordsMs = 200;
const systemctlDeadlineMs = 5_000;

type Output = { readonly stream: 'stdout'; readonly data: Uint8Array };

interface PtyShellOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** What is run for a session; a login shell unless told. */
  readonly commandOf?: (session: string) => HostCommand;
}

export function ptyShell({ clock, log, commandOf = hostCommand }: PtyShellOptions): OpenHostShell {
  return async ({ session, size, signal }) => {
    const pty = loadPty();
    const command = commandOf(session);
    const exit = Promise.withResolvers<number | undefined>();
    let hasExited = false;
    const { fd, pid } = pty.fork(command, size, (status) => {
      hasExited = true;
      exit.resolve(status);
    });
    ordinaryShare(pid, log);
    const terminal = new ReadStream(fd);
    // Without a listener an error between two reads would end the agent; reading reports it.
    terminal.on('error', (error) => log.debug('host_shell.terminal', { reason: error.message }));
    void exit.promise.then(() => endWithoutWords(terminal, clock));
    const kill = async (signalName: string): Promise<void> => {
      if (command.unit !== undefined && signalName !== 'SIGHUP')
        await killUnit(command.unit, signalName, log);
      const members = signalName === 'SIGKILL' ? await sessionMembers(pid, hasExited) : [];
      for (const member of hasExited ? members : new Set([pid, ...members])) send(member, signalName);
    };
    const killAll = (): void => {
      kill('SIGKILL')
        .catch((error: unknown) => log.warn('host_shell.left_running', { session, reason: messageOf(error) }))
        .finally(() => terminal.destroy());
    };
    if (signal.aborted) killAll();
    else signal.addEventListener('abort', killAll, { once: true });
    return {
      output: outputOf(terminal, () => hasExited || signal.aborted),
      write: (data) => write(terminal, data),
      endInput: () => void write(terminal, Uint8Array.of(4)).catch(() => undefined),
      async resize({ columns, rows }) {
        if (!hasExited && !terminal.destroyed) pty.resize(fd, { columns, rows });
      },
      kill,
      exitCode: exit.promise,
    } satisfies ProcessStream;
  };
}

/** The agent is favoured by the processor and spared when memory runs out; what a person starts here is neither. */
function ordinaryShare(pid: number, log: Log): void {
  try {
    setPriority(pid, 0);
    writeFileSync(`/proc/${pid}/oom_score_adj`, '0');
  } catch (error) {
    log.debug('host_shell.share', { reason: messageOf(error) });
  }
}

async function* outputOf(terminal: ReadStream, isOver: () => boolean): AsyncGenerator<Output> {
  try {
    for await (const data of terminal) yield { stream: 'stdout', data: data as Uint8Array };
  } catch (error) {
    // Linux says EIO when the last process that held the terminal has ended; we end it ourselves after the shell.
    if ((error as NodeJS.ErrnoException).code === 'EIO' || isOver()) return;
    throw new SkepError('Unavailable', `the terminal of the shell broke: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The shell has ended: whatever still holds its terminal and says nothing does not keep the console. */
async function endWithoutWords(terminal: ReadStream, clock: Clock): Promise<void> {
  const ended = new AbortController();
  terminal.once('close', () => ended.abort());
  for (let seen = -1; !terminal.destroyed; ) {
    if (seen === terminal.bytesRead && terminal.readableLength === 0) terminal.destroy();
    seen = terminal.bytesRead;
    await pause(clock, lastWordsMs, ended.signal);
  }
}

async function write(terminal: ReadStream, data: Uint8Array): Promise<void> {
  if (terminal.destroyed) throw new SkepError('NotRunning', 'the shell takes no more input: it has ended');
  if (!terminal.write(data)) await Promise.race([once(terminal, 'drain'), once(terminal, 'close')]);
}

function send(pid: number, signalName: string): void {
  try {
    process.kill(pid, signalName as NodeJS.Signals);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw new SkepError('InvalidRequest', `cannot send ${signalName} to the shell: ${messageOf(error)}`, {
      hint: 'name a signal such as SIGTERM',
      cause: error,
    });
  }
}

/** One that has ended is no unit any more, which systemctl calls a failure. */
async function killUnit(unit: string, signalName: string, log: Log): Promise<void> {
  await promisify(execFile)('systemctl', ['kill', `--signal=${signalName}`, unit], {
    timeout: systemctlDeadlineMs,
  }).catch((error: unknown) => log.debug('host_shell.kill_unit', { unit, reason: messageOf(error) }));
}
