/**
 * This terminal joined to a console session of a cell, with the keys to leave it. Used by `skep console` and `skep cell shell`. Whatever the
 * program in there has made of the terminal (other screen, mouse, colours) is undone at the end.
 */

import { sendControl } from '../api/client/stream.ts';
import type { StreamOptions } from '../api/client.ts';
import { type PrefixAction, PrefixKeys, prefixHelp } from '../api/core/prefix-keys.ts';
import type { Control } from '../api/core/stream-frames.ts';
import { SkepError } from '../base/core/errors.ts';
import type { Socket } from '../base/socket.ts';
import { joinConsole, terminalSize } from './console.ts';
import { escapeText } from './core/escape.ts';
import { exitCodes } from './core/exit-codes.ts';
import { ScreenFollower } from './core/screen-follower.ts';
import { openOrFail } from './open-or-fail.ts';
import type { Session } from './session.ts';

const esc = '\u001b';
/**
 * Off with what a program may have switched on: mouse, focus, pasting, keys; then the ordinary colours, a visible
 * cursor and the whole screen to scroll. The cursor stays where it is.
 */
const tidy = [
  `${esc}[?9l${esc}[?1000l${esc}[?1002l${esc}[?1003l${esc}[?1004l${esc}[?1005l${esc}[?1006l${esc}[?1015l`,
  `${esc}[?2004l${esc}[?1l${esc}>${esc}[4l${esc}[?7h${esc}7${esc}[?6l${esc}[r${esc}8`,
  `${esc}[0m${esc}(B${esc}[?25h${esc}[0 q`,
].join('');

export interface JoinOptions {
  /** What it is joined to, for messages: `web/0`, `the host of host-a`. */
  readonly name: string;
  readonly isWatching: boolean;
}

/**
 * Opens a console and joins this terminal to it; returns what `joinSession` does. Throws `InvalidRequest` without a
 * terminal on both ends, with what a script should do instead.
 */
export async function openConsole(
  session: Session,
  query: StreamOptions,
  options: JoinOptions & { readonly forScripts: string },
): Promise<number> {
  const { io, client, signal } = session;
  if (io.stdin.isTTY !== true || io.stdout.isTTY !== true) {
    throw new SkepError('InvalidRequest', 'a console needs a terminal on both ends', {
      hint: options.forScripts,
    });
  }
  const socket = await openOrFail(session, () =>
    client.openStream({ ...query, ...terminalSize(io.stdout) }, { signal }),
  );
  return socket === undefined ? exitCodes.transport : await joinSession(session, socket, options);
}

/** The program's exit status; 0 after detaching; 255 when the connection failed. */
async function joinSession(session: Session, socket: Socket, options: JoinOptions): Promise<number> {
  const { name, isWatching } = options;
  const notes: string[] = [];
  const keys = new PrefixKeys();
  const screen = new ScreenFollower();
  let id = '';
  let hasEnded = false;

  const act = (action: PrefixAction, leave: () => void): void => {
    if (action === 'detach') leave();
    // A socket that has ended is told by the output's end.
    else if (action === 'close') sendControl(socket, { kind: 'close' }).catch(() => undefined);
    else session.io.stderr.write(action === 'help' ? `\r\n-- ${prefixHelp()} --\r\n` : '\u0007');
  };
  const filterInput = (bytes: Uint8Array, leave: () => void): Uint8Array => {
    const input: Uint8Array[] = [];
    for (const piece of keys.take(bytes)) {
      if (piece.kind === 'input') input.push(piece.bytes);
      else act(piece.action, leave);
    }
    return isWatching ? new Uint8Array(0) : Buffer.concat(input);
  };
  const onControl = (control: Control): void => {
    if (control.kind === 'opened') id = control.session ?? '';
    if (control.kind === 'notice' && !notes.includes(control.message)) notes.push(control.message);
  };
  const code = await joinConsole(session, socket, {
    name,
    stdin: true,
    tty: true,
    detachable: false,
    forwardsSignals: false,
    filterInput,
    onControl,
    onOutput: (data) => screen.push(data),
    onExit: (reason) => {
      hasEnded = true;
      if (reason !== undefined) notes.push(`the console has ended: ${reason}`);
    },
  });
  if (session.io.stdout.isTTY === true) {
    session.io.stdout.write((screen.isAlternate ? `${esc}[?1049l` : '') + tidy);
  }
  for (const note of notes) session.warn(`-- ${escapeText(note)} --`);
  if (!hasEnded && id !== '' && !isWatching) {
    session.note(`-- left ${name}; the console goes on. To come back within ten minutes:`);
    session.note(`skep console --session ${id}`);
  }
  return code;
}
