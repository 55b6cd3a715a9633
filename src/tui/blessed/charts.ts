/**
 * Line charts by blessed-contrib: it plots on a canvas of dots that nobody sees, and what came of it is copied into the
 * page's own cells, in the colours of the theme. Its labels are not used, only where they stand: it cannot write `1.5G`.
 */
import { EventEmitter } from 'node:events';
import type { Canvas } from '../core/frame.ts';
import type { Charts, LineChart } from '../core/page.ts';
import { clip, fit, widthOf } from '../core/text.ts';
import type { Role, Theme } from '../core/theme.ts';
import { type BlessedScreen, blessedScreen } from './library.ts';

/** Below this the axes leave no room for a line, and contrib throws. */
const columnsMin = 24;
const rowsMin = 5;
const labelMaxColumns = 12;
/** Dots of braille in a cell. */
const dots = { across: 2, down: 4 };
/** Widgets of as many sizes are kept: while nothing is resized there are one or two. */
const widgetsMax = 8;

/** The colours that contrib knows by name stand for roles; the axes are drawn in `white`. */
const series = ['red', 'green', 'yellow', 'blue'] as const;
const axis = 'white';
const roleOfCode: Readonly<Record<string, Role>> = {
  '\x1b[31m': 'chart1',
  '\x1b[32m': 'chart2',
  '\x1b[33m': 'chart3',
  '\x1b[34m': 'chart4',
};

/** The canvas of drawille: a byte of dots a cell, and the code of the colour it was drawn in last. */
interface DotCanvas {
  readonly content: Uint8Array;
  readonly colors: readonly (string | null | undefined)[];
}

interface LineWidget {
  readonly options: { maxY?: number; xLabelPadding: number; xPadding: number; numYLabels: number };
  canvasSize: { width: number; height: number };
  readonly ctx: { readonly _canvas: DotCanvas; fillText: (text: string, x: number, y: number) => void };
  calcSize(): void;
  setData(data: readonly { x: string[]; y: readonly number[]; style: { line: string } }[]): void;
}
type LineFactory = new (options: Readonly<Record<string, unknown>>) => LineWidget;

export interface OpenCharts extends Charts {
  /** Widgets that are kept: bounded, however many sizes were drawn. */
  readonly kept: number;
}

/** Loads contrib's line chart, and nothing else of it: its maps and pictures cost ten times as much. */
export async function openCharts(): Promise<OpenCharts> {
  const contrib = await import('blessed-contrib/lib/widget/charts/line.js');
  const Line = contrib.default as LineFactory;
  const screen = unseenScreen();
  const widgets = new Map<string, LineWidget>();

  function widgetOf({ columns, rows }: Canvas): LineWidget {
    const key = `${columns}x${rows}`;
    const kept = widgets.get(key);
    if (kept !== undefined) return kept;
    const oldest = widgets.size >= widgetsMax ? widgets.entries().next().value : undefined;
    if (oldest !== undefined) {
      screen.remove(oldest[1]);
      widgets.delete(oldest[0]);
    }
    const style = { baseline: axis, text: axis, line: axis };
    const widget = new Line({ screen, width: columns, height: rows, style });
    widget.calcSize = () => {
      widget.canvasSize = { width: columns * dots.across, height: rows * dots.down };
    };
    screen.append(widget);
    widgets.set(key, widget);
    return widget;
  }

  return {
    get kept() {
      return screen.children.length;
    },
    line(canvas, chart, theme) {
      if (!theme.glyphs.unicode || canvas.columns < columnsMin || canvas.rows < rowsMin) return false;
      if (!chart.series.some(({ values }) => values.length > 1)) return false;
      draw(widgetOf(canvas), canvas, chart, theme);
      return true;
    },
  };
}

/** blessed's widgets want a screen; this one is drawn by nobody. */
function unseenScreen(): BlessedScreen {
  const output = Object.assign(new EventEmitter(), {
    columns: 1,
    rows: 1,
    isTTY: true,
    writable: true,
    write: () => true,
  });
  return blessedScreen({ input: new EventEmitter(), output, terminal: 'xterm-256color', unicode: true });
}

function draw(widget: LineWidget, canvas: Canvas, chart: LineChart, theme: Theme): void {
  const top = topOf(chart);
  const steps = Math.max(1, Math.min(5, Math.floor(canvas.rows / 2) - 1));
  const written = Array.from({ length: steps }, (_, at) => chart.format((top / steps) * at));
  const labels = Math.min(labelMaxColumns, Math.max(...written.map(widthOf))) + 1;
  const { options } = widget;
  options.maxY = top;
  options.xLabelPadding = labels * dots.across;
  options.xPadding = labels * dots.across;
  options.numYLabels = steps;
  const rows: number[] = [];
  // Labels of the y axis come first, from the least value on; those of the x axis have no text and are not told.
  widget.ctx.fillText = (text, _, y) => {
    if (text !== '') rows.push(Math.floor(y / dots.down));
  };
  const count = Math.max(...chart.series.map(({ values }) => values.length));
  const x = Array.from<string>({ length: count }).fill('');
  widget.setData(
    chart.series
      .filter(({ values }) => values.length > 0)
      .map(({ values, colour }) => ({
        x,
        y: aligned(values, count, top),
        style: { line: series[colour - 1] ?? axis },
      })),
  );
  copyDots(widget.ctx._canvas, canvas, theme);
  rows.forEach((row, at) => {
    // A scale so small that two of its steps are written alike: the upper one says nothing.
    const label = written[at] === written[at - 1] ? '' : clip(written[at] ?? '', labels - 1);
    canvas.text(0, row, fit(label, labels - 1, 'end'), theme.attr('dim'));
  });
  const bottom = canvas.rows - 1;
  canvas.text(labels + 1, bottom, chart.from, theme.attr('dim'));
  canvas.text(canvas.columns - widthOf(chart.to), bottom, chart.to, theme.attr('dim'));
}

/** A line must have a height: of nothing but zeroes the scale goes to 1. */
function topOf({ max, series: lines }: LineChart): number {
  if (max !== undefined && max > 0) return max;
  const most = Math.max(...lines.flatMap(({ values }) => values).filter(Number.isFinite), 0);
  return most > 0 ? most * 1.1 : 1;
}

/** As long as the longest, and inside of the scale: what is outside is drawn at its edge. */
function aligned(values: readonly number[], count: number, top: number): number[] {
  const held = values.map((value) => (Number.isFinite(value) ? Math.min(top, Math.max(0, value)) : 0));
  return [...Array.from<number>({ length: count - held.length }).fill(held[0] ?? 0), ...held];
}

function copyDots({ content, colors }: DotCanvas, canvas: Canvas, theme: Theme): void {
  for (let y = 0; y < canvas.rows; y += 1)
    for (let x = 0; x < canvas.columns; x += 1) {
      const at = y * canvas.columns + x;
      const cell = content[at] ?? 0;
      if (cell === 0) continue;
      const role = roleOfCode[colors[at] ?? ''] ?? 'border';
      canvas.cell(x, y, String.fromCharCode(0x2800 + cell), 1, theme.attr(role));
    }
}
