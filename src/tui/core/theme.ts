/**
 * What things look like: each role of the interface has a style, and there are glyphs for terminals with and without
 * UTF-8. Pages name roles, never colours. A state is told by a word or a sign too, never by colour alone.
 */
import type { Severity } from '../../api/core/view-columns.ts';
import { type Attr, attrOf, type Style } from './frame.ts';

export const roles = [
  'text',
  'dim',
  'strong',
  'title',
  'border',
  'borderFocused',
  /** The line of column titles of a table. */
  'header',
  'cursorRow',
  'marked',
  'ok',
  'warn',
  'bad',
  'idle',
  /** A value that has just changed. */
  'changed',
  /** A key in a hint, and what it does. */
  'key',
  'hint',
  'input',
  /** What a search or a filter found. */
  'match',
  'flashInfo',
  'flashWarn',
  'flashError',
  /** Frames and buttons of what cannot be undone; the frame of type-to-all. */
  'danger',
  'button',
  'buttonFocused',
  'badge',
  'badgeDanger',
  'chart1',
  'chart2',
  'chart3',
  'chart4',
] as const;
export type Role = (typeof roles)[number];

export type Palette = Readonly<Record<Role, Style>>;

/** Signs of the interface that have a poorer twin for terminals without UTF-8. */
export interface Glyphs {
  readonly unicode: boolean;
  readonly horizontal: string;
  readonly vertical: string;
  readonly topLeft: string;
  readonly topRight: string;
  readonly bottomLeft: string;
  readonly bottomRight: string;
  readonly teeLeft: string;
  readonly teeRight: string;
  readonly more: string;
  readonly ascending: string;
  readonly descending: string;
  readonly mark: string;
  readonly cursor: string;
  readonly crumb: string;
  readonly branch: string;
  readonly lastBranch: string;
  readonly trunk: string;
  readonly folded: string;
  readonly unfolded: string;
  /** From empty to full, for bars and sparklines. */
  readonly levels: readonly string[];
  readonly full: string;
  readonly empty: string;
  readonly severity: Readonly<Record<Severity, string>>;
}

export interface Theme {
  readonly name: string;
  readonly glyphs: Glyphs;
  /** The packed style of a role. */
  attr(role: Role): Attr;
}

export const unicodeGlyphs: Glyphs = {
  unicode: true,
  horizontal: '─',
  vertical: '│',
  topLeft: '┌',
  topRight: '┐',
  bottomLeft: '└',
  bottomRight: '┘',
  teeLeft: '├',
  teeRight: '┤',
  more: '…',
  ascending: '↑',
  descending: '↓',
  mark: '*',
  cursor: '>',
  crumb: '›',
  branch: '├─',
  lastBranch: '└─',
  trunk: '│ ',
  folded: '+',
  unfolded: '-',
  levels: [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  full: '█',
  empty: '░',
  severity: { ok: '✓', warn: '!', bad: '✗', idle: '-' },
};

export const asciiGlyphs: Glyphs = {
  unicode: false,
  horizontal: '-',
  vertical: '|',
  topLeft: '+',
  topRight: '+',
  bottomLeft: '+',
  bottomRight: '+',
  teeLeft: '+',
  teeRight: '+',
  more: '~',
  ascending: '^',
  descending: 'v',
  mark: '*',
  cursor: '>',
  crumb: '>',
  branch: '|-',
  lastBranch: '`-',
  trunk: '| ',
  folded: '+',
  unfolded: '-',
  levels: [' ', '.', ':', '-', '=', '+', '*', '#', '@'],
  full: '#',
  empty: '.',
  severity: { ok: '+', warn: '!', bad: 'x', idle: '-' },
};

export function themeOf(name: string, palette: Palette, glyphs: Glyphs): Theme {
  const attrs = new Map<Role, Attr>(roles.map((role) => [role, attrOf(palette[role])]));
  const plain = attrOf({});
  return { name, glyphs, attr: (role) => attrs.get(role) ?? plain };
}
