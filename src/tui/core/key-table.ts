/**
 * What the keys of a terminal send, as xterm, tmux, screen, rxvt, PuTTY and the Linux console send it, and what they
 * are called here. For input-parser.ts, which cuts the input into sequences.
 */
import type { Key } from './key.ts';

/** Final letters of `CSI … letter` and `SS3 letter`. */
const letters: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  E: 'clear',
  F: 'end',
  H: 'home',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
};

/** The keypad in application mode, as SS3 letters: each types what is printed on it. */
const keypad: Readonly<Record<string, string>> = {
  M: 'enter',
  j: '*',
  k: '+',
  l: ',',
  m: '-',
  n: '.',
  o: '/',
  p: '0',
  q: '1',
  r: '2',
  s: '3',
  t: '4',
  u: '5',
  v: '6',
  w: '7',
  x: '8',
  y: '9',
  X: '=',
};

/** Numbers of `CSI number ~`. */
const numbers: Readonly<Record<string, string>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pageup',
  6: 'pagedown',
  7: 'home',
  8: 'end',
  11: 'f1',
  12: 'f2',
  13: 'f3',
  14: 'f4',
  15: 'f5',
  17: 'f6',
  18: 'f7',
  19: 'f8',
  20: 'f9',
  21: 'f10',
  23: 'f11',
  24: 'f12',
};

const controls: Readonly<Record<string, string>> = {
  '\0': 'ctrl-space',
  '\b': 'backspace',
  '\t': 'tab',
  // What was typed before the UI took the terminal comes with its Enters so written.
  '\n': 'enter',
  '\r': 'enter',
  '\x1b': 'escape',
  '\x1c': 'ctrl-\\',
  '\x1d': 'ctrl-]',
  '\x1e': 'ctrl-^',
  '\x1f': 'ctrl-_',
  '\x7f': 'backspace',
};

/**
 * The key of one character. Undefined for what no key sends: C1 controls, and what was no UTF-8.
 * Backspace and Ctrl-H are one key: which of them a Backspace key sends differs from terminal to terminal.
 */
export function keyOfCharacter(character: string): Key | undefined {
  const code = character.codePointAt(0) ?? 0;
  const control = controls[character];
  if (control !== undefined) return { name: control, text: '', bytes: character };
  if (code < 0x20) return { name: `ctrl-${String.fromCharCode(code + 0x60)}`, text: '', bytes: character };
  if ((code >= 0x80 && code < 0xa0) || code === 0xfffd) return undefined;
  return { name: character === ' ' ? 'space' : character, text: character, bytes: character };
}

/** The same with Alt held, or Escape typed so shortly before that nobody can tell. */
export function withAlt(key: Key): Key {
  return { name: addModifiers(key.name, { alt: true }), text: '', bytes: `\x1b${key.bytes}` };
}

/** The key of `ESC O letter`. */
export function keyOfSs3(letter: string, bytes: string): Key | undefined {
  const printed = keypad[letter];
  if (printed !== undefined) return { name: printed, text: printed.length === 1 ? printed : '', bytes };
  const name = letters[letter] ?? rxvtName(letter, { ctrl: true });
  return name === undefined ? undefined : { name, text: '', bytes };
}

/** Linux console: `ESC [ [ A` to `E`. */
export function keyOfLinuxFunction(letter: string, bytes: string): Key | undefined {
  const number = 'ABCDE'.indexOf(letter) + 1;
  return number === 0 || letter === '' ? undefined : { name: `f${number}`, text: '', bytes };
}

/** The key of a whole `CSI parameters final`; undefined for replies, reports and what nobody knows. */
export function keyOfCsi(parameters: string, final: string, bytes: string): Key | undefined {
  const name = csiName(parameters, final);
  return name === undefined ? undefined : { name, text: '', bytes };
}

function csiName(parameters: string, final: string): string | undefined {
  if (final === 'Z') return parameters === '' || parameters === '1;2' ? 'shift-tab' : undefined;
  if (!/^\d*(;\d+)?$/.test(parameters)) return undefined;
  const [number = '', modifier] = parameters.split(';');
  if (final === '~') return modified(numbers[number], modifier);
  // rxvt tells modifiers by the final character.
  if (final === '$') return modified(numbers[number], '2');
  if (final === '^') return modified(numbers[number], '5');
  if (final === '@') return modified(numbers[number], '6');
  if (parameters === '' && 'abcd'.includes(final)) return rxvtName(final, { shift: true });
  // `CSI 1;5R` would be a cursor report as well; with a modifier of 1 or a row it is one.
  if (number !== '' && number !== '1') return undefined;
  return modified(letters[final], modifier);
}

interface Modifiers {
  readonly shift?: boolean;
  readonly alt?: boolean;
  readonly ctrl?: boolean;
}

/** xterm: 1 and the sum of shift 1, alt 2, control 4, meta 8. */
function modified(name: string | undefined, modifier = '1'): string | undefined {
  const bits = Number(modifier) - 1;
  if (name === undefined || bits < 0 || bits > 15) return undefined;
  return addModifiers(name, { shift: (bits & 1) > 0, alt: (bits & 10) > 0, ctrl: (bits & 4) > 0 });
}

function rxvtName(letter: string, modifiers: Modifiers): string | undefined {
  const name = letters[letter.toUpperCase()];
  return name === undefined || !'abcd'.includes(letter) ? undefined : addModifiers(name, modifiers);
}

/** Always in the order ctrl-, alt-, shift-: a key has one name. */
function addModifiers(name: string, { shift, alt, ctrl }: Modifiers): string {
  const has = (prefix: string): boolean => name.startsWith(prefix) && name.length > prefix.length;
  const isCtrl = ctrl === true || has('ctrl-');
  const bare = has('ctrl-') ? name.slice('ctrl-'.length) : name;
  return `${isCtrl ? 'ctrl-' : ''}${alt === true ? 'alt-' : ''}${shift === true ? 'shift-' : ''}${bare}`;
}
