/**
 * A client of a console session as the UI and the CLI are one: frames in and out, and a terminal that shows what a
 * person would see. For tests of sessions, without a server between.
 */
import xterm from '@xterm/headless';
import type { ConsoleRequest } from '../../src/agent/session/streams.ts';
import { type Control, controlSchema, packFrame, unpackFrame } from '../../src/api/core/stream-frames.ts';
import type { Socket } from '../../src/base/socket.ts';
import { socketPair } from './socket-pair.ts';

type OpenRequest = Extract<ConsoleRequest, { kind: 'console' }>;

export interface TestConsole {
  /** Control frames so far. */
  readonly controls: readonly Control[];
  /** Of the `opened` frame; '' before it. */
  readonly session: string;
  /** Bytes of the program so far, as text. */
  output(): string;
  /** What the terminal shows: text of each row, then where the cursor is and which screen it is on. */
  grid(): Promise<string>;
  type(text: string): Promise<void>;
  control(message: Control): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** Closes the socket: detaches. */
  leave(): void;
  /** What `serve` ended with: an error refused it. */
  readonly ended: Promise<unknown>;
}

export interface ConsoleServer {
  serve(socket: Socket, request: ConsoleRequest, signal: AbortSignal): Promise<void>;
}

const defaults = { kind: 'console', watch: false, args: [], by: 'tester', via: 'server-a' } as const;

export function openConsole(
  server: ConsoleServer,
  request: Partial<OpenRequest> & Pick<OpenRequest, 'instanceGuid'>,
): TestConsole {
  const { left, right } = socketPair();
  const size = request.size ?? { columns: 80, rows: 24 };
  const terminal = new xterm.Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true });
  const controls: Control[] = [];
  const state = { session: '', output: '' };
  const gone = new AbortController();
  void right.closed.then(() => gone.abort());
  const ended = server
    .serve(right, { ...defaults, ...request, size, args: [...(request.args ?? [])] }, gone.signal)
    .then(() => undefined)
    .catch((error: unknown) => error)
    .finally(() => right.close());
  void (async () => {
    for await (const data of left.messages) {
      const frame = typeof data === 'string' ? undefined : unpackFrame(data);
      if (frame?.channel === 'stdout') {
        state.output += new TextDecoder().decode(frame.payload);
        terminal.write(frame.payload);
      }
      if (frame?.channel !== 'control') continue;
      const message = controlSchema.parse(JSON.parse(new TextDecoder().decode(frame.payload)));
      controls.push(message);
      if (message.kind === 'opened') state.session = message.session ?? '';
      if ((message.kind === 'opened' || message.kind === 'resize') && message.size !== undefined) {
        terminal.resize(message.size.columns, message.size.rows);
      }
    }
  })();
  const encoder = new TextEncoder();
  const control = (message: Control): Promise<void> =>
    left.send(packFrame('control', encoder.encode(JSON.stringify(message))));
  return {
    controls,
    get session() {
      return state.session;
    },
    output: () => state.output,
    async grid() {
      await new Promise<void>((resolve) => terminal.write('', resolve));
      const { active } = terminal.buffer;
      const rows = Array.from({ length: terminal.rows }, (_, row) =>
        (active.getLine(active.baseY + row)?.translateToString(true) ?? '').trimEnd(),
      );
      return [...rows, `${active.type} ${active.cursorX},${active.cursorY}`].join('\n');
    },
    type: (text) => left.send(packFrame('stdin', encoder.encode(text))),
    control,
    resize(columns, rows) {
      terminal.resize(columns, rows);
      return control({ kind: 'resize', size: { columns, rows } });
    },
    leave: () => left.close(),
    ended,
  };
}
