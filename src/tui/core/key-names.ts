/** Keys as people write them: `^D` for ctrl-d, `Enter`. For hints, help and the documentation. */

const names: Readonly<Record<string, string>> = {
  enter: 'Enter',
  escape: 'Esc',
  space: 'Space',
  tab: 'Tab',
  backspace: 'Backspace',
  delete: 'Del',
  insert: 'Ins',
  up: 'Up',
  down: 'Down',
  left: 'Left',
  right: 'Right',
  home: 'Home',
  end: 'End',
  pageup: 'PgUp',
  pagedown: 'PgDn',
};

/** Short: what fits into a line of hints. */
export function keyName(key: string): string {
  const [, modifier, rest] = /^(ctrl|shift|alt)-(.+)$/.exec(key) ?? [];
  if (modifier === undefined || rest === undefined) return names[key] ?? key;
  const shown = names[rest] ?? (rest.length === 1 ? rest.toUpperCase() : rest);
  if (modifier === 'ctrl') return rest.length === 1 ? `^${shown}` : `Ctrl-${shown}`;
  return modifier === 'shift' ? `Shift-${shown}` : `Alt-${shown}`;
}

/** The byte that a key with Ctrl sends; undefined for a key that sends none of its own. */
export function controlByteOf(key: string): number | undefined {
  // Ctrl-H, Ctrl-I, Ctrl-J and Ctrl-M are Backspace, Tab and Enter; Ctrl-[ is Escape.
  const letter = /^ctrl-([a-gkln-z\\\]^_])$/.exec(key)?.[1];
  return letter === undefined ? undefined : letter.toUpperCase().charCodeAt(0) & 0x1f;
}

/** For running text and documentation: `Ctrl-D`. */
export const keyTitle = (key: string): string => keyName(key).replace(/^\^(.)$/, 'Ctrl-$1');
