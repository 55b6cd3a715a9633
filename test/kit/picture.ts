/**
 * A frame as a picture: an SVG that looks as the frame does in a terminal of 256 colours. For the pictures of docs/ and
 * README.md, which test/golden/tui-pictures.test.ts draws.
 */
import type { Frame } from '../../src/tui/core/frame.ts';

const cell = { width: 8.4, height: 17, baseline: 13 };
const margin = 8;
const ground = '#16181d';
const ink = '#d4d4d4';
const ownColour = 0x1ff;
const flags = { bold: 1, underline: 2, inverse: 8 } as const;

interface Run {
  readonly x: number;
  readonly columns: number;
  readonly text: string;
  readonly attr: number;
}

/** One picture of the whole frame; text in it is text. */
export function pictureOf(frame: Frame): string {
  const width = Math.ceil(frame.columns * cell.width + 2 * margin);
  const height = frame.rows * cell.height + 2 * margin;
  const body: string[] = [];
  for (let y = 0; y < frame.rows; y += 1)
    for (const run of runsOf(frame, y)) body.push(...[drawn(run, y)].filter((text) => text !== ''));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<rect width="100%" height="100%" rx="6" fill="${ground}"/>`,
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="${ink}">`,
    ...body,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** Neighbours that look alike, together. A wide character stands by itself: fonts differ in how wide theirs are. */
function runsOf({ columns, characters, attrs }: Frame, y: number): readonly Run[] {
  const runs: Run[] = [];
  for (let x = 0; x < columns; x += 1) {
    const at = y * columns + x;
    const [text, attr] = [characters[at] ?? ' ', attrs[at] ?? 0];
    const isWide = x + 1 < columns && characters[at + 1] === '';
    const last = runs.at(-1);
    if (text === '') continue;
    if (last !== undefined && last.attr === attr && !isWide && last.columns === Array.from(last.text).length)
      runs[runs.length - 1] = { ...last, columns: last.columns + 1, text: last.text + text };
    else runs.push({ x, columns: isWide ? 2 : 1, text, attr });
  }
  return runs;
}

function drawn({ x, columns, text, attr }: Run, y: number): string {
  const [flag, own, behind] = [attr >> 18, (attr >> 9) & 0x1ff, attr & 0x1ff];
  const isInverse = (flag & flags.inverse) !== 0;
  const fg = own === ownColour ? ink : colourOf(own);
  const bg = behind === ownColour ? undefined : colourOf(behind);
  const [textColour, boxColour] = isInverse ? [bg ?? ground, fg] : [fg, bg];
  const left = round(margin + x * cell.width);
  const top = margin + y * cell.height;
  const width = round(columns * cell.width);
  const box =
    boxColour === undefined
      ? ''
      : `<rect x="${left}" y="${top}" width="${width}" height="${cell.height}" fill="${boxColour}"/>`;
  if (text.trim() === '') return box;
  const looks = [
    textColour === ink ? '' : ` fill="${textColour}"`,
    (flag & flags.bold) === 0 ? '' : ' font-weight="bold"',
    (flag & flags.underline) === 0 ? '' : ' text-decoration="underline"',
  ].join('');
  return `${box}<text x="${left}" y="${top + cell.baseline}" textLength="${width}" lengthAdjust="spacingAndGlyphs"${looks}>${escaped(text)}</text>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(' ', '\u00a0');

const basic = ['0d0d0d', 'cd3131', '0dbc79', 'e5e510', '2472c8', 'bc3fbc', '11a8cd', 'e5e5e5'];
const bright = ['666666', 'f14c4c', '23d18b', 'f5f543', '3b8eea', 'd670d6', '29b8db', 'ffffff'];
const levels = [0, 95, 135, 175, 215, 255];

/** As xterm has it: 16 names, a cube of 6 by 6 by 6, then greys. */
function colourOf(index: number): string {
  const named = [...basic, ...bright][index];
  if (named !== undefined) return `#${named}`;
  if (index >= 232) return hex([8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10]);
  const at = index - 16;
  return hex([Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map((step) => levels[step] ?? 0));
}

const hex = (parts: readonly number[]): string =>
  `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
