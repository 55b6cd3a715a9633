/**
 * Text as cells of a terminal. Everything that reaches the screen passes through here, whoever wrote it: control
 * characters become visible, and what terminals and blessed draw at different widths (emoji, combining marks,
 * zero-width characters) is replaced, so that one service name cannot shift a row (operator-ux.md 5.3, 5.10).
 */
import stringWidth from 'string-width';

/** Stands for a character that cannot be drawn safely. */
const placeholder = '·';
const plainAscii = /^[\x20-\x7e]*$/;
/** Made when it is wanted first: that takes 10 ms. */
let segmenter: Intl.Segmenter | undefined;

/** What is longer is cut before anything else is done with it: nobody reads more in a cell grid. */
const textMaxLength = 16_384;

/** One character and the cells it takes, 1 or 2. */
export interface Glyph {
  readonly character: string;
  readonly width: 1 | 2;
}

/** True for text of printable ASCII only: each character is one cell and itself. */
export const isPlain = (text: string): boolean => plainAscii.test(text);

/** The glyphs that are drawn for a text. Tabs and line ends become a space, other controls `^X` as caret notation. */
export function glyphsOf(text: string): readonly Glyph[] {
  const glyphs: Glyph[] = [];
  const length = Math.min(text.length, textMaxLength);
  let at = 0;
  while (at < length) {
    const end = complexEnd(text, at, length);
    if (end === at) {
      glyphs.push(simpleGlyph(text.charCodeAt(at)));
      at += 1;
      continue;
    }
    for (const { segment } of graphemesOf(text.slice(at, end)))
      for (const glyph of glyphsOfSegment(segment.normalize('NFC'))) glyphs.push(glyph);
    at = end;
  }
  return glyphs;
}

function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/**
 * Where the characters end that must be looked at together: `at` itself when the one there stands for itself. Finding
 * graphemes is a hundred times slower than looking them up, so it is done only around what may join its neighbours.
 */
function complexEnd(text: string, at: number, length: number): number {
  if (isSimple(text, at) && (at + 1 >= length || isSimple(text, at + 1))) return at;
  let end = at + 1;
  while (end < length && !(isSimple(text, end - 1) && isSimple(text, end))) end += 1;
  return end;
}

const isSimple = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return (code >= 0x20 && code < 0x7f) || kindOf(code) !== complex;
};

const complex = 1;
const narrowKind = 2;
const wideKind = 3;
const hidden = 4;
/** What is known of each code unit: 0 is not looked at yet. */
const kinds = new Uint8Array(0x10000);

function kindOf(code: number): number {
  const known = kinds[code] ?? 0;
  if (known !== 0) return known;
  const kind = findKind(code);
  kinds[code] = kind;
  return kind;
}

/** Jamo make syllables together, and the Malayalam dot reph joins what follows. */
const joins = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x11ff) ||
  (code >= 0xa960 && code <= 0xa97f) ||
  (code >= 0xd7b0 && code <= 0xd7ff) ||
  code === 0x0d4e;

function findKind(code: number): number {
  const character = String.fromCharCode(code);
  if (!standsAlone.test(character) || joins(code) || character.normalize('NFC') !== character) return complex;
  const glyph = glyphsOfSegment(character)[0] ?? narrow(placeholder);
  if (glyph.width === 2) return wideKind;
  return glyph.character === placeholder && character !== placeholder ? hidden : narrowKind;
}

const glyphCache = new Map<number, Glyph>();

/** The glyph of a code unit that stands alone. */
function simpleGlyph(code: number): Glyph {
  const cached = glyphCache.get(code);
  if (cached !== undefined) return cached;
  const character = String.fromCharCode(code);
  const kind = code >= 0x20 && code < 0x7f ? narrowKind : kindOf(code);
  const glyph: Glyph =
    kind === wideKind ? { character, width: 2 } : narrow(kind === hidden ? placeholder : character);
  glyphCache.set(code, glyph);
  return glyph;
}

function glyphsOfSegment(segment: string): readonly Glyph[] {
  const code = segment.codePointAt(0) ?? 0;
  if (segment === '\t' || segment === '\n' || segment === '\r' || segment === '\r\n') return [narrow(' ')];
  if (code < 0x20) return [narrow('^'), narrow(String.fromCharCode(code + 0x40))];
  if (code === 0x7f) return [narrow('^'), narrow('?')];
  if (code >= 0x80 && code < 0xa0) return [narrow(placeholder)];
  if (segment.length > 1 || code > 0xffff) return [narrow(placeholder)];
  const width = stringWidth(segment);
  if (width !== 0 && isDisputed(segment, code)) return [narrow(placeholder)];
  if (width === 1) return [narrow(segment)];
  // Emoji of the basic plane are two cells in terminals and one in blessed.
  if (width === 2 && isEastAsian(code)) return [{ character: segment, width: 2 }];
  // What has no width is shown too: names that differ must not look alike.
  return [narrow(placeholder)];
}

/** Letters, numbers, signs and spaces that join nothing before or after them, unless that is of another kind. */
const standsAlone = /^[\p{L}\p{N}\p{P}\p{S}\p{Zs}]$/u;

/** Characters that terminals and blessed draw at different widths, each in its own way. */
const disputed: readonly (readonly [from: number, to: number])[] = [
  [0x06de, 0x06de],
  [0x0d4e, 0x0d4e],
  [0x1160, 0x11ff],
  [0x2ffc, 0x2fff],
  [0x312e, 0x312f],
  [0x31bb, 0x31bf],
  [0x31e4, 0x31e5],
  [0x31ef, 0x31ef],
  [0x32ff, 0x32ff],
  [0x4dc0, 0x4dff],
  [0xd7b0, 0xd7ff],
];
const isDisputed = (character: string, code: number): boolean =>
  !standsAlone.test(character) || disputed.some(([from, to]) => code >= from && code <= to);

/** Wide in terminals and in blessed alike: Hangul, kana, ideographs, full-width forms. */
function isEastAsian(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6)
  );
}

const narrow = (character: string): Glyph => ({ character, width: 1 });

/** Cells that a text takes as it is drawn. */
export function widthOf(text: string): number {
  if (isPlain(text)) return text.length;
  return glyphsOf(text).reduce((sum, { width }) => sum + width, 0);
}

/** The text cut to so many cells; what is cut ends in `more` ('…', or '~' where there is no UTF-8). */
export function clip(text: string, columns: number, more = '…'): string {
  if (columns <= 0) return '';
  if (text.length <= columns && isPlain(text)) return text;
  const glyphs = glyphsOf(text);
  if (glyphs.reduce((sum, { width }) => sum + width, 0) <= columns) return drawn(glyphs);
  const kept: Glyph[] = [];
  let used = 0;
  for (const glyph of glyphs) {
    if (used + glyph.width > columns - 1) break;
    kept.push(glyph);
    used += glyph.width;
  }
  return drawn(kept) + more;
}

const drawn = (glyphs: readonly Glyph[]): string => glyphs.map(({ character }) => character).join('');

/** Exactly so many cells: clipped, or filled with spaces on the right (`end`: on the left). */
export function fit(text: string, columns: number, align: 'start' | 'end' = 'start', more = '…'): string {
  const clipped = clip(text, columns, more);
  const space = ' '.repeat(Math.max(0, columns - widthOf(clipped)));
  return align === 'start' ? clipped + space : space + clipped;
}

/** Lines of at most so many cells, broken at spaces where there are any. */
export function wrap(text: string, columns: number): readonly string[] {
  if (columns <= 0) return [];
  return text.split('\n').flatMap((line) => wrapLine(line, columns));
}

function wrapLine(line: string, columns: number): string[] {
  const lines: string[] = [];
  let current: Glyph[] = [];
  let used = 0;
  for (const glyph of glyphsOf(line)) {
    if (used + glyph.width > columns) {
      const space = current.findLastIndex(({ character }) => character === ' ');
      const rest = space > 0 && glyph.character !== ' ' ? current.splice(space).slice(1) : [];
      lines.push(drawn(current).trimEnd());
      current = rest;
      used = rest.reduce((sum, { width }) => sum + width, 0);
    }
    if (current.length === 0 && glyph.character === ' ' && lines.length > 0) continue;
    current.push(glyph);
    used += glyph.width;
  }
  lines.push(drawn(current).trimEnd());
  return lines;
}
