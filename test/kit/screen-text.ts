/**
 * A frame as text that a person can review: each row as it is read, and below it what each cell looks like, a letter a
 * role. For golden screens.
 */
import { type Frame, plainAttr } from '../../src/tui/core/frame.ts';
import { roles, type Theme } from '../../src/tui/core/theme.ts';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

export function screenText(frame: Frame, theme: Theme): string {
  const letterOf = new Map<number, string>([[plainAttr, ' ']]);
  for (const [at, role] of roles.entries()) {
    const attr = theme.attr(role);
    if (!letterOf.has(attr)) letterOf.set(attr, letters[at] ?? '?');
  }
  const used = new Set<string>();
  const lines: string[] = [];
  for (let y = 0; y < frame.rows; y += 1) {
    const from = y * frame.columns;
    let styles = '';
    for (let x = 0; x < frame.columns; x += 1) {
      // Nobody sees the colour of a blank without a background.
      const attr = frame.attrs[from + x] ?? plainAttr;
      const isBlank = frame.characters[from + x] === ' ' && (attr & 0x1ff) === 0x1ff && attr >> 18 === 0;
      styles += isBlank ? ' ' : (letterOf.get(attr) ?? '?');
    }
    for (const letter of styles) used.add(letter);
    lines.push(`|${frame.characters.slice(from, from + frame.columns).join('')}|`);
    if (styles.trim() !== '') lines.push(` ${styles.trimEnd()}`);
  }
  const legend = roles.flatMap((role, at) => (used.has(letters[at] ?? '') ? [`${letters[at]} ${role}`] : []));
  const cursor = frame.cursor === undefined ? '' : `\ncursor ${frame.cursor.x},${frame.cursor.y}`;
  return `${lines.join('\n')}\n${legend.join(' · ')}${cursor}\n`;
}
