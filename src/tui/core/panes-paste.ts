/** What is typed and pasted as the program in a pane expects it. Pure; used by pane-session.ts. */

/** xterm, and everything after it, sends returns for line ends. */
const lineEnds = /\r?\n/g;
/** A paste that holds the end mark would be typed from there on: the escapes in it become visible instead. */
const escape = '\u001b';

/** @param bracketed the program asked for pastes to be told from typing */
export function pasteInput(text: string, bracketed: boolean): string {
  const lines = text.replace(lineEnds, '\r');
  return bracketed ? `\u001b[200~${lines.replaceAll(escape, '\u241b')}\u001b[201~` : lines;
}

const cursorKey = /^[[O]([ABCDHF])$/;

/** Arrow keys have other sequences where the program asked for them. @param bytes one key */
export function keyInput(bytes: string, applicationCursor: boolean): string {
  const key = bytes.startsWith(escape) ? cursorKey.exec(bytes.slice(1))?.[1] : undefined;
  if (key === undefined) return bytes;
  return `\u001b${applicationCursor ? 'O' : '['}${key}`;
}
