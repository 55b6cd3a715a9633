/**
 * What a workload prints, made harmless for an emulator before it reaches it. Measured on xterm 6: `CSI 2147483647 L`
 * keeps it busy for an hour, a title of 9 MB for six seconds, and a repeat after a pile of accents asks for gigabytes.
 * Here counts are bounded, strings that are not a title (OSC 8, 50, 52, DCS, APC …) and window reports are dropped, and
 * repeats are written out. Used by terminal/emulator.ts for every byte of every pane.
 */

type State = 'ground' | 'escape' | 'csi' | 'osc' | 'string' | 'oscEscape' | 'stringEscape';

const esc = 0x1b;
const bell = 0x07;
const cancel = 0x18;
const substitute = 0x1a;
/** First byte of U+0080 to U+00BF in UTF-8: the C1 controls among them are sequences to xterm. */
const c1Lead = 0xc2;

/** A sequence with more than this is none that a program means. */
const csiMaxBytes = 256;
/** A title's; more of it is cut off. */
const oscMaxBytes = 512;
const numberMax = 9_999;
/** Repeats beyond a screen line are a mistake or an attack. */
const repeatMax = 1_000;
/** Lines inserted, deleted or scrolled: each costs xterm a walk through the scrollback. */
const lineFinals = new Set(['L', 'M', 'S', 'T'].map((final) => final.charCodeAt(0)));
const repeatFinal = 0x62;
/** Reports and changes of the window: size, title, position. */
const windowFinal = 0x74;

export class OutputFilter {
  /** Rows of the screen: no sequence can move more lines than that. */
  rows: number;
  #state: State = 'ground';
  #held: number[] = [];
  #last: number[] = [];
  /** A lead byte that waits for what follows, across chunks. */
  #lead = false;
  #out: number[] = [];
  #parts: Uint8Array[] = [];

  constructor(rows: number) {
    this.rows = rows;
  }

  /** What may be written of the chunk; what is not complete yet comes with a later one. */
  push(chunk: Uint8Array): Uint8Array {
    this.#parts = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#state === 'ground' && !this.#lead) {
        const end = plainEnd(chunk, at);
        if (end > at) this.#plain(chunk.subarray(at, end));
        at = end;
        if (at >= chunk.length) break;
      }
      this.#byte(chunk[at] ?? 0);
      at += 1;
    }
    this.#flush();
    return joined(this.#parts);
  }

  #plain(run: Uint8Array): void {
    this.#flush();
    this.#parts.push(run);
    this.#remember(run);
  }

  /** The last bytes printed, for a repeat; a character may come in two chunks. */
  #remember(run: Uint8Array): void {
    this.#last = [...this.#last, ...run.subarray(-4)].slice(-4);
  }

  #byte(byte: number): void {
    if (this.#lead) return this.#afterLead(byte);
    switch (this.#state) {
      case 'ground':
        return this.#begin(byte);
      case 'escape':
        return this.#escape(byte);
      case 'csi':
        return this.#csi(byte);
      case 'osc':
      case 'string':
        return this.#string(byte);
      case 'oscEscape':
      case 'stringEscape':
        return this.#stringEscape(byte);
    }
  }

  /** C1 controls are dropped: nobody writes them in UTF-8, and xterm would take them for sequences. */
  #afterLead(byte: number): void {
    this.#lead = false;
    if (byte >= 0x80 && byte <= 0x9f) return;
    if (byte >= 0xa0 && byte <= 0xbf) {
      this.#remember(Uint8Array.of(c1Lead, byte));
      this.#out.push(c1Lead, byte);
    } else {
      this.#begin(byte);
    }
  }

  /** A byte between two sequences. */
  #begin(byte: number): void {
    if (byte === esc) this.#state = 'escape';
    else if (byte === c1Lead) this.#lead = true;
    else this.#out.push(byte);
  }

  #escape(byte: number): void {
    if (byte === esc) return;
    this.#held = [];
    if (byte === 0x5b) this.#state = 'csi';
    else if (byte === 0x5d) this.#state = 'osc';
    else if (byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) this.#state = 'string';
    else if (byte < 0x20 && byte !== cancel && byte !== substitute) this.#out.push(byte);
    else {
      this.#state = 'ground';
      if (byte >= 0x20 && byte < 0x7f) this.#out.push(esc, byte);
      else this.#begin(byte);
    }
  }

  #csi(byte: number): void {
    if (byte === esc) {
      this.#state = 'escape';
    } else if (byte === cancel || byte === substitute) {
      this.#state = 'ground';
    } else if (byte < 0x20) {
      // Controls inside of a sequence are obeyed as if they came before it.
      this.#out.push(byte);
    } else if (byte >= 0x40 && byte <= 0x7e) {
      this.#state = 'ground';
      if (this.#held.length <= csiMaxBytes) this.#sequence(byte);
    } else if (byte < 0x7f && this.#held.length <= csiMaxBytes) {
      this.#held.push(byte);
    }
  }

  #sequence(final: number): void {
    const text = String.fromCharCode(...this.#held);
    const isPlain = /^[0-9;:]*$/.test(text);
    if (final === windowFinal) return;
    if (isPlain && final === repeatFinal) return this.#repeat(Number.parseInt(text, 10) || 1);
    const max = isPlain && lineFinals.has(final) ? this.rows : numberMax;
    const bounded = text.replace(/\d+/g, (digits) => (Number(digits) > max ? String(max) : digits));
    this.#out.push(esc, 0x5b, ...new TextEncoder().encode(bounded), final);
  }

  #repeat(count: number): void {
    const from = this.#last.findLastIndex((byte) => (byte & 0xc0) !== 0x80);
    const character = this.#last.slice(from);
    if (from < 0 || (character[0] ?? 0) < 0x20) return;
    for (let i = 0; i < Math.min(count, repeatMax); i += 1) this.#out.push(...character);
  }

  #string(byte: number): void {
    if (byte === esc) this.#state = this.#state === 'osc' ? 'oscEscape' : 'stringEscape';
    else if (byte === cancel || byte === substitute) this.#state = 'ground';
    else if (byte === bell && this.#state === 'osc') this.#endTitle();
    else if (this.#state === 'osc' && this.#held.length < oscMaxBytes && byte >= 0x20) this.#held.push(byte);
  }

  #stringEscape(byte: number): void {
    const isTitle = this.#state === 'oscEscape';
    if (byte === 0x5c) {
      if (isTitle) this.#endTitle();
      else this.#state = 'ground';
      return;
    }
    // ESC without a backslash begins a sequence of its own.
    this.#state = 'escape';
    this.#escape(byte);
  }

  /** Of the operating system commands only those that name the window remain. */
  #endTitle(): void {
    this.#state = 'ground';
    if ((this.#held[0] ?? 0) < 0x30 || (this.#held[0] ?? 0) > 0x32 || this.#held[1] !== 0x3b) return;
    const title = new TextDecoder().decode(Uint8Array.from(this.#held)).replace(/\p{Cc}/gu, '');
    this.#out.push(esc, 0x5d, ...new TextEncoder().encode(title), bell);
  }

  #flush(): void {
    if (this.#out.length === 0) return;
    this.#parts.push(Uint8Array.from(this.#out));
    this.#out = [];
  }
}

/** Up to the next byte that may begin a sequence. */
function plainEnd(chunk: Uint8Array, from: number): number {
  for (let at = from; at < chunk.length; at += 1) {
    const byte = chunk[at];
    if (byte === esc || byte === c1Lead) return at;
  }
  return chunk.length;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
