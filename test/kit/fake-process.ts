/** A process in a fake container: ends with a scripted outcome, or echoes its input until that ends. */
import type { ProcessStream, TerminalSize } from '../../src/agent/runtime.ts';

export interface FakeProcess extends ProcessStream {
  /** Signals that it was sent. */
  readonly signals: readonly string[];
  /** What was written to it. */
  readonly input: readonly string[];
  /** Writes output. */
  say(text: string): void;
  readonly sizes: readonly TerminalSize[];
}

export interface FakeProcessOptions {
  /** Undefined: runs until its input ends or a signal kills it. */
  readonly outcome:
    | {
        readonly code: number;
        readonly output?: string;
        /** The engine could not start it, and says this. */
        readonly refusal?: string;
      }
    | undefined;
  readonly echoes: boolean;
  readonly tty: boolean;
  readonly signal: AbortSignal;
}

type Output = { readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array };

export function fakeProcess({ outcome, echoes, signal }: FakeProcessOptions): FakeProcess {
  const queue: Output[] = [];
  const signals: string[] = [];
  const sizes: TerminalSize[] = [];
  const input: string[] = [];
  const exited = Promise.withResolvers<number | undefined>();
  let ended = false;
  let wake = (): void => undefined;

  const write = (data: Uint8Array, stream: Output['stream'] = 'stdout'): void => {
    queue.push({ stream, data });
    wake();
  };
  const end = (code: number | undefined): void => {
    if (ended) return;
    ended = true;
    exited.resolve(code);
    wake();
  };
  if (outcome?.output !== undefined) write(new TextEncoder().encode(outcome.output));
  if (outcome?.refusal !== undefined) write(new TextEncoder().encode(outcome.refusal), 'stderr');
  if (outcome !== undefined) end(outcome.code);
  signal.addEventListener('abort', () => end(undefined), { once: true });

  async function* output(): AsyncGenerator<Output> {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else if (ended) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  return {
    output: output(),
    async write(data) {
      input.push(new TextDecoder().decode(data));
      if (echoes) write(data);
    },
    say: (text) => write(new TextEncoder().encode(text)),
    input,
    endInput: () => end(0),
    async resize(size) {
      sizes.push(size);
    },
    async kill(name) {
      signals.push(name);
      end(name === 'SIGKILL' ? 137 : 129);
    },
    exitCode: exited.promise,
    signals,
    sizes,
  };
}
