/**
 * The sequence that puts text on the clipboard of the terminal that the operator sits at, however many SSH connections
 * away (OSC 52), wrapped so that tmux and screen pass it on.
 */

/** Bytes of text; what is longer is dropped by terminals without a word (xterm, hterm). */
export const clipboardMaxBytes = 74_994;
/** screen takes no longer string. */
const screenChunkLength = 76;

/** Undefined when it is too long. */
export function clipboardSequence(
  text: string,
  multiplexer: 'tmux' | 'screen' | undefined,
): string | undefined {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > clipboardMaxBytes) return undefined;
  const sequence = `\x1b]52;c;${bytes.toString('base64')}\x07`;
  // tmux takes it itself (`set-clipboard on`) or passes it on wrapped (`allow-passthrough on`); both are off at first,
  // which is why it is told by a command too.
  if (multiplexer === 'tmux') return `${sequence}\x1bPtmux;\x1b${sequence}\x1b\\`;
  if (multiplexer === 'screen')
    return inChunks(sequence)
      .map((chunk) => `\x1bP${chunk}\x1b\\`)
      .join('');
  return sequence;
}

const inChunks = (text: string): string[] => text.match(new RegExp(`[^]{1,${screenChunkLength}}`, 'g')) ?? [];
