/** Prints the lines of many logs in the order of their time. Used by commands/logs.ts and commands/task.ts. */
import type { LogListener } from '../api/client/log-source.ts';
import { LogMerge, type MergedLine } from '../api/core/log-merge.ts';
import type { LogFrame } from '../api/core/stream-frames.ts';
import type { Timer } from '../base/clock.ts';
import { escapeData } from './core/escape.ts';
import { formatLogLine, type LogLineOptions } from './core/log-line.ts';
import { displayWidth } from './core/width.ts';
import type { Session } from './session.ts';

/** What one log belongs to. */
export interface LogOrigin {
  /** `web/2`, or a task's guid. */
  readonly name: string;
  readonly cellId: string;
  /** Unique among the logs that are read: the instance guid or the attempt. */
  readonly id: string;
}

export interface PrinterOptions extends LogLineOptions {
  readonly streams: readonly ('stdout' | 'stderr')[];
  readonly matches: (text: string) => boolean;
  /** JSON lines instead of text. */
  readonly json: boolean;
}

export class LogPrinter {
  readonly #session: Session;
  readonly #options: PrinterOptions;
  readonly #merge = new LogMerge();
  readonly #origins = new Map<string, LogOrigin>();
  #width = 0;
  #timer: Timer | undefined;
  #waiting: (() => void)[] = [];

  constructor(session: Session, options: PrinterOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** A log that is about to be read; its lines are waited for from now on. */
  add(origin: LogOrigin): LogListener {
    const { clock } = this.#session.io;
    this.#origins.set(origin.id, origin);
    this.#width = Math.max(this.#width, displayWidth(sourceOf(origin)));
    this.#merge.add(origin.id, clock.now());
    return {
      opened: () => {
        this.#merge.opened(origin.id, clock.now());
        this.flush();
      },
      line: (frame, channel) => this.#push(origin.id, frame, channel),
    };
  }

  end(origin: LogOrigin): void {
    this.#merge.end(origin.id);
    this.flush();
  }

  async #push(stream: string, frame: LogFrame, channel: 'stdout' | 'stderr'): Promise<void> {
    if (!this.#options.streams.includes(channel) || !this.#options.matches(frame.text)) {
      this.#merge.opened(stream, this.#session.io.clock.now());
      return;
    }
    this.#merge.push({ stream, channel, ...frame }, this.#session.io.clock.now());
    this.flush();
    while (this.#merge.isFull(stream)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Prints what is due, and comes back by itself when more will be. */
  flush(): void {
    const { clock } = this.#session.io;
    this.#timer?.cancel();
    this.#timer = undefined;
    const { lines, stalled, againAt } = this.#merge.take(clock.now());
    for (const line of lines) this.#print(line);
    for (const id of stalled) {
      const origin = this.#origins.get(id);
      if (origin === undefined) continue;
      this.#session.warn(
        `-- ${sourceOf(origin)} has not answered for 10 s: its lines may come out of order --`,
      );
    }
    if (againAt !== undefined)
      this.#timer = clock.after(Math.max(1, againAt - clock.now()), () => this.flush());
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Prints everything that waits, in order, without waiting for more. */
  finish(): void {
    for (const origin of this.#origins.values()) this.#merge.end(origin.id);
    this.flush();
    this.#timer?.cancel();
  }

  #print(line: MergedLine): void {
    const origin = this.#origins.get(line.stream);
    if (origin === undefined) return;
    if (this.#options.json) {
      const { name, cellId: cell, id } = origin;
      const record = {
        at: new Date(line.at).toISOString(),
        name,
        cell,
        id,
        stream: line.channel,
        text: line.text,
      };
      return this.#session.print(escapeData(JSON.stringify(record)));
    }
    this.#session.print(formatLogLine(line, sourceOf(origin), this.#width, this.#options));
  }
}

const sourceOf = ({ name, cellId }: LogOrigin): string => `${name} ${cellId}`;
