/**
 * A terminal of the port in src/tui/terminal.ts without a terminal: a test presses keys, reads what is on the screen as
 * text, and says when the line is slow.
 */
import { type Frame, frameText } from '../../src/tui/core/frame.ts';
import { createInputParser } from '../../src/tui/core/input-parser.ts';
import type { Size } from '../../src/tui/core/key.ts';
import type { Terminal, TerminalEvent, TerminalFeatures, TerminalWire } from '../../src/tui/terminal.ts';

export interface FakeTerminal extends Terminal {
  /** Types what a keyboard would send: `'dd\r\x1b[A'`; a lone Escape last is the key. */
  type(bytes: string): void;
  paste(text: string): void;
  resize(size: Size): void;
  /** The line is closed, or a signal came. */
  end(exit: number): void;
  /** While it is, `draw` says false; when it ends, `drained` is told. */
  stall(stalled: boolean): void;
  /** What is on the screen, without blanks at the ends of lines. */
  screenText(): string;
  readonly frame: Frame | undefined;
  /** Frames that were drawn. */
  readonly frames: number;
  /** What was copied, rung, titled, lent, handed over or suspended, in order: `copy web/0`. */
  readonly said: readonly string[];
  /** Bytes that the one who has it handed over wrote. */
  readonly wired: string;
  readonly closed: boolean;
}

export function fakeTerminal(
  size: Size = { columns: 80, rows: 24 },
  features: TerminalFeatures = { colours: 256, unicode: true, remote: false },
): FakeTerminal {
  const parser = createInputParser();
  const said: string[] = [];
  let current = size;
  let listener: (event: TerminalEvent) => void = () => undefined;
  let frame: Frame | undefined;
  let frames = 0;
  let stalled = false;
  let closed = false;
  let wired = '';
  /** Where input goes while it is handed over. */
  let wireInput: ((bytes: Uint8Array) => void) | undefined;
  let wireResize: ((size: Size) => void) | undefined;

  const wire: TerminalWire = {
    get size() {
      return current;
    },
    onInput(next) {
      wireInput = next;
    },
    onResize(next) {
      wireResize = next;
    },
    write(bytes) {
      wired += Buffer.from(bytes).toString();
      return Promise.resolve();
    },
  };

  return {
    features,
    get size() {
      return current;
    },
    listen(next) {
      listener = next;
    },
    draw(next) {
      if (stalled) return false;
      // Kept as it was: whoever draws may use its frame again.
      frame = { ...next, characters: [...next.characters], attrs: next.attrs.slice() };
      frames += 1;
      return true;
    },
    invalidate: () => void said.push('invalidate'),
    async lend(run) {
      said.push('lend');
      const result = await run();
      listener({ kind: 'resize', size: current });
      return result;
    },
    async handOver(run) {
      said.push('handOver');
      await run(wire);
      wireInput = undefined;
      wireResize = undefined;
      listener({ kind: 'resize', size: current });
    },
    suspend: () => void said.push('suspend'),
    copy(text) {
      said.push(`copy ${text}`);
      return text.length <= 74_994;
    },
    bell: () => void said.push('bell'),
    title: (text) => void said.push(`title ${text}`),
    written: 0,
    close() {
      closed = true;
    },
    type(bytes) {
      if (wireInput !== undefined) return wireInput(Buffer.from(bytes));
      for (const event of [...parser.push(bytes), ...parser.flush()]) listener(event);
    },
    paste: (text) => listener({ kind: 'paste', text }),
    resize(next) {
      current = next;
      if (wireResize !== undefined) wireResize(next);
      else listener({ kind: 'resize', size: next });
    },
    end: (exit) => listener({ kind: 'ended', exit }),
    stall(next) {
      stalled = next;
      if (!next) listener({ kind: 'drained' });
    },
    screenText: () => (frame === undefined ? '' : frameText(frame)),
    get frame() {
      return frame;
    },
    get frames() {
      return frames;
    },
    said,
    get wired() {
      return wired;
    },
    get closed() {
      return closed;
    },
  };
}
