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

export function createInputParser(): InputParser {
  let state: State = 'ground';
  /** From ESC on; in a string only its first two characters. */
  let sequence = '';
  /** rxvt sends Alt with an arrow as ESC before its sequence. */
  let alt = false;
  let toSkip = 0;
  let swallowed = 0;
  let paste = '';
  let events: InputEvent[] = [];

  const emit = (key: Key | undefined): void => {
    const whole = key !== undefined && alt ? withAlt(key) : key;
    ground();
    if (whole !== undefined) events.push({ kind: 'key', key: whole });
  };
  const ground = (): void => {
    state = 'ground';
    sequence = '';
    alt = false;
  };
  const begin = (): void => {
    ground();
    state = 'escape';
    sequence = '\x1b';
  };
  const isControl = (character: string): boolean => character < ' ' || character === '\x7f';

  const steps: Readonly<Record<Exclude<State, 'paste'>, (character: string) => void>> = {
    ground(character) {
      if (character === '\x1b') begin();
      else emit(keyOfCharacter(character));
    },
    escape(character) {
      if (character === '\x1b') {
        if (alt) emitEscape();
        begin();
        alt = true;
        return;
      }
      const next = escapeStates[character];
      if (next !== undefined) {
        state = next;
        sequence += character;
        swallowed = 0;
        return;
      }
      // The first of two ESC was the key by itself then.
      if (alt) emitEscape();
      const key = keyOfCharacter(character);
      emit(key === undefined ? undefined : withAlt(key));
    },
    csi(character) {
      if (sequence === '\x1b[' && character === '[') {
        state = 'linux';
        sequence += character;
      } else if (isControl(character)) {
        ground();
        steps.ground(character);
      } else if (isCsiFinal(sequence, character)) {
        endCsi(character);
      } else if (sequence.length < sequenceMaxLength) {
        sequence += character;
      }
    },
    ss3(character) {
      if (isControl(character)) {
        ground();
        steps.ground(character);
      } else {
        emit(keyOfSs3(character, sequence + character));
      }
    },
    linux: (character) => emit(keyOfLinuxFunction(character, sequence + character)),
    mouse() {
      toSkip -= 1;
      if (toSkip === 0) ground();
    },
    string(character) {
      swallowed += 1;
      if (character === '\x1b') state = 'stringEscape';
      else if (character === '\x07' || character === '\x18' || character === '\x1a') ground();
    },
    stringEscape(character) {
      if (character === '\\') return ground();
      begin();
      steps.escape(character);
    },
  };

  const emitEscape = (): void => {
    events.push({ kind: 'key', key: { name: 'escape', text: '', bytes: '\x1b' } });
    alt = false;
  };

  function endCsi(final: string): void {
    const parameters = sequence.slice(2);
    if (final === '~' && parameters === '200') {
      ground();
      state = 'paste';
    } else if (final === 'M' && parameters === '') {
      state = 'mouse';
      toSkip = 3;
    } else if (sequence.length >= sequenceMaxLength) {
      ground();
    } else {
      emit(keyOfCsi(parameters, final, sequence + final));
    }
  }

  /** Takes what belongs to the paste; the rest of the text. */
  function pushPaste(text: string): string {
    const from = Math.max(0, paste.length - pasteEnd.length);
    paste += text;
    const end = paste.indexOf(pasteEnd, from);
    const rest = end < 0 ? '' : paste.slice(end + pasteEnd.length);
    if (end >= 0) paste = paste.slice(0, end);
    // The last characters may be the beginning of the end marker.
    const keep = end < 0 ? pasteEnd.length : 0;
    while (paste.length >= pastePieceMaxLength + keep) emitPaste(pieceLength(paste));
    if (end < 0) return '';
    if (paste !== '') emitPaste(paste.length);
    ground();
    return rest;
  }

  function emitPaste(length: number): void {
    events.push({ kind: 'paste', text: paste.slice(0, length) });
    paste = paste.slice(length);
  }

  return {
    push(text) {
      let rest = text;
      while (rest !== '') {
        if (state === 'paste') {
          rest = pushPaste(rest);
          continue;
        }
        const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
        rest = rest.slice(character.length);
        steps[state](character);
      }
      return take();
    },
    flush() {
      if (state === 'paste') {
        if (paste !== '') emitPaste(paste.length);
        ground();
      } else if (state === 'escape') {
        if (alt) emitEscape();
        emitEscape();
        ground();
      } else if (sequence.length === 2 && swallowed === 0 && state !== 'mouse') {
        // Alt with a bracket or a letter that sequences begin with.
        const key = keyOfCharacter(sequence.slice(1));
        emit(key === undefined ? undefined : withAlt(key));
      } else {
        ground();
      }
      return take();
    },
    get unfinished() {
      return unfinishedOf[state];
    },
    get held() {
      return sequence.length + paste.length;
    },
  };

  function take(): readonly InputEvent[] {
    const taken = events;
    events = [];
    return taken;
  }
}

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
