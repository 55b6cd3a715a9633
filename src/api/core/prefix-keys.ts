/**
 * Keys that a joined console keeps for itself: Ctrl-] and one more, as in the terminal UI (reference/operator-ux.md
 * 4.4). Everything else goes to the program. Used by the CLI and by the full-screen consoles of the terminal
 * UI.
 */

/** Ctrl-], which no shell uses. */
const usualPrefix = 0x1d;

export type PrefixAction = 'detach' | 'close' | 'help' | 'unknown';

const actions: Readonly<Record<string, PrefixAction>> = { d: 'detach', x: 'close', '?': 'help' };

export type PrefixPiece =
  | { readonly kind: 'input'; readonly bytes: Uint8Array }
  | { readonly kind: 'action'; readonly action: PrefixAction };

/** One line, for help. @param name of the prefix, as a person says it */
export const prefixHelp = (name = 'Ctrl-]'): string =>
  `${name} then: d detach (the console goes on), x close, ${name} send ${name}`;

/** Remembers a prefix whose second key comes later. */
export class PrefixKeys {
  readonly #prefix: number;
  #isAfterPrefix = false;

  /** @param prefix the byte that the key sends */
  constructor(prefix = usualPrefix) {
    this.#prefix = prefix;
  }

  /** What is typed, in order. */
  take(bytes: Uint8Array): PrefixPiece[] {
    const prefix = this.#prefix;
    const pieces: PrefixPiece[] = [];
    let from = 0;
    const flush = (to: number): void => {
      if (to > from) pieces.push({ kind: 'input', bytes: bytes.slice(from, to) });
    };
    for (const [i, byte] of bytes.entries()) {
      if (this.#isAfterPrefix) {
        this.#isAfterPrefix = false;
        // Twice the prefix is the prefix itself: the second one stays in the input.
        from = byte === prefix ? i : i + 1;
        if (byte === prefix) continue;
        pieces.push({ kind: 'action', action: actions[String.fromCharCode(byte)] ?? 'unknown' });
      } else if (byte === prefix) {
        flush(i);
        this.#isAfterPrefix = true;
        from = i + 1;
      }
    }
    flush(bytes.length);
    return pieces;
  }
}
