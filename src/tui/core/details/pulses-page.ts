/**
 * The cluster on one screen: what is there by state, how much happens, who leads, which loss it would survive, what is
 * wrong, what happened last. It asks for totals only, so it costs the same for five instances and for 250,000.
 */
import { survivesText } from '../../../api/core/survives-text.ts';
import { type Severity, stateSeverity } from '../../../api/core/view-columns.ts';
import type { ViewKind } from '../../../api/core/view-shapes.ts';
import type { EventType, JournalEvent } from '../../../model/event.ts';
import type { ActionId } from '../actions.ts';
import { formatAge, grouped } from '../columns-format.ts';
import type { Canvas } from '../frame.ts';
import type { Data, DrawContext, Effect, Page, PageContext, PageEvent, Turn } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { clip, fit } from '../text.ts';
import type { Role, Theme } from '../theme.ts';
import { sparkline } from './chart.ts';
import { type History, withSample } from './history.ts';

const kinds = ['cells', 'lrps', 'instances', 'tasks'] as const satisfies readonly ViewKind[];
type Kind = (typeof kinds)[number];
type Rate = 'placed' | 'started' | 'crashed' | 'unplaced' | 'failed';

/** Which event counts for which rate. */
const rateOf: Readonly<Partial<Record<EventType, Rate>>> = {
  'instance.placed': 'placed',
  'instance.running': 'started',
  'instance.crashed': 'crashed',
  'instance.unplaced': 'unplaced',
  'task.rejected': 'failed',
};
const rates: readonly (readonly [Rate, string, Role])[] = [
  ['placed', 'placed', 'chart1'],
  ['started', 'started', 'chart2'],
  ['crashed', 'crashed', 'bad'],
  ['unplaced', 'no place', 'warn'],
  ['failed', 'tasks rejected', 'warn'],
];
const noRates: Readonly<Record<Rate, number>> = { placed: 0, started: 0, crashed: 0, unplaced: 0, failed: 0 };

interface Totals {
  readonly total: number;
  readonly counts: Readonly<Record<string, number>>;
}

interface State {
  readonly pages: PageFactories;
  readonly totals: Readonly<Partial<Record<Kind, Totals>>>;
  /** Events since the last tick, by rate, and the seconds before. */
  readonly now: Readonly<Record<Rate, number>>;
  readonly history: History<Rate>;
  readonly events: readonly JournalEvent[];
  /** Events that were there when the page began are no rate. */
  readonly begun: boolean;
  readonly focus: number;
  readonly problem: string;
}

const eventsMax = 100;

export function pulsesPage(pages: PageFactories): Page {
  const history = { placed: [], started: [], crashed: [], unplaced: [], failed: [] };
  return pageOf({
    pages,
    totals: {},
    now: noRates,
    history,
    events: [],
    begun: false,
    focus: 2,
    problem: '',
  });
}

function pageOf(state: State): Page {
  return {
    kind: 'pulses',
    crumb: 'pulses',
    title: 'pulses',
    filter: '',
    typing: false,
    wants: [
      ...kinds.map((kind) => ({
        kind: 'view' as const,
        id: kind,
        query: { kind, window: { start: 0, count: 1 } },
      })),
      { kind: 'events', id: 'events' },
    ],
    actions: () => ['enter', 'up', 'down', 'left', 'right'],
    on: (event, context) => turnOf(state, event, context),
    draw: (canvas, context) => draw(state, canvas, context),
    command: () => 'skep status',
    lines: (context) => linesOf(state, context),
  };
}

function turnOf(state: State, event: PageEvent, _context: PageContext): Turn {
  switch (event.kind) {
    case 'data':
      return { page: pageOf(withData(state, event.want, event.data)) };
    case 'tick':
      return { page: pageOf({ ...state, history: withSample(state.history, state.now), now: noRates }) };
    case 'action':
      return acted(state, event.action);
    default:
      return { page: pageOf(state) };
  }
}

function acted(state: State, action: ActionId): Turn {
  const step = action === 'up' || action === 'left' ? -1 : action === 'down' || action === 'right' ? 1 : 0;
  if (step !== 0)
    return { page: pageOf({ ...state, focus: (state.focus + step + kinds.length) % kinds.length }) };
  const kind = kinds[state.focus];
  const effects: Effect[] = [];
  if (action === 'enter' && kind !== undefined)
    effects.push({ do: 'open', page: state.pages.list({ kind }) });
  return { page: pageOf(state), effects };
}

function withData(state: State, want: string, data: Data): State {
  switch (data.kind) {
    case 'broken':
      return { ...state, problem: data.error.message };
    case 'view': {
      const kind = kinds.find((each) => each === want);
      if (kind === undefined || data.message.type !== 'rows') return state;
      const { total, counts } = data.message;
      return { ...state, problem: '', totals: { ...state.totals, [kind]: { total, counts } } };
    }
    case 'events':
      return withEvents(state, data.events);
    default:
      return state;
  }
}

function withEvents(state: State, events: readonly JournalEvent[]): State {
  const now: Record<Rate, number> = { ...state.now };
  for (const { type } of events) {
    const rate = rateOf[type];
    if (rate !== undefined && state.begun) now[rate] += 1;
  }
  const all = [...state.events, ...events].sort((a, b) => a.at - b.at).slice(-eventsMax);
  return { ...state, now, events: all, begun: true, problem: '' };
}

function draw(state: State, canvas: Canvas, context: DrawContext): void {
  const { theme } = context;
  const width = canvas.columns - 2;
  const body = canvas.within({ x: 1, y: 0, columns: width, rows: canvas.rows });
  let y = drawSafety(body, context);
  for (const [at, kind] of kinds.entries()) {
    drawTotals(
      body.within({ x: 0, y, columns: width, rows: 1 }),
      kind,
      state.totals[kind],
      at === state.focus,
      theme,
    );
    y += 1;
  }
  y = drawRates(state, body, y + 1, theme);
  y = drawProblems(state, body, y + 1, context);
  drawEvents(state, body, y + 1, context);
}

/** Who leads, and which loss would leave everything placed. */
function drawSafety(canvas: Canvas, { status, theme, now }: DrawContext): number {
  if (status === undefined) {
    canvas.text(0, 0, 'asking the cluster …', theme.attr('dim'));
    return 2;
  }
  const { leader, servers, survives } = status;
  const healthy = servers.filter(({ health }) => health !== 'unknown').length;
  const lead =
    leader === undefined ? 'no leader' : `${leader.server} leads since ${formatAge(now - leader.since)}`;
  const quorum = `${healthy} of ${servers.length} servers answer`;
  const good = leader !== undefined && healthy === servers.length;
  label(canvas, 0, 'brain', theme);
  canvas.text(labelColumns, 0, `${lead}, ${quorum}`, theme.attr(good ? 'ok' : 'bad'));
  label(canvas, 1, 'survives', theme);
  const text = survives === undefined ? 'being worked out' : survivesText(survives);
  const safe = survives?.cell === true;
  canvas.text(
    labelColumns,
    1,
    clip(text, canvas.columns - labelColumns, theme.glyphs.more),
    theme.attr(safe ? 'ok' : 'warn'),
  );
  return 3;
}

const labelColumns = 11;
const label = (canvas: Canvas, y: number, text: string, theme: Theme): void =>
  void canvas.text(0, y, text, theme.attr('strong'));

const severityRole: Readonly<Record<Severity, Role>> = { ok: 'ok', warn: 'warn', bad: 'bad', idle: 'idle' };
const order: readonly Severity[] = ['bad', 'warn', 'ok', 'idle'];

interface Part {
  readonly state: string;
  readonly count: number;
  readonly severity: Severity;
}

/** States that there are, what needs somebody first. */
function partsOf(kind: Kind, { counts }: Totals): readonly Part[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => ({ state, count, severity: stateSeverity[kind][state] ?? 'warn' }))
    .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || b.count - a.count);
}

function drawTotals(
  canvas: Canvas,
  kind: Kind,
  totals: Totals | undefined,
  focused: boolean,
  theme: Theme,
): void {
  canvas.text(0, 0, fit(kind, labelColumns - 1), theme.attr(focused ? 'cursorRow' : 'strong'));
  if (totals === undefined) {
    canvas.text(labelColumns, 0, theme.glyphs.more, theme.attr('dim'));
    return;
  }
  const barColumns = Math.max(0, Math.min(40, canvas.columns - 60));
  let x = canvas.text(labelColumns, 0, fit(grouped(totals.total), 8, 'end'), theme.attr('strong')) + 2;
  const parts = partsOf(kind, totals);
  if (barColumns > 8) x = drawStack(canvas, x, barColumns, parts, totals.total, theme) + 2;
  for (const { state, count, severity } of parts) {
    const text = `${theme.glyphs.severity[severity]} ${grouped(count)} ${state}`;
    x = canvas.text(x, 0, text, theme.attr(severityRole[severity])) + 2;
  }
}

/** One bar, divided by state; what is bad is never drawn as nothing. */
function drawStack(
  canvas: Canvas,
  from: number,
  columns: number,
  parts: readonly Part[],
  total: number,
  theme: Theme,
): number {
  const { full, empty, severity: signs } = theme.glyphs;
  canvas.text(from, 0, empty.repeat(columns), theme.attr('dim'));
  let left = columns;
  let x = from;
  for (const { count, severity } of parts) {
    const cells = Math.min(left, Math.max(1, Math.round((count / Math.max(1, total)) * columns)));
    const mark = severity === 'ok' ? full : signs[severity];
    x = canvas.text(x, 0, mark.repeat(cells), theme.attr(severityRole[severity]));
    left -= cells;
  }
  return from + columns;
}

function drawRates({ history, now }: State, canvas: Canvas, y: number, theme: Theme): number {
  for (const [at, [rate, text, role]] of rates.entries()) {
    const minute = history[rate].slice(-60).reduce((sum, count) => sum + count, 0) + now[rate];
    label(canvas, y + at, text.length > labelColumns - 1 ? 'rejected' : text, theme);
    canvas.text(
      labelColumns,
      y + at,
      fit(`${grouped(minute)}/min`, 9, 'end'),
      theme.attr(minute > 0 ? role : 'dim'),
    );
    const room = canvas.columns - labelColumns - 12;
    canvas.text(
      labelColumns + 11,
      y + at,
      sparkline([...history[rate], now[rate]], Math.min(60, room), theme),
      theme.attr(role),
    );
  }
  return y + rates.length;
}

function drawProblems(state: State, canvas: Canvas, y: number, { status, theme }: DrawContext): number {
  const problems = [...(state.problem === '' ? [] : [state.problem]), ...(status?.problems ?? [])];
  if (problems.length === 0) {
    canvas.text(0, y, status === undefined ? '' : 'nothing is wrong', theme.attr('ok'));
    return y + 1;
  }
  const room = Math.max(1, Math.floor((canvas.rows - y) / 2));
  for (const [at, text] of problems.slice(0, room).entries()) {
    const more = at === room - 1 && problems.length > room ? ` (and ${problems.length - room} more)` : '';
    canvas.text(
      0,
      y + at,
      clip(`${theme.glyphs.severity.bad} ${text}${more}`, canvas.columns, theme.glyphs.more),
      theme.attr('bad'),
    );
  }
  return y + Math.min(room, problems.length);
}

function drawEvents(
  { events }: State,
  canvas: Canvas,
  from: number,
  { theme, now, skewMs }: DrawContext,
): void {
  const room = canvas.rows - from;
  if (room < 1) return;
  for (const [at, { type, subject, message, at: when }] of events.slice(-room).reverse().entries()) {
    const age = fit(formatAge(now + skewMs - when), 6, 'end');
    const bad = /crashed|lost|unplaced|stuck|storm|corrupt/.test(type);
    const text = `${age}  ${fit(type, 19)} ${subject}: ${message}`;
    canvas.text(
      0,
      from + at,
      clip(text, canvas.columns, theme.glyphs.more),
      theme.attr(bad ? 'warn' : 'dim'),
    );
  }
}

function linesOf(state: State, { status }: PageContext): readonly string[] {
  return [
    ...kinds.map((kind) => {
      const totals = state.totals[kind];
      if (totals === undefined) return `${kind}: not known yet`;
      return `${kind}: ${totals.total} (${partsOf(kind, totals)
        .map((part) => `${part.count} ${part.state}`)
        .join(', ')})`;
    }),
    ...(status?.survives === undefined ? [] : [`survives ${survivesText(status.survives)}`]),
    ...(status?.problems ?? []),
  ];
}
