/**
 * Colours of a program in a pane as colours that the operator's terminal has: palette numbers as they are, true colour
 * as the nearest of the palette, and that of the first 16 or 8 where there are no more. Used by terminal/emulator.ts
 * and by the logs page for coloured lines.
 */
import { distanceOf, nearestColour, type Rgb, rgbOf } from './colour.ts';

export type ColourDepth = 0 | 8 | 16 | 256;
/** The value in an Attr for the terminal's own colour. */
export const ownColour = 0x1ff;

/** @param index 0 to 255 */
export function paletteColour(index: number, depth: ColourDepth): number {
  if (depth === 0) return ownColour;
  return depth === 256 ? index : nearestColour(index, depth);
}

/** Colours seen before: pictures made of text have thousands of cells in a few colours. */
const known = new Map<number, number>();
const knownMax = 4_096;

/** @param rgb 0xRRGGBB */
export function trueColour(rgb: number, depth: ColourDepth): number {
  if (depth === 0) return ownColour;
  let index = known.get(rgb);
  if (index === undefined) {
    index = nearestOfCube([(rgb >> 16) & 0xff, (rgb >> 8) & 0xff, rgb & 0xff]);
    if (known.size >= knownMax) known.clear();
    known.set(rgb, index);
  }
  return paletteColour(index, depth);
}

/** Not one of the first sixteen: operators change those. */
function nearestOfCube(wanted: Rgb): number {
  let best = 16;
  let least = Number.POSITIVE_INFINITY;
  for (let index = 16; index < 256; index += 1) {
    const distance = distanceOf(rgbOf(index), wanted);
    if (distance >= least) continue;
    least = distance;
    best = index;
  }
  return best;
}
