/**
 * The lines that a logs page keeps: the newest, bounded by number and by size. A value: pieces of it are shared with the
 * one before, so that adding a batch costs what the batch costs. Lines are numbered as they come and keep their number.
 */
import type { LogLine } from './page.ts';

const chunkLines = 512;
/** Beside its text. */
const lineBytes = 100;

export const logBounds = { lines: 100_000, bytes: 64 * 1024 * 1024 } as const;

export interface LogChunk {
  /** Number of its first line. */
  readonly first: number;
  /** At most 512. */
  readonly lines: readonly LogLine[];
  readonly bytes: number;
}

export interface LogBuffer {
  readonly chunks: readonly LogChunk[];
  /** Number of the line that comes next. */
  readonly next: number;
  readonly bytes: number;
  /** Lines that made room for newer ones. */
  readonly dropped: number;
}

export const emptyLogBuffer: LogBuffer = { chunks: [], next: 0, bytes: 0, dropped: 0 };

const bytesOf = (line: LogLine): number => lineBytes + 2 * line.text.length;

/** Whole chunks of the oldest lines go when there are more than `bounds` allow. */
export function appendLines(
  buffer: LogBuffer,
  lines: readonly LogLine[],
  bounds: { readonly lines: number; readonly bytes: number } = logBounds,
): LogBuffer {
  if (lines.length === 0) return buffer;
  const chunks = [...buffer.chunks];
  let { next, bytes, dropped } = buffer;
  const last = chunks.at(-1);
  const joins = last !== undefined && last.lines.length < chunkLines;
  if (joins) {
    chunks.pop();
    bytes -= last.bytes;
    next = last.first;
  }
  const all = joins ? [...last.lines, ...lines] : lines;
  for (let at = 0; at < all.length; at += chunkLines) {
    const part = all.slice(at, at + chunkLines);
    const size = part.reduce((sum, line) => sum + bytesOf(line), 0);
    chunks.push({ first: next, lines: part, bytes: size });
    bytes += size;
    next += part.length;
  }
  let gone = 0;
  let kept = next - (chunks[0]?.first ?? next);
  for (; gone < chunks.length - 1 && (kept > bounds.lines || bytes > bounds.bytes); gone += 1) {
    const chunk = chunks[gone];
    if (chunk === undefined) break;
    kept -= chunk.lines.length;
    bytes -= chunk.bytes;
    dropped += chunk.lines.length;
  }
  return { chunks: gone === 0 ? chunks : chunks.slice(gone), next, bytes, dropped };
}

/** Number of the oldest line that is kept; `next` when there is none. */
export const firstLine = ({ chunks, next }: LogBuffer): number => chunks[0]?.first ?? next;

export function lineAt(buffer: LogBuffer, number: number): LogLine | undefined {
  const chunk = buffer.chunks[chunkIndex(buffer, number)];
  return chunk?.lines[number - chunk.first];
}

/** Index of the chunk that holds the line; -1 when it is older than all, the last one when it is newer. */
export function chunkIndex({ chunks }: LogBuffer, number: number): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chunks[middle]?.first ?? 0) <= number) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export function* linesOf({ chunks }: LogBuffer): Generator<LogLine> {
  for (const { lines } of chunks) yield* lines;
}
