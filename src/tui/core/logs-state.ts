/** What a logs page knows and how it is looked at. Used by logs-page.ts and logs-draw.ts. */

import type { CompileLinear } from '../../api/core/expression.ts';
import type { Size } from './key.ts';
import { emptyLogBuffer, type LogBuffer } from './log-buffer.ts';
import type { LogRequest } from './log-request.ts';
import type { LogResume } from './log-resume.ts';
import { type LogPattern, type LogSelection, selectionOf } from './log-selection.ts';
import type { LogPlace, LogWindow } from './log-window.ts';
import type { LogLine } from './page.ts';
import { widthOf } from './text.ts';

export interface LogsState {
  /** As it was asked for. */
  readonly request: LogRequest;
  /** What the feed is asked for: from the newest line on when the page was come back to. */
  readonly wanted: LogRequest;
  /** What a feed that was begun again may bring once more. */
  readonly resume: LogResume;
  readonly buffer: LogBuffer;
  /** Cell by source, as far as lines have come. */
  readonly sources: ReadonlyMap<string, string>;
  /** Cells that the longest `source cell` takes. */
  readonly sourceWidth: number;
  readonly pattern: LogPattern | undefined;
  readonly linear: (() => CompileLinear | undefined) | undefined;
  readonly hides: boolean;
  readonly stderrOnly: boolean;
  readonly solo: string | undefined;
  readonly selection: LogSelection;
  /** Undefined: the end is followed. */
  readonly top: LogPlace | undefined;
  /** Number of the line that came first after it was paused. */
  readonly pausedAt: number;
  readonly wraps: boolean;
  /** Cells that are scrolled out to the left. */
  readonly left: number;
  readonly times: boolean;
  readonly prefix: boolean;
  /** Why nothing new may come; '' when all is well. */
  readonly problem: string;
}

/** Named sources are kept up to here; the prefix of others is as wide as it must be. */
const sourcesMax = 2_000;

export function startLogs(
  request: LogRequest,
  linear: (() => CompileLinear | undefined) | undefined,
): LogsState {
  return {
    request,
    wanted: request,
    resume: new Map(),
    buffer: emptyLogBuffer,
    sources: new Map(),
    sourceWidth: 0,
    pattern: undefined,
    linear,
    hides: true,
    stderrOnly: false,
    solo: undefined,
    selection: selectionOf({ pattern: undefined, hides: true, stderrOnly: false, source: undefined }),
    top: undefined,
    pausedAt: 0,
    wraps: true,
    left: 0,
    times: true,
    prefix: 'lrp' in request.target,
    problem: '',
  };
}

/** The state with another choice of what is shown. */
export function chosen(
  state: LogsState,
  change: Partial<Pick<LogsState, 'pattern' | 'hides' | 'stderrOnly' | 'solo'>>,
): LogsState {
  const next = { ...state, ...change };
  const { pattern, hides, stderrOnly, solo: source } = next;
  return { ...next, selection: selectionOf({ pattern, hides, stderrOnly, source }) };
}

/** Sources that are new among these lines. */
export function withSources(state: LogsState, lines: readonly LogLine[]): LogsState {
  let { sources, sourceWidth } = state;
  for (const { source, cell } of lines) {
    if (source === '' || sources.get(source) === cell || sources.size >= sourcesMax) continue;
    // Copied once for each source there is, not for each line.
    sources = new Map(sources).set(source, cell);
    sourceWidth = Math.max(sourceWidth, widthOf(prefixText(source, cell)));
  }
  return sources === state.sources ? state : { ...state, sources, sourceWidth };
}

export const prefixText = (source: string, cell: string): string =>
  cell === '' ? source : `${source} ${cell}`;

export const timeWidth = 13;

/** Cells of the prefix with what divides it from the line. Never more than a third of the screen. */
export function prefixWidth(state: LogsState, columns: number): number {
  if (!state.prefix || state.sourceWidth === 0) return 0;
  return Math.min(state.sourceWidth, Math.floor(columns / 3)) + 3;
}

/** Where the text of a line begins. */
export const gutterOf = (state: LogsState, columns: number): number =>
  prefixWidth(state, columns) + (state.times && columns >= 60 ? timeWidth : 0);

/** @param size of the page's canvas; its last row says how it stands */
export function windowOf(state: LogsState, { columns, rows }: Size): LogWindow {
  const { buffer, selection, wraps } = state;
  return {
    buffer,
    selection,
    layout: { columns: Math.max(1, columns - gutterOf(state, columns)), wraps },
    rows: Math.max(1, rows - 1),
  };
}
