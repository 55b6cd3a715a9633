/**
 * The emulator of a pane, by xterm without a screen: bytes of a workload in, cells on a canvas out. Nothing of what the
 * program prints goes anywhere else. Built by the composition root; the port is pane-emulator.ts.
 */
import { Unicode11Addon } from '@xterm/addon-unicode11';
import xterm from '@xterm/headless';
import type { Canvas } from '../core/frame.ts';
import type { Size } from '../core/key.ts';
import type { ColourDepth } from '../core/panes-colours.ts';
import type { PaneDrawing } from '../core/workspace.ts';
import type { CreatePaneEmulator, PaneEmulator, PaneEmulatorOptions } from '../pane-emulator.ts';
import { OutputFilter } from './output-filter.ts';
import { drawScreen, plainLine } from './screen.ts';
import { ScrollCounter } from './scroll-counter.ts';
import { findLine } from './search.ts';

const scrollbackLines = 2_000;
/** So much may wait to be parsed before the stream is read no further. */
const pendingMaxBytes = 256 * 1024;
/** xterm parses a piece at once: small ones let keys and frames in between. */
const pieceBytes = 4_096;
const titleMaxChars = 200;

const cursorVisible = 25;
/** More marks and joiners on one character are an attack on memory. */
const pileOfMarks = /([\p{M}\p{Cf}]{16})[\p{M}\p{Cf}]+/gu;

/** @param depth how many colours the operator's terminal has */
export const paneEmulator =
  (depth: ColourDepth): CreatePaneEmulator =>
  (options) =>
    new XtermPane(options, depth);

class XtermPane implements PaneEmulator {
  readonly #terminal: xterm.Terminal;
  #filter: OutputFilter;
  readonly #depth: ColourDepth;
  readonly #onChange: () => void;
  readonly #scrolled: ScrollCounter;
  #decoder = new TextDecoder();
  #pending = 0;
  #room: (() => void)[] = [];
  #title = '';
  #showsCursor = true;
  #closed = false;

  constructor(
    { size, convertsNewlines, onAnswer, onBell, onChange }: PaneEmulatorOptions,
    depth: ColourDepth,
  ) {
    const terminal = new xterm.Terminal({
      cols: size.columns,
      rows: size.rows,
      scrollback: scrollbackLines,
      convertEol: convertsNewlines,
      allowProposedApi: true,
      logLevel: 'off',
    });
    terminal.loadAddon(new Unicode11Addon());
    terminal.unicode.activeVersion = '11';
    terminal.onData(onAnswer);
    terminal.onBell(onBell);
    terminal.onTitleChange((title) => {
      this.#title = title.slice(0, titleMaxChars);
    });
    this.#terminal = terminal;
    this.#filter = new OutputFilter(size.rows);
    this.#depth = depth;
    this.#onChange = onChange;
    this.#scrolled = new ScrollCounter(terminal);
    this.#followCursor();
  }

  /** xterm knows whether the cursor is hidden and does not tell. Every handler answers false: xterm's work follows. */
  #followCursor(): void {
    const { parser } = this.#terminal;
    const mode = (isOn: boolean) => (params: readonly (number | number[])[]) => {
      if (params.includes(cursorVisible)) this.#showsCursor = isOn;
      return false;
    };
    const reset = (): boolean => {
      this.#showsCursor = true;
      return false;
    };
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, mode(true));
    parser.registerCsiHandler({ prefix: '?', final: 'l' }, mode(false));
    parser.registerCsiHandler({ intermediates: '!', final: 'p' }, reset);
    parser.registerEscHandler({ final: 'c' }, reset);
  }

  write(data: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.resolve();
    for (let at = 0; at < data.length; at += pieceBytes) {
      const clean = this.#filter.push(data.subarray(at, at + pieceBytes));
      this.#writePiece(this.#decoder.decode(clean, { stream: true }).replace(pileOfMarks, '$1'));
    }
    if (this.#pending <= pendingMaxBytes) return Promise.resolve();
    return new Promise((resolve) => this.#room.push(resolve));
  }

  #writePiece(text: string): void {
    if (text === '') return;
    this.#pending += text.length;
    this.#terminal.write(text, () => {
      this.#pending -= text.length;
      // xterm finishes what it was given after it is disposed of.
      if (this.#closed) return;
      this.#scrolled.update();
      this.#onChange();
      if (this.#pending <= pendingMaxBytes) for (const resume of this.#room.splice(0)) resume();
    });
  }

  resize({ columns, rows }: Size): void {
    if (this.#closed || (columns === this.#terminal.cols && rows === this.#terminal.rows)) return;
    this.#filter.rows = rows;
    this.#terminal.resize(Math.max(1, columns), Math.max(1, rows));
    this.#scrolled.update();
    this.#onChange();
  }

  reset(): void {
    this.#filter = new OutputFilter(this.#terminal.rows);
    this.#decoder = new TextDecoder();
    // In its turn after what still waits: the end of an open sequence, a full reset, no scrollback.
    this.#writePiece('\u0018\u001bc\u001b[3J');
  }

  get title(): string {
    return this.#title;
  }
  get size(): Size {
    return { columns: this.#terminal.cols, rows: this.#terminal.rows };
  }
  get bracketedPaste(): boolean {
    return this.#terminal.modes.bracketedPasteMode;
  }
  get applicationCursor(): boolean {
    return this.#terminal.modes.applicationCursorKeysMode;
  }
  get firstLine(): number {
    return this.#scrolled.before;
  }
  get topLine(): number {
    return this.#scrolled.before + this.#terminal.buffer.active.baseY;
  }

  draw(canvas: Canvas, drawing: PaneDrawing): void {
    const buffer = this.#terminal.buffer.active;
    const { baseY } = buffer;
    const top = drawing.top === undefined ? baseY : drawing.top - this.#scrolled.before;
    const first = Math.max(0, Math.min(top, baseY));
    drawScreen(canvas, { buffer, first, rows: this.#terminal.rows }, drawing, this.#depth);
    if (drawing.focused && this.#showsCursor && first === baseY)
      canvas.cursor(Math.min(buffer.cursorX, this.#terminal.cols - 1), buffer.cursorY);
  }

  find(search: string, from: number, step: 1 | -1): number | undefined {
    const found = findLine(this.#terminal.buffer.active, search, from - this.#scrolled.before, step);
    return found === undefined ? undefined : found + this.#scrolled.before;
  }

  text(): readonly string[] {
    const buffer = this.#terminal.buffer.active;
    const lines: string[] = [];
    for (let y = 0; y < buffer.length; y += 1) {
      const line = buffer.getLine(y);
      const text = line === undefined ? '' : plainLine(line);
      // A line that was broken at the edge is one line again.
      if (line?.isWrapped === true && lines.length > 0) lines.push((lines.pop() ?? '') + text);
      else lines.push(text);
    }
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  close(): void {
    this.#closed = true;
    this.#terminal.dispose();
    for (const resume of this.#room.splice(0)) resume();
  }
}
