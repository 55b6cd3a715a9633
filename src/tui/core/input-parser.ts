/**
 * Cuts what a terminal sends into keys and pastes, one character at a time, so that it does not matter how the line
 * broke it up. Replies, reports and keys of protocols that were not asked for are swallowed whole. Every buffer is
 * bounded. Knows no clock: src/tui/blessed/input.ts says when an unfinished sequence is given up.
 */
import type { Key } from './key.ts';
import { keyOfCharacter, keyOfCsi, keyOfLinuxFunction, keyOfSs3, withAlt } from './key-table.ts';

export type InputEvent =
  | { readonly kind: 'key'; readonly key: Key }
  | { readonly kind: 'paste'; readonly text: string };

/** What an unfinished input is: an Escape key or a sequence, a sequence, a reply of the terminal, a paste. */
export type Unfinished = 'escape' | 'sequence' | 'reply' | 'paste';

export interface InputParser {
  /** Decoded text as it came. */
  push(text: string): readonly InputEvent[];
  /** Gives up what is unfinished: a lone ESC was the key, an unterminated paste is what came of it. */
  flush(): readonly InputEvent[];
  readonly unfinished: Unfinished | undefined;
  /** Characters that are held: bounded whatever comes. */
  readonly held: number;
}

/** A paste that is longer comes in pieces of this many characters, so that nothing of it is lost. */
export const pastePieceMaxLength = 1_048_576;
/** No key is longer. */
const sequenceMaxLength = 64;
const pasteEnd = '\x1b[201~';

type State = 'ground' | 'escape' | 'csi' | 'ss3' | 'linux' | 'mouse' | 'string' | 'stringEscape' | 'paste';

export const createInputParser = (): InputParser => new Parser();

class Parser implements InputParser {
  #state: State = 'ground';
  /** From ESC on; in a string only its first two characters. */
  #sequence = '';
  /** rxvt sends Alt with an arrow as ESC before its sequence. */
  #alt = false;
  #toSkip = 0;
  #swallowed = 0;
  #paste = '';
  #events: InputEvent[] = [];
  readonly #steps: Readonly<Record<Exclude<State, 'paste'>, (character: string) => void>> = {
    ground: (character) => this.#inGround(character),
    escape: (character) => this.#inEscape(character),
    csi: (character) => this.#inCsi(character),
    ss3: (character) => this.#inSs3(character),
    linux: (character) => this.#emit(keyOfLinuxFunction(character, this.#sequence + character)),
    mouse: () => {
      this.#toSkip -= 1;
      if (this.#toSkip === 0) this.#ground();
    },
    string: (character) => this.#inString(character),
    stringEscape: (character) => {
      if (character === '\\') return this.#ground();
      this.#begin();
      this.#inEscape(character);
    },
  };

  push(text: string): readonly InputEvent[] {
    let rest = text;
    while (rest !== '') {
      if (this.#state === 'paste') {
        rest = this.#pushPaste(rest);
        continue;
      }
      const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      rest = rest.slice(character.length);
      this.#steps[this.#state](character);
    }
    return this.#take();
  }

  flush(): readonly InputEvent[] {
    if (this.#state === 'paste') {
      if (this.#paste !== '') this.#emitPaste(this.#paste.length);
      this.#ground();
    } else if (this.#state === 'escape') {
      if (this.#alt) this.#emitEscape();
      this.#emitEscape();
      this.#ground();
    } else if (this.#sequence.length === 2 && this.#swallowed === 0 && this.#state !== 'mouse') {
      // Alt with a bracket or a letter that sequences begin with.
      const key = keyOfCharacter(this.#sequence.slice(1));
      this.#emit(key === undefined ? undefined : withAlt(key));
    } else {
      this.#ground();
    }
    return this.#take();
  }

  get unfinished(): Unfinished | undefined {
    return unfinishedOf[this.#state];
  }

  get held(): number {
    return this.#sequence.length + this.#paste.length;
  }

  #inGround(character: string): void {
    if (character === '\x1b') this.#begin();
    else this.#emit(keyOfCharacter(character));
  }

  #inEscape(character: string): void {
    if (character === '\x1b') {
      if (this.#alt) this.#emitEscape();
      this.#begin();
      this.#alt = true;
      return;
    }
    const next = escapeStates[character];
    if (next !== undefined) {
      this.#state = next;
      this.#sequence += character;
      this.#swallowed = 0;
      return;
    }
    // The first of two ESC was the key by itself then.
    if (this.#alt) this.#emitEscape();
    const key = keyOfCharacter(character);
    this.#emit(key === undefined ? undefined : withAlt(key));
  }

  #inCsi(character: string): void {
    if (this.#sequence === '\x1b[' && character === '[') {
      this.#state = 'linux';
      this.#sequence += character;
    } else if (isControl(character)) {
      this.#ground();
      this.#inGround(character);
    } else if (isCsiFinal(this.#sequence, character)) {
      this.#endCsi(character);
    } else if (this.#sequence.length < sequenceMaxLength) {
      this.#sequence += character;
    }
  }

  #endCsi(final: string): void {
    const parameters = this.#sequence.slice(2);
    if (final === '~' && parameters === '200') {
      this.#ground();
      this.#state = 'paste';
    } else if (final === 'M' && parameters === '') {
      this.#state = 'mouse';
      this.#toSkip = 3;
    } else if (this.#sequence.length >= sequenceMaxLength) {
      this.#ground();
    } else {
      this.#emit(keyOfCsi(parameters, final, this.#sequence + final));
    }
  }

  #inSs3(character: string): void {
    if (!isControl(character)) return this.#emit(keyOfSs3(character, this.#sequence + character));
    this.#ground();
    this.#inGround(character);
  }

  #inString(character: string): void {
    this.#swallowed += 1;
    if (character === '\x1b') this.#state = 'stringEscape';
    else if (character === '\x07' || character === '\x18' || character === '\x1a') this.#ground();
  }

  /** Takes what belongs to the paste; the rest of the text. */
  #pushPaste(text: string): string {
    const from = Math.max(0, this.#paste.length - pasteEnd.length);
    this.#paste += text;
    const end = this.#paste.indexOf(pasteEnd, from);
    const rest = end < 0 ? '' : this.#paste.slice(end + pasteEnd.length);
    if (end >= 0) this.#paste = this.#paste.slice(0, end);
    // The last characters may be the beginning of the end marker.
    const keep = end < 0 ? pasteEnd.length : 0;
    while (this.#paste.length >= pastePieceMaxLength + keep) this.#emitPaste(pieceLength(this.#paste));
    if (end < 0) return '';
    if (this.#paste !== '') this.#emitPaste(this.#paste.length);
    this.#ground();
    return rest;
  }

  #emitPaste(length: number): void {
    this.#events.push({ kind: 'paste', text: this.#paste.slice(0, length) });
    this.#paste = this.#paste.slice(length);
  }

  #emit(key: Key | undefined): void {
    const whole = key !== undefined && this.#alt ? withAlt(key) : key;
    this.#ground();
    if (whole !== undefined) this.#events.push({ kind: 'key', key: whole });
  }

  #emitEscape(): void {
    this.#events.push({ kind: 'key', key: { name: 'escape', text: '', bytes: '\x1b' } });
    this.#alt = false;
  }

  #ground(): void {
    this.#state = 'ground';
    this.#sequence = '';
    this.#alt = false;
  }

  #begin(): void {
    this.#ground();
    this.#state = 'escape';
    this.#sequence = '\x1b';
  }

  #take(): readonly InputEvent[] {
    const taken = this.#events;
    this.#events = [];
    return taken;
  }
}

const isControl = (character: string): boolean => character < ' ' || character === '\x7f';

const escapeStates: Readonly<Record<string, State>> = {
  '[': 'csi',
  O: 'ss3',
  ']': 'string',
  P: 'string',
  _: 'string',
  '^': 'string',
  X: 'string',
};

const unfinishedOf: Readonly<Record<State, Unfinished | undefined>> = {
  ground: undefined,
  escape: 'escape',
  csi: 'sequence',
  ss3: 'sequence',
  linux: 'sequence',
  mouse: 'sequence',
  string: 'reply',
  stringEscape: 'reply',
  paste: 'paste',
};

/** `$` ends a sequence of rxvt (`CSI 7 $`); in a reply (`CSI ? 2004 ; 1 $ y`) it is in the middle. */
function isCsiFinal(sequence: string, character: string): boolean {
  if (character === '$') return /^\d+$/.test(sequence.slice(2));
  return character >= '@' && character <= '~';
}

/** A character is never cut in half. */
function pieceLength(text: string): number {
  const code = text.charCodeAt(pastePieceMaxLength - 1);
  return code >= 0xd800 && code < 0xdc00 ? pastePieceMaxLength - 1 : pastePieceMaxLength;
}
