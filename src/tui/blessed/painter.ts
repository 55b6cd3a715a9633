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

const show = '\x1b[?25h';
const hide = '\x1b[?25l';
const bracketedPaste = { on: '\x1b[?2004h', off: '\x1b[?2004l' };
/** Whatever was cut off in the middle is ended, and styles and character sets are the usual ones. */
const calm = '\x18\x1b[m\x0f';

export function createPainter(profile: TerminalProfile, size: Size): Painter {
  let written = '';
  const screen = openScreen(profile, size, (text) => {
    written += text;
  });
  const take = (): string => {
    screen.program.flush();
    const taken = written;
    written = '';
    return taken;
  };
  const reduced = colourTable(profile.colours);
  let cursor = '';
  let unknown = true;
  take();

  function blit(frame: Frame): void {
    const columns = Math.min(frame.columns, screen.program.cols);
    const rows = Math.min(frame.rows, screen.program.rows);
    for (let y = 0; y < rows; y += 1) {
      const line = screen.lines[y];
      if (line !== undefined && blitLine(frame, y, line, columns)) line.dirty = true;
    }
  }

  function blitLine(frame: Frame, y: number, line: BlessedLine, columns: number): boolean {
    const from = y * frame.columns;
    let changed = false;
    for (let x = 0; x < columns; x += 1) {
      const cell = line[x];
      if (cell === undefined) continue;
      const attr = reduce(frame.attrs[from + x] ?? 0);
      const character = shown(frame, from + x, x + 1 < columns);
      if (cell[0] === attr && cell[1] === character) continue;
      cell[0] = attr;
      cell[1] = character;
      changed = true;
    }
    return changed;
  }

  /** What blessed may be given: a character that it takes for as many cells as the frame has for it. */
  function shown(frame: Frame, at: number, hasNext: boolean): string {
    const character = frame.characters[at] ?? ' ';
    if (character.length === 1 && character >= ' ' && character <= '~') return character;
    if (character === '') return profile.unicode && isWideAt(frame, at - 1) ? secondHalf : ' ';
    const wide = hasNext && frame.characters[at + 1] === '';
    const width = blessedWidth(character);
    return width === (wide ? 2 : 1) ? character : profile.unicode ? placeholder : '?';
  }

  const isWideAt = (frame: Frame, at: number): boolean => blessedWidth(frame.characters[at] ?? ' ') === 2;

  function reduce(attr: number): number {
    if (profile.colours === 256) return attr;
    const fg = reduced[(attr >> 9) & 0x1ff] ?? 0x1ff;
    const bg = reduced[attr & 0x1ff] ?? 0x1ff;
    return ((attr >> 18) << 18) | (fg << 9) | bg;
  }

  /** blessed forgets what is there and clears: what is drawn next is written where it is not blank. */
  function forget(): void {
    if (!unknown) return;
    unknown = false;
    cursor = '';
    written += calm;
    screen.alloc();
  }

  return {
    enter() {
      screen.enter();
      unknown = true;
      cursor = '';
      return take() + bracketedPaste.on + hide;
    },
    leave() {
      screen.leave();
      return calm + bracketedPaste.off + take() + show;
    },
    paint(frame) {
      forget();
      blit(frame);
      screen.draw(0, Math.min(frame.rows, screen.program.rows) - 1);
      const drawn = take();
      const wanted =
        frame.cursor === undefined ? hide : `\x1b[${frame.cursor.y + 1};${frame.cursor.x + 1}H${show}`;
      if (drawn === '' && wanted === cursor) return '';
      const before = cursor !== hide && drawn !== '' ? hide : '';
      cursor = wanted;
      return wanted === hide ? before + drawn + (before === '' ? hide : '') : before + drawn + wanted;
    },
    resize({ columns, rows }) {
      screen.program.cols = columns;
      screen.program.rows = rows;
      unknown = true;
    },
    invalidate() {
      unknown = true;
    },
    close() {
      screen.destroy();
      written = '';
    },
  };
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

/** Palette number → the one that is drawn; 0x1ff stays the terminal's own. */
function colourTable(colours: TerminalProfile['colours']): Uint16Array {
  const table = new Uint16Array(512).fill(0x1ff);
  if (colours === 0) return table;
  for (let colour = 0; colour < 256; colour += 1)
    table[colour] = colours === 256 ? colour : nearestColour(colour, colours);
  return table;
}
