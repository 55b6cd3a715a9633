/**
 * Text from the network made safe for a terminal. Everything that the cluster says (names, reasons, log lines)
 * passes through here before it is printed: control characters would let a container move the cursor, set the
 * title or hide text.
 */

/**
 * C0 (tab and newline too), DEL, C1, line separators, halves of characters, the marks that turn the direction of text
 * around, and whatever takes no room: two names that differ must not look alike. Not the selectors of emoji.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029[\p{Default_Ignorable_Code_Point}--\p{Variation_Selector}]]/gv;
const escape = '\u001b';
const sgr = new RegExp(`${escape}\\[[0-9;:]{0,64}m`, 'g');

/** One line: every control character is shown as `^[` or `\u{202e}`. */
export function escapeText(text: string): string {
  return text.replace(unsafe, visible);
}

/**
 * JSON, or YAML whose strings with such characters are in double quotes: the same data, with every such character
 * written as `\\u202e`.
 */
export function escapeData(text: string): string {
  return text.replace(unsafe, (char) => (char === '\n' ? char : unicodeEscape(char)));
}

/** Whether it holds anything that would be escaped, beside ends of lines. */
export const isUnsafe = (text: string): boolean => text.replaceAll('\n', '').search(unsafe) >= 0;

const unicodeEscape = (char: string): string =>
  Array.from(
    { length: char.length },
    (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');

/** Text of several lines, such as a reason with the output of a check: newlines stay, the rest is escaped. */
export function escapeLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => escapeText(line.replaceAll('\t', '    ')))
    .join('\n');
}

/**
 * One log line: tabs become spaces; colours (SGR) stay when the terminal shows colours, and are dropped
 * otherwise.
 */
export function escapeLogLine(text: string, keepColours: boolean): string {
  const parts: string[] = [];
  let from = 0;
  let coloured = false;
  for (const match of text.matchAll(sgr)) {
    parts.push(escapeText(untabbed(text.slice(from, match.index))));
    if (keepColours) {
      parts.push(match[0]);
      coloured = true;
    }
    from = match.index + match[0].length;
  }
  parts.push(escapeText(untabbed(text.slice(from))));
  if (coloured) parts.push(`${escape}[0m`);
  return parts.join('');
}

const untabbed = (text: string): string => text.replaceAll('\t', '        ');

function visible(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
  if (code === 0x7f) return '^?';
  return `\\u{${code.toString(16)}}`;
}
