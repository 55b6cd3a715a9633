/**
 * What is typed and pasted into a pane and not sent yet, in order. A paste of megabytes waits here while the program
 * reads at its own pace; keys that follow it stay behind it. Used by pane-session.ts.
 */

/** A paste that is larger is refused whole. */
const waitingMaxBytes = 16 * 1024 * 1024;
/** Sent at once: what a reader that does not read holds back. */
const pieceBytes = 8 * 1024;

export interface PaneInputOptions {
  /** Resolves when the line has taken it; rejects when it is lost. */
  send(bytes: Uint8Array): Promise<void>;
  /** More was sent, or nothing is left. */
  onProgress(): void;
}

export class PaneInput {
  readonly #options: PaneInputOptions;
  #queue: Uint8Array[] = [];
  #waitingBytes = 0;
  /** A token of the line that takes input now; undefined when there is none. */
  #line: object | undefined;
  /** The line that is being written to. */
  #sendingTo: object | undefined;

  constructor(options: PaneInputOptions) {
    this.#options = options;
  }

  /** Bytes that the line has not taken yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** False when it is too much: nothing of it was taken. */
  push(bytes: Uint8Array): boolean {
    if (this.#waitingBytes + bytes.length > waitingMaxBytes) return false;
    this.#queue.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#start();
    return true;
  }

  /** The line takes input: what waits goes. */
  open(): void {
    this.#line ??= {};
    this.#start();
  }

  /** The line has gone: how many bytes were not sent and now never are. */
  drop(): number {
    const dropped = this.#waitingBytes;
    this.#line = undefined;
    this.#queue = [];
    this.#waitingBytes = 0;
    return dropped;
  }

  #start(): void {
    const line = this.#line;
    if (line === undefined || this.#sendingTo === line || this.#queue.length === 0) return;
    this.#sendingTo = line;
    // A send that fails means that the line has gone: whoever reads it is told, and calls drop.
    this.#sendAll(line).catch(() => undefined);
  }

  async #sendAll(line: object): Promise<void> {
    for (let piece = this.#take(); piece !== undefined; piece = this.#take()) {
      await this.#options.send(piece);
      if (this.#line !== line) return;
      this.#waitingBytes -= piece.length;
      this.#options.onProgress();
    }
    this.#sendingTo = undefined;
  }

  #take(): Uint8Array | undefined {
    const first = this.#queue.shift();
    if (first === undefined || first.length <= pieceBytes) return first;
    this.#queue.unshift(first.subarray(pieceBytes));
    return first.subarray(0, pieceBytes);
  }
}
