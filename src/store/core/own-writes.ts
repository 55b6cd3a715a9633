/**
 * What this process is about to write, so that its own records need not be read again when the watch brings them back.
 * The fold asks for each record; only the same text under the same key counts, so it does not matter whether a write
 * came to pass, or who else wrote the same.
 */
import type { Mutation } from './records.ts';

interface Own {
  readonly value: string;
  readonly noun: unknown;
}

/** As many as a leader has under way in a mass start, twice over: beyond it the oldest are read like anybody's. */
const ownMax = 40_000;

export class OwnWrites {
  readonly #byKey = new Map<string, Own>();

  /** How many have not come back. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Remembers what says of itself what it was made of. */
  note(mutations: readonly Mutation[]): void {
    for (const { puts } of mutations) {
      for (const { key, value, noun } of puts) if (noun !== undefined) this.#byKey.set(key, { value, noun });
    }
    for (const key of this.#byKey.keys()) {
      if (this.#byKey.size <= ownMax) return;
      this.#byKey.delete(key);
    }
  }

  /** What the text was made of, if it was ours; asked once a record. */
  take(key: string, value: string): unknown {
    if (this.#byKey.size === 0) return undefined;
    const own = this.#byKey.get(key);
    if (own?.value !== value) return undefined;
    this.#byKey.delete(key);
    return own.noun;
  }
}
