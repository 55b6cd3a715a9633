import { describe, expect, test } from 'vitest';
import { contrastOf, distanceOf, linear, nearestColour, type Rgb, rgbOf } from './colour.ts';
import type { Style } from './frame.ts';
import { paletteOf, type ThemeName, themeNames } from './palettes.ts';
import { asciiGlyphs, type Role, roles, unicodeGlyphs } from './theme.ts';

const coloured = themeNames.filter((name) => name !== 'mono');
const severities = ['ok', 'warn', 'bad', 'idle'] as const;
const severityPairs = severities.flatMap((a, at) => severities.slice(at + 1).map((b) => [a, b] as const));
/** Roles that are read as text; a border is not. */
const textRoles = roles.filter((role) => role !== 'border');

/** What the terminal's own colours are taken to be. */
const black: Rgb = [0, 0, 0];
/** As dark themes really are: Solarized's and the like are lighter than black. */
const darkGrey: Rgb = [30, 30, 30];
const white: Rgb = [255, 255, 255];
const ownOf = (name: ThemeName): { ground: Rgb; text: Rgb } =>
  name === 'light' ? { ground: white, text: black } : { ground: darkGrey, text: [229, 229, 229] };

function seen(style: Style, name: ThemeName): { text: Rgb; ground: Rgb } {
  const own = ownOf(name);
  const text = style.fg === undefined ? own.text : rgbOf(style.fg);
  const ground = style.bg === undefined ? own.ground : rgbOf(style.bg);
  return style.inverse ? { text: ground, ground: text } : { text, ground };
}

/** Machado, Oliveira and Fernandes 2009, severity 1: on linear RGB. */
const matrices: Readonly<Record<'deuteranopia' | 'protanopia' | 'tritanopia', readonly number[]>> = {
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

function asSeenWith(blindness: keyof typeof matrices, colour: Rgb): Rgb {
  const parts = colour.map(linear);
  const m = matrices[blindness];
  const row = (at: number): number => {
    const value = [0, 1, 2].reduce((sum, i) => sum + (m[at * 3 + i] ?? 0) * (parts[i] ?? 0), 0);
    const held = Math.min(1, Math.max(0, value));
    return Math.round(255 * (held <= 0.0031308 ? 12.92 * held : 1.055 * held ** (1 / 2.4) - 0.055));
  };
  return [row(0), row(1), row(2)];
}

const sameLook = (a: Style, b: Style): boolean =>
  a.fg === b.fg &&
  a.bg === b.bg &&
  !a.bold === !b.bold &&
  !a.underline === !b.underline &&
  !a.inverse === !b.inverse;

describe.each(coloured)('%s', (name) => {
  test('has a style for every role, in numbers that the terminal has', () => {
    for (const colours of [8, 16, 256] as const) {
      const palette = paletteOf(name, colours);
      for (const role of roles)
        for (const colour of [palette[role].fg, palette[role].bg])
          if (colour !== undefined)
            expect([role, colour < (colours === 256 ? 256 : 8)]).toEqual([role, true]);
    }
  });

  test('can be read: text has a contrast of 4.5 and more', () => {
    const palette = paletteOf(name, 256);
    const poor = textRoles.filter((role) => {
      const { text, ground } = seen(palette[role], name);
      return contrastOf(text, ground) < (name === 'high-contrast' ? 7 : 4.5);
    });
    expect(poor).toEqual([]);
  });

  test('tells severities apart, in 256 colours', () => {
    const palette = paletteOf(name, 256);
    const close = severityPairs.filter(
      ([a, b]) => distanceOf(seen(palette[a], name).text, seen(palette[b], name).text) < 100,
    );
    expect(close).toEqual([]);
  });

  test('tells severities apart with few colours: by another look than text and each other', () => {
    for (const colours of [8, 16] as const) {
      const palette = paletteOf(name, colours);
      expect(severityPairs.filter(([a, b]) => sameLook(palette[a], palette[b]))).toEqual([]);
    }
  });
});

test.each([
  ['deuteranopia', 'deuteranopia'],
  ['deuteranopia', 'protanopia'],
  ['tritanopia', 'tritanopia'],
] as const)('%s tells severities apart to eyes with %s', (name, blindness) => {
  const palette = paletteOf(name, 256);
  const distances = severityPairs.map(([a, b]) => {
    const [first, second] = [a, b].map((role) =>
      asSeenWith(blindness, seen(palette[role as Role], name).text),
    );
    return { pair: `${a} ${b}`, distance: distanceOf(first ?? black, second ?? black) };
  });
  expect(distances.filter(({ distance }) => distance < 80)).toEqual([]);
});

test('without colours every theme is mono, and mono has none', () => {
  for (const name of themeNames) {
    const palette = paletteOf(name, 0);
    for (const role of roles) expect([palette[role].fg, palette[role].bg]).toEqual([undefined, undefined]);
  }
  expect(paletteOf('mono', 256)).toBe(paletteOf('dark', 0));
});

test('what needs a sign besides colour has one, without UTF-8 too', () => {
  for (const glyphs of [unicodeGlyphs, asciiGlyphs])
    expect(new Set(Object.values(glyphs.severity)).size).toBe(severities.length);
  const { buttonFocused, button, cursorRow, text, flashError, flashInfo } = paletteOf('mono', 0);
  expect(sameLook(buttonFocused, button)).toBe(false);
  expect(sameLook(cursorRow, text)).toBe(false);
  expect(sameLook(flashError, flashInfo)).toBe(false);
});

test('a theme that there is not is the dark one', () => {
  expect(paletteOf('nonsense', 256)).toBe(paletteOf('dark', 256));
});

test('colours are reduced to what looks most like them', () => {
  expect([203, 114, 75, 231, 16].map((colour) => nearestColour(colour, 16))).toEqual([9, 2, 12, 15, 0]);
  expect(nearestColour(12, 8)).toBe(4);
});
