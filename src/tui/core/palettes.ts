/**
 * The themes that come with Skep, as palette numbers: blessed matches hexadecimal colours badly (operator-ux.md 5.3).
 * Each exists for 256 colours and for the 16 that the operator's terminal may show as it likes; `mono` needs none. The
 * palettes for 16 keep to the first eight, so that they hold for 8 as well. palettes.test.ts checks that text can be
 * read and that severities can be told apart, by colour-blind eyes too.
 */
import type { Palette } from './theme.ts';

export const themeNames = ['dark', 'light', 'high-contrast', 'deuteranopia', 'tritanopia', 'mono'] as const;
export type ThemeName = (typeof themeNames)[number];

/** The theme for these colours: without any it is `mono`, whatever was asked for. A name that is unknown is `dark`. */
export function paletteOf(name: string, colours: 0 | 8 | 16 | 256): Palette {
  const theme = themeNames.find((each) => each === name) ?? 'dark';
  if (colours === 0 || theme === 'mono') return mono;
  return (colours === 256 ? rich : poor)[theme];
}

/** What a theme differs in from another of its kind. */
interface Accents {
  readonly ok: number;
  readonly warn: number;
  readonly bad: number;
  readonly idle: number;
  /** Titles, focus, keys and badges. */
  readonly title: number;
  readonly accent: number;
  readonly marked: number;
  readonly changed: number;
}

interface Grounds {
  /** Text on a coloured ground, and its opposite. */
  readonly light: number;
  readonly dark: number;
  readonly dim: number;
  readonly border: number;
  readonly hint: number;
  readonly cursor: number;
  readonly cursorText: number;
  readonly field: number;
  readonly fieldText: number;
  readonly match: number;
  readonly alarm: number;
  /** Text on the accent. */
  readonly onAccent: number;
}

const onDark: Grounds = {
  light: 231,
  dark: 16,
  dim: 245,
  border: 244,
  hint: 250,
  cursor: 24,
  cursorText: 231,
  field: 236,
  fieldText: 231,
  match: 220,
  alarm: 124,
  onAccent: 16,
};

const onLight: Grounds = {
  light: 231,
  dark: 16,
  dim: 240,
  border: 242,
  hint: 238,
  cursor: 25,
  cursorText: 231,
  field: 254,
  fieldText: 16,
  match: 220,
  alarm: 124,
  onAccent: 231,
};

function richPalette(accents: Accents, grounds: Grounds): Palette {
  const { ok, warn, bad, idle, title, accent, marked, changed } = accents;
  const { light, dark, dim, border, hint, cursor, cursorText, field, fieldText, match, alarm, onAccent } =
    grounds;
  return {
    text: {},
    dim: { fg: dim },
    strong: { bold: true },
    title: { fg: title, bold: true },
    border: { fg: border },
    borderFocused: { fg: accent, bold: true },
    header: { fg: hint, bold: true, underline: true },
    cursorRow: { bg: cursor, fg: cursorText, bold: true },
    marked: { fg: marked, bold: true },
    ok: { fg: ok },
    warn: { fg: warn },
    bad: { fg: bad, bold: true },
    idle: { fg: idle },
    changed: { fg: changed, bold: true },
    key: { fg: accent, bold: true },
    hint: { fg: hint },
    input: { fg: fieldText, bg: field },
    match: { fg: dark, bg: match },
    flashInfo: { fg: ok },
    flashWarn: { fg: warn, bold: true },
    flashError: { fg: light, bg: alarm, bold: true },
    danger: { fg: bad, bold: true },
    button: { fg: fieldText, bg: field },
    buttonFocused: { fg: onAccent, bg: accent, bold: true },
    badge: { fg: onAccent, bg: accent, bold: true },
    badgeDanger: { fg: light, bg: alarm, bold: true },
    chart1: { fg: accent },
    chart2: { fg: ok },
    chart3: { fg: warn },
    chart4: { fg: marked },
  };
}

/** For 16 and 8 colours: grounds are 0 to 7, and what is dim is the terminal's own text. */
function poorPalette(accents: Accents, onAccent: number, plain: number): Palette {
  const { ok, warn, bad, title, accent, marked, changed } = accents;
  return {
    text: {},
    dim: {},
    strong: { bold: true },
    title: { fg: title, bold: true },
    border: {},
    borderFocused: { fg: accent, bold: true },
    header: { bold: true, underline: true },
    cursorRow: { inverse: true, bold: true },
    marked: { fg: marked, bold: true, underline: true },
    ok: { fg: ok },
    warn: { fg: warn, bold: true },
    bad: { fg: bad, bold: true, underline: true },
    idle: {},
    changed: { fg: changed, bold: true },
    key: { fg: accent, bold: true },
    hint: {},
    input: { underline: true },
    match: { inverse: true },
    flashInfo: { fg: ok },
    flashWarn: { fg: warn, bold: true },
    flashError: { fg: 7, bg: 1, bold: true },
    danger: { fg: bad, bold: true, underline: true },
    button: { fg: plain, bg: onAccent },
    buttonFocused: { fg: onAccent, bg: accent, bold: true },
    badge: { fg: onAccent, bg: accent, bold: true },
    badgeDanger: { fg: 7, bg: 1, bold: true },
    chart1: { fg: accent },
    chart2: { fg: ok },
    chart3: { fg: warn },
    chart4: { fg: marked },
  };
}

const darkAccents: Accents = {
  ok: 114,
  warn: 221,
  bad: 203,
  idle: 245,
  title: 215,
  accent: 75,
  marked: 213,
  changed: 123,
};
const lightAccents: Accents = {
  ok: 28,
  warn: 94,
  bad: 124,
  idle: 240,
  title: 130,
  accent: 25,
  marked: 90,
  changed: 24,
};
const highContrastAccents: Accents = {
  ok: 46,
  warn: 226,
  bad: 210,
  idle: 252,
  title: 231,
  accent: 51,
  marked: 219,
  changed: 159,
};
/** Red and green look alike: blue is well and orange is bad, as Okabe and Ito chose them. */
const deuteranopiaAccents: Accents = {
  ok: 75,
  warn: 228,
  bad: 208,
  idle: 245,
  title: 231,
  accent: 117,
  marked: 219,
  changed: 195,
};
/** Blue and green look alike, and yellow and white: cyan is well, red is bad. */
const tritanopiaAccents: Accents = {
  ok: 44,
  warn: 224,
  bad: 203,
  idle: 245,
  title: 231,
  accent: 80,
  marked: 211,
  changed: 159,
};

const highContrastGrounds: Grounds = {
  ...onDark,
  dim: 252,
  border: 252,
  hint: 231,
  cursor: 231,
  cursorText: 16,
  field: 17,
  match: 226,
  alarm: 88,
};

type Coloured = Exclude<ThemeName, 'mono'>;

const rich: Readonly<Record<Coloured, Palette>> = {
  dark: richPalette(darkAccents, onDark),
  light: richPalette(lightAccents, onLight),
  'high-contrast': richPalette(highContrastAccents, highContrastGrounds),
  deuteranopia: richPalette(deuteranopiaAccents, onDark),
  tritanopia: richPalette(tritanopiaAccents, onDark),
};

const poor: Readonly<Record<Coloured, Palette>> = {
  dark: poorPalette({ ok: 2, warn: 3, bad: 1, idle: 7, title: 3, accent: 6, marked: 5, changed: 6 }, 0, 7),
  light: poorPalette({ ok: 2, warn: 5, bad: 1, idle: 0, title: 4, accent: 4, marked: 5, changed: 4 }, 7, 0),
  'high-contrast': poorPalette(
    { ok: 2, warn: 3, bad: 7, idle: 7, title: 7, accent: 6, marked: 5, changed: 6 },
    0,
    7,
  ),
  deuteranopia: poorPalette(
    { ok: 6, warn: 7, bad: 3, idle: 7, title: 7, accent: 6, marked: 5, changed: 6 },
    0,
    7,
  ),
  tritanopia: poorPalette(
    { ok: 6, warn: 7, bad: 1, idle: 7, title: 7, accent: 6, marked: 5, changed: 6 },
    0,
    7,
  ),
};

const mono: Palette = {
  text: {},
  dim: {},
  strong: { bold: true },
  title: { bold: true },
  border: {},
  borderFocused: { bold: true },
  header: { bold: true, underline: true },
  cursorRow: { inverse: true },
  marked: { bold: true, underline: true },
  ok: {},
  warn: { underline: true },
  bad: { bold: true },
  idle: {},
  changed: { bold: true },
  key: { bold: true },
  hint: {},
  input: { underline: true },
  match: { inverse: true },
  flashInfo: {},
  flashWarn: { underline: true },
  flashError: { inverse: true, bold: true },
  danger: { bold: true },
  button: { underline: true },
  buttonFocused: { inverse: true, bold: true },
  badge: { inverse: true },
  badgeDanger: { inverse: true, bold: true },
  chart1: {},
  chart2: {},
  chart3: {},
  chart4: {},
};

/** Each theme as it is in 256 colours. */
export const palettes: Readonly<Record<ThemeName, Palette>> = { ...rich, mono };
