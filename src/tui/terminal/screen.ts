/** Draws a part of an emulator's buffer as cells of a canvas, with what a search found marked. Used by emulator.ts. */
import type { IBuffer, IBufferCell, IBufferLine } from '@xterm/headless';
import { type Attr, attrOf, type Canvas } from '../core/frame.ts';
import { type ColourDepth, ownColour, paletteColour, trueColour } from '../core/panes-colours.ts';
import { glyphsOf } from '../core/text.ts';
import type { Theme } from '../core/theme.ts';
import type { PaneDrawing } from '../core/workspace.ts';
import { matchesIn } from './search.ts';

const flags = { bold: 1, underline: 2, blink: 4, inverse: 8, invisible: 16 } as const;
const plain = attrOf({});

export interface ScreenPart {
  readonly buffer: IBuffer;
  /** The line of the buffer that is drawn first. */
  readonly first: number;
  readonly rows: number;
}

export function drawScreen(
  canvas: Canvas,
  { buffer, first, rows }: ScreenPart,
  { theme, search }: PaneDrawing,
  depth: ColourDepth,
): void {
  const scratch = buffer.getNullCell();
  const pen = penOf(theme, depth);
  for (let y = 0; y < Math.min(rows, canvas.rows); y += 1) {
    const line = buffer.getLine(first + y);
    if (line === undefined) continue;
    drawLine(canvas, y, line, scratch, pen);
    if (search === '') continue;
    for (const { x, columns } of matchesIn(line, search))
      canvas.restyle({ x, y, columns, rows: 1 }, () => theme.attr('match'));
  }
}

interface Pen {
  attr(cell: IBufferCell): Attr;
  glyph(characters: string, width: number): string;
}

function drawLine(canvas: Canvas, y: number, line: IBufferLine, scratch: IBufferCell, pen: Pen): void {
  const columns = Math.min(line.length, canvas.columns);
  for (let x = 0; x < columns; x += 1) {
    const cell = line.getCell(x, scratch);
    if (cell === undefined) return;
    const attr = cell.isAttributeDefault() ? plain : pen.attr(cell);
    const code = cell.getCode();
    if (code === 0 || (code >= 0x20 && code < 0x7f && cell.getChars().length === 1)) {
      canvas.cell(x, y, code === 0 ? ' ' : String.fromCharCode(code), 1, attr);
      continue;
    }
    const width = cell.getWidth();
    const character = pen.glyph(cell.getChars(), width);
    if (width === 2 && glyphWidth(character) === 2) {
      canvas.cell(x, y, character, 2, attr);
      x += 1;
    } else {
      canvas.cell(x, y, character, 1, attr);
    }
  }
}

const glyphWidth = (character: string): number => glyphsOf(character)[0]?.width ?? 1;

/** Frames and blocks for terminals without UTF-8; anything else that is not ASCII is a question mark there. */
const ascii: Readonly<Record<string, string>> = Object.fromEntries([
  ...Array.from('─━═╌╍┄┅╴╶', (glyph) => [glyph, '-']),
  ...Array.from('│┃║╎╏┆┇╵╷', (glyph) => [glyph, '|']),
  ...Array.from('┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬╭╮╯╰', (glyph) => [glyph, '+']),
  ...Array.from('█▓▇▆▅', (glyph) => [glyph, '#']),
  ...Array.from('▒░▄▃▂▁', (glyph) => [glyph, ':']),
  ...Array.from('·•', (glyph) => [glyph, '.']),
]);

/** Characters are looked at once: a screen has few different ones. */
const knownMax = 4_096;
const knownMaxLength = 8;
const known = new Map<string, string>();

/** The character that is safe to draw in place of a cell's. */
function drawable(characters: string, width: number): string {
  if (characters.length > knownMaxLength) return '·';
  const key = width + characters;
  let glyph = known.get(key);
  if (glyph === undefined) {
    const [first, ...rest] = glyphsOf(characters);
    glyph = first !== undefined && rest.length === 0 && first.width === width ? first.character : '·';
    if (known.size >= knownMax) known.clear();
    known.set(key, glyph);
  }
  return glyph;
}

function penOf(theme: Theme, depth: ColourDepth): Pen {
  const dim = (theme.attr('dim') >> 9) & 0x1ff;
  const { unicode } = theme.glyphs;
  return {
    glyph(characters, width) {
      const glyph = drawable(characters, width);
      return unicode || glyph.charCodeAt(0) < 0x7f ? glyph : (ascii[glyph] ?? '?');
    },
    attr(cell) {
      let bits = 0;
      if (cell.isBold()) bits |= flags.bold;
      if (cell.isUnderline()) bits |= flags.underline;
      if (cell.isBlink()) bits |= flags.blink;
      if (cell.isInverse()) bits |= flags.inverse;
      if (cell.isInvisible()) bits |= flags.invisible;
      let fg = colourOf(cell.isFgRGB(), cell.isFgPalette(), cell.getFgColor(), depth);
      const bg = colourOf(cell.isBgRGB(), cell.isBgPalette(), cell.getBgColor(), depth);
      if (cell.isDim() && fg === ownColour) fg = dim;
      return (bits << 18) | (fg << 9) | bg;
    },
  };
}

function colourOf(isTrue: boolean, isPalette: boolean, colour: number, depth: ColourDepth): number {
  if (isTrue) return trueColour(colour, depth);
  return isPalette ? paletteColour(colour, depth) : ownColour;
}

/** What is written on a line, without what is blank at its end. */
export const plainLine = (line: IBufferLine): string => line.translateToString(true);
