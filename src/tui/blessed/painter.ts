/**
 * Frame → the bytes that make the terminal show it, by blessed's screen: it keeps what was drawn and writes what
 * differs. Nothing here touches a real stream: blessed gets an input that says nothing and an output that collects, so
 * that it can neither read keys, nor switch modes of the terminal, nor write when it likes.
 */
import { EventEmitter } from 'node:events';
import { nearestColour } from '../core/colour.ts';
import type { Frame } from '../core/frame.ts';
import type { Size } from '../core/key.ts';
import { type BlessedLine, type BlessedScreen, blessedScreen, blessedWidth } from './library.ts';
import type { TerminalProfile } from './profile.ts';

/** Each gives what is to be written. */
export interface Painter {
  /** Alternate screen, cleared, bracketed paste on, cursor hidden. */
  enter(): string;
  /** All of that undone. */
  leave(): string;
  paint(frame: Frame): string;
  /** The screen has this size now, and what it shows is not known. */
  resize(size: Size): void;
  /** What the screen shows is not known: the next frame is written whole. */
  invalidate(): void;
  /** Lets go of blessed's own records of it. */
  close(): void;
}

/** How blessed marks the second cell of a wide character. */
const secondHalf = '\0';
const placeholder = '·';
/** Stands for the terminal's own colour in an attribute, and is the mask of one. */
const ownColour = 0x1ff;

const show = '\x1b[?25h';
const hide = '\x1b[?25l';
const bracketedPaste = { on: '\x1b[?2004h', off: '\x1b[?2004l' };
/** Whatever was cut off in the middle is ended, and styles and character sets are the usual ones. */
const calm = '\x18\x1b[m\x0f';

export const createPainter = (profile: TerminalProfile, size: Size): Painter =>
  new BlessedPainter(profile, size);

class BlessedPainter implements Painter {
  readonly #profile: TerminalProfile;
  readonly #screen: BlessedScreen;
  readonly #reduced: Uint16Array;
  #written = '';
  /** What was said about the cursor last. */
  #cursor = '';
  #isUnknown = true;

  constructor(profile: TerminalProfile, size: Size) {
    this.#profile = profile;
    this.#reduced = colourTable(profile.colours);
    this.#screen = openScreen(profile, size, (text) => {
      this.#written += text;
    });
    this.#take();
  }

  enter(): string {
    this.#screen.enter();
    this.#isUnknown = true;
    this.#cursor = '';
    return this.#take() + bracketedPaste.on + hide;
  }

  leave(): string {
    this.#screen.leave();
    return calm + bracketedPaste.off + this.#take() + show;
  }

  paint(frame: Frame): string {
    this.#forget();
    this.#blit(frame);
    this.#screen.draw(0, Math.min(frame.rows, this.#screen.program.rows) - 1);
    const drawn = this.#take();
    const { cursor } = frame;
    const wanted = cursor === undefined ? hide : `\x1b[${cursor.y + 1};${cursor.x + 1}H${show}`;
    if (drawn === '' && wanted === this.#cursor) return '';
    // It does not run along with what is drawn.
    const before = this.#cursor !== hide && drawn !== '' ? hide : '';
    this.#cursor = wanted;
    return before + drawn + (wanted === hide && before !== '' ? '' : wanted);
  }

  resize({ columns, rows }: Size): void {
    this.#screen.program.cols = columns;
    this.#screen.program.rows = rows;
    this.#isUnknown = true;
  }

  invalidate(): void {
    this.#isUnknown = true;
  }

  close(): void {
    this.#screen.destroy();
    this.#written = '';
  }

  #take(): string {
    this.#screen.program.flush();
    const taken = this.#written;
    this.#written = '';
    return taken;
  }

  /** blessed forgets what is there and clears: what is drawn next is written where it is not blank. */
  #forget(): void {
    if (!this.#isUnknown) return;
    this.#isUnknown = false;
    this.#cursor = '';
    this.#written += calm;
    this.#screen.alloc();
  }

  #blit(frame: Frame): void {
    const columns = Math.min(frame.columns, this.#screen.program.cols);
    const rows = Math.min(frame.rows, this.#screen.program.rows);
    for (let y = 0; y < rows; y += 1) {
      const line = this.#screen.lines[y];
      if (line !== undefined && this.#blitLine(frame, y, line, columns)) line.dirty = true;
    }
  }

  #blitLine(frame: Frame, y: number, line: BlessedLine, columns: number): boolean {
    const from = y * frame.columns;
    let isChanged = false;
    for (let x = 0; x < columns; x += 1) {
      const cell = line[x];
      if (cell === undefined) continue;
      const attr = this.#reduce(frame.attrs[from + x] ?? 0);
      const character = this.#shown(frame, from + x, x + 1 < columns);
      if (cell[0] === attr && cell[1] === character) continue;
      cell[0] = attr;
      cell[1] = character;
      isChanged = true;
    }
    return isChanged;
  }

  /** What blessed may be given: a character that it takes for as many cells as the frame has for it. */
  #shown(frame: Frame, at: number, hasNext: boolean): string {
    const character = frame.characters[at] ?? ' ';
    if (character.length === 1 && character >= ' ' && character <= '~') return character;
    const { unicode } = this.#profile;
    if (character === '') {
      const isWide = blessedWidth(frame.characters[at - 1] ?? ' ') === 2;
      return unicode && isWide ? secondHalf : ' ';
    }
    const isWide = hasNext && frame.characters[at + 1] === '';
    if (blessedWidth(character) === (isWide ? 2 : 1)) return character;
    return unicode ? placeholder : '?';
  }

  #reduce(attr: number): number {
    if (this.#profile.colours === 256) return attr;
    const fg = this.#reduced[(attr >> 9) & ownColour] ?? ownColour;
    const bg = this.#reduced[attr & ownColour] ?? ownColour;
    return ((attr >> 18) << 18) | (fg << 9) | bg;
  }
}

function openScreen(
  profile: TerminalProfile,
  { columns, rows }: Size,
  write: (text: string) => void,
): BlessedScreen {
  const output = Object.assign(new EventEmitter(), { columns, rows, isTTY: true, writable: true, write });
  const { terminal, unicode } = profile;
  const screen = blessedScreen({ input: new EventEmitter(), output, terminal, unicode });
  screen.tput.colors = 256;
  // Lines as characters, never as letters of another character set.
  screen.tput.brokenACS = true;
  if (!unicode) screen.tput.numbers.U8 = 0;
  // Where the cursor is after drawing is said below, for every frame.
  screen.tput.sc = () => '';
  screen.tput.rc = () => '';
  // It entered as it was made; it is to do so when it is told.
  screen.leave();
  screen.program.cursorHidden = true;
  return screen;
}

/** Palette number → the one that is drawn; `ownColour` stays. */
function colourTable(colours: TerminalProfile['colours']): Uint16Array {
  const table = new Uint16Array(512).fill(ownColour);
  if (colours === 0) return table;
  for (let colour = 0; colour < 256; colour += 1)
    table[colour] = colours === 256 ? colour : nearestColour(colour, colours);
  return table;
}
