/**
 * Which lines of a log are shown, and which of them a search finds. What was decided about a chunk is remembered with
 * the chunk: a chunk never changes, so a filter looks at each line once, and only at those that somebody comes to.
 */
import { type CompileLinear, expressionOf } from '../../api/core/expression.ts';
import { chunkIndex, firstLine, type LogBuffer, type LogChunk } from './log-buffer.ts';
import { plainText } from './log-colours.ts';
import type { LogLine } from './page.ts';

/** Text is looked through up to here: a line of megabytes must not hold up the screen. */
const searchMaxLength = 16_384;

export interface LogPattern {
  readonly text: string;
  /** It is no regular expression that can be run: taken as it is. */
  readonly isLiteral: boolean;
  matches(text: string): boolean;
  /** Where it is found, as [from, to). None for an inverse pattern. */
  ranges(text: string): readonly (readonly [number, number])[];
}

/** As expression.ts has it; with `!` before it what does not match. */
export function patternOf(text: string, linear?: CompileLinear): LogPattern | undefined {
  const isInverse = text.startsWith('!');
  const source = isInverse ? text.slice(1) : text;
  if (source === '') return undefined;
  const expression = expressionOf(source, linear);
  return {
    text,
    isLiteral: expression.isLiteral,
    matches: (line) => expression.test(line.slice(0, searchMaxLength)) !== isInverse,
    ranges: (line) => (isInverse ? [] : expression.ranges(line.slice(0, searchMaxLength))),
  };
}

/** Made anew when what is to be shown changes: what is remembered belongs to one selection. */
export class LogSelection {
  readonly #shows: ((line: LogLine) => boolean) | undefined;
  readonly #known = new WeakMap<LogChunk, Uint16Array>();

  /** @param shows absent: all lines */
  constructor(shows?: (line: LogLine) => boolean) {
    this.#shows = shows;
  }

  /** The nearest line that is shown, from `number` on (itself too) in that direction. */
  from(buffer: LogBuffer, number: number, step: 1 | -1): number | undefined {
    const oldest = firstLine(buffer);
    const start = Math.max(oldest, Math.min(number, buffer.next - 1));
    if (buffer.next === oldest || (step === 1 && number >= buffer.next) || (step === -1 && number < oldest))
      return undefined;
    if (this.#shows === undefined) return start;
    for (let at = chunkIndex(buffer, start); at >= 0 && at < buffer.chunks.length; at += step) {
      const chunk = buffer.chunks[at];
      const found = chunk === undefined ? undefined : nearest(this.#shown(chunk), start - chunk.first, step);
      if (chunk !== undefined && found !== undefined) return chunk.first + found;
    }
    return undefined;
  }

  /** How many are shown from `number` on. */
  count(buffer: LogBuffer, number: number): number {
    const from = Math.max(number, firstLine(buffer));
    if (this.#shows === undefined) return Math.max(0, buffer.next - from);
    let count = 0;
    for (let at = Math.max(0, chunkIndex(buffer, from)); at < buffer.chunks.length; at += 1) {
      const chunk = buffer.chunks[at];
      if (chunk === undefined) break;
      const shown = this.#shown(chunk);
      count +=
        from <= chunk.first ? shown.length : shown.filter((index) => chunk.first + index >= from).length;
    }
    return count;
  }

  #shown(chunk: LogChunk): Uint16Array {
    let shown = this.#known.get(chunk);
    if (shown === undefined) {
      const all: number[] = [];
      for (const [index, line] of chunk.lines.entries()) if (this.#shows?.(line) !== false) all.push(index);
      shown = Uint16Array.from(all);
      this.#known.set(chunk, shown);
    }
    return shown;
  }
}

function nearest(shown: Uint16Array, from: number, step: 1 | -1): number | undefined {
  return step === 1 ? shown.find((index) => index >= from) : shown.findLast((index) => index <= from);
}

export interface SelectionChoice {
  readonly pattern: LogPattern | undefined;
  /** Lines that do not match are hidden. */
  readonly hides: boolean;
  readonly stderrOnly: boolean;
  /** Only of this one. */
  readonly source: string | undefined;
}

/** Notes and marks are always shown: they say what happened between the lines. */
export function selectionOf({ pattern, hides, stderrOnly, source }: SelectionChoice): LogSelection {
  const filters = hides ? pattern : undefined;
  if (filters === undefined && !stderrOnly && source === undefined) return new LogSelection();
  return new LogSelection((line) => {
    if (line.stream === 'note') return source === undefined || line.source === '' || line.source === source;
    if (stderrOnly && line.stream !== 'stderr') return false;
    if (source !== undefined && line.source !== source) return false;
    return filters === undefined || filters.matches(plainText(line.text));
  });
}
