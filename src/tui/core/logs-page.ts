/**
 * The output of instances as a page: in order, followed or paused without losing anything, filtered or searched. The
 * feed is src/tui/log-feed.ts. Made by all-pages.ts.
 */

import type { CompileLinear } from '../../api/core/expression.ts';
import { type ActionId, scrolling } from './actions.ts';
import type { Size } from './key.ts';
import { appendLines, emptyLogBuffer, lineAt, linesOf } from './log-buffer.ts';
import { plainText } from './log-colours.ts';
import type { LogRequest } from './log-request.ts';
import { freshLines, requestAfter, resumeOf } from './log-resume.ts';
import { patternOf } from './log-selection.ts';
import { keptPlace, type LogPlace, movedDown, movedUp, placeOfEnd, placeOfStart } from './log-window.ts';
import { drawLogs, timeText } from './logs-draw.ts';
import { chosen, type LogsState, prefixText, startLogs, windowOf, withSources } from './logs-state.ts';
import type { Data, Effect, LogLine, Page, PageContext, PageEvent, Turn } from './page.ts';

/** Lines of each instance that the key for the tail asks for. */
const tailLines = 500;
const minuteMs = 60_000;
const sidewaysColumns = 16;

/** @param linear the engine for expressions that JavaScript's own may hang on, once it is there */
export function logsPage(request: LogRequest, linear?: () => CompileLinear | undefined): Page {
  // So that it is there by the time that a filter is typed.
  linear?.();
  return pageOf(startLogs(request, linear));
}

const nameOf = ({ target }: LogRequest): string =>
  'lrp' in target ? target.lrp : 'instance' in target ? target.instance : target.task;

function pageOf(state: LogsState): Page {
  const { request } = state;
  const which = request.previous ? 'the crash before of ' : '';
  return {
    kind: 'logs',
    crumb: `logs(${nameOf(request)})`,
    title: `logs of ${which}${nameOf(request)}`,
    filter: state.pattern?.text ?? '',
    typing: false,
    wants: [{ kind: 'logs', id: 'logs', request: state.wanted }],
    actions: () => logActions,
    on: (event, context) => turnOf(state, event, context),
    draw: (canvas, context) => drawLogs(state, canvas, context),
    command: () => commandOf(request),
    lines: (context) => savedLines(state, context),
  };
}

const logActions: readonly ActionId[] = [
  'follow',
  'highlight',
  'nextMatch',
  'previousMatch',
  'wrap',
  'logTimes',
  'logPrefix',
  'logInstances',
  'logStderr',
  'previousLogs',
  'logMark',
  'logTail',
  'logMinute',
  'logFive',
  'logQuarter',
  'logHour',
  'logClear',
  'copy',
  'escape',
  ...scrolling,
];

function turnOf(state: LogsState, event: PageEvent, context: PageContext): Turn {
  switch (event.kind) {
    case 'data':
      return { page: pageOf(withData(state, event.data)) };
    case 'filter':
      return { page: pageOf(chosen(state, { pattern: patternOf(event.text, state.linear?.()) })) };
    case 'action':
      return acted(state, event.action, context);
    case 'shown':
      return { page: pageOf({ ...state, wanted: requestAfter(state.request, state.buffer) }) };
    case 'resized':
      return { page: pageOf(clamped(state, context.size)) };
    default:
      return { page: pageOf(state) };
  }
}

function withData(state: LogsState, data: Data): LogsState {
  if (data.kind === 'broken') return { ...state, problem: data.error.message };
  if (data.kind !== 'logs') return state;
  const before = data.anew === true ? resumeOf(state.buffer) : state.resume;
  const { lines, resume } = freshLines(before, data.lines);
  return withSources({ ...state, resume, buffer: appendLines(state.buffer, lines), problem: '' }, lines);
}

/** Lines keep their numbers: what was paused at one of them goes on from there. */
function cleared(state: LogsState): LogsState {
  const { next } = state.buffer;
  return {
    ...state,
    resume: new Map(),
    buffer: { ...emptyLogBuffer, next },
    top: undefined,
    pausedAt: next,
  };
}

function acted(state: LogsState, action: ActionId, context: PageContext): Turn {
  const to = (next: LogsState, effects: readonly Effect[] = []): Turn => ({ page: pageOf(next), effects });
  switch (action) {
    case 'escape':
      return state.pattern === undefined
        ? to(state, [{ do: 'back' }])
        : to(chosen(state, { pattern: undefined }));
    case 'follow':
      return to(state.top === undefined ? pausedAt(state, endPlace(state, context.size)) : following(state));
    case 'highlight':
      return to(clamped(chosen(state, { hides: !state.hides }), context.size));
    case 'nextMatch':
      return found(state, context, 1);
    case 'previousMatch':
      return found(state, context, -1);
    case 'wrap':
      return to(clamped({ ...state, wraps: !state.wraps, left: 0 }, context.size));
    case 'logTimes':
      return to(clamped({ ...state, times: !state.times }, context.size));
    case 'logPrefix':
      return to(clamped({ ...state, prefix: !state.prefix }, context.size));
    case 'logInstances':
      return to(clamped(chosen(state, { solo: nextSource(state) }), context.size));
    case 'logStderr':
      return to(clamped(chosen(state, { stderrOnly: !state.stderrOnly }), context.size));
    case 'logMark':
      return to({ ...state, buffer: appendLines(state.buffer, [markLine(context)]) });
    case 'logClear':
      return to(cleared(state));
    case 'copy':
      return to(state, [{ do: 'copy', text: visibleText(state, context), what: 'the lines on the screen' }]);
    default:
      return asked(state, action, context) ?? to(scrolled(state, action, context.size));
  }
}

/** Keys that ask the cells for other lines than there are. */
function asked(state: LogsState, action: ActionId, { now }: PageContext): Turn | undefined {
  const minutes = { logMinute: 1, logFive: 5, logQuarter: 15, logHour: 60 } as const;
  const { target, previous, tail } = state.request;
  const other = (request: LogRequest): Turn => ({
    page: pageOf({ ...cleared(state), request, wanted: request }),
  });
  switch (action) {
    case 'logTail':
      return other({ target, previous, tail: tailLines });
    case 'logMinute':
    case 'logFive':
    case 'logQuarter':
    case 'logHour':
      // So many as the page can keep: the time is the bound.
      return other({ target, previous, tail: 100_000, since: now - minutes[action] * minuteMs });
    case 'previousLogs':
      return other({ target, previous: !previous, tail });
    default:
      return undefined;
  }
}

function scrolled(state: LogsState, action: ActionId, size: Size): LogsState {
  const page = Math.max(1, size.rows - 2);
  switch (action) {
    case 'up':
      return up(state, size, 1);
    case 'pageUp':
      return up(state, size, page);
    case 'top':
      return pausedAt(state, placeOfStart(windowOf(state, size)));
    case 'down':
      return down(state, size, 1);
    case 'pageDown':
      return down(state, size, page);
    case 'bottom':
      return following(state);
    case 'left':
      return state.wraps ? state : { ...state, left: Math.max(0, state.left - sidewaysColumns) };
    case 'right':
      return { ...state, wraps: false, left: state.left + sidewaysColumns };
    default:
      return state;
  }
}

const following = (state: LogsState): LogsState => ({ ...state, top: undefined });

const endPlace = (state: LogsState, size: Size): LogPlace | undefined => placeOfEnd(windowOf(state, size));

/** What comes from now on is counted. */
function pausedAt(state: LogsState, top: LogPlace | undefined): LogsState {
  if (top === undefined) return state;
  return { ...state, top, pausedAt: state.top === undefined ? state.buffer.next : state.pausedAt };
}

function up(state: LogsState, size: Size, rows: number): LogsState {
  const window = windowOf(state, size);
  const from = (state.top === undefined ? undefined : keptPlace(window, state.top)) ?? placeOfEnd(window);
  return from === undefined ? state : pausedAt(state, movedUp(window, from, rows));
}

/** At the end it is followed again. */
function down(state: LogsState, size: Size, rows: number): LogsState {
  if (state.top === undefined) return state;
  const window = windowOf(state, size);
  const from = keptPlace(window, state.top);
  const to = from === undefined ? undefined : movedDown(window, from, rows);
  return to === undefined ? following(state) : { ...state, top: to };
}

/** The place at the top is kept when lines have another height, or fewer of them are shown. */
function clamped(state: LogsState, size: Size): LogsState {
  if (state.top === undefined) return state;
  return { ...state, top: keptPlace(windowOf(state, size), state.top) };
}

/** The next line that matches comes to the top. */
function found(state: LogsState, { size }: PageContext, step: 1 | -1): Turn {
  const { buffer, pattern, selection } = state;
  const say = (text: string): Turn => ({
    page: pageOf(state),
    effects: [{ do: 'flash', level: 'info', text }],
  });
  if (pattern === undefined) return say('/ says first what to look for');
  const window = windowOf(state, size);
  const from = state.top ?? placeOfEnd(window);
  let line = from === undefined ? undefined : selection.from(buffer, from.line + step, step);
  while (line !== undefined) {
    const entry = lineAt(buffer, line);
    if (entry !== undefined && entry.stream !== 'note' && pattern.matches(plainText(entry.text))) {
      const end = placeOfEnd(window);
      if (step === 1 && end !== undefined && line >= end.line) return { page: pageOf(following(state)) };
      return { page: pageOf(pausedAt(state, { line, row: 0 })) };
    }
    line = selection.from(buffer, line + step, step);
  }
  return say(step === 1 ? 'no match further down' : 'no match further up');
}

/** All, then one after another in their order, then all again. */
function nextSource({ sources, solo }: LogsState): string | undefined {
  const names = [...sources.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return solo === undefined ? names[0] : names[names.indexOf(solo) + 1];
}

function markLine({ now, settings }: PageContext): LogLine {
  return {
    at: now,
    source: '',
    cell: '',
    stream: 'note',
    text: `${'-'.repeat(12)} mark ${timeText(now, settings)} ${'-'.repeat(12)}`,
  };
}

/** As on the screen, but whole: with times and prefix where they are shown. */
function textOf(
  state: LogsState,
  { at, source, cell, text, stream }: LogLine,
  { settings }: PageContext,
): string {
  const time = state.times
    ? `${settings.times === 'utc' ? new Date(at).toISOString() : timeText(at, settings)} `
    : '';
  const prefix = state.prefix && source !== '' && stream !== 'note' ? `${prefixText(source, cell)} | ` : '';
  return time + prefix + text;
}

function savedLines(state: LogsState, context: PageContext): readonly string[] {
  const lines: string[] = [];
  let number = state.buffer.chunks[0]?.first ?? 0;
  for (const line of linesOf(state.buffer)) {
    if (state.selection.from(state.buffer, number, 1) === number) lines.push(textOf(state, line, context));
    number += 1;
  }
  return lines;
}

function visibleText(state: LogsState, context: PageContext): string {
  const window = windowOf(state, context.size);
  const top = (state.top === undefined ? undefined : keptPlace(window, state.top)) ?? placeOfEnd(window);
  const lines: string[] = [];
  let line = top?.line;
  for (let rows = 0; line !== undefined && rows < window.rows; rows += 1) {
    const entry = lineAt(state.buffer, line);
    if (entry !== undefined) lines.push(textOf(state, entry, context));
    line = state.selection.from(state.buffer, line + 1, 1);
  }
  return lines.join('\n');
}

function commandOf({ target, previous, since, tail }: LogRequest): string {
  const name =
    'task' in target ? `task logs ${target.task}` : `logs ${'lrp' in target ? target.lrp : target.instance}`;
  const range = since === undefined ? ` -n ${tail}` : ` --since ${new Date(since).toISOString()}`;
  return `skep ${name}${previous ? ' --previous' : ' -f'}${range}`;
}
