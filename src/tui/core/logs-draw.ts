/** How a logs page looks: times, prefix, text, and a last row that says how it stands. Used by logs-page.ts. */
import type { Attr, Canvas } from './frame.ts';
import { lineAt } from './log-buffer.ts';
import { drawLogLine, heightOf } from './log-layout.ts';
import { keptPlace, type LogWindow, placeOfEnd } from './log-window.ts';
import { gutterOf, type LogsState, prefixText, prefixWidth, timeWidth, windowOf } from './logs-state.ts';
import type { DrawContext, LogLine, Settings } from './page.ts';
import type { ColourDepth } from './panes-colours.ts';
import { clip } from './text.ts';
import type { Role, Theme } from './theme.ts';

export function drawLogs(state: LogsState, canvas: Canvas, { theme, settings }: DrawContext): void {
  const window = windowOf(state, canvas);
  const top = (state.top === undefined ? undefined : keptPlace(window, state.top)) ?? placeOfEnd(window);
  let y = 0;
  let line = top?.line;
  let from = top?.row ?? 0;
  while (line !== undefined && y < window.rows) {
    const entry = lineAt(state.buffer, line);
    if (entry === undefined) break;
    const rows = Math.min(heightOf(entry.text, window.layout) - from, window.rows - y);
    drawEntry(
      state,
      canvas.within({ x: 0, y, columns: canvas.columns, rows }),
      entry,
      from,
      window,
      theme,
      settings,
    );
    y += rows;
    from = 0;
    line = state.selection.from(state.buffer, line + 1, 1);
  }
  drawStanding(state, canvas, window, theme);
}

/** Sixteen colours look right on every terminal that has any; where the theme has none, workloads have none. */
const depthOf = (theme: Theme): ColourDepth => (theme.attr('ok') === theme.attr('text') ? 0 : 16);

function drawEntry(
  state: LogsState,
  canvas: Canvas,
  entry: LogLine,
  from: number,
  window: LogWindow,
  theme: Theme,
  settings: Settings,
): void {
  const isNote = entry.stream === 'note';
  const gutter = gutterOf(state, canvas.columns);
  if (from === 0) drawGutter(state, canvas, entry, theme, settings);
  const base = theme.attr(isNote ? 'warn' : entry.stream === 'stderr' ? 'bad' : 'text');
  drawLogLine(
    canvas.within({ x: gutter, y: 0, columns: canvas.columns - gutter, rows: canvas.rows }),
    entry.text,
    window.layout,
    from,
    isNote ? 0 : state.left,
    { base, match: theme.attr('match'), depth: isNote ? 0 : depthOf(theme), pattern: state.pattern },
  );
}

function drawGutter(
  state: LogsState,
  canvas: Canvas,
  entry: LogLine,
  theme: Theme,
  settings: Settings,
): void {
  const width = prefixWidth(state, canvas.columns);
  if (gutterOf(state, canvas.columns) > width)
    canvas.text(0, 0, timeText(entry.at, settings), theme.attr('dim'));
  if (width === 0 || entry.source === '') return;
  const x = gutterOf(state, canvas.columns) - width;
  canvas.text(
    x,
    0,
    clip(prefixText(entry.source, entry.cell), width - 3, theme.glyphs.more),
    sourceAttr(entry.source, theme),
  );
  canvas.text(x + width - 2, 0, theme.glyphs.vertical, theme.attr('border'));
}

const sourceRoles: readonly Role[] = [
  'chart1',
  'chart2',
  'chart3',
  'chart4',
  'key',
  'title',
  'changed',
  'marked',
];

/** The same instance has the same colour in every run. */
export function sourceAttr(source: string, theme: Theme): Attr {
  let hash = 0;
  for (let at = 0; at < source.length; at += 1) hash = (hash * 31 + source.charCodeAt(at)) >>> 0;
  return theme.attr(sourceRoles[hash % sourceRoles.length] ?? 'text');
}

/** To the millisecond, in UTC or as this host has it. */
export function timeText(at: number, { times }: Settings): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '?'.padEnd(timeWidth - 1);
  if (times === 'utc') return date.toISOString().slice(11, 23);
  const two = (value: number): string => String(value).padStart(2, '0');
  const seconds = `${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  return `${two(date.getHours())}:${two(date.getMinutes())}:${seconds}`;
}

const counted = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

function drawStanding(state: LogsState, canvas: Canvas, { rows }: LogWindow, theme: Theme): void {
  const { buffer, selection, pattern } = state;
  const y = rows;
  canvas.fill({ x: 0, y, columns: canvas.columns, rows: 1 }, ' ', theme.attr('text'));
  const fresh = state.top === undefined ? 0 : selection.count(buffer, state.pausedAt);
  const arrow = theme.glyphs.unicode ? '▼' : 'v';
  const how = state.top === undefined ? 'following' : `PAUSED  ${arrow} ${counted(fresh)} new`;
  const role: Role = state.top === undefined ? 'ok' : 'badge';
  let x = canvas.text(1, y, state.top === undefined ? how : ` ${how} `, theme.attr(role)) + 2;
  const kept = buffer.next - (buffer.chunks[0]?.first ?? buffer.next);
  const facts: readonly (readonly [string, Role])[] = [
    [state.problem, 'bad'],
    [state.solo === undefined ? '' : `only ${state.solo}`, 'warn'],
    [state.stderrOnly ? 'stderr only' : '', 'warn'],
    [pattern === undefined ? '' : state.hides ? 'filtered' : 'highlighted', 'match'],
    [pattern?.isLiteral === true ? 'taken as text' : '', 'warn'],
    [`${counted(kept)} ${kept === 1 ? 'line' : 'lines'}`, 'dim'],
    [buffer.dropped > 0 ? `${counted(buffer.dropped)} older ones dropped` : '', 'warn'],
    [state.solo === undefined ? instancesText(state) : '', 'dim'],
    [state.wraps ? '' : `cut at the edge${state.left > 0 ? `, from column ${state.left + 1}` : ''}`, 'dim'],
  ];
  for (const [text, factRole] of facts) {
    if (text === '' || x >= canvas.columns) continue;
    x = canvas.text(x, y, text, theme.attr(factRole)) + 2;
  }
}

function instancesText({ sources }: LogsState): string {
  if (sources.size === 0) return '';
  return sources.size === 1 ? '1 source' : `${sources.size} sources`;
}
