/**
 * The lines of one container's log as they come, over lost connections when it is followed. Used by the CLI and
 * the TUI, one a container.
 */

import { type Clock, pause } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { Client, StreamOptions } from '../client.ts';
import { type LogFrame, logFrameSchema } from '../core/stream-frames.ts';
import { parseJson, readStream } from './stream.ts';

/** Between two tries to open the log of a container that is only being made. */
const retryMs = 1_000;

export interface LogReader {
  /** Asked for anew at each try: it may be another server's by then. */
  readonly client: Client;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface LogQuery {
  /** `NAME/INDEX`, or a task's guid. */
  readonly target: string;
  readonly task: boolean;
  readonly follow: boolean;
  /** Lines from the end; undefined: all. */
  readonly tail: number | undefined;
  readonly since: number | undefined;
  readonly previous: boolean;
}

export interface LogListener {
  opened(): void;
  /** Awaited before the next line is read: that is the backpressure. */
  line(frame: LogFrame, channel: 'stdout' | 'stderr'): Promise<void>;
}

/**
 * Resolves with the exit status of the container, when it is known, once its log has ended.
 * @param isCurrent whether a log that cannot be opened, or whose connection was lost, is worth another try
 */
export async function readLog(
  reader: LogReader,
  query: LogQuery,
  listener: LogListener,
  isCurrent: () => boolean,
): Promise<number | undefined> {
  const seen = new SeenLines();
  for (;;) {
    try {
      return await readOnce(reader, query, listener, seen);
    } catch (error) {
      const mayRetry = query.follow && error instanceof SkepError && error.retryable && isCurrent();
      if (reader.signal.aborted) return undefined;
      if (!mayRetry) throw error;
    }
    seen.resume();
    await pause(reader.clock, retryMs, reader.signal);
  }
}

async function readOnce(
  reader: LogReader,
  query: LogQuery,
  listener: LogListener,
  seen: SeenLines,
): Promise<number | undefined> {
  const { client, signal } = reader;
  const { tail, since, ...rest } = query;
  const resumeAt = seen.lastAt ?? since;
  const options: StreamOptions = {
    kind: 'logs',
    ...rest,
    ...(tail === undefined || seen.lastAt !== undefined ? {} : { tail }),
    ...(resumeAt === undefined ? {} : { since: resumeAt }),
  };
  const socket = await client.openStream(options, { signal });
  const close = (): void => socket.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    for await (const message of readStream(socket)) {
      if (message.kind === 'data') {
        if (message.channel !== 'stdin') await deliver(message.payload, message.channel, listener, seen);
      } else if (message.control.kind === 'opened') {
        listener.opened();
      } else if (message.control.kind === 'exit') {
        return message.control.code;
      } else if (message.control.kind === 'error') {
        throw new SkepError('NotRunning', message.control.message, { hint: message.control.hint });
      }
    }
  } finally {
    signal.removeEventListener('abort', close);
    socket.close();
  }
  if (signal.aborted) return undefined;
  const end = await socket.closed;
  // A log that is not followed may simply end; one that is ends with an exit frame.
  if (!query.follow && end.code === 1000) return undefined;
  throw new SkepError('Unavailable', `the connection to the log of ${query.target} was lost: ${end.reason}`);
}

async function deliver(
  payload: Uint8Array,
  channel: 'stdout' | 'stderr',
  listener: LogListener,
  seen: SeenLines,
): Promise<void> {
  const parsed = logFrameSchema.safeParse(parseJson(new TextDecoder().decode(payload)));
  if (!parsed.success) throw new SkepError('Unavailable', 'the cell sent a log line that is none');
  if (seen.add(parsed.data)) await listener.line(parsed.data, channel);
}

/** What came last, so that a log read again from that moment says nothing twice. */
class SeenLines {
  lastAt: number | undefined;
  #atLast = new Set<string>();
  #resumed = new Set<string>();
  #resumedAt = 0;

  /** False when the line had come before the connection was lost. */
  add(frame: LogFrame): boolean {
    if (this.lastAt !== undefined && frame.at < this.lastAt && frame.at <= this.#resumedAt) return false;
    if (frame.at === this.#resumedAt && this.#resumed.has(frame.text)) return false;
    if (frame.at !== this.lastAt) this.#atLast.clear();
    this.#atLast.add(frame.text);
    this.lastAt = frame.at;
    return true;
  }

  /** The connection was lost: lines of the last moment come again. */
  resume(): void {
    this.#resumed = new Set(this.#atLast);
    this.#resumedAt = this.lastAt ?? 0;
  }
}
