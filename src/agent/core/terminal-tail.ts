/**
 * Where terminal output stands between two control sequences. Used by console sessions: who joins in the middle of a
 * sequence is painted the screen and then given the part of the sequence that is already out, so that its end is not
 * taken for text.
 */

type State = 'ground' | 'escape' | 'csi' | 'string' | 'character';

/** A string (title, picture) longer than this is given up: who joins then sees its end as text. */
const tailMaxBytes = 65_536;

const esc = 0x1b;
const bell = 0x07;
const cancel = 0x18;
const substitute = 0x1a;
/** What opens a string after ESC: P (DCS), X (SOS), ] (OSC), ^ (PM), _ (APC). */
const stringOpeners: ReadonlySet<number> = new Set([0x50, 0x58, 0x5d, 0x5e, 0x5f]);
const csiOpener = 0x5b;

export class TerminalTail {
  #state: State = 'ground';
  /** Bytes that a character still needs. */
  #missing = 0;
  #open: Uint8Array = new Uint8Array(0);

  /** What came of a sequence or character that has not ended; empty between two. */
  get bytes(): Uint8Array {
    return this.#open;
  }

  push(chunk: Uint8Array): void {
    /** Where the open sequence began; -1: before this chunk. */
    let start = -1;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0;
      const begins = this.#state === 'ground' || byte === esc;
      this.#state = this.#after(byte);
      if (begins) start = i;
    }
    if (this.#state === 'ground') this.#open = new Uint8Array(0);
    else this.#open = start >= 0 ? chunk.slice(start) : joined(this.#open, chunk);
    if (this.#open.length <= tailMaxBytes) return;
    this.#open = new Uint8Array(0);
    this.#state = 'ground';
  }

  #after(byte: number): State {
    // ESC begins anew, in a string too: the `ESC \` that ends one is nothing by itself.
    if (byte === esc) return 'escape';
    if (byte === cancel || byte === substitute) return 'ground';
    switch (this.#state) {
      case 'ground':
        return this.#begin(byte);
      case 'escape':
        if (byte === csiOpener) return 'csi';
        if (stringOpeners.has(byte)) return 'string';
        return byte >= 0x30 ? 'ground' : 'escape';
      case 'csi':
        return byte >= 0x40 && byte <= 0x7e ? 'ground' : 'csi';
      case 'string':
        return byte === bell ? 'ground' : 'string';
      case 'character':
        if ((byte & 0xc0) !== 0x80) return this.#begin(byte);
        this.#missing -= 1;
        return this.#missing > 0 ? 'character' : 'ground';
    }
  }

  /** The lead byte of a UTF-8 character says how many follow. */
  #begin(byte: number): State {
    this.#missing = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : 0;
    return this.#missing > 0 ? 'character' : 'ground';
  }
}

function joined(before: Uint8Array, after: Uint8Array): Uint8Array {
  const both = new Uint8Array(before.length + after.length);
  both.set(before);
  both.set(after, before.length);
  return both;
}
