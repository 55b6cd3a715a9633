/**
 * The operator's terminal: keys and pastes in, frames out, and what belongs to it: sizes, job control, lending it to an
 * editor, handing it over to a console. Whatever happens to the process, the terminal is given back as it was found;
 * for SIGKILL, which no process hears, keeper.ts does that.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import type { Frame } from '../core/frame.ts';
import type { Size } from '../core/key.ts';
import type { Terminal, TerminalEvent, TerminalWire } from '../terminal.ts';
import { clipboardSequence } from './clipboard.ts';
import type { EndSignal, TerminalHost } from './host.ts';
import { createInput } from './input.ts';
import { createPainter } from './painter.ts';
import type { TerminalProfile } from './profile.ts';
import type { Writer } from './writer.ts';

/** What is used of the stream of keys. */
export interface TerminalInput {
  setRawMode(raw: boolean): unknown;
  on(event: 'data', listener: (bytes: Uint8Array) => void): unknown;
  on(event: 'end' | 'close' | 'error', listener: () => void): unknown;
  off(event: 'data', listener: (bytes: Uint8Array) => void): unknown;
  off(event: 'end' | 'close', listener: () => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** What is used of the stream that is drawn on, besides the writer: how large it is. */
export interface TerminalOutput {
  readonly columns: number;
  readonly rows: number;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

export interface TerminalParts {
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
  /** Made here, because it tells when the line is closed. */
  readonly makeWriter: (onClosed: () => void) => Writer;
  readonly profile: TerminalProfile;
  readonly clock: Clock;
  readonly host: TerminalHost;
}

const exits: Readonly<Record<EndSignal, number>> = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, SIGQUIT: 131 };
/** As after SIGHUP: that is how a closed line is told mostly. */
const closedLineExit = 129;
const crashExit = 70;

const holdMs = 40;
const remoteHoldMs = 150;
const resizeEveryMs = 50;
/** Who was told that it ended and has not gone by then is made to. */
const endMaxMs = 3_000;
/** A stop that nobody could have undone did not happen: then it goes on. */
const stopSettleMs = 100;

const titleMaxLength = 200;
const title = { save: '\x1b[22;0t', restore: '\x1b[23;0t' };
/**
 * What a program that had the terminal may have left behind: mouse, focus and paste reports, its own screen. Nothing of
 * it moves the cursor of the shell's screen.
 */
const cleared =
  '\x18\x1b[!p\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[?1047l\x1b[?25h\x1b[m';

type Holder = 'us' | 'borrower' | 'wire' | 'shell' | 'nobody';

/** Takes the terminal. Throws what the streams throw when they are none. */
export function openTerminal(parts: TerminalParts): Terminal {
  const { input, output, profile, clock, host } = parts;
  let holder: Holder = 'us';
  let size = sizeOf(output);
  let listener: (event: TerminalEvent) => void = () => undefined;
  let resizeTimer: Timer | undefined;
  let ended = false;
  let endTimer: Timer | undefined;
  let wireInput: (bytes: Uint8Array) => void = () => undefined;
  let wireResize: (size: Size) => void = () => undefined;
  const hasTitle = profile.terminal === 'xterm-256color';
  const undo: (() => void)[] = [];

  const writer = parts.makeWriter(() => end(closedLineExit));
  const painter = createPainter(profile, size);
  const keys = createInput({
    clock,
    holdMs: profile.remote ? remoteHoldMs : holdMs,
    emit: (event) => holder === 'us' && listener(event),
  });

  function take(): void {
    input.setRawMode(true);
    input.resume();
    size = sizeOf(output);
    painter.resize(size);
    writer.write((hasTitle ? title.save : '') + painter.enter());
    host.holds(true);
  }

  /** What is written to give the screen back. */
  const farewell = (): string => painter.leave() + (hasTitle ? title.restore : '');

  function giveBack(next: Holder, raw: boolean): void {
    holder = next;
    keys.reset();
    writer.last(farewell());
    if (raw) return;
    input.pause();
    input.setRawMode(false);
    host.holds(false);
  }

  function takeBack(): void {
    if (holder === 'nobody') return;
    holder = 'us';
    take();
    // Everything is to be drawn anew, and the size may be another.
    listener({ kind: 'resize', size });
  }

  function end(exit: number): void {
    if (ended) return;
    ended = true;
    close();
    endTimer = clock.after(endMaxMs, () => host.exit(exit));
    listener({ kind: 'ended', exit });
  }

  function crash(error: unknown): void {
    close();
    host.say(`skep: the terminal UI failed; please report it with the record in ${host.recordCrash(error)}`);
    host.exit(crashExit);
  }

  function close(): void {
    if (holder === 'nobody') return;
    if (holder === 'us') giveBack('nobody', false);
    else if (holder === 'wire') {
      writer.last(cleared);
      input.pause();
      input.setRawMode(false);
      host.holds(false);
    }
    holder = 'nobody';
    resizeTimer?.cancel();
    for (const each of undo.splice(0)) each();
    painter.close();
    writer.close();
  }

  function resized(): void {
    resizeTimer ??= clock.after(resizeEveryMs, () => {
      resizeTimer = undefined;
      size = sizeOf(output);
      if (holder === 'wire') wireResize(size);
      if (holder !== 'us') return;
      painter.resize(size);
      listener({ kind: 'resize', size });
    });
  }

  function suspend(): void {
    if (holder !== 'us') return;
    giveBack('shell', false);
    host.stop();
    clock.after(stopSettleMs, () => holder === 'shell' && takeBack());
  }

  function continued(): void {
    // Also when somebody else stopped it, without a word: the shell has had the terminal meanwhile.
    if (holder === 'shell' || holder === 'us') takeBack();
  }

  function listenAll(): void {
    const onData = (bytes: Uint8Array): void => {
      if (holder === 'wire') wireInput(bytes);
      else if (holder === 'us') keys.feed(bytes);
    };
    const onEnd = (): void => end(closedLineExit);
    input.on('data', onData);
    input.on('end', onEnd);
    input.on('close', onEnd);
    // Stays: an error that comes after all is over must not end the process.
    input.on('error', onEnd);
    output.on('resize', resized);
    undo.push(() => {
      input.off('data', onData);
      input.off('end', onEnd);
      input.off('close', onEnd);
      output.off('resize', resized);
    });
    for (const [name, exit] of Object.entries(exits) as [EndSignal, number][])
      undo.push(host.onSignal(name, () => end(exit)));
    undo.push(host.onSignal('SIGTSTP', suspend), host.onSignal('SIGCONT', continued));
    undo.push(host.onCrash(crash), host.onExit(close));
    writer.onDrained(() => holder === 'us' && listener({ kind: 'drained' }));
  }

  listenAll();
  take();

  return {
    features: profile,
    get size() {
      return size;
    },
    get written() {
      return writer.written;
    },
    listen(next) {
      listener = next;
    },
    draw(frame: Frame) {
      if (holder !== 'us') return true;
      if (writer.busy) return false;
      const bytes = painter.paint(frame);
      if (bytes !== '') writer.write(bytes);
      return true;
    },
    invalidate: () => painter.invalidate(),
    async lend(run) {
      giveBack('borrower', false);
      try {
        return await run();
      } finally {
        takeBack();
      }
    },
    async handOver(run) {
      giveBack('wire', true);
      const wire: TerminalWire = {
        get size() {
          return size;
        },
        onInput(next) {
          wireInput = next;
        },
        onResize(next) {
          wireResize = next;
        },
        write(bytes) {
          writer.write(bytes);
          return writer.taken();
        },
      };
      try {
        await run(wire);
      } finally {
        wireInput = () => undefined;
        wireResize = () => undefined;
        if (holder === 'wire') {
          writer.write(cleared);
          takeBack();
        }
      }
    },
    suspend,
    copy(text) {
      const sequence = clipboardSequence(text, profile.multiplexer);
      if (sequence === undefined || profile.terminal === 'linux' || holder !== 'us') return false;
      writer.write(sequence);
      return true;
    },
    bell() {
      if (holder === 'us') writer.write('\x07');
    },
    title(text) {
      // The Linux console would print it.
      if (!hasTitle || holder !== 'us') return;
      writer.write(`\x1b]0;${text.replace(/\p{C}/gu, ' ').slice(0, titleMaxLength)}\x07`);
    },
    close() {
      // Who was told that it ended has heard, and goes.
      endTimer?.cancel();
      close();
    },
  };
}

/** A terminal that does not know its size says 0. */
function sizeOf({ columns, rows }: TerminalOutput): Size {
  return columns > 0 && rows > 0 ? { columns, rows } : { columns: 80, rows: 24 };
}
