/** How the cell page looks: state and facts, the drain while there is one, charts of the host, its instances. */
import { spanOf } from '../../../api/core/age.ts';
import { stateSeverity, type ViewColumn } from '../../../api/core/view-columns.ts';
import { formatMb, grouped } from '../columns-format.ts';
import type { Canvas } from '../frame.ts';
import type { DrawContext } from '../page.ts';
import { contentWidths, drawTable, visibleRows } from '../table.ts';
import { settled } from '../table-cursor.ts';
import { clip, widthOf } from '../text.ts';
import type { Role } from '../theme.ts';
import { type CellState, cellRows } from './cell-state.ts';
import { bar, drawChart } from './chart.ts';
import { cellState } from './describe-cell.ts';
import { progressOf, progressText } from './drain-page.ts';
import { chartsOf } from './measures.ts';

interface Rows {
  readonly facts: number;
  readonly drain: number;
  readonly charts: number;
  /** Two by two, each of several rows. */
  readonly large: boolean;
}

/** Who gets how many rows of the page; the list has what is left. */
function rowsOf(
  { drain, history }: CellState,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): Rows {
  const facts = Math.min(2, rows);
  const drained = drain === undefined || rows < 8 ? 0 : 1;
  const large = rows >= 32 && columns >= 100;
  const room = rows - facts - drained;
  const isMeasured = history.cpu.length > 0;
  const charts = !isMeasured
    ? 0
    : large
      ? 2 * Math.min(12, Math.floor(room / 4))
      : Math.min(6, Math.max(0, room - 6));
  return { facts, drain: drained, charts, large };
}

/** Rows of the list of instances with its titles, on a page of that size. */
export function listRows(
  state: CellState,
  size: { readonly rows: number; readonly columns: number },
): number {
  const { facts, drain, charts } = rowsOf(state, size);
  return Math.max(0, size.rows - facts - drain - charts - (charts > 0 ? 1 : 0));
}

export function drawCell(state: CellState, canvas: Canvas, context: DrawContext): void {
  const { columns } = canvas;
  const rows = rowsOf(state, canvas);
  const part = (y: number, height: number): Canvas =>
    canvas.within({ x: 1, y, columns: Math.max(0, columns - 2), rows: height });
  drawFacts(state, part(0, rows.facts), context);
  if (rows.drain > 0) drawDrain(state, part(rows.facts, 1), context);
  const y = rows.facts + rows.drain;
  drawCharts(state, part(y, rows.charts), context, rows.large);
  const list = listRows(state, canvas);
  drawInstances(state, canvas.within({ x: 0, y: canvas.rows - list, columns, rows: list }), context);
}

function drawFacts(state: CellState, canvas: Canvas, { theme, now, skewMs }: DrawContext): void {
  const problem = Object.values(state.problems).find((text) => text !== '');
  const second = (text: string, role: Role): void =>
    void canvas.text(0, 1, clip(text, canvas.columns, theme.glyphs.more), theme.attr(role));
  if (problem !== undefined) second(problem, 'bad');
  const { cell } = state;
  if (cell === undefined) {
    if (problem === undefined) canvas.text(0, 0, 'asking the cluster', theme.attr('dim'));
    return;
  }
  const status = cellState(cell);
  const severity = stateSeverity.cells[status] ?? 'bad';
  let x = canvas.text(0, 0, `${theme.glyphs.severity[severity]} ${status}`, theme.attr(severity)) + 2;
  for (const fact of factsOf(state)) {
    if (x + widthOf(fact) > canvas.columns) break;
    x = canvas.text(x, 0, fact, theme.attr('text')) + 2;
  }
  const reason = reasonOf(state, now + skewMs);
  if (problem === undefined && reason !== '') second(reason, 'warn');
}

/** Most useful first: what does not fit is left out from the end. */
function factsOf({ cell, stats }: CellState): readonly string[] {
  if (cell === undefined) return [];
  const { presence, used } = cell;
  const { memoryMb } = presence.capacity;
  const load = stats?.host?.load[0];
  return [
    `${formatMb(used.memoryMb)} of ${formatMb(memoryMb)} promised`,
    `${grouped(cell.instances)} instances`,
    `${grouped(cell.tasks)} ${cell.tasks === 1 ? 'task' : 'tasks'}`,
    `zone ${presence.zone}`,
    ...(load === undefined ? [] : [`load ${load.toFixed(1)}`]),
    presence.address,
    presence.engine.name,
    `agent ${presence.version}`,
  ];
}

/** Why it is not ready, by whom and since when; what could not be measured. */
function reasonOf({ cell, stats }: CellState, now: number): string {
  const { presence, spec } = cell ?? {};
  const order = spec?.drain ?? spec?.cordon;
  const parts = [
    presence?.engine.ok === false
      ? `the engine does not answer: ${presence.engine.reason ?? 'no reason known'}`
      : '',
    order === undefined
      ? ''
      : `${order.reason === '' ? 'no reason given' : order.reason}, ${order.by} ${spanOf(now - order.at)} ago`,
    stats?.problem ?? '',
  ];
  return parts.filter((text) => text !== '').join('; ');
}

const barColumns = 16;

function drawDrain({ drain }: CellState, canvas: Canvas, { theme, now, skewMs }: DrawContext): void {
  if (drain === undefined) return;
  const { part } = progressOf(drain);
  const deadlineAt = drain.spec?.drain?.deadlineAt;
  const left = deadlineAt === undefined ? 0 : deadlineAt - now - skewMs;
  const stuck = drain.rows.filter(({ state }) => state === 'crashed' || state === 'waiting').length;
  const parts: readonly (readonly [string, Role])[] = [
    [progressText(drain), 'strong'],
    [stuck === 0 ? '' : `${grouped(stuck)} stuck`, 'bad'],
    [
      deadlineAt === undefined || drain.done
        ? ''
        : left > 0
          ? `deadline in ${spanOf(left)}`
          : 'past its deadline',
      'warn',
    ],
  ];
  let x = canvas.text(0, 0, bar(part, barColumns, theme), theme.attr(drain.done ? 'ok' : 'warn')) + 1;
  for (const [text, role] of parts) {
    if (text === '' || x + widthOf(text) > canvas.columns) continue;
    x = canvas.text(x, 0, text, theme.attr(role)) + 2;
  }
}

function drawCharts(state: CellState, canvas: Canvas, context: DrawContext, large: boolean): void {
  const charts = chartsOf(state.history, { cpu: 100, memory: state.stats?.host?.memoryBytes });
  if (!large) {
    let y = 0;
    for (const chart of charts) {
      const rows = chart.series.length;
      drawChart(canvas.within({ x: 0, y, columns: canvas.columns, rows }), chart, context);
      y += rows;
    }
    return;
  }
  const columns = Math.floor((canvas.columns - 2) / 2);
  const rows = Math.floor(canvas.rows / 2);
  for (const [at, chart] of charts.entries()) {
    const area = { x: (at % 2) * (columns + 2), y: Math.floor(at / 2) * rows, columns, rows };
    drawChart(canvas.within(area), chart, context);
  }
}

const column = (
  id: string,
  title: string,
  format: ViewColumn['format'],
  priority: number,
  width: ViewColumn['width'],
): ViewColumn => ({ id, title, format, priority, width });

const columns: readonly ViewColumn[] = [
  column('instance', 'INSTANCE', 'text', 1, [12, 52]),
  column('state', 'STATE', 'state', 1, [10, 10]),
  column('cpu', 'CPU%', 'text', 2, [6, 6]),
  column('memory', 'MEM', 'text', 1, [6, 6]),
  column('net', 'NET', 'text', 4, [8, 8]),
  column('disk', 'DISK', 'text', 4, [8, 8]),
  column('pids', 'PIDS', 'count', 6, [5, 5]),
  column('crashes', 'CRASHES', 'count', 5, [7, 7]),
  column('reason', 'REASON', 'text', 3, [8, 80]),
  column('since', 'AGE', 'age', 2, [5, 5]),
];
const drainColumns: readonly ViewColumn[] = [
  ...columns.slice(0, 2),
  column('leaving', 'LEAVING', 'text', 1, [14, 60]),
  ...columns.slice(2).filter(({ id }) => id !== 'reason'),
];

function drawInstances(state: CellState, canvas: Canvas, context: DrawContext): void {
  const rows = cellRows(state);
  const shownColumns = state.drain === undefined ? columns : drainColumns;
  if (canvas.rows < 2) return;
  const { at, top } = settled(state.view, rows.length, visibleRows(canvas.rows));
  const time = { now: context.now + context.skewMs, times: context.settings.times };
  drawTable(
    canvas,
    {
      columns: shownColumns,
      contents: contentWidths(shownColumns, rows.slice(top, top + canvas.rows), {}, time),
      wide: false,
      skip: 0,
      count: rows.length,
      top,
      at,
      rowAt: (place) => rows[place],
      isMarked: () => false,
      severityOf: ({ values }) => stateSeverity.instances[String(values['state'])],
    },
    { ...time, theme: context.theme },
  );
  const { theme } = context;
  if (rows.length === 0 && state.cell !== undefined)
    canvas.text(3, 1, state.filter === '' ? 'no instance is here' : 'no instance matches', theme.attr('dim'));
  if (state.total > rows.length && top + canvas.rows > rows.length)
    canvas.text(
      3,
      canvas.rows - 1,
      `the first ${rows.length} of ${grouped(state.total)} instances`,
      theme.attr('warn'),
    );
}
