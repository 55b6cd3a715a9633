/**
 * A file that lines are added to without waiting: they queue in memory up to a bound, are written in the
 * background, and the file makes room for a new one when it is full. What cannot be taken is dropped, counted,
 * and told of by a line in its place. Built by composition roots; used by the decision trace.
 */
import { appendFile, rename, stat } from 'node:fs/promises';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../log.ts';

export interface LineFileOptions {
  readonly path: string;
  /** Bytes of one file; the one before is kept as `PATH.1`, so that both take twice as much at most. */
  readonly maxBytes: number;
  /** Characters that may wait to be written. */
  readonly pendingMaxChars: number;
  /** What stands in place of so many lines that were dropped. */
  droppedLine(count: number): string;
  readonly log: Log;
}

export interface LineFile {
  /** Adds a line, without its end. Never waits and never throws. */
  write(line: string): void;
  /** Resolves once everything that was taken is written, or could not be. */
  flush(): Promise<void>;
}

/** Opens nothing until the first line comes. */
export function lineFile(options: LineFileOptions): LineFile {
  const file = new BackgroundFile(options);
  return { write: (line) => file.write(line), flush: () => file.flush() };
}

/** One write: large enough to be few, small enough that the files keep to their bound. */
const writeMaxChars = 256 * 1024;

class BackgroundFile {
  readonly #options: LineFileOptions;
  #waiting: string[] = [];
  #waitingChars = 0;
  #dropped = 0;
  #size: number | undefined;
  #writing: Promise<void> | undefined;
  #hasFailed = false;

  constructor(options: LineFileOptions) {
    this.#options = options;
  }

  write(line: string): void {
    if (this.#waitingChars + line.length > this.#options.pendingMaxChars) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) this.#tellDropped();
    this.#take(line);
    this.#writing ??= this.#drain();
  }

  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  #take(line: string): void {
    this.#waiting.push(`${line}\n`);
    this.#waitingChars += line.length + 1;
  }

  #tellDropped(): void {
    const { path, log } = this.#options;
    // While nothing can be written that has been told already.
    if (!this.#hasFailed) log.warn('lines.dropped', { path, lines: this.#dropped });
    this.#take(this.#options.droppedLine(this.#dropped));
    this.#dropped = 0;
  }

  async #drain(): Promise<void> {
    // What is written together in one turn of the event loop goes out together.
    await Promise.resolve();
    while (this.#waiting.length > 0 || this.#dropped > 0) {
      if (this.#waiting.length === 0) this.#tellDropped();
      const lines = this.#nextLines();
      try {
        await this.#append(lines.join(''));
        this.#hasFailed = false;
      } catch (error) {
        this.#dropped += lines.length;
        this.#fail(error);
        if (this.#waiting.length === 0) break;
      }
    }
    this.#writing = undefined;
  }

  #nextLines(): string[] {
    let chars = 0;
    let count = 0;
    while (count < this.#waiting.length && chars < writeMaxChars) {
      chars += this.#waiting[count]?.length ?? 0;
      count += 1;
    }
    this.#waitingChars -= chars;
    return this.#waiting.splice(0, count);
  }

  async #append(text: string): Promise<void> {
    const { path, maxBytes } = this.#options;
    const bytes = Buffer.byteLength(text);
    this.#size ??= await sizeOf(path);
    if (this.#size > 0 && this.#size + bytes > maxBytes) {
      await rename(path, `${path}.1`);
      this.#size = 0;
    }
    await appendFile(path, text, { mode: 0o600 });
    this.#size += bytes;
  }

  /** A full disk fails every write: it is told once. */
  #fail(error: unknown): void {
    // Somebody may have moved the file meanwhile.
    this.#size = undefined;
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#options.log.warn('lines.not_written', { path: this.#options.path, reason: messageOf(error) });
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
