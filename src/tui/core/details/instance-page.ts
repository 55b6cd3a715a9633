/**
 * One instance: its state and how it came to it, health, the last crash with its last lines, what it takes now, why it
 * is where it is.
 */
import type { Why } from '../../../api/core/routes.ts';
import { type ContainerSample, statsIntervalMs } from '../../../api/core/stats-shapes.ts';
import type { ActualLrp } from '../../../model/actual-lrp.ts';
import type { JournalEvent } from '../../../model/event.ts';
import type { ActionId } from '../actions.ts';
import type { Canvas } from '../frame.ts';
import type {
  Data,
  DrawContext,
  Effect,
  LogLine,
  Page,
  PageContext,
  PageEvent,
  Turn,
  Want,
} from '../page.ts';
import { poll } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { type InstanceSubject, subjectName, type Target } from '../subject.ts';
import { wrap } from '../text.ts';
import type { TextLine } from '../text-page.ts';
import { drawChart } from './chart.ts';
import { gap, heading } from './facts.ts';
import { type History, withSample } from './history.ts';
import { crashLines, factLines } from './instance-lines.ts';
import { chartsOf, type Measure, measuresOf, noMeasures } from './measures.ts';
import { whyWant } from './subject-feeds.ts';
import { eventLines, whyLines } from './why-lines.ts';

const lastLinesMax = 8;
const eventsMax = 200;

interface State {
  readonly subject: InstanceSubject;
  readonly pages: PageFactories;
  readonly records: readonly ActualLrp[];
  readonly why?: Why | undefined;
  readonly events: readonly JournalEvent[];
  readonly sample?: ContainerSample | undefined;
  readonly history: History<Measure>;
  /** Of the container that crashed. */
  readonly lastLines: readonly LogLine[];
  readonly problems: Readonly<Record<string, string>>;
  readonly top: number;
}

export function instancePage(subject: InstanceSubject, pages: PageFactories): Page {
  return pageOf({
    subject,
    pages,
    records: [],
    events: [],
    history: noMeasures,
    lastLines: [],
    problems: {},
    top: 0,
  });
}

function pageOf(state: State): Page {
  const name = subjectName(state.subject);
  return {
    kind: 'instance',
    crumb: name,
    title: `instance ${name}`,
    filter: '',
    typing: false,
    wants: wantsOf(state),
    actions: () => instanceActions,
    on: (event, context) => turnOf(state, event, context),
    draw: (canvas, context) => draw(state, canvas, context),
    command: () => `skep why ${name}`,
    lines: (context) =>
      textLines(state, context).map(({ key, text }) => (key === undefined ? text : `${key}: ${text}`)),
  };
}

const instanceActions: readonly ActionId[] = [
  'shell',
  'shellFull',
  'attach',
  'logs',
  'previousLogs',
  'restart',
  'delete',
  'cellOf',
  'owner',
  'events',
  'why',
  'describe',
  'raw',
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

/** The record that counts, else the one that is kept until its successor runs. */
const recordOf = ({ records }: State): ActualLrp | undefined =>
  records.find(({ presence }) => presence === 'ORDINARY') ?? records[0];

function wantsOf(state: State): readonly Want[] {
  const { subject } = state;
  const name = subjectName(subject);
  const record = recordOf(state);
  const wants: Want[] = [
    poll(
      'instance',
      'listInstances',
      { query: { guid: subject.guid, index: subject.index } },
      statsIntervalMs,
    ),
    whyWant(subject),
    { kind: 'events', id: 'events', subject: name },
  ];
  if (record?.state === 'RUNNING') wants.push({ kind: 'stats', id: 'stats', target: { instance: name } });
  if ((record?.crashCount ?? 0) > 0)
    wants.push({
      kind: 'logs',
      id: 'last',
      request: { target: { instance: name }, tail: lastLinesMax, previous: true },
    });
  return wants;
}

function turnOf(state: State, event: PageEvent, context: PageContext): Turn {
  if (event.kind === 'data') return { page: pageOf(withData(state, event.want, event.data)) };
  if (event.kind !== 'action') return { page: pageOf(state) };
  const top = scrolledTo(state, event.action, context);
  if (top !== undefined) return { page: pageOf({ ...state, top }) };
  return { page: pageOf(state), effects: effectsOf(state, event.action) };
}

function withData(state: State, want: string, data: Data): State {
  if (data.kind === 'broken')
    return { ...state, problems: { ...state.problems, [want]: data.error.message } };
  const next = { ...state, problems: { ...state.problems, [want]: '' } };
  switch (data.kind) {
    case 'answer':
      return want === 'why'
        ? { ...next, why: data.value as Why }
        : { ...next, records: (data.value as { readonly rows: readonly ActualLrp[] }).rows };
    case 'events':
      return { ...next, events: [...state.events, ...data.events].slice(-eventsMax) };
    case 'logs':
      return { ...next, lastLines: [...state.lastLines, ...data.lines].slice(-lastLinesMax) };
    case 'stats': {
      const sample = data.sample.containers[0];
      if (sample === undefined) return next;
      return { ...next, sample, history: withSample(state.history, measuresOf(sample, sample.memoryBytes)) };
    }
    default:
      return next;
  }
}

function effectsOf(state: State, action: ActionId): readonly Effect[] {
  const { subject, pages } = state;
  const name = subjectName(subject);
  const target: Target = { subject, values: {} };
  const open = (page: Page): readonly Effect[] => [{ do: 'open', page }];
  const cell = recordOf(state)?.cellId;
  switch (action) {
    case 'escape':
      return [{ do: 'back' }];
    case 'shell':
      return [{ do: 'console', open: { target: name, kind: 'shell' } }];
    case 'shellFull':
      return [{ do: 'console', open: { target: name, kind: 'shell', full: true } }];
    case 'attach':
      return [{ do: 'console', open: { target: name, kind: 'attach' } }];
    case 'logs':
    case 'previousLogs':
      return open(pages.logs({ target: { instance: name }, tail: 500, previous: action === 'previousLogs' }));
    case 'restart':
      return [{ do: 'dialog', dialog: pages.restartDialog([target]) }];
    case 'delete':
      return [{ do: 'dialog', dialog: pages.deleteDialog([target]) }];
    case 'cellOf':
      if (cell === undefined) return [{ do: 'flash', level: 'info', text: `${name} is on no cell` }];
      return open(pages.cell(cell));
    case 'owner':
      return open(pages.list({ kind: 'lrps', cursor: subject.guid }));
    case 'events':
      return open(pages.events(subject));
    case 'why':
      return open(pages.why(subject));
    case 'describe':
      return open(pages.describe(subject));
    case 'raw':
      return open(pages.raw(subject));
    case 'tree':
      return open(pages.tree({ kind: 'lrp', guid: subject.guid }));
    case 'copy':
      return [{ do: 'copy', text: name, what: name }];
    default:
      return [];
  }
}

const chartRows = 6;

function draw(state: State, canvas: Canvas, context: DrawContext): void {
  const { theme } = context;
  const hasCharts = state.history.cpu.length > 0;
  const wide = canvas.columns >= 120;
  const text = wide && hasCharts ? Math.floor(canvas.columns / 2) : canvas.columns;
  const below = hasCharts && !wide ? chartRows + 1 : 0;
  if (hasCharts && wide) {
    const area = { x: text + 2, y: 0, columns: canvas.columns - text - 3, rows: canvas.rows };
    drawColumn(state, canvas.within(area), context);
  } else if (hasCharts) {
    drawRowsOfCharts(
      state,
      canvas.within({ x: 1, y: 0, columns: canvas.columns - 2, rows: chartRows }),
      context,
    );
  }
  const lines = wrapped(textLines(state, context), text - 2);
  const room = canvas.rows - below;
  const top = Math.min(state.top, Math.max(0, lines.length - room));
  const body = canvas.within({ x: 1, y: below, columns: text - 1, rows: room });
  for (const [y, { key, text: said, role }] of lines.slice(top, top + room).entries()) {
    if (key !== undefined && key !== '') body.text(0, y, `${key}:`, theme.attr('key'));
    body.text(key === undefined ? 0 : keyColumns, y, said, theme.attr(role ?? 'text'));
  }
}

const keyColumns = 14;

function wrapped(lines: readonly TextLine[], columns: number): readonly TextLine[] {
  return lines.flatMap((line) =>
    wrap(line.text, Math.max(10, columns - (line.key === undefined ? 0 : keyColumns))).map(
      (text, at): TextLine => {
        if (at === 0 || line.key === undefined) return { ...line, text };
        return { ...line, text, key: '' };
      },
    ),
  );
}

function scrolledTo(state: State, action: ActionId, context: PageContext): number | undefined {
  const { rows, columns } = context.size;
  const last = Math.max(0, wrapped(textLines(state, context), columns - 2).length - Math.floor(rows / 2));
  const clamp = (top: number): number => Math.max(0, Math.min(top, last));
  switch (action) {
    case 'up':
      return clamp(state.top - 1);
    case 'down':
      return clamp(state.top + 1);
    case 'pageUp':
      return clamp(state.top - rows + chartRows);
    case 'pageDown':
      return clamp(state.top + rows - chartRows);
    case 'top':
      return 0;
    case 'bottom':
      return last;
    default:
      return undefined;
  }
}

function drawRowsOfCharts(state: State, canvas: Canvas, context: DrawContext): void {
  let y = 0;
  for (const chart of chartsOf(state.history, { memory: state.sample?.memoryLimitBytes })) {
    const rows = chart.series.length;
    drawChart(canvas.within({ x: 0, y, columns: canvas.columns, rows }), chart, context);
    y += rows;
  }
}

function drawColumn(state: State, canvas: Canvas, context: DrawContext): void {
  const charts = chartsOf(state.history, { memory: state.sample?.memoryLimitBytes });
  const rows = Math.floor(canvas.rows / charts.length);
  for (const [at, chart] of charts.entries())
    drawChart(canvas.within({ x: 0, y: at * rows, columns: canvas.columns, rows }), chart, context);
}

function textLines(state: State, context: PageContext): readonly TextLine[] {
  const problems = Object.values(state.problems)
    .filter((problem) => problem !== '')
    .map((text): TextLine => ({ text, role: 'bad' }));
  return [
    ...problems,
    ...state.records.flatMap((record) => factLines(record, context)),
    ...crashLines(recordOf(state), state.lastLines),
    ...(state.why === undefined
      ? []
      : [gap, heading('Why'), ...whyLines({ ...state.why, events: [] }, context)]),
    ...eventLines(state.events, context),
  ];
}
