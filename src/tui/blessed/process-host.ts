/** The real process under the terminal UI: signals, crashes and where their records go. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TerminalHost } from './host.ts';
import type { Keeper } from './keeper.ts';
import type { Environment } from './profile.ts';

export interface ProcessHostOptions {
  readonly env: Environment;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly keeper: Keeper;
}

export function processHost({ env, now, keeper }: ProcessHostOptions): TerminalHost {
  return {
    onSignal(name, run) {
      process.on(name, run);
      return () => process.off(name, run);
    },
    onCrash(run) {
      process.on('uncaughtException', run);
      process.on('unhandledRejection', run);
      return () => {
        process.off('uncaughtException', run);
        process.off('unhandledRejection', run);
      };
    },
    onExit(run) {
      process.on('exit', run);
      return () => process.off('exit', run);
    },
    stop: stopGroup,
    exit: (status) => process.exit(status),
    holds: (held) => (held ? keeper.holds() : keeper.released()),
    recordCrash(error) {
      const name = `crash-${new Date(now()).toISOString().replace(/[:.]/g, '-')}-${process.pid}.txt`;
      const text = `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
      return (
        record(join(stateFolder(env), name), text) ??
        record(join(tmpdir(), `skep-${name}`), text) ??
        'no file'
      );
    },
    copyToTmux,
    say: (line) => void process.stderr.write(`${line}\n`),
  };
}

function copyToTmux(text: string): void {
  const child = spawn('tmux', ['load-buffer', '-w', '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
  // The sequence was sent as well, and nothing more can be done: an older tmux, or none at this path.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.stdin.end(text);
  child.unref();
}

/**
 * The whole group, as Ctrl-Z does: what started this (sudo, npm) stops with it. A group that nobody could continue is
 * not stopped by this signal, where SIGSTOP would hang it for good.
 */
function stopGroup(): void {
  const handlers = process.listeners('SIGTSTP');
  process.removeAllListeners('SIGTSTP');
  process.kill(0, 'SIGTSTP');
  for (const handler of handlers) process.on('SIGTSTP', handler as () => void);
}

function stateFolder(env: Environment): string {
  return join(env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state'), 'skep');
}

/** The path, or nothing where it cannot be written. */
function record(path: string, text: string): string | undefined {
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  } catch {
    // The next place is tried; the error itself is what matters, and a full disk must not hide it.
    return undefined;
  }
}
