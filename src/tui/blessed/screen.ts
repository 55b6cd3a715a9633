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
import { createInput, type Input } from './input.ts';
import { createPainter, type Painter } from './painter.ts';
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

/** Takes the terminal until `close`. Throws what the streams throw when they are none. */
export const openTerminal = (parts: TerminalParts): Terminal => new OperatorTerminal(parts);

class OperatorTerminal implements Terminal {
  readonly features: TerminalProfile;
  readonly #parts: TerminalParts;
  readonly #writer: Writer;
  readonly #painter: Painter;
  readonly #keys: Input;
  readonly #undo: (() => void)[] = [];
  #holder: Holder = 'us';
  #size: Size;
  #listener: (event: TerminalEvent) => void = () => undefined;
  #resizeTimer: Timer | undefined;
  #endTimer: Timer | undefined;
  #hasEnded = false;
  /** The window's own title waits in the terminal. */
  #isTitleSaved = false;
  #wireInput: (bytes: Uint8Array) => void = () => undefined;
  #wireResize: (size: Size) => void = () => undefined;

  constructor(parts: TerminalParts) {
    const { output, profile, clock } = parts;
    this.#parts = parts;
    this.features = profile;
    this.#size = sizeOf(output);
    this.#writer = parts.makeWriter(() => this.#end(closedLineExit));
    this.#painter = createPainter(profile, this.#size);
    this.#keys = createInput({
      clock,
      holdMs: profile.remote ? remoteHoldMs : holdMs,
      emit: (event) => this.#tell(event),
    });
    this.#listenToStreams();
    this.#listenToProcess();
    this.#take();
  }

  get size(): Size {
    return this.#size;
  }

  get written(): number {
    return this.#writer.written;
  }

  listen(listener: (event: TerminalEvent) => void): void {
    this.#listener = listener;
  }

  draw(frame: Frame): boolean {
    if (this.#holder !== 'us') return true;
    if (this.#writer.busy) return false;
    const bytes = this.#painter.paint(frame);
    if (bytes !== '') this.#writer.write(bytes);
    return true;
  }

  invalidate(): void {
    this.#painter.invalidate();
  }

  async lend<T>(run: () => Promise<T>): Promise<T> {
    this.#giveBack('borrower');
    try {
      return await run();
    } finally {
      this.#takeBack();
    }
  }

  async handOver(run: (wire: TerminalWire) => Promise<void>): Promise<void> {
    this.#leave('wire');
    try {
      await run(this.#wire());
    } finally {
      this.#wireInput = () => undefined;
      this.#wireResize = () => undefined;
      if (this.#holder === 'wire') {
        this.#writer.write(cleared);
        this.#takeBack();
      }
    }
  }

  suspend(): void {
    if (this.#holder !== 'us') return;
    const { host, clock } = this.#parts;
    this.#giveBack('shell');
    host.stop();
    clock.after(stopSettleMs, () => this.#holder === 'shell' && this.#takeBack());
  }

  copy(text: string): boolean {
    const { terminal, multiplexer } = this.features;
    const sequence = clipboardSequence(text, multiplexer);
    if (sequence === undefined || terminal === 'linux' || this.#holder !== 'us') return false;
    this.#writer.write(sequence);
    if (multiplexer === 'tmux') this.#parts.host.copyToTmux(text);
    return true;
  }

  bell(): void {
    if (this.#holder === 'us') this.#writer.write('\x07');
  }

  title(text: string): void {
    if (!this.#hasTitle || this.#holder !== 'us') return;
    this.#writer.write(`\x1b]0;${text.replace(/\p{C}/gu, ' ').slice(0, titleMaxLength)}\x07`);
  }

  close(): void {
    // Who was told that it ended has heard, and goes.
    this.#endTimer?.cancel();
    this.#close();
  }

  /** The Linux console would print it. */
  get #hasTitle(): boolean {
    return this.features.terminal === 'xterm-256color';
  }

  #tell(event: TerminalEvent): void {
    if (this.#holder === 'us') this.#listener(event);
  }

  #take(): void {
    const { input, output, host } = this.#parts;
    input.setRawMode(true);
    input.resume();
    this.#size = sizeOf(output);
    this.#painter.resize(this.#size);
    const saved = this.#hasTitle && !this.#isTitleSaved ? title.save : '';
    this.#isTitleSaved = this.#hasTitle;
    this.#writer.write(saved + this.#painter.enter());
    host.holds(true);
  }

  #takeBack(): void {
    if (this.#holder === 'nobody') return;
    this.#holder = 'us';
    this.#take();
    // Everything is to be drawn anew, and the size may be another.
    this.#listener({ kind: 'resize', size: this.#size });
  }

  /** Gives the screen back, but not the keys. */
  #leave(next: Holder): void {
    this.#holder = next;
    this.#keys.reset();
    this.#writer.last(this.#painter.leave() + (this.#isTitleSaved ? title.restore : ''));
    this.#isTitleSaved = false;
  }

  #giveBack(next: Holder): void {
    this.#leave(next);
    this.#releaseKeys();
  }

  #releaseKeys(): void {
    const { input, host } = this.#parts;
    input.pause();
    input.setRawMode(false);
    host.holds(false);
  }

  #wire(): TerminalWire {
    const size = (): Size => this.#size;
    return {
      get size() {
        return size();
      },
      onInput: (listener) => {
        this.#wireInput = listener;
      },
      onResize: (listener) => {
        this.#wireResize = listener;
      },
      write: (bytes) => {
        this.#writer.write(bytes);
        return this.#writer.taken();
      },
    };
  }

  #end(exit: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#close();
    const { clock, host } = this.#parts;
    this.#endTimer = clock.after(endMaxMs, () => host.exit(exit));
    this.#listener({ kind: 'ended', exit });
  }

  #crash(error: unknown): void {
    const { host } = this.#parts;
    this.#close();
    host.say(`skep: the terminal UI failed; please report it with the record in ${host.recordCrash(error)}`);
    host.exit(crashExit);
  }

  #close(): void {
    if (this.#holder === 'nobody') return;
    if (this.#holder === 'us') this.#giveBack('nobody');
    if (this.#holder === 'wire') {
      this.#writer.last(cleared);
      this.#releaseKeys();
    }
    this.#holder = 'nobody';
    this.#resizeTimer?.cancel();
    for (const each of this.#undo.splice(0)) each();
    this.#painter.close();
    this.#writer.close();
  }

  #resized(): void {
    this.#resizeTimer ??= this.#parts.clock.after(resizeEveryMs, () => {
      this.#resizeTimer = undefined;
      this.#size = sizeOf(this.#parts.output);
      if (this.#holder === 'wire') this.#wireResize(this.#size);
      if (this.#holder !== 'us') return;
      this.#painter.resize(this.#size);
      this.#listener({ kind: 'resize', size: this.#size });
    });
  }

  #listenToStreams(): void {
    const { input, output } = this.#parts;
    const onData = (bytes: Uint8Array): void => {
      if (this.#holder === 'wire') this.#wireInput(bytes);
      else if (this.#holder === 'us') this.#keys.feed(bytes);
    };
    const onEnd = (): void => this.#end(closedLineExit);
    const onResize = (): void => this.#resized();
    input.on('data', onData);
    input.on('end', onEnd);
    input.on('close', onEnd);
    // Stays: an error that comes after all is over must not end the process.
    input.on('error', onEnd);
    output.on('resize', onResize);
    this.#undo.push(() => {
      input.off('data', onData);
      input.off('end', onEnd);
      input.off('close', onEnd);
      output.off('resize', onResize);
    });
    this.#writer.onDrained(() => this.#tell({ kind: 'drained' }));
  }

  #listenToProcess(): void {
    const { host } = this.#parts;
    for (const [name, exit] of Object.entries(exits) as [EndSignal, number][])
      this.#undo.push(
        host.onSignal(name, () => {
          // Keys of a terminal that is lent: they reach our whole group, and mean the editor.
          if (this.#holder === 'borrower' && (name === 'SIGINT' || name === 'SIGQUIT')) return;
          this.#end(exit);
        }),
      );
    this.#undo.push(
      host.onSignal('SIGTSTP', () => {
        // The editor stops itself; the shell has its terminal back only when the whole group stops.
        if (this.#holder === 'borrower') host.stop();
        else this.suspend();
      }),
      host.onSignal('SIGCONT', () => {
        // Also when somebody else stopped it, without a word: the shell has had the terminal meanwhile.
        if (this.#holder === 'shell' || this.#holder === 'us') this.#takeBack();
      }),
      host.onCrash((error) => this.#crash(error)),
      host.onExit(() => this.#close()),
    );
  }
}

/** A terminal that does not know its size says 0. */
function sizeOf({ columns, rows }: TerminalOutput): Size {
  return columns > 0 && rows > 0 ? { columns, rows } : { columns: 80, rows: 24 };
}
