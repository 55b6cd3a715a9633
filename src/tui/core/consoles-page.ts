/**
 * The console sessions that cells keep: taken up again, looked at, ended. Those that panes here hold are marked. Opened
 * by `:consoles`; made by all-pages.ts.
 */
import { type ConsoleInfo, consoleRuns } from '../../api/core/console-shapes.ts';
import type { Severity } from '../../api/core/view-columns.ts';
import type { ViewRow } from '../../api/core/view-shapes.ts';
import { type ActionId, moving } from './actions.ts';
import { endConsoleDialog } from './consoles-page-dialog.ts';
import type { Canvas } from './frame.ts';
import type {
  ConsoleRequest,
  Data,
  DrawContext,
  Effect,
  Page,
  PageContext,
  PageEvent,
  Turn,
} from './page.ts';
import { type Subject, subjectName } from './subject.ts';
import {
  drawLocal,
  type LocalTable,
  localColumn,
  localCursor,
  localMoved,
  localTable,
  localVisible,
  withFilter,
  withRows,
} from './table-local.ts';
import { wrap } from './text.ts';

const columns = [
  localColumn('target', 'INSTANCE', 1, [8, 32]),
  localColumn('state', 'STATE', 1, [8, 9], 'state'),
  localColumn('opened', 'AGE', 1, [5, 5], 'age'),
  localColumn('left', 'LEFT', 2, [5, 5], 'age'),
  localColumn('clients', 'LOOKING', 2, [7, 7], 'count'),
  localColumn('by', 'BY', 2, [6, 24]),
  localColumn('runs', 'RUNS', 3, [5, 40]),
  localColumn('title', 'TITLE', 4, [5, 40]),
  localColumn('session', 'SESSION', 3, [10, 40]),
];

const severities: Readonly<Record<string, Severity>> = { here: 'ok', attached: 'ok', detached: 'warn' };

interface State {
  readonly subject: Subject | undefined;
  readonly table: LocalTable;
  readonly consoles: readonly ConsoleInfo[];
  /** Why some may be missing; '' when all cells answered. */
  readonly problem: string;
  /** They have been asked. */
  readonly isKnown: boolean;
}

export function consolesPage(subject?: Subject): Page {
  return pageOf({ subject, table: localTable(columns), consoles: [], problem: '', isKnown: false });
}

function pageOf(state: State): Page {
  const { subject, table, problem } = state;
  const of = subject === undefined ? '' : ` of ${subjectName(subject)}`;
  return {
    kind: 'consoles',
    crumb: subject === undefined ? 'consoles' : `consoles(${subjectName(subject)})`,
    title: `console sessions${of}${problem === '' ? '' : ` · ${problem}`}`,
    filter: table.filter,
    typing: false,
    wants: [{ kind: 'consoles', id: 'consoles', subject }],
    actions: () => pageActions,
    on: (event, context) => turnOf(state, event, context),
    draw: (canvas, context) => draw(state, canvas, context),
    command: () => commandOf(state),
    lines: () =>
      table.rows.map(({ values }) => columns.map(({ id }) => String(values[id] ?? '-')).join('  ')),
  };
}

const pageActions: readonly ActionId[] = ['enter', 'attach', 'delete', 'copy', 'escape', ...moving];

function turnOf(state: State, event: PageEvent, context: PageContext): Turn {
  const visible = localVisible(context.size.rows);
  switch (event.kind) {
    case 'data':
      return { page: pageOf(withData(state, event.data, visible)) };
    case 'filter':
      return { page: pageOf({ ...state, table: withFilter(state.table, event.text, visible) }) };
    case 'action':
      return acted(state, event.action, visible);
    default:
      return { page: pageOf(state) };
  }
}

function withData(state: State, data: Data, visible: number): State {
  if (data.kind === 'broken') return { ...state, problem: `may be old: ${data.error.message}` };
  if (data.kind !== 'consoles') return state;
  const { consoles, silent, own } = data;
  const [first] = silent;
  const more = silent.length > 1 ? ` and ${silent.length - 1} more` : '';
  const problem = first === undefined ? '' : `no answer from ${first.cell}${more}: ${first.reason}`;
  const rows = consoles.map((info) => rowOf(info, own));
  return { ...state, consoles, problem, isKnown: true, table: withRows(state.table, rows, visible) };
}

function rowOf(info: ConsoleInfo, own: readonly string[]): ViewRow {
  const { session, target, by, openedAt, clients, detachedAt, title } = info;
  const state = own.includes(session) ? 'here' : clients > 0 ? 'attached' : 'detached';
  return {
    key: session,
    values: {
      target,
      state,
      opened: openedAt,
      left: detachedAt ?? null,
      clients,
      by,
      runs: consoleRuns(info),
      title,
      session,
    },
  };
}

function selected({ table, consoles }: State): ConsoleInfo | undefined {
  const key = localCursor(table)?.key;
  return consoles.find(({ session }) => session === key);
}

function acted(state: State, action: ActionId, visible: number): Turn {
  const info = selected(state);
  const stay = (...effects: Effect[]): Turn => ({ page: pageOf(state), effects });
  switch (action) {
    case 'escape':
      return state.table.filter === ''
        ? stay({ do: 'back' })
        : { page: pageOf({ ...state, table: withFilter(state.table, '', visible) }) };
    case 'enter':
    case 'attach':
    case 'delete':
    case 'copy':
      if (info === undefined) return stay();
      if (action === 'copy') return stay({ do: 'copy', text: info.session, what: info.session });
      if (action === 'delete') return stay({ do: 'dialog', dialog: endConsoleDialog(info) });
      if (localCursor(state.table)?.values['state'] === 'here')
        return stay({ do: 'focusConsole', session: info.session });
      return stay({ do: 'console', open: requestOf(info, action === 'attach') });
    default:
      return { page: pageOf({ ...state, table: localMoved(state.table, action, visible) }) };
  }
}

/** Tasks have no index in their name. */
function requestOf({ session, target, host }: ConsoleInfo, watch: boolean): ConsoleRequest {
  const task = host === true ? { host } : target.includes('/') ? {} : { task: true };
  return { target, ...task, kind: 'shell', session, ...(watch ? { watch } : {}) };
}

function draw(state: State, canvas: Canvas, { theme, now, skewMs, settings: { times } }: DrawContext): void {
  if (state.table.all.length === 0) {
    const text = state.isKnown
      ? 'No console session is kept. s on an instance opens one; it stays for ten minutes after it was left.'
      : 'Asking the cells…';
    for (const [y, line] of wrap(text, canvas.columns - 2).entries())
      canvas.text(1, y + 1, line, theme.attr('dim'));
    return;
  }
  const severityOf = ({ values }: ViewRow): Severity | undefined => severities[String(values['state'])];
  drawLocal(canvas, state.table, { theme, now: now + skewMs, times }, { severityOf });
}

function commandOf(state: State): string {
  const info = selected(state);
  if (info !== undefined) return `skep console --session ${info.session}`;
  const { subject } = state;
  if (subject === undefined) return 'skep console ls';
  return `skep console ls ${subject.kind === 'cell' ? '--cell ' : ''}${subjectName(subject)}`;
}
