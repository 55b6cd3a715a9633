/**
 * The program of a console: the first of several commands that the container has. Used by session.ts.
 */
import { SkepError } from '../../base/core/errors.ts';
import type { EnvVar } from '../../model/workload.ts';
import type { ProcessStream, Runtime, TerminalSize } from '../runtime.ts';

/** Every process that a console began has the console's name in its environment: one left over is known by it. */
export const consoleVariable = 'SKEP_CONSOLE';

const cannotRun = 126;
const notFound = 127;

export interface ProgramOptions {
  readonly runtime: Runtime;
  readonly containerId: string;
  /** What is tried, one after the other. */
  readonly tries: readonly (readonly string[])[];
  readonly user: string | undefined;
  readonly session: string;
  /** Asked at each try. */
  size(): TerminalSize;
  /** Aborting kills it. */
  readonly signal: AbortSignal;
}

export interface Program {
  /** The one of the last try. */
  readonly process: ProcessStream;
  /** What it writes. Ends with it; throws `NotRunning` when the container has none of the commands. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Known once the output has ended. */
  exitCode(): Promise<number | undefined>;
}

/** Throws what the engine says when there is no container to run it in. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { runtime, containerId, tries, user, session, signal } = options;
  const env: readonly EnvVar[] = [
    { name: 'TERM', value: 'xterm-256color' },
    { name: consoleVariable, value: session },
  ];
  const start = (args: readonly string[]): Promise<ProcessStream> =>
    runtime.exec(containerId, { args, tty: true, stdin: true, env, user, size: options.size(), signal });
  let process = await start(tries[0] ?? []);

  async function* output(): AsyncGenerator<Uint8Array> {
    let refusal = '';
    for (let i = 0; i < tries.length; i++) {
      if (i > 0) process = await start(tries[i] ?? []);
      refusal = '';
      for await (const { stream, data } of process.output) {
        if (stream === 'stdout') yield data;
        else refusal += new TextDecoder().decode(data);
      }
      const code = await process.exitCode;
      const isRefused = refusal !== '' && (code === cannotRun || code === notFound);
      if (!isRefused || signal.aborted) return;
    }
    throw new SkepError('NotRunning', refusal.trim());
  }

  return {
    get process() {
      return process;
    },
    output: output(),
    exitCode: () => process.exitCode,
  };
}
