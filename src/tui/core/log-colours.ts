/** Colours that a workload writes into its lines (SGR), as attributes of cells. Used by log-layout.ts. */
import { type Attr, attrOf, plainAttr } from './frame.ts';
import { type ColourDepth, ownColour, paletteColour, trueColour } from './panes-colours.ts';

const escape = '\u001b';
const sgr = new RegExp(`${escape}\\[([0-9;:]{0,64})m`, 'g');

export interface ColouredText {
  readonly text: string;
  readonly attr: Attr;
}

/** The text without colours: what is searched. Other control characters stay. */
export const plainText = (text: string): string => (text.includes(escape) ? text.replace(sgr, '') : text);

/** @param base the attribute of what the line does not colour */
export function coloured(text: string, base: Attr, depth: ColourDepth): readonly ColouredText[] {
  if (!text.includes(escape)) return [{ text, attr: base }];
  const parts: ColouredText[] = [];
  let pen = resetPen;
  let from = 0;
  for (const match of text.matchAll(sgr)) {
    if (match.index > from) parts.push({ text: text.slice(from, match.index), attr: attrFor(pen, base) });
    pen = afterSgr(pen, match[1] ?? '', depth);
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), attr: attrFor(pen, base) });
  return parts;
}

interface Pen {
  readonly fg: number;
  readonly bg: number;
  readonly bold: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
}

const resetPen: Pen = { fg: ownColour, bg: ownColour, bold: false, underline: false, inverse: false };

function attrFor(pen: Pen, base: Attr): Attr {
  const { fg, bg, ...styles } = pen;
  const attr = attrOf({
    ...styles,
    ...(fg === ownColour ? {} : { fg }),
    ...(bg === ownColour ? {} : { bg }),
  });
  return attr === plainAttr ? base : attr;
}

function afterSgr(pen: Pen, codes: string, depth: ColourDepth): Pen {
  const numbers = codes.split(/[;:]/).map(Number);
  let next = pen;
  for (let at = 0; at < numbers.length; at += 1) {
    const code = numbers[at] ?? 0;
    if (code === 38 || code === 48) {
      const isTrue = numbers[at + 1] === 2;
      const colour = isTrue
        ? trueAt(numbers, at + 2, depth)
        : paletteColour((numbers[at + 2] ?? 0) & 0xff, depth);
      next = { ...next, ...(code === 38 ? { fg: colour } : { bg: colour }) };
      at += isTrue ? 4 : 2;
    } else next = afterCode(next, code, depth);
  }
  return next;
}

const trueAt = (numbers: readonly number[], at: number, depth: ColourDepth): number =>
  trueColour(
    (((numbers[at] ?? 0) & 0xff) << 16) |
      (((numbers[at + 1] ?? 0) & 0xff) << 8) |
      ((numbers[at + 2] ?? 0) & 0xff),
    depth,
  );

function afterCode(pen: Pen, code: number, depth: ColourDepth): Pen {
  if (code === 0) return resetPen;
  if (code === 1) return { ...pen, bold: true };
  if (code === 22) return { ...pen, bold: false };
  if (code === 4 || code === 24) return { ...pen, underline: code === 4 };
  if (code === 7 || code === 27) return { ...pen, inverse: code === 7 };
  if (code === 39) return { ...pen, fg: ownColour };
  if (code === 49) return { ...pen, bg: ownColour };
  if (code >= 30 && code <= 37) return { ...pen, fg: paletteColour(code - 30, depth) };
  if (code >= 40 && code <= 47) return { ...pen, bg: paletteColour(code - 40, depth) };
  if (code >= 90 && code <= 97) return { ...pen, fg: paletteColour(code - 82, depth) };
  if (code >= 100 && code <= 107) return { ...pen, bg: paletteColour(code - 92, depth) };
  return pen;
}
