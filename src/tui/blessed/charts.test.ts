import { describe, expect, test } from 'vitest';
import { canvasOf, createFrame, frameText } from '../core/frame.ts';
import type { LineChart } from '../core/page.ts';
import { paletteOf } from '../core/palettes.ts';
import { asciiGlyphs, themeOf, unicodeGlyphs } from '../core/theme.ts';
import { openCharts } from './charts.ts';

const theme = themeOf('dark', paletteOf('dark', 256), unicodeGlyphs);
const charts = await openCharts();

const sawtooth = Array.from({ length: 60 }, (_, at) => (at * 7) % 50);
const chart: LineChart = {
  title: 'CPU',
  series: [
    { name: 'user', values: sawtooth, colour: 1 },
    { name: 'system', values: sawtooth.map((value) => value / 2), colour: 2 },
  ],
  from: '-2m',
  to: 'now',
  max: 100,
  format: (value) => `${Math.round(value)}%`,
};

test('a line chart has its values, its scale and its times', () => {
  const frame = createFrame(60, 12);
  expect(charts.line(canvasOf(frame), chart, theme)).toBe(true);
  const text = frameText(frame);
  expect(text).toMatchInlineSnapshot(`
    "    ⡇
    80% ⡇
        ⡇
    60% ⡇
        ⡇     ⢀⢾     ⡠⡆     ⣴     ⢠⡆     ⣠     ⢀⡄     ⢀      ⡰⡇
    40% ⡇    ⡠⠃⢸   ⢀⠜ ⢱   ⡠⠊⠈⡆   ⡰⠁⢱   ⢀⠎⠘⡄   ⡠⠊⢣    ⡔⠹⡀   ⢀⠜ ⢸
    20% ⡇  ⢀⠎ ⣀⢴⡇ ⡠⠊⢀⡠⣼ ⢀⠔⠁⣀⢤⡇ ⢠⠊ ⡠⣼  ⡠⠃⢀⢤⡇ ⢀⠜ ⢀⣼  ⢠⠊ ⣀⡇  ⡰⠁⢀⡠⢾
        ⡇ ⡔⣁⠔⠉ ⠈⣇⢜⡠⠔⠁ ⢸⣦⣃⠤⠊  ⣷⣔⡡⠔⠊ ⢸⡆⣜⠤⠒⠁ ⣧⢀⢎⠔⠊⠁⢸⡄⢠⢣⠒⠉⠈⣇ ⡔⡡⠊⠁ ⠸⣇
     0% ⡇⡼⠉     ⠋⠁     ⠟     ⠸⠃     ⠟⠊    ⠸⠓⠁    ⠗⠋⠁   ⢹⠞⠉     ⠋
        ⠓⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒

         -2m                                                 now"
  `);
  for (const role of ['chart1', 'chart2', 'border'] as const) expect(frame.attrs).toContain(theme.attr(role));
});

test('steps of the scale that would be written alike are written once', () => {
  const frame = createFrame(60, 12);
  const idle = { ...chart, max: undefined, series: [{ name: 'in', values: [0, 0], colour: 1 as const }] };
  charts.line(canvasOf(frame), idle, theme);
  expect(frameText(frame).match(/\d%/g)).toEqual(['1%', '0%']);
});

test('a larger value is drawn higher', () => {
  const rowOf = (value: number): number => {
    const frame = createFrame(40, 12);
    charts.line(
      canvasOf(frame),
      { ...chart, series: [{ name: 'x', values: [value, value], colour: 1 }] },
      theme,
    );
    return Math.floor(frame.attrs.indexOf(theme.attr('chart1')) / 40);
  };
  expect(rowOf(95)).toBeLessThan(rowOf(50));
  expect(rowOf(50)).toBeLessThan(rowOf(5));
  // One percent is near the bottom, where contrib's gauge drew it as a hundred.
  expect(rowOf(1)).toBeGreaterThan(7);
});

describe('where it cannot be drawn nothing is', () => {
  test.each([
    ['too narrow', 10, 10, theme, chart],
    ['too low', 60, 3, theme, chart],
    ['no UTF-8', 60, 12, themeOf('ascii', paletteOf('dark', 8), asciiGlyphs), chart],
    ['one value', 60, 12, theme, { ...chart, series: [{ name: 'x', values: [1], colour: 1 as const }] }],
    ['no series', 60, 12, theme, { ...chart, series: [] }],
  ])('%s', (_, columns, rows, themed, line) => {
    const frame = createFrame(columns, rows);
    expect(charts.line(canvasOf(frame), line, themed)).toBe(false);
    expect(frameText(frame).trim()).toBe('');
  });
});

test('every size and every value is drawn or refused, and nothing is left behind of a thousand', () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, -5, 0, 1e12, 0.001];
  let drawn = 0;
  for (let at = 0; at < 1_000; at += 1) {
    // A new size costs most; one in ten has one.
    const frame = createFrame(1 + ((Math.floor(at / 10) * 7) % 120), 1 + (Math.floor(at / 10) % 37));
    const line: LineChart = {
      ...chart,
      max: at % 3 === 0 ? 100 : undefined,
      series: [{ name: 'x', values: [...values, ...sawtooth.slice(0, at % 60)], colour: 3 }],
    };
    if (charts.line(canvasOf(frame), line, theme)) drawn += 1;
    expect(frame.characters).toHaveLength(frame.columns * frame.rows);
  }
  expect(drawn).toBeGreaterThan(400);
  expect(charts.kept).toBeLessThanOrEqual(8);
}, 30_000);
