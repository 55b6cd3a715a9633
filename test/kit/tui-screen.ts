/**
 * What a person would see of frames: drawn by the real painter, and its bytes read by a terminal emulator, characters
 * and styles alike. For golden screens in colour, mono and ASCII.
 */
import { Unicode11Addon } from '@xterm/addon-unicode11';
import xterm from '@xterm/headless';
import { createPainter, type Painter } from '../../src/tui/blessed/painter.ts';
import { type Environment, profileOf } from '../../src/tui/blessed/profile.ts';
import type { Frame } from '../../src/tui/core/frame.ts';
import type { Size } from '../../src/tui/core/key.ts';

export interface SeenScreen {
  /** The lines without what is blank at their ends. */
  readonly text: string;
  /**
   * The style of each cell as a letter, line by line as `text` is; `legend` says what the letters are. A cell in the
   * terminal's own style is a space.
   */
  readonly styles: string;
  /** `a: fg=215 bold`, one a line. */
  readonly legend: string;
  /** Where the cursor is seen; undefined when it is hidden. */
  readonly cursor: { readonly x: number; readonly y: number } | undefined;
}

/** Colour with UTF-8. */
export const colourEnv: Environment = { TERM: 'xterm-256color', LANG: 'C.UTF-8' };
export const monoEnv: Environment = { ...colourEnv, NO_COLOR: '1' };
export const asciiEnv: Environment = { TERM: 'vt100', LANG: 'C' };

export interface ScreenReader {
  /** Draws the next frame over what is there. */
  draw(frame: Frame): Promise<SeenScreen>;
  resize(size: Size): void;
  readonly painter: Painter;
  /** Bytes that the last frame took. */
  readonly bytes: number;
  close(): void;
}

export function openScreenReader(size: Size, env: Environment = colourEnv): ScreenReader {
  const emulator = new xterm.Terminal({
    cols: size.columns,
    rows: size.rows,
    scrollback: 0,
    allowProposedApi: true,
  });
  emulator.loadAddon(new Unicode11Addon());
  emulator.unicode.activeVersion = '11';
  const painter = createPainter(profileOf(env), size);
  let hidden = false;
  emulator.parser.registerCsiHandler({ prefix: '?', final: 'h' }, ([mode]) => {
    if (mode === 25) hidden = false;
    return false;
  });
  emulator.parser.registerCsiHandler({ prefix: '?', final: 'l' }, ([mode]) => {
    if (mode === 25) hidden = true;
    return false;
  });
  emulator.write(painter.enter());
  let bytes = 0;
  return {
    async draw(frame) {
      const painted = painter.paint(frame);
      bytes = Buffer.byteLength(painted);
      await new Promise<void>((resolve) => emulator.write(painted, resolve));
      return seen(emulator, hidden);
    },
    resize(next) {
      emulator.resize(next.columns, next.rows);
      painter.resize(next);
    },
    painter,
    get bytes() {
      return bytes;
    },
    close() {
      painter.close();
      emulator.dispose();
    },
  };
}

export interface RenderOptions extends Partial<Size> {
  readonly env?: Environment;
}

/** One frame on an empty screen of its size, unless another is given. */
export async function renderThroughTerminal(frame: Frame, options: RenderOptions = {}): Promise<SeenScreen> {
  const { columns = frame.columns, rows = frame.rows, env } = options;
  const reader = openScreenReader({ columns, rows }, env);
  try {
    return await reader.draw(frame);
  } finally {
    reader.close();
  }
}

function seen(emulator: xterm.Terminal, hidden: boolean): SeenScreen {
  const { active } = emulator.buffer;
  const letters = new Map<string, string>([['', ' ']]);
  const text: string[] = [];
  const styles: string[] = [];
  for (let y = 0; y < emulator.rows; y += 1) {
    const line = active.getLine(y);
    let characters = '';
    let style = '';
    for (let x = 0; x < emulator.cols; x += 1) {
      const cell = line?.getCell(x);
      if (cell === undefined) continue;
      // The second cell of a wide character has none of its own.
      characters += cell.getWidth() === 0 ? '' : cell.getChars() || ' ';
      const name = styleOf(cell);
      if (!letters.has(name)) letters.set(name, letterOf(letters.size - 1));
      style += letters.get(name) ?? ' ';
    }
    text.push(characters.trimEnd());
    styles.push(style.trimEnd());
  }
  const legend = [...letters].filter(([name]) => name !== '').map(([name, letter]) => `${letter}: ${name}`);
  return {
    text: text.join('\n'),
    styles: styles.join('\n'),
    legend: legend.join('\n'),
    cursor: hidden ? undefined : { x: active.cursorX, y: active.cursorY },
  };
}

const letterOf = (index: number): string =>
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'.charAt(index) || '?';

type Cell = NonNullable<
  ReturnType<NonNullable<ReturnType<xterm.Terminal['buffer']['active']['getLine']>>['getCell']>
>;

/** `fg=215 bg=24 bold`; '' for the terminal's own. */
function styleOf(cell: Cell): string {
  const parts: string[] = [];
  if (!cell.isFgDefault()) parts.push(`fg=${cell.getFgColor()}`);
  if (!cell.isBgDefault()) parts.push(`bg=${cell.getBgColor()}`);
  if (cell.isBold()) parts.push('bold');
  if (cell.isUnderline()) parts.push('underline');
  if (cell.isInverse()) parts.push('inverse');
  return parts.join(' ');
}
