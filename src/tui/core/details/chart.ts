/**
 * One chart in a rectangle: lines where the terminal allows it, an area where only there is room, a sparkline and the
 * newest value where there is not.
 */
import type { Canvas } from '../frame.ts';
import type { DrawContext } from '../page.ts';
import { clip, fit } from '../text.ts';
import type { Role, Theme } from '../theme.ts';
import { drawArea } from './area-chart.ts';

export interface ChartSeries {
  readonly name: string;
  /** Oldest first. */
  readonly values: readonly number[];
  readonly colour: 1 | 2 | 3 | 4;
}

export interface Chart {
  readonly title: string;
  readonly series: readonly ChartSeries[];
  /** Top of the scale; absent: what fits the values. */
  readonly max?: number | undefined;
  readonly format: (value: number) => string;
  /** Between two values. */
  readonly stepMs: number;
}

/** Below this a line chart says less than a sparkline. */
const lineRowsMin = 7;
const lineColumnsMin = 36;

/** Rows from which on each series gets an area of its own: a title and three rows of it. */
const areaRowsMin = 4;

export function drawChart(canvas: Canvas, chart: Chart, context: DrawContext): void {
  if (canvas.rows < 1 || canvas.columns < 1) return;
  if (drawLines(canvas, chart, context)) return;
  if (canvas.rows >= areaRowsMin * chart.series.length && canvas.columns >= lineColumnsMin)
    drawAreas(canvas, chart, context.theme);
  else drawSparklines(canvas, chart, context.theme);
}

/** False where the terminal or the room has none. */
function drawLines(canvas: Canvas, chart: Chart, { theme, charts }: DrawContext): boolean {
  if (charts === undefined || canvas.rows < lineRowsMin || canvas.columns < lineColumnsMin) return false;
  const count = Math.max(0, ...chart.series.map(({ values }) => values.length));
  const below = canvas.within({ x: 0, y: 1, columns: canvas.columns, rows: canvas.rows - 1 });
  const line = {
    title: chart.title,
    series: chart.series,
    from: `-${Math.round((count * chart.stepMs) / 1_000)}s`,
    to: 'now',
    max: chart.max,
    format: chart.format,
  };
  const drawn = charts.line(below, line, theme);
  if (drawn) drawTitle(canvas, chart, theme);
  return drawn;
}

/** One below the other, each under its name and its newest value. */
function drawAreas(canvas: Canvas, chart: Chart, theme: Theme): void {
  const rows = Math.floor(canvas.rows / chart.series.length);
  for (const [at, series] of chart.series.entries()) {
    const area = canvas.within({ x: 0, y: at * rows, columns: canvas.columns, rows });
    drawTitle(area, { ...chart, series: [series] }, theme);
    const below = area.within({ x: 0, y: 1, columns: area.columns, rows: rows - 2 });
    drawArea(below, { ...series, role: roleOf(series.colour), max: chart.max, format: chart.format }, theme);
  }
}

/** The newest value of each series in its colour, so that the lines need no legend. */
function drawTitle(canvas: Canvas, { title, series, format }: Chart, theme: Theme): void {
  let x = canvas.text(0, 0, `${title} `, theme.attr('strong'));
  for (const { name, values, colour } of series)
    x = canvas.text(x, 0, `${name} ${format(values.at(-1) ?? 0)}  `.trimStart(), theme.attr(roleOf(colour)));
}

const roleOf = (colour: 1 | 2 | 3 | 4): Role => `chart${colour}`;

function drawSparklines(canvas: Canvas, { title, series, max, format }: Chart, theme: Theme): void {
  const label = Math.min(18, Math.floor(canvas.columns / 3));
  for (const [at, { name, values, colour }] of series.entries()) {
    if (at >= canvas.rows) return;
    const value = format(values.at(-1) ?? 0);
    const text = series.length === 1 ? title : `${title} ${name}`;
    canvas.text(0, at, fit(clip(text, label - 1, theme.glyphs.more), label), theme.attr('strong'));
    canvas.text(label, at, fit(value, 9, 'end'), theme.attr(roleOf(colour)));
    const room = canvas.columns - label - 10;
    if (room > 3)
      canvas.text(label + 10, at, sparkline(values, room, theme, max), theme.attr(roleOf(colour)));
  }
}

/** One character a value, the newest at the right. */
export function sparkline(values: readonly number[], columns: number, theme: Theme, max?: number): string {
  const { levels } = theme.glyphs;
  const shown = values.slice(-columns);
  const top = max ?? Math.max(...shown, 0);
  const marks = shown.map((value) => {
    if (top <= 0 || value <= 0) return levels[0] ?? ' ';
    // What is more than nothing is never drawn as nothing.
    const level = Math.max(1, Math.min(levels.length - 1, Math.round((value / top) * (levels.length - 1))));
    return levels[level] ?? ' ';
  });
  return marks.join('').padStart(columns);
}

/** A bar of so many cells: `████░░░░`. */
export function bar(part: number, columns: number, { glyphs }: Theme): string {
  const share = Math.max(0, Math.min(1, Number.isFinite(part) ? part : 0));
  const full = share > 0 ? Math.max(1, Math.round(share * columns)) : 0;
  return glyphs.full.repeat(full) + glyphs.empty.repeat(columns - full);
}

const units = ['B', 'K', 'M', 'G', 'T'] as const;

/** Bytes as `512B`, `1.5K`, `20M`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  const digits = value >= 10 || unit === 0 ? Math.round(value).toString() : value.toFixed(1);
  return `${digits}${units[unit] ?? 'B'}`;
}

export const formatRate = (bytesPerS: number): string => `${formatBytes(bytesPerS)}/s`;
export const formatPercent = (percent: number): string =>
  `${percent < 10 ? percent.toFixed(1) : Math.round(percent)}%`;
