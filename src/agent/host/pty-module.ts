/**
 * Pseudo-terminals, from the compiled part of node-pty: Node itself has none. Only that part, loaded when the first
 * shell is opened: its JavaScript reads ahead without bound and says nothing of what it has not written
 * (docs/adr/0016). A release has it beside the program (scripts/build.ts), a checkout in node_modules.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { TerminalSize } from '../runtime.ts';
import type { HostCommand } from './host-shell-command.ts';

/** As unixTerminal.js of the pinned version calls it. */
interface NativePty {
  fork(
    file: string,
    args: readonly string[],
    env: readonly string[],
    cwd: string,
    columns: number,
    rows: number,
    uid: number,
    gid: number,
    isUtf8: boolean,
    helperPath: string,
    onExit: (code: number, signal: number) => void,
  ): { readonly fd: number; readonly pid: number };
  resize(fd: number, columns: number, rows: number): void;
}

export interface Pty {
  /**
   * Runs a command as the leader of a session of its own on a new terminal, which has its size before the command
   * begins. `onExit` is told its status as a shell has it: 128 and the signal's number when one ended it.
   */
  fork(
    command: HostCommand,
    size: TerminalSize,
    onExit: (status: number) => void,
  ): { readonly fd: number; readonly pid: number };
  resize(fd: number, size: TerminalSize): void;
}

/** Throws `Unavailable` where there is none for this host. */
export function loadPty(): Pty {
  const native = loadNative();
  return {
    fork({ file, args, env, folder }, { columns, rows }, onExit) {
      const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      const ended = (code: number, signal: number): void => onExit(signal > 0 ? 128 + signal : code);
      return native.fork(file, args, pairs, folder, columns, rows, -1, -1, true, '', ended);
    },
    resize: (fd, { columns, rows }) => native.resize(fd, columns, rows),
  };
}

function loadNative(): NativePty {
  const load = createRequire(import.meta.url);
  const released = fileURLToPath(new URL(`./pty-linux-${process.arch}.node`, import.meta.url));
  try {
    const path = existsSync(released) ? released : `@lydell/node-pty-linux-${process.arch}/pty.node`;
    return load(path) as NativePty;
  } catch (error) {
    throw new SkepError('Unavailable', `this host has no pseudo-terminals for Skep: ${messageOf(error)}`, {
      hint: 'ssh to it; the release for its processor brings them: install that one',
      cause: error,
    });
  }
}
