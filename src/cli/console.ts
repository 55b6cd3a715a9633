/**
 * This terminal joined to a process in an instance: input, output, size and signals one way and the other.
 * Used by `exec`, `attach` and `console`. However it ends, the terminal is as it was before.
 */

import { readStream, sendControl, sendInput } from '../api/client/stream.ts';
import type { Control } from '../api/core/stream-frames.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { Socket } from '../base/socket.ts';
import { escapeText } from './core/escape.ts';
import { exitCodes } from './core/exit-codes.ts';
import type { OutStream, SignalName } from './io.ts';
import type { Session } from './session.ts';

/** Ctrl-], which no shell uses. */
const detachByte = 0x1d;
/** Ctrl-C so often in a row ends the command here even when the other side does not care. */
const interruptsToGiveUp = 3;
const forwardedSignals: readonly SignalName[] = ['SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

export interface ConsoleOptions {
  /** What it is joined to, for messages. */
  readonly name: string;
  readonly stdin: boolean;
  /** The remote process has a terminal: this one passes every key on. */
  readonly tty: boolean;
  /** Ctrl-] in the input ends the joining and leaves the process alone. */
  readonly detachable: boolean;
  readonly forwardsSignals: boolean;
  /** Sees what is typed before it is sent; what it returns is sent. `leave` ends the joining. */
  readonly filterInput?: ((bytes: Uint8Array, leave: () => void) => Uint8Array) | undefined;
  /** Told of every control frame but the last. */
  readonly onControl?: ((control: Control) => void) | undefined;
  /** Sees what the process wrote, as it is passed on. */
  readonly onOutput?: ((data: Uint8Array) => void) | undefined;
  /** Told that the process has ended, and why when it was not by itself. */
  readonly onExit?: ((reason: string | undefined) => void) | undefined;
}

/** The remote exit status; 255 with a line on standard error when the connection failed. */
export async function joinConsole(
  session: Session,
  socket: Socket,
  options: ConsoleOptions,
): Promise<number> {
  const { io, signal } = session;
  const failed = (error: unknown): void => {
    if (!signal.aborted) {
      session.warn(`skep: ${options.name}: ${escapeText(messageOf(error))}`);
      const hint = error instanceof SkepError ? error.hint : undefined;
      if (hint !== undefined) session.warn(`  hint: ${escapeText(hint)}`);
    }
    socket.close();
  };
  let detached = false;
  const detach = (): void => {
    detached = true;
    socket.close();
  };
  const isRaw = options.tty && options.stdin && io.stdin.isTTY === true && io.stdin.setRawMode !== undefined;
  const stops = [passSignals(session, socket, options, detach)];
  signal.addEventListener('abort', detach, { once: true });
  try {
    if (isRaw) io.stdin.setRawMode?.(true);
    if (options.stdin) stops.push(passInput(session, socket, inputFilter(options, detach), failed));
    const code = await passOutput(session, socket, options);
    if (detached) return session.signal.aborted ? exitCodes.failed : exitCodes.done;
    return code;
  } catch (error) {
    if (detached) return exitCodes.done;
    failed(error);
    return exitCodes.transport;
  } finally {
    for (const stop of stops) stop();
    if (isRaw) io.stdin.setRawMode?.(false);
    socket.close();
  }
}

/** Everything passes, but for a key that detaches where there is one. */
function inputFilter(options: ConsoleOptions, detach: () => void): (bytes: Uint8Array) => Uint8Array {
  const { filterInput, detachable } = options;
  if (filterInput !== undefined) return (bytes) => filterInput(bytes, detach);
  return (bytes) => {
    if (!detachable || !bytes.includes(detachByte)) return bytes;
    detach();
    return new Uint8Array(0);
  };
}

async function passOutput(session: Session, socket: Socket, options: ConsoleOptions): Promise<number> {
  const { io } = session;
  const { name } = options;
  for await (const message of readStream(socket)) {
    if (message.kind === 'data') {
      options.onOutput?.(message.payload);
      await writeAll(message.channel === 'stderr' ? io.stderr : io.stdout, message.payload);
    } else if (message.control.kind === 'exit') {
      options.onExit?.(message.control.reason);
      return message.control.code ?? exitCodes.failed;
    } else if (message.control.kind === 'error') {
      throw new SkepError('Unavailable', message.control.message, { hint: message.control.hint });
    } else {
      options.onControl?.(message.control);
    }
  }
  const end = await socket.closed;
  throw new SkepError(
    'Unavailable',
    `the connection to ${name} was lost: ${end.reason || `code ${end.code}`}`,
  );
}

/** A terminal that is slower than the process holds the process back. */
async function writeAll(stream: OutStream, data: Uint8Array): Promise<void> {
  if (stream.write(data)) return;
  await new Promise<void>((resolve) => stream.once('drain', resolve));
}

/** Reads on only once what was read has been taken. Returns how to stop. */
function passInput(
  session: Session,
  socket: Socket,
  filter: (bytes: Uint8Array) => Uint8Array,
  failed: (error: unknown) => void,
): () => void {
  const { stdin } = session.io;
  const take = (chunk: Uint8Array | string): void => {
    const bytes = filter(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
    if (bytes.length === 0) return;
    stdin.pause();
    sendInput(socket, bytes).then(() => stdin.resume(), failed);
  };
  const end = (): void => {
    sendControl(socket, { kind: 'endInput' }).catch(failed);
  };
  stdin.on('data', take);
  stdin.on('end', end);
  stdin.resume();
  return () => {
    stdin.off('data', take);
    stdin.off('end', end);
    stdin.pause();
  };
}

function passSignals(
  session: Session,
  socket: Socket,
  options: ConsoleOptions,
  detach: () => void,
): () => void {
  const { io } = session;
  const stops: (() => void)[] = [];
  const send = (control: Parameters<typeof sendControl>[1]): void => {
    // A socket that has ended is told by the output's end.
    sendControl(socket, control).catch(() => undefined);
  };
  if (options.tty) {
    stops.push(
      io.onSignal('SIGWINCH', () => {
        const size = terminalSize(io.stdout);
        if (size !== undefined) send({ kind: 'resize', size });
      }),
    );
  }
  let interrupts = 0;
  for (const name of options.forwardsSignals ? forwardedSignals : []) {
    stops.push(
      io.onSignal(name, () => {
        send({ kind: 'signal', name });
        if (name === 'SIGINT') interrupts += 1;
        if (interrupts >= interruptsToGiveUp) detach();
      }),
    );
  }
  return () => {
    for (const stop of stops) stop();
  };
}

/** Columns and rows of a terminal; undefined for anything else. */
export function terminalSize(stream: OutStream): { columns: number; rows: number } | undefined {
  const { columns, rows } = stream;
  return stream.isTTY === true && columns && rows ? { columns, rows } : undefined;
}
