/**
 * A page of text that is kept fresh: describe, records as YAML, why. It scrolls, wraps, searches and filters; what it
 * says is made of what its feeds brought, anew each time.
 */

import { type ActionId, scrolling } from './actions.ts';
import { type ListedEvent, withEvents } from './event-list.ts';
import type { Canvas } from './frame.ts';
import type { Data, DrawContext, Effect, Page, PageContext, PageEvent, Turn, Want } from './page.ts';
import type { PageKind } from './page-kind.ts';
import { problemText } from './problem.ts';
import { clip, glyphsOf, isPlain, widthOf, wrap } from './text.ts';
import type { Role } from './theme.ts';

/** A line and what it is; `key` is drawn before the text, in a column of its own colour. */
export interface TextLine {
  readonly text: string;
  readonly role?: Role | undefined;
  readonly key?: string | undefined;
  /** Columns of a table: never wrapped, cut at the edge. */
  readonly table?: boolean | undefined;
}

/** What a text page is about. `Facts` are the newest answers of its feeds, by the id of the want. */
export interface TextSpec {
  /** Whose keys hold; absent: `text`. */
  readonly kind?: PageKind | undefined;
  readonly crumb: string;
  readonly title: string;
  readonly wants: readonly Want[];
  /** What there is to say; lines about feeds that have not answered yet are left out or say so. */
  lines(facts: Facts, context: PageContext): readonly TextLine[];
  command(context: PageContext): string;
  /** Actions beside those of every text, first in the hints, and what they do with what is known by then. */
  readonly more?: Readonly<Partial<Record<ActionId, (facts: Facts) => readonly Effect[]>>> | undefined;
}

export interface Facts {
  readonly answers: Readonly<Record<string, unknown>>;
  readonly problems: Readonly<Record<string, string>>;
}

interface State {
  readonly facts: Facts;
  readonly top: number;
  readonly left: number;
  readonly wrap: boolean;
  readonly filter: string;
  /** Lines that do not match are hidden; otherwise matches are only highlighted. */
  readonly hides: boolean;
}

/** Cells of the column of keys; a longer key is cut. */
const keyMax = 22;
const eventsMax = 200;

/** @param facts what the page that it takes the place of knew already */
export function textPage(spec: TextSpec, facts: Facts = { answers: {}, problems: {} }): Page {
  return pageOf(spec, { facts, top: 0, left: 0, wrap: true, filter: '', hides: false });
}

function pageOf(spec: TextSpec, state: State): Page {
  return {
    kind: spec.kind ?? 'text',
    crumb: spec.crumb,
    title: spec.title,
    filter: state.filter,
    typing: false,
    wants: spec.wants,
    actions: () => [...(Object.keys(spec.more ?? {}) as ActionId[]), ...textActions],
    on: (event, context) => turnOf(spec, state, event, context),
    draw: (canvas, context) => draw(spec, state, canvas, context),
    command: (context) => spec.command(context),
    lines: (context) => spec.lines(state.facts, context).map(plain),
  };
}

const textActions: readonly ActionId[] = [
  'escape',
  ...scrolling,
  'nextMatch',
  'previousMatch',
  'highlight',
  'wrap',
  'copy',
];

const plain = ({ key, text }: TextLine): string =>
  key === undefined ? text : `${`${key}:`.padEnd(keyMax)} ${text}`;

function turnOf(spec: TextSpec, state: State, event: PageEvent, context: PageContext): Turn {
  switch (event.kind) {
    case 'data':
      return { page: pageOf(spec, { ...state, facts: withData(state.facts, event.want, event.data) }) };
    case 'filter':
      return { page: pageOf(spec, found({ ...state, filter: event.text }, spec, context, 0)) };
    case 'action':
      return acted(spec, state, event.action, context);
    default:
      return { page: pageOf(spec, state) };
  }
}

function withData(facts: Facts, want: string, data: Data): Facts {
  if (data.kind === 'answer')
    return {
      answers: { ...facts.answers, [want]: data.value },
      problems: { ...facts.problems, [want]: '' },
    };
  if (data.kind === 'events') {
    const before = (facts.answers[want] ?? []) as readonly ListedEvent[];
    return {
      answers: { ...facts.answers, [want]: withEvents(before, data.events, eventsMax) },
      problems: { ...facts.problems, [want]: '' },
    };
  }
  if (data.kind === 'view' && data.message.type === 'rows')
    return {
      answers: { ...facts.answers, [want]: data.message },
      problems: { ...facts.problems, [want]: '' },
    };
  if (data.kind !== 'broken') return facts;
  return { ...facts, problems: { ...facts.problems, [want]: problemText(data.error) } };
}

function acted(spec: TextSpec, state: State, action: ActionId, context: PageContext): Turn {
  const more = spec.more?.[action];
  if (more !== undefined) return { page: pageOf(spec, state), effects: more(state.facts) };
  const { rows } = context.size;
  const goto = (top: number): Turn => ({ page: pageOf(spec, scrolled(spec, { ...state, top }, context)) });
  const next = (change: Partial<State>): Turn => ({
    page: pageOf(spec, scrolled(spec, { ...state, ...change }, context)),
  });
  switch (action) {
    case 'escape':
      return state.filter === ''
        ? { page: pageOf(spec, state), effects: [{ do: 'back' }] }
        : next({ filter: '' });
    case 'up':
      return goto(state.top - 1);
    case 'down':
      return goto(state.top + 1);
    case 'pageUp':
      return goto(state.top - rows + 1);
    case 'pageDown':
      return goto(state.top + rows - 1);
    case 'top':
      return goto(0);
    case 'bottom':
      return goto(Number.MAX_SAFE_INTEGER);
    case 'left':
      return next({ left: Math.max(0, state.left - 8), wrap: false });
    case 'right':
      return next({ left: Math.min(state.left + 8, farthest(spec, state, context)), wrap: false });
    case 'wrap':
      return next({ wrap: !state.wrap, left: 0 });
    case 'highlight':
      return next({ hides: !state.hides, top: 0 });
    case 'nextMatch':
      return { page: pageOf(spec, found(state, spec, context, 1)) };
    case 'previousMatch':
      return { page: pageOf(spec, found(state, spec, context, -1)) };
    case 'copy':
      return {
        page: pageOf(spec, state),
        effects: [
          { do: 'copy', text: spec.lines(state.facts, context).map(plain).join('\n'), what: spec.title },
        ],
      };
    default:
      return { page: pageOf(spec, state) };
  }
}

/** Lines as they are on the screen: wrapped, or as long as they are. */
function laidOut(spec: TextSpec, state: State, context: PageContext): readonly TextLine[] {
  const lines = spec
    .lines(state.facts, context)
    .filter((line) => !state.hides || matches(line, state.filter));
  if (!state.wrap) return lines;
  return lines.flatMap((line) => {
    if (line.table === true) return [line];
    const room = Math.max(10, context.size.columns - 1 - (line.key === undefined ? 0 : keyMax + 1));
    if (line.text.length <= room && isPlain(line.text)) return [line];
    return wrap(line.text, room).map((text, at): TextLine => {
      if (at === 0) return { ...line, text };
      return line.key === undefined ? { ...line, text } : { ...line, text, key: '' };
    });
  });
}

/** How far to the right there is something to see. */
function farthest(spec: TextSpec, state: State, context: PageContext): number {
  const widest = laidOut(spec, { ...state, wrap: false }, context).reduce(
    (most, { text }) => Math.max(most, widthOf(text)),
    0,
  );
  return Math.max(0, widest - 8);
}

const matches = (line: TextLine, filter: string): boolean =>
  filter === '' || plain(line).toLowerCase().includes(filter.toLowerCase());

function scrolled(spec: TextSpec, state: State, context: PageContext): State {
  const last = Math.max(0, laidOut(spec, state, context).length - context.size.rows);
  return { ...state, top: Math.max(0, Math.min(state.top, last)) };
}

/** Scrolls to the next line that matches, round the end; `step` 0 begins with the line on top. */
function found(state: State, spec: TextSpec, context: PageContext, step: -1 | 0 | 1): State {
  if (state.filter === '' || state.hides) return scrolled(spec, state, context);
  const lines = laidOut(spec, state, context);
  const count = lines.length;
  for (let n = step === 0 ? 0 : 1; n <= count; n += 1) {
    const at = (state.top + (step === -1 ? -n : n) + 2 * count) % count;
    const line = lines[at];
    if (line !== undefined && matches(line, state.filter)) return { ...state, top: at };
  }
  return scrolled(spec, state, context);
}

function draw(spec: TextSpec, state: State, canvas: Canvas, context: DrawContext): void {
  const { theme } = context;
  // Ages are told by the cluster's clock.
  const lines = laidOut(spec, state, { ...context, now: context.now + context.skewMs });
  for (const [y, line] of lines.slice(state.top, state.top + canvas.rows).entries()) {
    const role = line.role ?? 'text';
    const x = line.key === undefined ? 1 : keyMax + 2;
    if (line.key !== undefined && line.key !== '')
      canvas.text(1, y, `${clip(line.key, keyMax - 1, theme.glyphs.more)}:`, theme.attr('key'));
    const shown =
      state.left === 0
        ? line.text
        : glyphsOf(line.text)
            .slice(state.left)
            .map(({ character }) => character)
            .join('');
    canvas.text(x, y, clip(shown, canvas.columns - x, theme.glyphs.more), theme.attr(role));
    if (state.filter !== '' && matches(line, state.filter))
      highlight(canvas, x, y, shown, state.filter, context);
  }
  if (lines.length === 0) canvas.text(1, 0, emptyText(spec, state), theme.attr('dim'));
  const below = lines.length - state.top - canvas.rows;
  if (below > 0)
    canvas.text(canvas.columns - 12, canvas.rows - 1, ` ${below} more `.padStart(11), theme.attr('dim'));
}

/** A filter that hides everything is not a cluster that does not answer. */
const emptyText = (spec: TextSpec, { facts, filter, hides }: State): string =>
  hides && filter !== ''
    ? 'no line matches'
    : spec.wants.length > Object.keys(facts.answers).length
      ? 'asking the cluster'
      : 'nothing is known of it';

function highlight(
  canvas: Canvas,
  x: number,
  y: number,
  text: string,
  filter: string,
  { theme }: DrawContext,
): void {
  const lower = text.toLowerCase();
  const wanted = filter.toLowerCase();
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) {
    const from = glyphsOf(text.slice(0, at)).reduce((sum, { width }) => sum + width, 0);
    const columns = glyphsOf(text.slice(at, at + wanted.length)).reduce((sum, { width }) => sum + width, 0);
    canvas.restyle({ x: x + from, y, columns, rows: 1 }, () => theme.attr('match'));
  }
}
