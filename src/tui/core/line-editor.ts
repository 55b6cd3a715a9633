/**
 * One line of text that is being typed: cursor, history, completion. For the prompt at the foot of the screen and the
 * fields of dialogs. blessed's own text fields type twice and break characters (operator-ux.md 5.4).
 */
import type { Canvas } from './frame.ts';
import type { Key } from './key.ts';
import { glyphsOf, widthOf } from './text.ts';
import type { Theme } from './theme.ts';

/** More is not taken: no name, filter or command is longer. */
const lineMaxLength = 2_000;

export interface LineEditor {
  readonly text: string;
  /** In graphemes from the start. */
  readonly cursor: number;
  /** Lines typed before, oldest first. */
  readonly history: readonly string[];
  /** Which of them is shown; the length of `history` is the line being typed. */
  readonly at: number;
  /** What was being typed before history was looked through. */
  readonly draft: string;
}

export function lineEditor(text = '', history: readonly string[] = []): LineEditor {
  return { text, cursor: graphemes(text).length, history, at: history.length, draft: '' };
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const graphemes = (text: string): string[] => Array.from(segmenter.segment(text), ({ segment }) => segment);

/** The editor after a key; undefined when the key means nothing to it (`enter`, `escape`, `tab` among them). */
export function typeKey(editor: LineEditor, key: Key): LineEditor | undefined {
  const all = graphemes(editor.text);
  const { cursor } = editor;
  const cut = (from: number, to: number): LineEditor => ({
    ...editor,
    text: [...all.slice(0, from), ...all.slice(to)].join(''),
    cursor: from,
  });
  switch (key.name) {
    case 'left':
    case 'ctrl-b':
      return { ...editor, cursor: Math.max(0, cursor - 1) };
    case 'right':
    case 'ctrl-f':
      return { ...editor, cursor: Math.min(all.length, cursor + 1) };
    case 'home':
    case 'ctrl-a':
      return { ...editor, cursor: 0 };
    case 'end':
    case 'ctrl-e':
      return { ...editor, cursor: all.length };
    case 'alt-b':
      return { ...editor, cursor: wordStart(all, cursor) };
    case 'alt-f':
      return { ...editor, cursor: wordEnd(all, cursor) };
    case 'backspace':
    case 'ctrl-h':
      return cut(Math.max(0, cursor - 1), cursor);
    case 'delete':
    case 'ctrl-d':
      return cut(cursor, cursor + 1);
    case 'ctrl-u':
      return cut(0, cursor);
    case 'ctrl-k':
      return cut(cursor, all.length);
    case 'ctrl-w':
      return cut(wordStart(all, cursor), cursor);
    case 'up':
      return fromHistory(editor, editor.at - 1);
    case 'down':
      return fromHistory(editor, editor.at + 1);
    default:
      return key.text === '' ? undefined : typeText(editor, key.text);
  }
}

/** Inserts text, a paste for instance: line ends and controls become spaces. */
export function typeText(editor: LineEditor, text: string): LineEditor {
  const clean = graphemes(text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' '));
  const all = graphemes(editor.text);
  const next = [...all.slice(0, editor.cursor), ...clean, ...all.slice(editor.cursor)].join('');
  if (next.length > lineMaxLength) return editor;
  return { ...editor, text: next, cursor: editor.cursor + clean.length };
}

function wordStart(all: readonly string[], cursor: number): number {
  let at = cursor;
  while (at > 0 && all[at - 1] === ' ') at -= 1;
  while (at > 0 && all[at - 1] !== ' ') at -= 1;
  return at;
}

function wordEnd(all: readonly string[], cursor: number): number {
  let at = cursor;
  while (at < all.length && all[at] === ' ') at += 1;
  while (at < all.length && all[at] !== ' ') at += 1;
  return at;
}

/** What was being typed comes back below the newest line. */
function fromHistory(editor: LineEditor, at: number): LineEditor {
  if (at < 0 || at > editor.history.length) return editor;
  const draft = editor.at === editor.history.length ? editor.text : editor.draft;
  const text = editor.history[at] ?? draft;
  return { ...editor, text, cursor: graphemes(text).length, at, draft };
}

/**
 * Draws the line, scrolled so that the cursor is seen, and places the terminal's cursor.
 * @param ghost follows the text
 * @param role how the text looks: `cursorRow` where the next character typed replaces it
 */
export function drawLine(
  editor: LineEditor,
  canvas: Canvas,
  x: number,
  y: number,
  theme: Theme,
  ghost = '',
  role: 'input' | 'cursorRow' = 'input',
): void {
  const room = canvas.columns - x;
  if (room < 2) return;
  const before = graphemes(editor.text).slice(0, editor.cursor).join('');
  let skip = 0;
  const glyphs = glyphsOf(before);
  let used = widthOf(before);
  while (used > room - 1) {
    used -= glyphs[skip]?.width ?? 1;
    skip += 1;
  }
  const shown = glyphsOf(editor.text)
    .slice(skip)
    .map(({ character }) => character)
    .join('');
  canvas.fill({ x, y, columns: room, rows: 1 }, ' ', theme.attr('input'));
  const end = canvas.text(x, y, shown, theme.attr(role));
  if (ghost !== '') canvas.text(end, y, ghost, theme.attr('dim'));
  canvas.cursor(x + used, y);
}
