/**
 * Lines of many streams in the order of their time, as they come. A line is let go once no other stream can
 * still bring an older one: each has brought a newer line, has been silent for a moment, or takes too long to
 * open. Pure: the caller pushes, asks with the time, and is told when to ask again. Used by the CLI and the TUI.
 */

/** A silence this long means that a stream has said all it had to say so far. */
const quietMs = 250;
/** A stream that has not opened after this long is no longer waited for. */
const openStallMs = 10_000;
/** Lines of one stream that may wait; above it the reader of the stream must pause. */
const maxQueuedLines = 1_000;

export interface MergedLine {
  readonly stream: string;
  readonly at: number;
  readonly text: string;
  /** `note`: said about the stream, in its place. */
  readonly channel: 'stdout' | 'stderr' | 'note';
}

interface Stream {
  readonly queue: MergedLine[];
  readonly addedAt: number;
  openedAt: number | undefined;
  lastArrivalAt: number;
  newestAt: number;
  stalled: boolean;
  ended: boolean;
}

export interface Release {
  readonly lines: readonly MergedLine[];
  /** Streams that are no longer waited for, told once each. */
  readonly stalled: readonly string[];
  /** When to ask again although nothing new came; undefined: not before something does. */
  readonly againAt: number | undefined;
}

export class LogMerge {
  readonly #streams = new Map<string, Stream>();

  add(stream: string, now: number): void {
    this.#streams.set(stream, {
      queue: [],
      addedAt: now,
      openedAt: undefined,
      lastArrivalAt: now,
      newestAt: Number.NEGATIVE_INFINITY,
      stalled: false,
      ended: false,
    });
  }

  opened(stream: string, now: number): void {
    const entry = this.#streams.get(stream);
    if (entry !== undefined) entry.openedAt ??= now;
  }

  push(line: MergedLine, now: number): void {
    const entry = this.#streams.get(line.stream);
    if (entry === undefined) return;
    entry.openedAt ??= now;
    entry.lastArrivalAt = now;
    entry.newestAt = Math.max(entry.newestAt, line.at);
    entry.queue.push(line);
  }

  /** No more lines will come; those that wait still do. */
  end(stream: string): void {
    const entry = this.#streams.get(stream);
    if (entry === undefined) return;
    entry.ended = true;
    if (entry.queue.length === 0) this.#streams.delete(stream);
  }

  /** Whether the reader of this stream must pause. */
  isFull(stream: string): boolean {
    return (this.#streams.get(stream)?.queue.length ?? 0) >= maxQueuedLines;
  }

  take(now: number): Release {
    const lines: MergedLine[] = [];
    const stalled = this.#markStalled(now);
    for (;;) {
      const [name, oldest] = this.#oldest();
      const head = oldest?.queue[0];
      if (name === undefined || oldest === undefined || head === undefined) {
        return { lines, stalled, againAt: this.#nextStallAt() };
      }
      const againAt = this.#blockedUntil(name, head.at, now);
      if (againAt !== undefined) return { lines, stalled, againAt };
      lines.push(head);
      oldest.queue.shift();
      if (oldest.ended && oldest.queue.length === 0) this.#streams.delete(name);
    }
  }

  #markStalled(now: number): string[] {
    const names: string[] = [];
    for (const [name, stream] of this.#streams) {
      if (stream.stalled || stream.openedAt !== undefined || now - stream.addedAt < openStallMs) continue;
      stream.stalled = true;
      names.push(name);
    }
    return names;
  }

  #nextStallAt(): number | undefined {
    let at: number | undefined;
    for (const stream of this.#streams.values()) {
      if (stream.stalled || stream.openedAt !== undefined) continue;
      at = Math.min(at ?? Number.POSITIVE_INFINITY, stream.addedAt + openStallMs);
    }
    return at;
  }

  #oldest(): [string, Stream] | [undefined, undefined] {
    let found: [string, Stream] | [undefined, undefined] = [undefined, undefined];
    let at = Number.POSITIVE_INFINITY;
    for (const [name, stream] of this.#streams) {
      const head = stream.queue[0];
      if (head === undefined || head.at >= at) continue;
      at = head.at;
      found = [name, stream];
    }
    return found;
  }

  /** Until when another stream may still bring a line older than `at`; undefined: none may. */
  #blockedUntil(mine: string, at: number, now: number): number | undefined {
    let until: number | undefined;
    for (const [name, stream] of this.#streams) {
      const knows = stream.queue.length > 0 || stream.newestAt >= at;
      if (name === mine || stream.ended || stream.stalled || knows) continue;
      const quietAt =
        stream.openedAt === undefined
          ? stream.addedAt + openStallMs
          : Math.max(stream.openedAt, stream.lastArrivalAt) + quietMs;
      if (quietAt > now) until = Math.min(until ?? Number.POSITIVE_INFINITY, quietAt);
    }
    return until;
  }
}
