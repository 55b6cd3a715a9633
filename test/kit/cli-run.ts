/**
 * Runs `skep` in this process against an API of the test: what it printed and its exit status. The streams are
 * those of a pipe unless told to be a terminal.
 */
import { EventEmitter } from 'node:events';
import { proveUser } from '../../src/base/node/prove-user.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { wsDial } from '../../src/base/node/ws-socket.ts';
import { x509Maker } from '../../src/base/node/x509-maker.ts';
import type { ContextFiles, Io } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';

export interface CliRun {
  /** What it has printed so far. */
  readonly out: { text: string };
  readonly err: { text: string };
  readonly stdin: TestInput;
  /** The exit status. */
  readonly code: Promise<number>;
  signal(name: string): void;
}

export interface CliOptions {
  readonly server?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly terminal?: boolean | undefined;
  readonly files?: Readonly<Record<string, string>> | undefined;
  readonly contexts?: ContextFiles | undefined;
  /** What the command writes, by path. */
  readonly written?: Map<string, string> | undefined;
}

const noContexts: ContextFiles = {
  list: () => [],
  read: () => undefined,
  write: () => undefined,
  remove: () => undefined,
  current: undefined,
  use: () => undefined,
};

/** Standard input that a test types into. */
export class TestInput extends EventEmitter {
  readonly isTTY: boolean;
  rawModes: boolean[] = [];
  #paused = true;
  #queue: (string | undefined)[] = [];

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  /** @param text undefined ends the input */
  type(text: string | undefined): void {
    this.#queue.push(text);
    this.#deliver();
  }

  setRawMode(raw: boolean): void {
    this.rawModes.push(raw);
  }

  resume(): void {
    this.#paused = false;
    queueMicrotask(() => this.#deliver());
  }

  pause(): void {
    this.#paused = true;
  }

  #deliver(): void {
    while (!this.#paused && this.#queue.length > 0) {
      const text = this.#queue.shift();
      if (text === undefined) this.emit('end');
      else this.emit('data', Buffer.from(text));
    }
  }
}

export function runCli(args: readonly string[], options: CliOptions = {}): CliRun {
  const out = { text: '' };
  const err = { text: '' };
  const stdin = new TestInput(options.terminal === true);
  const signals = new EventEmitter();
  const written = options.written ?? new Map<string, string>();
  const stream = (sink: { text: string }) => ({
    write(data: string | Uint8Array) {
      sink.text += typeof data === 'string' ? data : Buffer.from(data).toString('utf8');
      return true;
    },
    once: () => undefined,
    isTTY: options.terminal === true,
    columns: 120,
    rows: 40,
  });
  const io: Io = {
    stdout: stream(out),
    stderr: stream(err),
    stdin,
    env: { ...(options.server === undefined ? {} : { SKEP_SERVER: options.server }), ...options.env },
    onSignal(name, run) {
      signals.on(name, run);
      return () => signals.off(name, run);
    },
    exists: (path) => written.has(path),
    readFile(path) {
      const text = written.get(path) ?? options.files?.[path];
      if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
      return text;
    },
    clock: systemClock,
    dial: wsDial,
    version: '0.0.0-test',
    prove: proveUser,
    contexts: options.contexts ?? noContexts,
    makeRequest: (name) => x509Maker.request(name),
    writeSecret(path, text) {
      written.set(path, text);
    },
    offsetMinutes: () => 0,
  };
  return { out, err, stdin, code: main(args, io), signal: (name) => void signals.emit(name) };
}
