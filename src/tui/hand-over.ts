/**
 * A console over the whole terminal: bytes one way and the other, true colour, mouse and all. It goes on over lost
 * connections as panes do. Used by consoles.ts.
 */
import { type PrefixAction, PrefixKeys, prefixHelp } from '../api/core/prefix-keys.ts';
import type { Clock } from '../base/clock.ts';
import { SkepError } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { ClusterConnection } from './connection.ts';
import { ConsoleLink } from './console-link.ts';
import { controlByteOf, keyTitle } from './core/key-names.ts';
import type { ConsoleRequest } from './core/page.ts';
import { PaneInput } from './pane-input.ts';
import type { TerminalWire } from './terminal.ts';

export interface HandOverOptions {
  readonly connection: ClusterConnection;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly signal: AbortSignal;
  /** The key before the keys of the console itself. */
  readonly prefix: string;
  flash(level: 'info' | 'warn' | 'error', text: string): void;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a program may have left on: alternate screen, mouse, focus and paste reports, a hidden cursor, colours. */
const restored = encode(
  '\u0018\u001b[?1049l\u001b[!p\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1004l\u001b[?1005l\u001b[?1006l' +
    '\u001b[?1015l\u001b[?2004l\u001b[?1l\u001b>\u001b[?25h\u001b[0m\u001b(B',
);

/** Resolves when it was left or has ended. Throws `Unavailable` with the reason when it never opened. */
export async function handOverConsole(
  wire: TerminalWire,
  request: ConsoleRequest,
  options: HandOverOptions,
): Promise<void> {
  const left = new AbortController();
  const signal = AbortSignal.any([options.signal, left.signal]);
  const console = join(wire, request, options, signal, () => left.abort());
  const end = await console.ended;
  await wire.write(restored);
  const { target } = request;
  if (end === undefined) {
    if (console.wasOpen() && request.kind === 'shell')
      options.flash('info', `${target} is left: its session stays for 10 minutes, :consoles has it`);
    return;
  }
  if (!console.wasOpen()) throw new SkepError('Unavailable', `${target}: ${end.message}`);
  options.flash('info', `${target}: ${end.message}`);
}

function join(
  wire: TerminalWire,
  request: ConsoleRequest,
  options: HandOverOptions,
  signal: AbortSignal,
  leave: () => void,
) {
  let wasOpen = false;
  let { size } = wire;
  /** One after another: the terminal is told in the order that things happen. */
  let written = Promise.resolve();
  const write = (bytes: Uint8Array): Promise<void> => {
    written = written.then(() => wire.write(bytes));
    return written;
  };
  const say = (text: string): void => {
    // A terminal that takes nothing any more has ended, and then the whole UI does.
    write(encode(`\r\n\u001b[0m-- ${plain(text)} --\r\n`)).catch(() => undefined);
  };
  const link: ConsoleLink = new ConsoleLink({
    ...options,
    request,
    size: () => size,
    onOutput: write,
    onOpen() {
      wasOpen = true;
      input.open();
      tellSize();
    },
    onSize: () => undefined,
    onNotice: say,
    onLost(message) {
      const dropped = input.drop();
      say(
        `${message}; ${keyTitle(options.prefix)} d leaves${dropped > 0 ? `; ${dropped} bytes were not sent` : ''}`,
      );
    },
  });
  const input = new PaneInput({ send: (bytes) => link.send(bytes), onProgress: () => undefined });
  const tellSize = (): void => {
    // A line that is lost now is told by its end, and the next one begins with the size.
    if (link.isOpen) link.control({ kind: 'resize', size }).catch(() => undefined);
  };
  wire.onResize((now) => {
    size = now;
    tellSize();
  });
  const keys = new PrefixKeys(controlByteOf(options.prefix));
  const help = prefixHelp(keyTitle(options.prefix));
  const isReadOnly = request.kind === 'attach' || request.watch === true;
  wire.onInput((bytes) => {
    for (const piece of keys.take(bytes)) {
      if (piece.kind === 'action') act(piece.action, link, { say, help }, leave);
      else if (!isReadOnly && !input.push(piece.bytes)) say('the program does not read: input was not taken');
    }
  });
  return { ended: link.run(signal), wasOpen: () => wasOpen };
}

function act(
  action: PrefixAction,
  link: ConsoleLink,
  { say, help }: { readonly help: string; say(text: string): void },
  leave: () => void,
): void {
  switch (action) {
    case 'detach':
      return leave();
    case 'close':
      if (!link.isOpen) return say('not connected: the session cannot be ended now');
      // A line that is lost now is told by its end.
      link.control({ kind: 'close' }).catch(() => undefined);
      return;
    case 'help':
      return say(help);
    case 'unknown':
      return say(`that key does nothing; ${help}`);
  }
}

/** Reasons come from the network. */
const plain = (text: string): string => text.replace(/\p{Cc}/gu, ' ');
