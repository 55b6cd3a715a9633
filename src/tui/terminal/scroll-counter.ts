/**
 * Counts the lines that have left the scrollback for good, so that a line keeps its number while output goes on: who
 * reads in the scrollback is not moved. xterm does not tell; a marker that moves with the text does. Used by
 * emulator.ts.
 */
import type { IMarker, Terminal } from '@xterm/headless';

export class ScrollCounter {
  /** Lines that came before the oldest one that is kept. */
  before = 0;
  readonly #terminal: Terminal;
  #marker: IMarker | undefined;
  #line = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** After every piece of output. */
  update(): void {
    const marker = this.#marker;
    if (marker === undefined || marker.isDisposed) {
      // Everything that was there has gone: at least so many lines.
      if (marker !== undefined) this.before += this.#line + 1;
    } else {
      this.before += Math.max(0, this.#line - marker.line);
      this.#line = Math.min(this.#line, marker.line);
    }
    this.#renew();
  }

  /** At the cursor, where it lasts longest. The alternate screen has no scrollback to follow. */
  #renew(): void {
    const { buffer } = this.#terminal;
    if (buffer.active.type === 'alternate') return;
    const line = buffer.active.baseY + buffer.active.cursorY;
    if (this.#marker !== undefined && !this.#marker.isDisposed && this.#marker.line === line) return;
    this.#marker?.dispose();
    this.#marker = this.#terminal.registerMarker(0);
    this.#line = line;
  }
}
