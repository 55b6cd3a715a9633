/**
 * A screen as a grid of cells, and the canvas that pages draw on. Drawing clips to its rectangle and lets nothing
 * through that is not a glyph. A frame is compared with what is on the screen by src/tui/blessed.
 */
import { glyphsOf, isPlain } from './text.ts';

/** Palette numbers 0-255; absent is the terminal's own. */
export interface Style {
  readonly fg?: number | undefined;
  readonly bg?: number | undefined;
  readonly bold?: boolean | undefined;
  readonly underline?: boolean | undefined;
  readonly inverse?: boolean | undefined;
}

/** A style packed as blessed packs it: flags << 18 | fg << 9 | bg, 0x1ff for the terminal's own colour. */
export type Attr = number;

const defaultColour = 0x1ff;
const flags = { bold: 1, underline: 2, blink: 4, inverse: 8, invisible: 16 } as const;

export function attrOf(style: Style): Attr {
  let bits = 0;
  if (style.bold) bits |= flags.bold;
  if (style.underline) bits |= flags.underline;
  if (style.inverse) bits |= flags.inverse;
  return (bits << 18) | ((style.fg ?? defaultColour) << 9) | (style.bg ?? defaultColour);
}

export const plainAttr: Attr = attrOf({});

export const inverted = (attr: Attr): Attr => attr ^ (flags.inverse << 18);

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
}

export interface Frame {
  readonly columns: number;
  readonly rows: number;
  /** One a cell, row by row; '' in the second cell of a wide character. */
  readonly characters: string[];
  readonly attrs: Int32Array;
  /** Where the terminal's cursor is to be seen; absent hides it. */
  cursor?: { readonly x: number; readonly y: number };
}

export function createFrame(columns: number, rows: number): Frame {
  return {
    columns,
    rows,
    characters: Array.from<string>({ length: columns * rows }).fill(' '),
    attrs: new Int32Array(columns * rows).fill(plainAttr),
  };
}

/** A rectangle of a frame to draw on; its own top left is 0,0. */
export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  /** Writes from there to the right until the edge; returns the column after the last cell written. */
  text(x: number, y: number, text: string, attr: Attr): number;
  fill(rect: Rect, character: string, attr: Attr): void;
  /** One cell as it is: for emulators, whose cells are characters already. Width 2 takes the next cell too. */
  cell(x: number, y: number, character: string, width: 1 | 2, attr: Attr): void;
  /** Changes the style of cells that are drawn already, keeping their characters. */
  restyle(rect: Rect, change: (attr: Attr) => Attr): void;
  /** A part of it; what lies outside of this canvas is cut off. */
  within(rect: Rect): Canvas;
  /** Shows the terminal's cursor there. */
  cursor(x: number, y: number): void;
}

export function canvasOf(frame: Frame): Canvas {
  return clippedCanvas(frame, { x: 0, y: 0, columns: frame.columns, rows: frame.rows });
}

function clippedCanvas(frame: Frame, area: Rect): Canvas {
  const { columns, rows } = area;
  const inside = (x: number, y: number): boolean => x >= 0 && x < columns && y >= 0 && y < rows;
  const put = (x: number, y: number, character: string, width: 1 | 2, attr: Attr): void => {
    if (!inside(x, y)) {
      // The half of a wide character that is inside is blank.
      if (width === 2 && inside(x + 1, y)) put(x + 1, y, ' ', 1, attr);
      return;
    }
    const at = (area.y + y) * frame.columns + area.x + x;
    const whole = width === 1 || x + 1 < columns;
    severWide(frame, at, area.x + x);
    frame.characters[at] = whole ? character : ' ';
    frame.attrs[at] = attr;
    if (width === 1 || !whole) return;
    severWide(frame, at + 1, area.x + x + 1);
    frame.characters[at + 1] = '';
    frame.attrs[at + 1] = attr;
  };
  return {
    columns,
    rows,
    text(x, y, text, attr) {
      let column = x;
      if (isPlain(text)) {
        for (let i = 0; i < text.length && column < columns; i += 1, column += 1)
          put(column, y, text.charAt(i), 1, attr);
        return column;
      }
      for (const glyph of glyphsOf(text)) {
        if (column >= columns) break;
        put(column, y, glyph.character, glyph.width, attr);
        column += glyph.width;
      }
      return Math.min(column, columns);
    },
    fill(rect, character, attr) {
      for (let y = Math.max(0, rect.y); y < Math.min(rows, rect.y + rect.rows); y += 1)
        for (let x = Math.max(0, rect.x); x < Math.min(columns, rect.x + rect.columns); x += 1)
          put(x, y, character, 1, attr);
    },
    cell: put,
    restyle(rect, change) {
      for (let y = Math.max(0, rect.y); y < Math.min(rows, rect.y + rect.rows); y += 1)
        for (let x = Math.max(0, rect.x); x < Math.min(columns, rect.x + rect.columns); x += 1) {
          const at = (area.y + y) * frame.columns + area.x + x;
          frame.attrs[at] = change(frame.attrs[at] ?? plainAttr);
        }
    },
    within(rect) {
      const x = Math.min(Math.max(0, rect.x), columns);
      const y = Math.min(Math.max(0, rect.y), rows);
      return clippedCanvas(frame, {
        x: area.x + x,
        y: area.y + y,
        columns: Math.max(0, Math.min(rect.columns, columns - x)),
        rows: Math.max(0, Math.min(rect.rows, rows - y)),
      });
    },
    cursor(x, y) {
      if (inside(x, y)) frame.cursor = { x: area.x + x, y: area.y + y };
    },
  };
}

/** Half of a wide character must not stay behind when the other half is overwritten. */
function severWide(frame: Frame, at: number, x: number): void {
  if (frame.characters[at] === '' && x > 0) frame.characters[at - 1] = ' ';
  else if (x + 1 < frame.columns && frame.characters[at + 1] === '') frame.characters[at + 1] = ' ';
}

/** The characters of each row, without what is blank at its end: for tests and `--plain`. */
export function frameText(frame: Frame): string {
  const lines: string[] = [];
  for (let y = 0; y < frame.rows; y += 1)
    lines.push(
      frame.characters
        .slice(y * frame.columns, (y + 1) * frame.columns)
        .join('')
        .trimEnd(),
    );
  return lines.join('\n');
}
