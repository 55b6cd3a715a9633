/**
 * The colours behind palette numbers, as xterm has them: for reducing them on poorer terminals, and for the checks that
 * the themes can be read and told apart.
 */

export type Rgb = readonly [red: number, green: number, blue: number];

/** The first sixteen are the operator's to change; these are xterm's. */
const named: readonly Rgb[] = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
];

/** 16 to 231 are a cube of six levels, 232 to 255 greys. */
const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);

/** @param colour a palette number, 0 to 255 */
export function rgbOf(colour: number): Rgb {
  const first = named[colour];
  if (first !== undefined) return first;
  if (colour >= 232) {
    const grey = 8 + (colour - 232) * 10;
    return [grey, grey, grey];
  }
  const cube = colour - 16;
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)];
}

/**
 * The palette number among the first `colours` that means most what this one means: a colour of the same hue, however
 * pale this one is, and a grey for a grey.
 */
export function nearestColour(colour: number, colours: 8 | 16): number {
  if (colour < colours) return colour;
  if (colour < 16) return colour - 8;
  const wanted = rgbOf(colour);
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let candidate = 0; candidate < colours; candidate += 1) {
    const offered = rgbOf(candidate);
    if (hueOf(wanted) === undefined ? hueOf(offered) !== undefined : hueOf(offered) === undefined) continue;
    const distance = distanceOf(wanted, offered) + hueWeight * hueDistance(wanted, offered);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

/** Thirty degrees of hue count as much as black and white are apart. */
const hueWeight = 25;

/** Degrees, 0 to 180; 0 when one of them is a grey. */
function hueDistance(a: Rgb, b: Rgb): number {
  const difference = Math.abs((hueOf(a) ?? 0) - (hueOf(b) ?? 0));
  return hueOf(a) === undefined ? 0 : Math.min(difference, 360 - difference);
}

/** Degrees; undefined for what is rather a grey. */
function hueOf(rgb: Rgb): number | undefined {
  const [r, g, b] = rgb;
  const most = Math.max(...rgb);
  const range = most - Math.min(...rgb);
  if (range <= most / 3) return undefined;
  const sector = most === r ? (g - b) / range : most === g ? 2 + (b - r) / range : 4 + (r - g) / range;
  return (sector * 60 + 360) % 360;
}

/** How different two colours look, weighted as the eye does ("redmean"): 0 to about 765. */
export function distanceOf([r1, g1, b1]: Rgb, [r2, g2, b2]: Rgb): number {
  const mean = (r1 + r2) / 2;
  const [r, g, b] = [r1 - r2, g1 - g2, b1 - b2];
  return Math.sqrt((2 + mean / 256) * r * r + 4 * g * g + (2 + (255 - mean) / 256) * b * b);
}

/** WCAG 2: from 1 (alike) to 21 (black on white). */
export function contrastOf(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminanceOf(a), luminanceOf(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminanceOf(colour: Rgb): number {
  const [r, g, b] = colour.map(linear) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** sRGB 0 to 255 → linear 0 to 1. */
export function linear(value: number): number {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}
