/**
 * The CLI as a process that runs while the test goes on: what it has printed so far, its input, its signals and
 * how it ends. For commands that follow something; `cluster.skep` is for those that end by themselves.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { eventually } from './e2e-cluster.ts';

export const cliProgram: readonly [string, ...string[]] = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)),
];

const untilWithinMs = 30_000;

export interface CliChild {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  stdout(): string;
  stderr(): string;
  /** Resolves once standard output or standard error matches. */
  until(pattern: RegExp): Promise<void>;
  /** The exit status, or the name of the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Ends it if it still runs. */
  kill(): Promise<void>;
}

/** @param server `address:port` of the agent that it speaks to */
export function startCli(server: string, args: readonly string[]): CliChild {
  const [command, ...program] = cliProgram;
  const child = spawn(command, [...program, ...args], {
    env: { ...process.env, SKEP_SERVER: server, NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (data: string) => {
      text[stream] += data;
    });
  }
  // A command that ends early closes its input; how it ended says so.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? -1)),
  );
  return {
    process: child,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    ended,
    until: (pattern) =>
      eventually(`${pattern} is printed`, untilWithinMs, async () => {
        if (pattern.test(text.stdout) || pattern.test(text.stderr)) return;
        throw new Error(`it printed ${JSON.stringify(text)}; status ${child.exitCode ?? child.signalCode}`);
      }),
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}
