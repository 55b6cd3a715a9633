/** How the instance page looks: text that scrolls, charts beside it where the screen is wide and above it where not. */
import type { ActionId } from '../actions.ts';
import type { Canvas } from '../frame.ts';
import type { DrawContext, PageContext } from '../page.ts';
import { subjectName } from '../subject.ts';
import { clip, wrap } from '../text.ts';
import type { TextLine } from '../text-page.ts';
import { drawChart } from './chart.ts';
import { historyLines } from './event-lines.ts';
import { gap, heading } from './facts.ts';
import { crashLines, factLines } from './instance-lines.ts';
import { type InstanceState, recordOf } from './instance-state.ts';
import { chartsOf } from './measures.ts';
import { standingLines, whyLines } from './why-lines.ts';

/** Rows of the charts where they are above the text. */
const chartRows = 6;
/** From here on they stand beside it. */
const wideColumns = 120;
const keyColumns = 14;

export function drawInstance(state: InstanceState, canvas: Canvas, context: DrawContext): void {
  const { theme } = context;
  const { columns, rows } = canvas;
  const place = placeOf(state, { columns, rows });
  if (place.charts === 'beside') {
    const x = place.columns + 2;
    drawCharts(state, canvas.within({ x, y: 0, columns: columns - x - 1, rows }), context);
  } else if (place.charts === 'above')
    drawSparklines(state, canvas.within({ x: 1, y: 0, columns: columns - 2, rows: chartRows }), context);
  const lines = laidOut(state, { ...context, now: context.now + context.skewMs }, place.columns);
  if (lines.length === 0) canvas.text(1, rows - place.rows, 'no line matches', theme.attr('dim'));
  const top = Math.max(0, Math.min(state.top, lines.length - place.rows));
  const body = canvas.within({ x: 1, y: rows - place.rows, columns: place.columns - 1, rows: place.rows });
  for (const [y, { key, text, role }] of lines.slice(top, top + place.rows).entries()) {
    if (key !== undefined && key !== '')
      body.text(0, y, `${clip(key, keyColumns - 2, theme.glyphs.more)}:`, theme.attr('key'));
    const x = key === undefined ? 0 : keyColumns;
    body.text(x, y, clip(text, body.columns - x, theme.glyphs.more), theme.attr(role ?? 'text'));
  }
  const below = lines.length - top - place.rows;
  if (below > 0 && body.columns > 12)
    body.text(body.columns - 11, body.rows - 1, ` ${below} more`.padStart(10), theme.attr('dim'));
}

interface Place {
  /** Where the charts are; nowhere before there is a sample, or where there is no room. */
  readonly charts: 'beside' | 'above' | 'nowhere';
  /** Of the text. */
  readonly columns: number;
  readonly rows: number;
}

function placeOf(
  { history }: InstanceState,
  size: { readonly columns: number; readonly rows: number },
): Place {
  const { columns, rows } = size;
  if (history.cpu.length === 0) return { charts: 'nowhere', columns, rows };
  if (columns >= wideColumns) return { charts: 'beside', columns: Math.floor(columns * 0.58), rows };
  if (rows < 2 * chartRows) return { charts: 'nowhere', columns, rows };
  return { charts: 'above', columns, rows: rows - chartRows - 1 };
}

/** Everything there is to say, what needs somebody first. */
export function instanceLines(state: InstanceState, context: PageContext): readonly TextLine[] {
  const { records, why, events, lastLines } = state;
  const problems = [...new Set(Object.values(state.problems))].filter((problem) => problem !== '');
  const history = historyLines(events, context);
  const isAsking = records === undefined && problems.length === 0;
  return [
    ...(isAsking ? [{ text: 'asking the cluster', role: 'dim' as const }] : []),
    ...problems.map((text): TextLine => ({ text, role: 'bad' })),
    ...(why === undefined ? [] : [...whyLines({ ...why, standing: undefined, events: [] }, context), gap]),
    ...(records === undefined ? [] : recordLines(state, context)),
    ...crashLines(recordOf(state), lastLines, context),
    ...standingLines(why ?? {}),
    ...(history.length === 0 ? [] : [gap, heading('History'), ...history]),
  ];
}

function recordLines(state: InstanceState, context: PageContext): readonly TextLine[] {
  const { records = [], subject } = state;
  if (records.length === 0)
    return [{ text: `there is no instance ${subjectName(subject)} now`, role: 'warn' }];
  return records.flatMap((record, at) => [...(at === 0 ? [] : [gap]), ...factLines(record, context)]);
}

/** Without regard to capitals, as on every page of text. */
const matches = ({ key = '', text }: TextLine, filter: string): boolean =>
  `${key}: ${text}`.toLowerCase().includes(filter.toLowerCase());

function laidOut(state: InstanceState, context: PageContext, columns: number): readonly TextLine[] {
  const lines = instanceLines(state, context).filter((line) => matches(line, state.filter));
  return lines.flatMap((line) => {
    if (line.table === true) return [line];
    const room = Math.max(10, columns - 2 - (line.key === undefined ? 0 : keyColumns));
    return wrap(line.text, room).map((text, at): TextLine => {
      if (at === 0 || line.key === undefined) return { ...line, text };
      return { ...line, text, key: '' };
    });
  });
}

/** The first line that is seen after a moving action; undefined when the action is none. */
export function scrolledTo(state: InstanceState, action: ActionId, context: PageContext): number | undefined {
  const place = placeOf(state, context.size);
  const last = Math.max(0, laidOut(state, context, place.columns).length - place.rows);
  const clamp = (top: number): number => Math.max(0, Math.min(top, last));
  const screen = Math.max(1, place.rows - 1);
  switch (action) {
    case 'up':
      return clamp(state.top - 1);
    case 'down':
      return clamp(state.top + 1);
    case 'pageUp':
      return clamp(state.top - screen);
    case 'pageDown':
      return clamp(state.top + screen);
    case 'top':
      return 0;
    case 'bottom':
      return last;
    default:
      return undefined;
  }
}

function drawSparklines(state: InstanceState, canvas: Canvas, context: DrawContext): void {
  let y = 0;
  for (const chart of chartsOf(state.history, { memory: state.sample?.memoryLimitBytes })) {
    const rows = chart.series.length;
    drawChart(canvas.within({ x: 0, y, columns: canvas.columns, rows }), chart, context);
    y += rows;
  }
}

function drawCharts(state: InstanceState, canvas: Canvas, context: DrawContext): void {
  const charts = chartsOf(state.history, { memory: state.sample?.memoryLimitBytes });
  const rows = Math.floor(canvas.rows / charts.length);
  for (const [at, chart] of charts.entries())
    drawChart(canvas.within({ x: 0, y: at * rows, columns: canvas.columns, rows }), chart, context);
}
