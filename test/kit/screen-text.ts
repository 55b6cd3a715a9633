/**
 * A frame as text that a person can review: each row as it is read, and below it what each cell looks like. With
 * `roleTheme` that is a letter a role; without colours `b` bold, `u` underlined, `i` inverse, capitals with bold too.
 */
import { attrOf, type Frame, plainAttr, type Style } from '../../src/tui/core/frame.ts';
import {
  type Glyphs,
  type Palette,
  type Role,
  roles,
  type Theme,
  themeOf,
} from '../../src/tui/core/theme.ts';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const blocks: readonly Role[] = [
  'cursorRow',
  'badge',
  'badgeDanger',
  'button',
  'buttonFocused',
  'input',
  'match',
];

/** Each role its own colour, so that a screen says which role each cell has, whatever the palettes are. */
export function roleTheme(glyphs: Glyphs): Theme {
  const style = (role: Role, at: number): Style =>
    role === 'text' ? {} : { fg: at + 1, ...(blocks.includes(role) ? { bg: at + 1 } : {}) };
  const palette = Object.fromEntries(roles.map((role, at) => [role, style(role, at)])) as Palette;
  return themeOf('roles', palette, glyphs);
}

const plainLooks: readonly (readonly [Style, string])[] = [
  [{ bold: true }, 'b'],
  [{ underline: true }, 'u'],
  [{ inverse: true }, 'i'],
  [{ bold: true, underline: true }, 'U'],
  [{ bold: true, inverse: true }, 'I'],
];

function lookOf(theme: Theme): ReadonlyMap<number, string> {
  const look = new Map<number, string>([[plainAttr, ' ']]);
  for (const [style, letter] of plainLooks) look.set(attrOf(style), letter);
  for (const [at, role] of roles.entries())
    if (!look.has(theme.attr(role))) look.set(theme.attr(role), letters[at] ?? '?');
  return look;
}

export function screenText(frame: Frame, theme: Theme): string {
  const look = lookOf(theme);
  const used = new Set<string>();
  const lines: string[] = [];
  for (let y = 0; y < frame.rows; y += 1) {
    const from = y * frame.columns;
    let styles = '';
    for (let x = 0; x < frame.columns; x += 1) {
      // Nobody sees the colour of a blank without a background.
      const attr = frame.attrs[from + x] ?? plainAttr;
      const isBlank = frame.characters[from + x] === ' ' && (attr & 0x1ff) === 0x1ff && attr >> 18 === 0;
      styles += isBlank ? ' ' : (look.get(attr) ?? '?');
    }
    for (const letter of styles) used.add(letter);
    lines.push(`|${frame.characters.slice(from, from + frame.columns).join('')}|`);
    if (styles.trim() !== '') lines.push(` ${styles.trimEnd()}`);
  }
  const named = theme.name === 'roles' ? [...roles.entries()] : [];
  const legend = named.flatMap(([at, role]) =>
    used.has(letters[at] ?? '') ? [`${letters[at]} ${role}`] : [],
  );
  const cursor = frame.cursor === undefined ? '' : `cursor ${frame.cursor.x},${frame.cursor.y}\n`;
  return `${lines.join('\n')}\n${legend.join(' · ')}\n${cursor}`;
}
