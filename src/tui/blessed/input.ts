/**
 * Bytes from the terminal → keys and pastes, with the patience that slow lines need: the bytes of an arrow key may
 * arrive apart, and the first of them alone is Escape. blessed's own decoder is not used: it turns a split arrow into
 * Escape, a pasted text into commands and replies of the terminal into keys (operator-ux.md 5.4).
 */
import { StringDecoder } from 'node:string_decoder';
import type { Clock, Timer } from '../../base/clock.ts';
import { createInputParser, type InputEvent, type Unfinished } from '../core/input-parser.ts';

export interface InputOptions {
  readonly clock: Clock;
  /** How long a lone ESC waits for the rest of a key: 40 here, up to 150 over SSH. */
  readonly holdMs: number;
  readonly emit: (event: InputEvent) => void;
}

export interface Input {
  feed(bytes: Uint8Array): void;
  /** Forgets what is unfinished: the terminal is somebody else's now. */
  reset(): void;
  /** Characters that are held: bounded. */
  readonly held: number;
}

/** After `ESC [` it is a sequence almost surely, however slow the line; a reply or a paste ends when nothing comes. */
const sequenceHoldMs = 500;
const replyHoldMs = 1_000;
const pasteHoldMs = 2_000;

export function createInput({ clock, holdMs, emit }: InputOptions): Input {
  let decoder = new StringDecoder('utf8');
  let parser = createInputParser();
  let timer: Timer | undefined;
  let waitingFor: Unfinished | undefined;

  const holds: Readonly<Record<Unfinished, number>> = {
    escape: holdMs,
    sequence: Math.max(holdMs, sequenceHoldMs),
    reply: replyHoldMs,
    paste: pasteHoldMs,
  };

  function wait(): void {
    const next = parser.unfinished;
    // A reply has so long in all: else Alt with `]` would swallow whatever is typed after it.
    if (next === 'reply' && waitingFor === 'reply') return;
    timer?.cancel();
    timer = undefined;
    waitingFor = next;
    if (next !== undefined) timer = clock.after(holds[next], giveUp);
  }

  function giveUp(): void {
    timer = undefined;
    waitingFor = undefined;
    for (const event of parser.flush()) emit(event);
  }

  return {
    feed(bytes) {
      // A listener may reset this while it is told of an event: what comes after is not ours any more.
      const mine = parser;
      const events = mine.push(decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
      for (const event of events) {
        if (parser !== mine) return;
        emit(event);
      }
      wait();
    },
    reset() {
      timer?.cancel();
      timer = undefined;
      waitingFor = undefined;
      decoder = new StringDecoder('utf8');
      parser = createInputParser();
    },
    get held() {
      return parser.held;
    },
  };
}
