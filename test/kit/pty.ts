/**
 * A real pseudo-terminal with a program in it, and an emulator that shows what a person would see. For the end-to-end
 * tests of what runs in a terminal.
 */
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { eventually } from './e2e-cluster.ts';

const untilWithinMs = 30_000;

export interface TestTerminal {
  readonly pid: number;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  /** Everything that was written, control sequences and all. */
  output(): string;
  /** The lines that are seen now, without what is blank at their ends. */
  screen(): Promise<string>;
  /** Resolves with the screen once it matches. */
  untilScreen(pattern: RegExp): Promise<string>;
  /** Closes the line, as when a connection is lost: the program gets SIGHUP and can write no more. */
  hangUp(): void;
  /** The exit status of the program. */
  readonly ended: Promise<number>;
  /** Ends the program if it still runs. */
  close(): Promise<void>;
}

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: NodeJS.ProcessEnv;
}

export function openTerminal(
  program: readonly [string, ...string[]],
  options: TerminalOptions,
): TestTerminal {
  const [command, ...args] = program;
  const { columns, rows } = options;
  const pty: IPty = spawn(command, args, {
    cols: columns,
    rows,
    name: options.env?.['TERM'] || 'xterm-256color',
    env: defined({ ...process.env, ...options.env }),
  });
  const emulator = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  let output = '';
  let running = true;
  pty.onData((data) => {
    output += data;
    emulator.write(data);
  });
  // What a program asks its terminal, such as where the cursor is, is answered as a terminal does.
  emulator.onData((data) => running && pty.write(data));
  const ended = new Promise<number>((resolve) =>
    pty.onExit(({ exitCode }) => {
      running = false;
      resolve(exitCode);
    }),
  );
  const screen = async (): Promise<string> => {
    await new Promise<void>((resolve) => emulator.write('', resolve));
    const { active } = emulator.buffer;
    const lines = Array.from({ length: emulator.rows }, (_, row) =>
      (active.getLine(active.baseY + row)?.translateToString(true) ?? '').trimEnd(),
    );
    return lines.join('\n').trimEnd();
  };
  return {
    pid: pty.pid,
    type: (keys) => pty.write(keys),
    resize(newColumns, newRows) {
      emulator.resize(newColumns, newRows);
      pty.resize(newColumns, newRows);
    },
    output: () => output,
    screen,
    untilScreen: (pattern) =>
      eventually(`the terminal shows ${pattern}`, untilWithinMs, async () => {
        const seen = await screen();
        if (pattern.test(seen)) return seen;
        throw new Error(`it ${running ? 'runs' : 'has ended'} and shows\n${seen}`);
      }),
    hangUp() {
      running = false;
      // Its types do not know it.
      (pty as unknown as { destroy(): void }).destroy();
    },
    ended,
    async close() {
      if (running) pty.kill('SIGKILL');
      await ended;
      emulator.dispose();
    },
  };
}

/** node-pty would pass on the word "undefined". */
function defined(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}
