/**
 * How the pulses look: what is wrong first, then the cluster by state, then what happens. On a wide screen the journal
 * has a column of its own, on a high one the rates are charts.
 */
import { survivesText } from '../../../api/core/survives-text.ts';
import type { Severity } from '../../../api/core/view-columns.ts';
import { formatAge, formatTime, grouped } from '../columns-format.ts';
import { isTrouble } from '../event-list.ts';
import type { Canvas } from '../frame.ts';
import type { DrawContext } from '../page.ts';
import { clip, fit, widthOf } from '../text.ts';
import type { Role, Theme } from '../theme.ts';
import { drawArea } from './area-chart.ts';
import { sparkline } from './chart.ts';
import { happened } from './event-lines.ts';
import { knownSeconds, type RateCounts, rateSeries, rates, secondsMax } from './pulse-rates.ts';
import {
  type Part,
  type PulseKind,
  type PulsesState,
  partsOf,
  pulseKinds,
  type Totals,
  troublesOf,
} from './pulses-model.ts';

const labelColumns = 11;
/** From here on the journal stands beside the rest. */
const twoColumns = 150;
/** Rows of a page from which on rates are drawn one below the other, and as charts. */
const sparkRows = 28;
const chartRows = 44;

export function drawPulses(state: PulsesState, canvas: Canvas, context: DrawContext): void {
  const isWide = canvas.columns >= twoColumns;
  const columns = isWide ? Math.floor(canvas.columns * 0.52) : canvas.columns - 2;
  const left = canvas.within({ x: 1, y: 0, columns, rows: canvas.rows });
  let y = drawTroubles(state, left, context);
  y = drawTotals(state, left, y, context.theme) + 1;
  y = drawSafety(left, y, context) + 1;
  y = drawRates(state.rates, left, y, context) + 1;
  const events = isWide
    ? canvas.within({ x: columns + 3, y: 0, columns: canvas.columns - columns - 4, rows: canvas.rows })
    : left.within({ x: 0, y, columns, rows: canvas.rows - y });
  drawEvents(state, events, context);
}

/** At most a third of the screen; how many there are beside is said. */
function drawTroubles(state: PulsesState, canvas: Canvas, context: DrawContext): number {
  const { theme } = context;
  const all = troublesOf(state, context);
  if (all.length === 0) {
    const [text, role] = calmText(state, context);
    canvas.text(0, 0, text, theme.attr(role));
    return 2;
  }
  const room = Math.max(1, Math.min(all.length, Math.floor(canvas.rows / 3)));
  const shown = all.length > room ? room - 1 : room;
  for (const [y, text] of all.slice(0, shown).entries()) {
    const line = `${theme.glyphs.severity.bad} ${text}`;
    canvas.text(0, y, clip(line, canvas.columns, theme.glyphs.more), theme.attr('bad'));
  }
  if (all.length > room)
    canvas.text(0, shown, `and ${grouped(all.length - shown)} more: skep status`, theme.attr('bad'));
  return room + 1;
}

/** The cluster may be whole while what runs on it is not. */
function calmText(state: PulsesState, { theme, status }: DrawContext): readonly [string, Role] {
  if (status === undefined) return ['asking the cluster', 'dim'];
  const isBad = pulseKinds.some((kind) => {
    const known = state.totals[kind];
    return known !== undefined && partsOf(kind, known).some(({ severity }) => severity === 'bad');
  });
  if (isBad) return ['the cluster itself is whole; not all that it runs is', 'warn'];
  return [`${theme.glyphs.severity.ok} nothing is wrong`, 'ok'];
}

const severityRole: Readonly<Record<Severity, Role>> = { ok: 'ok', warn: 'warn', bad: 'bad', idle: 'idle' };
interface Said {
  readonly text: string;
  readonly severity: Severity;
}

const saidOf = (parts: readonly Part[], { glyphs }: Theme): readonly Said[] =>
  parts.map(({ state, count, severity }) => ({
    text: `${glyphs.severity[severity]} ${grouped(count)} ${state}`,
    severity,
  }));

/** The column behind the total. */
const partsFrom = labelColumns + 10;

function drawTotals({ totals, focus }: PulsesState, canvas: Canvas, from: number, theme: Theme): number {
  const bar = barColumns(totals, canvas.columns, theme);
  for (const [at, kind] of pulseKinds.entries()) {
    const row = canvas.within({ x: 0, y: from + at, columns: canvas.columns, rows: 1 });
    row.text(0, 0, fit(kind, labelColumns - 1), theme.attr(kind === focus ? 'cursorRow' : 'strong'));
    const known = totals[kind];
    if (known === undefined) row.text(labelColumns, 0, 'not known yet', theme.attr('dim'));
    else drawKind(row, kind, known, { theme, bar });
  }
  return from + pulseKinds.length;
}

/** What is left beside the words of all kinds is the bars', and they are no use when they are short. */
function barColumns(totals: PulsesState['totals'], columns: number, theme: Theme): number {
  const rooms = pulseKinds.map((kind) => {
    const known = totals[kind];
    const words = known === undefined ? [] : saidOf(partsOf(kind, known), theme);
    return columns - partsFrom - words.reduce((sum, { text }) => sum + widthOf(text) + 2, 0);
  });
  const room = Math.min(30, ...rooms);
  return room >= 10 ? room : 0;
}

function drawKind(
  row: Canvas,
  kind: PulseKind,
  totals: Totals,
  { theme, bar }: { readonly theme: Theme; readonly bar: number },
): void {
  row.text(labelColumns, 0, fit(grouped(totals.total), 8, 'end'), theme.attr('strong'));
  const parts = partsOf(kind, totals);
  let x = bar > 0 ? drawStack(row, partsFrom, bar, parts, totals.total, theme) + 2 : partsFrom;
  const said = saidOf(parts, theme);
  for (const [at, { text, severity }] of said.entries()) {
    const isLast = at === said.length - 1;
    if (x + widthOf(text) + (isLast ? 0 : 2) > row.columns) {
      row.text(x, 0, theme.glyphs.more, theme.attr('dim'));
      return;
    }
    x = row.text(x, 0, text, theme.attr(severityRole[severity])) + 2;
  }
}

/** One bar, divided by state; what is bad is never drawn as nothing. Returns the column after it. */
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
  for (const [at, { count, severity }] of parts.entries()) {
    const isLast = at === parts.length - 1;
    const share = Math.max(1, Math.round((count / Math.max(1, total)) * columns));
    const cells = isLast ? left : Math.min(left, share);
    const mark = severity === 'ok' ? full : signs[severity];
    x = canvas.text(x, 0, mark.repeat(cells), theme.attr(severityRole[severity]));
    left -= cells;
  }
  return from + columns;
}

/** Who leads, and which loss would leave everything placed. */
function drawSafety(canvas: Canvas, y: number, { status, theme, now, skewMs }: DrawContext): number {
  if (status === undefined) return y;
  const { leader, servers, survives, stale } = status;
  // An etcd that votes while its agent is away answers no operator.
  const healthy = servers.filter(
    (each) => each.health !== 'unknown' && each.agentProblem === undefined,
  ).length;
  const lead =
    leader === undefined
      ? 'no leader: nothing is placed, nothing can be changed'
      : `${leader.server} has led for ${formatAge(now + skewMs - leader.since)}`;
  const quorum = `${healthy} of ${servers.length} servers answer`;
  const isGood = leader !== undefined && healthy === servers.length && stale === '';
  const said = [lead, quorum, ...(stale === '' ? [] : [stale])].join(', ');
  drawLabelled(canvas, y, 'brain', said, theme, isGood ? 'ok' : 'bad');
  const text = survives === undefined ? 'is being worked out' : survivesText(survives);
  const role = survives === undefined ? 'dim' : survives.cell ? 'ok' : 'warn';
  drawLabelled(canvas, y + 1, 'survives', text, theme, role);
  return y + 2;
}

function drawLabelled(
  canvas: Canvas,
  y: number,
  label: string,
  text: string,
  theme: Theme,
  role: Role,
): void {
  canvas.text(0, y, label, theme.attr('strong'));
  const shown = clip(text, canvas.columns - labelColumns, theme.glyphs.more);
  canvas.text(labelColumns, y, shown, theme.attr(role));
}

function drawRates(counts: RateCounts, canvas: Canvas, y: number, context: DrawContext): number {
  const { theme } = context;
  const now = context.now + context.skewMs;
  const known = knownSeconds(counts, now);
  const span = known < 60 ? `in ${known} s` : 'in 1 min';
  const numbers = rates.map((each) => ({
    ...each,
    sum: rateSeries(counts, each.rate, now, known).reduce((total, count) => total + count, 0),
  }));
  if (canvas.rows < sparkRows) {
    drawRateLine(canvas, y, span, numbers, theme);
    return y + 1;
  }
  const rows = canvas.rows >= chartRows ? Math.min(6, Math.floor((canvas.rows - y) / rates.length)) : 1;
  for (const [at, each] of numbers.entries()) {
    const top = y + at * rows;
    canvas.text(0, top, each.text, theme.attr('strong'));
    canvas.text(
      labelColumns,
      top,
      `${grouped(each.sum)} ${span}`,
      theme.attr(each.sum > 0 ? each.role : 'dim'),
    );
    const x = labelColumns + 18;
    const columns = Math.min(secondsMax, canvas.columns - x);
    if (columns < 4) continue;
    const values = rateSeries(counts, each.rate, now, columns);
    if (rows === 1) canvas.text(x, top, sparkline(values, columns, theme), theme.attr(each.role));
    else drawRateArea(canvas.within({ x, y: top, columns, rows: rows - 1 }), values, each.role, theme);
  }
  return y + rows * rates.length;
}

/** All of them in one line: what there is room for on 80x24. */
function drawRateLine(
  canvas: Canvas,
  y: number,
  span: string,
  numbers: readonly { readonly text: string; readonly sum: number; readonly role: Role }[],
  theme: Theme,
): void {
  let x = canvas.text(0, y, fit(span, labelColumns), theme.attr('strong'));
  for (const { text, sum, role } of numbers) {
    const part = `${grouped(sum)} ${text}`;
    if (x + widthOf(part) > canvas.columns) return;
    x = canvas.text(x, y, part, theme.attr(sum > 0 ? role : 'dim')) + 2;
  }
}

function drawRateArea(canvas: Canvas, values: readonly number[], role: Role, theme: Theme): void {
  drawArea(canvas, { values, role, format: (value) => `${grouped(value)}/s` }, theme);
}

function drawEvents({ events }: PulsesState, canvas: Canvas, context: DrawContext): void {
  const { theme, settings } = context;
  const now = context.now + context.skewMs;
  for (const [y, event] of events.slice(-Math.max(1, canvas.rows)).reverse().entries()) {
    const { at, subject } = event;
    const when =
      settings.times === 'age' ? fit(formatAge(now - at), 6, 'end') : formatTime(at, settings.times);
    const text = `${when}  ${subject} ${happened(event)}`;
    const role = isTrouble(event) ? 'warn' : 'dim';
    canvas.text(0, y, clip(text, canvas.columns, theme.glyphs.more), theme.attr(role));
  }
}
