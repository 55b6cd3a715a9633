/**
 * What clients typed and the program has not read, bounded, so that a program that reads nothing does not keep a
 * client's other wishes (a new size, to be closed) from being heard. Used by session.ts.
 */

/** Who types more than this at a program that does not read is read no further. */
const maxWaitingBytes = 1024 * 1024;

export class ConsoleInput {
  readonly #write: (data: Uint8Array) => Promise<void>;
  readonly #queue: Uint8Array[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  #room: (() => void)[] = [];

  /** @param write resolves when the program has taken it; what it throws ends with the program's end */
  constructor(write: (data: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when more may be given. */
  push(data: Uint8Array): Promise<void> {
    this.#queue.push(data);
    this.#waitingBytes += data.length;
    if (!this.#isWriting) void this.#writeAll();
    if (this.#waitingBytes <= maxWaitingBytes) return Promise.resolve();
    return new Promise((resolve) => this.#room.push(resolve));
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    for (let data = this.#queue.shift(); data !== undefined; data = this.#queue.shift()) {
      // A program that has ended takes nothing: that it has, its output's end tells everybody.
      await this.#write(data).catch(() => undefined);
      this.#waitingBytes -= data.length;
      for (const resolve of this.#room.splice(0)) resolve();
    }
    this.#isWriting = false;
  }
}
