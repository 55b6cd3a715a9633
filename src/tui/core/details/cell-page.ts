/** One cell: how its host is doing, live, and what runs there with what each instance takes. */
import type { CellView } from '../../../api/core/routes.ts';
import type { ContainerSample, StatsSample } from '../../../api/core/stats-shapes.ts';
import { statsIntervalMs } from '../../../api/core/stats-shapes.ts';
import { stateSeverity, type ViewColumn } from '../../../api/core/view-columns.ts';
import type { ViewRow } from '../../../api/core/view-shapes.ts';
import type { CellId } from '../../../model/ids.ts';
import type { ActionId } from '../actions.ts';
import type { Canvas } from '../frame.ts';
import type { Data, DrawContext, Effect, Page, PageContext, PageEvent, Turn } from '../page.ts';
import { poll } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { instanceNamed, type Subject, type Target } from '../subject.ts';
import { contentWidths, drawTable, visibleRows } from '../table.ts';
import { moved, settled, type Viewport } from '../table-cursor.ts';
import { drawChart, formatBytes, formatPercent, formatRate } from './chart.ts';
import { type History, withSample } from './history.ts';
import { chartsOf, type Measure, measuresOf, noMeasures } from './measures.ts';

/** Rows of the list of instances; a cell holds at most 250 containers (reference/diego.md). */
const rowsMax = 300;

interface State {
  readonly id: string;
  readonly pages: PageFactories;
  readonly cell?: CellView | undefined;
  readonly stats?: StatsSample | undefined;
  readonly history: History<Measure>;
  readonly rows: readonly ViewRow[];
  readonly view: Viewport;
  readonly problems: Readonly<Record<string, string>>;
}

export function cellPage(id: string, pages: PageFactories): Page {
  return pageOf({ id, pages, history: noMeasures, rows: [], view: { at: 0, top: 0 }, problems: {} });
}

function pageOf(state: State): Page {
  const { id } = state;
  return {
    kind: 'cell',
    crumb: `cell(${id})`,
    title: `cell ${id}`,
    filter: '',
    typing: false,
    wants: [
      poll('cell', 'getCell', { params: { id: id as CellId } }, statsIntervalMs),
      { kind: 'stats', id: 'stats', target: { cell: id } },
      {
        kind: 'view',
        id: 'rows',
        query: { kind: 'instances', scope: { cell: id }, window: { start: 0, count: rowsMax } },
      },
    ],
    actions: () => cellActions,
    on: (event, context) => turnOf(state, event, context),
    draw: (canvas, context) => draw(state, canvas, context),
    command: () => `skep cell show ${id}`,
    lines: (context) => linesOf(state, context),
  };
}

const cellActions: readonly ActionId[] = [
  'enter',
  'cordon',
  'uncordon',
  'drain',
  'drainProgress',
  'describe',
  'raw',
  'events',
  'why',
  'tree',
  'copy',
  'escape',
  'up',
  'down',
  'pageUp',
  'pageDown',
  'top',
  'bottom',
];

function turnOf(state: State, event: PageEvent, context: PageContext): Turn {
  if (event.kind === 'data') return { page: pageOf(withData(state, event.want, event.data)) };
  if (event.kind !== 'action') return { page: pageOf(state) };
  const room = visibleRows(tableRows(context.size.rows, context.size.columns));
  const next = moved(event.action, state.view, state.rows.length, room);
  if (next !== undefined) return { page: pageOf({ ...state, view: next }) };
  return { page: pageOf(state), effects: effectsOf(state, event.action) };
}

function withData(state: State, want: string, data: Data): State {
  if (data.kind === 'broken')
    return { ...state, problems: { ...state.problems, [want]: data.error.message } };
  const problems = { ...state.problems, [want]: '' };
  if (data.kind === 'answer') return { ...state, problems, cell: data.value as CellView };
  if (data.kind === 'stats') {
    const { host } = data.sample;
    const history =
      host === undefined ? state.history : withSample(state.history, measuresOf(host, host.memoryUsedBytes));
    return { ...state, problems, stats: data.sample, history };
  }
  if (data.kind !== 'view' || data.message.type !== 'rows') return state;
  const rows = data.message.rows.filter((row): row is ViewRow => typeof row !== 'string');
  // The cursor stays on its row when others come and go.
  const key = state.rows[state.view.at]?.key;
  const at = rows.findIndex((row) => row.key === key);
  return {
    ...state,
    problems,
    rows,
    view: at < 0 ? settled(state.view, rows.length, rows.length) : { ...state.view, at },
  };
}

function effectsOf(state: State, action: ActionId): readonly Effect[] {
  const { id, pages, cell } = state;
  const subject: Subject = { kind: 'cell', id };
  const target: Target = { subject, values: { state: stateOf(cell) } };
  const open = (page: Page): readonly Effect[] => [{ do: 'open', page }];
  const dialog = (page: Page): readonly Effect[] => [{ do: 'dialog', dialog: page }];
  switch (action) {
    case 'escape':
      return [{ do: 'back' }];
    case 'enter': {
      const instance = instanceNamed(state.rows[state.view.at]?.key ?? '');
      return instance === undefined ? [] : open(pages.instance(instance));
    }
    case 'cordon':
      return dialog(pages.cordonDialog([target]));
    case 'uncordon':
      return dialog(pages.uncordonDialog([target]));
    case 'drain':
      return dialog(pages.drainDialog([target]));
    case 'drainProgress':
      return open(pages.drainProgress(id));
    case 'describe':
      return open(pages.describe(subject));
    case 'raw':
      return open(pages.raw(subject));
    case 'events':
      return open(pages.events(subject));
    case 'why':
      return open(pages.why(subject));
    case 'tree':
      return open(pages.tree(subject));
    case 'copy':
      return [{ do: 'copy', text: id, what: id }];
    default:
      return [];
  }
}

function stateOf(cell: CellView | undefined): string {
  if (cell === undefined) return 'unknown';
  const { presence, spec } = cell;
  if (!presence.engine.ok) return 'engine down';
  if (spec?.drain !== undefined) return spec.drain.doneAt === undefined ? 'draining' : 'drained';
  return spec?.cordon === undefined ? 'ready' : 'cordoned';
}

const isLarge = (rows: number, columns: number): boolean => rows >= 32 && columns >= 100;

/** Rows of the charts: two by two where there is room, else a line for each measure. */
const chartRows = (rows: number, columns: number): number =>
  isLarge(rows, columns) ? 18 : Math.min(6, Math.max(0, rows - 8));
const tableRows = (rows: number, columns: number): number =>
  Math.max(2, rows - 2 - chartRows(rows, columns) - 1);

function draw(state: State, canvas: Canvas, context: DrawContext): void {
  const { rows, columns } = canvas;
  drawFacts(state, canvas.within({ x: 1, y: 0, columns: columns - 2, rows: 2 }), context);
  const height = chartRows(rows, columns);
  drawCharts(
    state,
    canvas.within({ x: 1, y: 2, columns: columns - 2, rows: height }),
    context,
    isLarge(rows, columns),
  );
  const y = 2 + height + 1;
  drawInstances(state, canvas.within({ x: 0, y, columns, rows: rows - y }), context);
}

function drawFacts(state: State, canvas: Canvas, { theme }: DrawContext): void {
  const problem = Object.values(state.problems).find((text) => text !== '');
  if (problem !== undefined) canvas.text(0, 1, problem, theme.attr('bad'));
  const { cell, stats } = state;
  if (cell === undefined) return;
  const { presence, used } = cell;
  const status = stateOf(cell);
  const severity = stateSeverity.cells[status] ?? 'bad';
  let x = canvas.text(0, 0, `${theme.glyphs.severity[severity]} ${status}`, theme.attr(severity)) + 2;
  const { memoryMb } = presence.capacity;
  const facts = [
    `zone ${presence.zone}`,
    `promised ${formatBytes(used.memoryMb * 1_048_576)} of ${formatBytes(memoryMb * 1_048_576)}`,
    `${cell.instances} instances`,
    `${cell.tasks} tasks`,
    presence.engine.name,
    presence.address,
  ];
  x = canvas.text(x, 0, facts.join('  '), theme.attr('text'));
  if (problem !== undefined) return;
  const reason =
    cell.spec?.drain?.reason || cell.spec?.cordon?.reason || presence.engine.reason || stats?.problem || '';
  canvas.text(0, 1, reason, theme.attr('warn'));
}

function drawCharts(state: State, canvas: Canvas, context: DrawContext, large: boolean): void {
  const charts = chartsOf(state.history, { cpu: 100, memory: state.stats?.host?.memoryBytes });
  if (!large) {
    let y = 0;
    for (const chart of charts) {
      drawChart(
        canvas.within({ x: 0, y, columns: canvas.columns, rows: chart.series.length }),
        chart,
        context,
      );
      y += chart.series.length;
    }
    return;
  }
  const columns = Math.floor((canvas.columns - 2) / 2);
  const rows = Math.floor(canvas.rows / 2);
  for (const [at, chart] of charts.entries())
    drawChart(
      canvas.within({ x: (at % 2) * (columns + 2), y: Math.floor(at / 2) * rows, columns, rows }),
      chart,
      context,
    );
}

const column = (
  id: string,
  title: string,
  format: ViewColumn['format'],
  priority: number,
  min: number,
  max = min,
): ViewColumn => ({
  id,
  title,
  format,
  priority,
  width: [min, max],
});

const columns: readonly ViewColumn[] = [
  column('instance', 'INSTANCE', 'text', 1, 12, 52),
  column('state', 'STATE', 'state', 1, 10),
  column('cpu', 'CPU%', 'text', 1, 6),
  column('memory', 'MEM', 'text', 1, 6),
  column('net', 'NET', 'text', 3, 8),
  column('disk', 'DISK', 'text', 3, 8),
  column('pids', 'PIDS', 'count', 5, 5),
  column('crashes', 'CRASHES', 'count', 4, 7),
  column('reason', 'REASON', 'text', 4, 8, 80),
  column('since', 'AGE', 'age', 2, 5),
];

function measured(row: ViewRow, sample: ContainerSample | undefined): ViewRow {
  if (sample === undefined) return row;
  const values = {
    ...row.values,
    cpu: formatPercent(sample.cpuPercent),
    memory: formatBytes(sample.memoryBytes),
    net: formatRate(sample.rxBytesPerS + sample.txBytesPerS),
    disk: formatRate(sample.diskReadBytesPerS + sample.diskWriteBytesPerS),
    pids: sample.pids,
  };
  return { key: row.key, values };
}

function rowsOf({ rows, stats }: State): readonly ViewRow[] {
  const samples = new Map(stats?.containers.map((sample) => [sample.instanceGuid, sample]));
  return rows.map((row) => measured(row, samples.get(String(row.values['instanceGuid'] ?? ''))));
}

function drawInstances(state: State, canvas: Canvas, context: DrawContext): void {
  const rows = rowsOf(state);
  const { at, top } = settled(state.view, rows.length, visibleRows(canvas.rows));
  const time = { now: context.now + context.skewMs, times: context.settings.times };
  drawTable(
    canvas,
    {
      columns,
      contents: contentWidths(columns, rows.slice(top, top + canvas.rows), {}, time),
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
}

function linesOf(state: State, _context: PageContext): readonly string[] {
  const { cell, stats, id } = state;
  const host = stats?.host;
  return [
    `cell ${id}: ${stateOf(cell)}`,
    ...(host === undefined
      ? []
      : [
          `CPU ${formatPercent(host.cpuPercent)} of ${host.cores} cores, load ${host.load.join(' ')}`,
          `memory ${formatBytes(host.memoryUsedBytes)} of ${formatBytes(host.memoryBytes)}`,
          `net in ${formatRate(host.rxBytesPerS)} out ${formatRate(host.txBytesPerS)}`,
          `disk ${formatBytes(host.diskUsedBytes)} of ${formatBytes(host.diskBytes)}, read ${formatRate(host.diskReadBytesPerS)} write ${formatRate(host.diskWriteBytesPerS)}`,
        ]),
    ...rowsOf(state).map(({ key, values }) =>
      [key, values['state'], values['cpu'], values['memory']]
        .filter((value) => value !== undefined)
        .join('  '),
    ),
  ];
}
