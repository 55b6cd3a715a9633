/**
 * A hijacked connection as a process's streams: what `exec` and `attach` have in common. The output must be
 * read for anything to happen; leaving it early, or the signal, ends the connection.
 */
import type { Duplex } from 'node:stream';
import { SkepError } from '../../base/core/errors.ts';
import type { ProcessStream } from '../runtime.ts';
import type { Engine } from './engine.ts';
import { demultiplex, type Frame } from './frames.ts';

export interface ConsoleOptions {
  readonly engine: Engine;
  /** For messages: `run a command in container 3f2a…`. */
  readonly what: string;
  readonly connection: Duplex;
  readonly tty: boolean;
  readonly signal: AbortSignal;
  resize: ProcessStream['resize'];
  kill: ProcessStream['kill'];
  /** Asked once, when the output has ended by itself. */
  exitCode(): Promise<number | undefined>;
  /** The connection was ended from our side while the process may still run. */
  onLeft(): void;
}

export function openConsole(options: ConsoleOptions): ProcessStream {
  const { connection, signal, engine, what } = options;
  const exit = Promise.withResolvers<number | undefined>();
  // Whoever awaits it gets the error; nobody has to.
  exit.promise.catch(() => undefined);
  let ended = false;

  const leave = (): void => {
    if (ended) return;
    ended = true;
    signal.removeEventListener('abort', leave);
    connection.destroy();
    exit.resolve(undefined);
    options.onLeft();
  };
  /** The process closed its output. */
  const finish = async (): Promise<void> => {
    ended = true;
    signal.removeEventListener('abort', leave);
    connection.destroy();
    await options.exitCode().then(exit.resolve, exit.reject);
  };
  // Without a listener an error between two reads would end the agent; reading reports it.
  connection.on('error', (error) => engine.log.debug('console.error', { what, reason: error.message }));
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });

  async function* output(): AsyncGenerator<Frame> {
    try {
      yield* options.tty ? raw(connection) : demultiplex(connection);
      if (!ended) await finish();
    } catch (error) {
      if (!signal.aborted) throw engine.translate(error, what);
    } finally {
      leave();
    }
  }

  return {
    output: output(),
    write: (data) => write(connection, data, () => ended),
    endInput: () => void connection.end(),
    resize: options.resize,
    kill: options.kill,
    exitCode: exit.promise,
  };
}

async function* raw(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  for await (const data of source) yield { stream: 'stdout', data };
}

function write(connection: Duplex, data: Uint8Array, ended: () => boolean): Promise<void> {
  const gone = (): SkepError => new SkepError('NotRunning', 'the process takes no more input: it has ended');
  if (ended() || connection.writableEnded || connection.destroyed) return Promise.reject(gone());
  return new Promise((resolve, reject) => {
    connection.write(data, (error) => (error ? reject(gone()) : resolve()));
  });
}
