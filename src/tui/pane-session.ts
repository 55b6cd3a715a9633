/**
 * What runs in one pane: a console stream, the emulator that shows it, and what is typed and not sent yet. Made by
 * consoles.ts; drawn by the workspace.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { Rng } from '../base/core/rng.ts';
import type { ClusterConnection } from './connection.ts';
import { ConsoleLink } from './console-link.ts';
import type { Canvas } from './core/frame.ts';
import type { Size } from './core/key.ts';
import type { ConsoleRequest } from './core/page.ts';
import { keyInput, pasteInput } from './core/panes-paste.ts';
import type { PaneDrawing, PaneScreen } from './core/workspace.ts';
import type { CreatePaneEmulator, PaneEmulator } from './pane-emulator.ts';
import { PaneInput } from './pane-input.ts';

/** A border that is dragged gives many sizes; the program is told of the last. */
const resizeMs = 50;
/** A cell that does not end a session by then: the pane goes all the same. */
const endMs = 15_000;
/** What a program asks and does not read the answers of. */
const answersMaxBytes = 64 * 1024;
/** What is typed before the console is open. */
const typeAheadMaxBytes = 4_096;
/** From here on it is said how much of a paste is left. */
const largePasteBytes = 64 * 1024;

export interface PaneSessionOptions {
  readonly connection: ClusterConnection;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly createEmulator: CreatePaneEmulator;
  readonly request: ConsoleRequest;
  readonly size: Size;
  /** Something of it looks different. */
  onChange(): void;
  onBell(): void;
  flash(level: 'info' | 'warn' | 'error', text: string): void;
  /** It was ended on request: the pane may go. */
  onGone(): void;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export class PaneSession implements PaneScreen {
  state: PaneScreen['state'] = 'connecting';
  rang = false;
  isVisible = true;
  readonly #options: PaneSessionOptions;
  readonly #emulator: PaneEmulator;
  readonly #stop = new AbortController();
  readonly #isReadOnly: boolean;
  readonly #input: PaneInput;
  #link: ConsoleLink;
  #message = 'connecting';
  /** What the pane has room for; the session's terminal may have the size of another client's. */
  #room: Size;
  #leads = true;
  #resizing: Timer | undefined;
  #ending: Timer | undefined;
  #isEnding = false;

  constructor(options: PaneSessionOptions) {
    this.#options = options;
    this.#room = options.size;
    this.#isReadOnly = options.request.kind === 'attach' || options.request.watch === true;
    this.#emulator = options.createEmulator({
      size: options.size,
      convertsNewlines: options.request.kind === 'attach',
      onAnswer: (answer) => this.#answer(answer),
      onBell: () => this.#bell(),
      onChange: () => this.#changed(),
    });
    this.#input = new PaneInput({
      send: (bytes) => this.#link.send(bytes),
      onProgress: () => this.#changed(),
    });
    this.#link = this.#newLink(options.request);
    void this.#run();
  }

  // What the workspace draws.

  get cell(): string {
    return this.#link.cell;
  }
  get session(): string | undefined {
    return this.#link.session;
  }
  get title(): string {
    return this.#emulator.title;
  }
  get message(): string {
    const left = this.#input.waitingBytes;
    if (this.state === 'open' && left > largePasteBytes)
      return `pasting: ${Math.ceil(left / 1024)} KiB are left`;
    return this.state === 'open' ? '' : this.#message;
  }
  get size(): Size {
    return this.#emulator.size;
  }
  get firstLine(): number {
    return this.#emulator.firstLine;
  }
  get topLine(): number {
    return this.#emulator.topLine;
  }
  draw(canvas: Canvas, drawing: PaneDrawing): void {
    this.#emulator.draw(canvas, drawing);
  }
  find(search: string, from: number, step: 1 | -1): number | undefined {
    return this.#emulator.find(search, from, step);
  }
  text(): readonly string[] {
    return this.#emulator.text();
  }

  // What the operator does.

  /** One key. */
  type(bytes: string): void {
    if (this.state !== 'open' && this.state !== 'connecting') return;
    if (this.state === 'connecting' && this.#input.waitingBytes > typeAheadMaxBytes)
      return this.#options.flash('warn', 'not connected yet: that key was not taken');
    this.#typed(keyInput(bytes, this.#emulator.applicationCursor));
  }

  paste(text: string): void {
    const { target } = this.#options.request;
    if (this.state !== 'open')
      return this.#options.flash('warn', `${target} is not connected: nothing was pasted`);
    this.#typed(pasteInput(text, this.#emulator.bracketedPaste));
  }

  #typed(text: string): void {
    if (this.#isReadOnly) return;
    // Who types decides on the size of the terminal, says the cell.
    if (!this.#leads) {
      this.#leads = true;
      this.#emulator.resize(this.#room);
    }
    if (this.#input.push(encode(text))) return;
    this.#options.flash('error', 'the program does not read: 16 MiB wait already, nothing was added');
  }

  /** The pane has another size, or not: cheap when it has not. */
  resize(size: Size): void {
    if (size.columns === this.#room.columns && size.rows === this.#room.rows) return;
    this.#room = size;
    this.#resizing ??= this.#options.clock.after(resizeMs, () => {
      this.#resizing = undefined;
      this.#applySize();
    });
  }

  /** At once instead of when it is time; what has ended is begun anew. */
  reconnect(): void {
    if (this.state === 'open') return this.#options.flash('info', 'it is connected');
    if (this.state !== 'ended') return this.#link.retryNow();
    const { target, kind, task, host, args, watch } = this.#options.request;
    if (watch === true)
      return this.#options.flash('info', 'the session that was watched has ended: Enter closes the pane');
    this.#link = this.#newLink({
      target,
      kind,
      ...(task === undefined ? {} : { task }),
      ...(host === undefined ? {} : { host }),
      ...(args === undefined ? {} : { args }),
    });
    this.state = 'connecting';
    this.#message = 'connecting';
    void this.#emulator.write(encode('\u0018\u001b[!p\u001b[?1049l\u001b[999;1H\r\n'));
    void this.#run();
  }

  /** Ends the session on its cell, then says `onGone`. */
  end(): void {
    const { clock, request, flash, onGone } = this.#options;
    if (this.state === 'ended' || (!this.#link.isOpen && this.#link.session === undefined)) return onGone();
    if (!this.#link.isOpen)
      return flash('warn', `${request.target} is not connected: its session cannot be ended now`);
    this.#isEnding = true;
    this.#ending ??= clock.after(endMs, () => {
      flash('warn', `the cell has not said that the session of ${request.target} ended; :consoles shows it`);
      onGone();
    });
    // A line that is lost now is told by its end; the timer waits for either.
    this.#link.control({ kind: 'close' }).catch(() => undefined);
  }

  /** Leaves the session to its grace time. */
  leave(): void {
    this.#stop.abort();
    this.#resizing?.cancel();
    this.#ending?.cancel();
    this.#input.drop();
    this.#emulator.close();
  }

  // What the cell says.

  #newLink(request: ConsoleRequest): ConsoleLink {
    const { connection, clock, rng, flash } = this.#options;
    return new ConsoleLink({
      connection,
      clock,
      rng,
      request,
      size: () => this.#room,
      onOutput: (bytes) => this.#emulator.write(bytes),
      onOpen: (resumed, size) => this.#opened(resumed, size),
      onSize: (size) => {
        this.#leads = false;
        this.#emulator.resize(size);
      },
      onNotice: (message) => flash('warn', `${request.target}: ${message}`),
      onLost: (message) => this.#lost(message),
    });
  }

  async #run(): Promise<void> {
    const end = await this.#link.run(this.#stop.signal);
    if (end === undefined) return;
    this.state = 'ended';
    this.#message = end.message;
    this.#input.drop();
    this.#ending?.cancel();
    if (this.#isEnding) this.#options.onGone();
    this.#changed();
  }

  #opened(resumed: boolean, size: Size | undefined): void {
    this.state = 'open';
    if (resumed) this.#emulator.reset();
    this.#leads = !this.#isReadOnly;
    // What is painted is painted for that size; ours follows at once.
    if (size !== undefined) this.#emulator.resize(size);
    this.#applySize();
    if (!this.#isReadOnly) this.#input.open();
    this.#changed();
  }

  #applySize(): void {
    if (this.#options.request.kind === 'attach') return this.#emulator.resize(this.#room);
    if (this.#isReadOnly) return;
    if (this.#leads) this.#emulator.resize(this.#room);
    // A line that is lost now is told by its end, and the next one begins with the size.
    if (this.#link.isOpen) this.#link.control({ kind: 'resize', size: this.#room }).catch(() => undefined);
  }

  #lost(message: string): void {
    this.state = this.state === 'connecting' ? 'connecting' : 'lost';
    const dropped = this.state === 'lost' ? this.#input.drop() : 0;
    this.#message = dropped > 0 ? `${dropped} bytes of input were not sent; ${message}` : message;
    this.#changed();
  }

  #answer(answer: string): void {
    if (this.#isReadOnly || this.state !== 'open' || this.#input.waitingBytes > answersMaxBytes) return;
    this.#input.push(encode(answer));
  }

  #bell(): void {
    this.rang = !this.isVisible;
    this.#options.onBell();
  }

  #changed(): void {
    if (this.isVisible || this.rang) this.#options.onChange();
  }
}
