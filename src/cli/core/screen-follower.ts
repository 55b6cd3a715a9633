/**
 * Which of a terminal's two screens the program that writes to it is on: for leaving it on the ordinary one. Used by
 * console-session.ts.
 */

/** The longest sequence that switches: `ESC [ ? 1 0 4 9 h`, which may come in pieces. */
const sequenceLength = 8;
const escape = '\u001b';
const switches = new RegExp(`${escape}\\[\\?(?:47|1047|1049)([hl])`, 'g');

export class ScreenFollower {
  isAlternate = false;
  #end = '';

  push(data: Uint8Array): void {
    // Only ASCII matters, so bytes are as good as characters.
    const text = this.#end + Array.from(data, (byte) => String.fromCharCode(byte)).join('');
    for (const match of text.matchAll(switches)) this.isAlternate = match[1] === 'h';
    this.#end = text.slice(-(sequenceLength - 1));
  }
}
