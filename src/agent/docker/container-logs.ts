/**
 * The lines that a container wrote, as its log driver kept them. Each frame is one message: its time, a space
 * and at most 16 KiB; a longer line comes in several, of which only the last ends in a newline.
 */
import type { Readable } from 'node:stream';
import type { LogLine, LogOptions } from '../runtime.ts';
import { callDeadlineMs, type Engine } from './engine.ts';
import { demultiplex, type Frame } from './frames.ts';

/** Longer lines are cut into several: reference/diego.md 1.17. */
const maxLineBytes = 61_440;
/** How long a container that is followed may write nothing at all, with an engine that answers with its first line. */
const followDeadlineMs = 24 * 3_600_000;

/**
 * Reads a container's log; with `follow` until it ends. Ends without an error when the signal aborts.
 * @throws ResourceNotFound when there is no such container; Unavailable when the engine goes
 */
export async function* readLogs(engine: Engine, id: string, options: LogOptions): AsyncGenerator<LogLine> {
  const what = `read the log of container ${id.slice(0, 12)}`;
  const since = options.since ?? 0;
  // A tail of nothing still follows; engines take 0 for "all".
  if (options.tail === 0 && !options.follow) return;
  const stream = await openLog(engine, id, options, what);
  if (stream === undefined) return;
  const stop = (): void => void stream.destroy();
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const line of joinLines(demultiplex(stream))) if (!isBefore(line, since)) yield line;
  } catch (error) {
    if (!options.signal.aborted) throw engine.translate(error, what);
  } finally {
    options.signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

/** Undefined when the signal aborts first: Podman answers no sooner than a container that is followed writes. */
async function openLog(
  engine: Engine,
  id: string,
  { signal, follow, tail, since = 0 }: LogOptions,
  what: string,
): Promise<Readable | undefined> {
  try {
    return await engine.openStream(
      { what, signal, deadlineMs: follow ? followDeadlineMs : callDeadlineMs },
      `/containers/${id}/logs`,
      {
        stdout: 1,
        stderr: 1,
        timestamps: 1,
        follow: follow ? 1 : 0,
        tail: tail ?? 'all',
        // Whole seconds: fractions are not understood by all. What is too early is left out above.
        since: Math.floor(since / 1_000),
      },
    );
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Podman tells the second only, in which a line may be as late as any moment of it: rather twice than never. */
function isBefore({ at }: LogLine, since: number): boolean {
  return at < since && (at % 1_000 !== 0 || at < since - (since % 1_000));
}

/** A line that is not complete yet. */
interface Partial {
  at: number;
  readonly parts: Uint8Array[];
  bytes: number;
}

/** Puts the pieces of long lines together again. Exported for its test. */
export async function* joinLines(frames: AsyncIterable<Frame>): AsyncGenerator<LogLine> {
  const partials = new Map<Frame['stream'], Partial>();
  for await (const { stream, data } of frames) {
    const space = data.indexOf(32);
    const at = Date.parse(Buffer.from(data.subarray(0, Math.max(space, 0))).toString('latin1'));
    const complete = data.at(-1) === 10;
    const body = data.subarray(space + 1, complete ? data.length - 1 : data.length);
    const partial = partials.get(stream) ?? { at: Number.isNaN(at) ? 0 : at, parts: [], bytes: 0 };
    partial.parts.push(body);
    partial.bytes += body.length;
    if (complete || partial.bytes >= maxLineBytes) {
      yield* cut(stream, partial, complete);
      if (complete || partial.bytes === 0) partials.delete(stream);
      else partials.set(stream, partial);
    } else partials.set(stream, partial);
  }
  for (const [stream, partial] of partials) yield* cut(stream, partial, true);
}

/** Takes whole lines of the greatest length off a partial one; all of it when it is complete. */
function* cut(stream: Frame['stream'], partial: Partial, complete: boolean): Generator<LogLine> {
  let rest: Buffer = Buffer.concat(partial.parts);
  while (rest.length > maxLineBytes) {
    const end = characterStart(rest, maxLineBytes);
    yield { at: partial.at, stream, text: rest.toString('utf8', 0, end) };
    rest = rest.subarray(end);
  }
  if (complete) yield { at: partial.at, stream, text: rest.toString('utf8').replace(/\r$/, '') };
  partial.parts.splice(0, partial.parts.length, ...(complete ? [] : [rest]));
  partial.bytes = complete ? 0 : rest.length;
}

/** The last place at or before `end` where a UTF-8 character begins. */
function characterStart(bytes: Buffer, end: number): number {
  let start = end;
  while (start > end - 4 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}
