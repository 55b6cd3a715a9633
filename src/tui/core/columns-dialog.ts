/**
 * The chooser of columns: which of a list's columns are shown, and in which order. What is chosen holds at once for all
 * lists of that kind and is kept as a setting. Opened by the action `columns` of a list.
 */
import { viewColumns } from '../../api/core/view-columns.ts';
import type { ViewKind, ViewRow } from '../../api/core/view-shapes.ts';
import { drawBox } from './dialogs/box.ts';
import type { Canvas } from './frame.ts';
import type { DrawContext, Effect, Page, PageEvent, Settings, Turn } from './page.ts';
import {
  drawLocal,
  type LocalTable,
  localColumn,
  localCursor,
  localMoved,
  localTable,
  withRows,
} from './table-local.ts';
import { clip } from './text.ts';

interface Chooser {
  readonly kind: ViewKind;
  readonly settings: Settings;
  /** Ids of all columns, in order: one that is hidden stays where it was while the chooser is open. */
  readonly order: readonly string[];
  readonly hidden: ReadonlySet<string>;
  readonly table: LocalTable;
}

const columns = [
  localColumn('title', 'COLUMN', 1, [12, 24]),
  localColumn('shown', 'SHOWN', 1, [5, 5], 'yesno'),
];
/** Titles, position, hint. */
const rowsAround = 3;
const hint = 'Space shows or hides, < > moves it, D as it was, Enter closes';

export function columnsDialog(kind: ViewKind, settings: Settings): Page {
  const chosen = settings.views?.[kind]?.columns;
  const start = chosen === undefined ? byDefault(kind) : asChosen(kind, chosen);
  return pageOf({ kind, settings, ...start, table: localTable(columns, rowsOf(kind, start)) });
}

type Choice = Pick<Chooser, 'order' | 'hidden'>;

function byDefault(kind: ViewKind): Choice {
  const all = viewColumns[kind];
  const hidden = all.filter(({ priority }) => priority >= 9).map(({ id }) => id);
  return { order: all.map(({ id }) => id), hidden: new Set(hidden) };
}

/** What is shown in its order, then what is not. */
function asChosen(kind: ViewKind, chosen: readonly string[]): Choice {
  const all = viewColumns[kind].map(({ id }) => id);
  const hidden = all.filter((id) => !chosen.includes(id));
  return { order: [...chosen.filter((id) => all.includes(id)), ...hidden], hidden: new Set(hidden) };
}

function rowsOf(kind: ViewKind, { order, hidden }: Choice): readonly ViewRow[] {
  const titles = new Map(viewColumns[kind].map(({ id, title }) => [id, title]));
  return order.map((id) => ({ key: id, values: { title: titles.get(id) ?? id, shown: !hidden.has(id) } }));
}

function pageOf(chooser: Chooser): Page {
  const page: Page = {
    kind: 'dialog',
    crumb: 'columns',
    title: `columns of ${chooser.kind}`,
    filter: '',
    typing: false,
    wants: [],
    actions: () => [],
    on: (event, { size }) => answered(chooser, event, page, rowsMax(size.rows)),
    draw: (canvas, context) => drawChooser(chooser, canvas, context),
    command: () => '',
    lines: () =>
      chooser.table.all.map(
        ({ values }) => `${String(values['title'])} ${values['shown'] === true ? 'yes' : 'no'}`,
      ),
  };
  return page;
}

function answered(chooser: Chooser, event: PageEvent, page: Page, visible: number): Turn {
  if (event.kind === 'action' && event.action === 'escape') return { page, effects: [{ do: 'close' }] };
  if (event.kind !== 'key') return { page };
  const { table } = chooser;
  const key = localCursor(table)?.key ?? '';
  switch (event.key.name) {
    case 'up':
    case 'k':
      return { page: pageOf({ ...chooser, table: localMoved(table, 'up', visible) }) };
    case 'down':
    case 'j':
      return { page: pageOf({ ...chooser, table: localMoved(table, 'down', visible) }) };
    case 'space':
      return chosen(chooser, toggled(chooser, key), visible);
    case '<':
      return chosen(chooser, swapped(chooser, key, -1), visible);
    case '>':
      return chosen(chooser, swapped(chooser, key, 1), visible);
    case 'D':
      return chosen(chooser, undefined, visible);
    case 'enter':
    case 'escape':
    case 'q':
      return { page, effects: [{ do: 'close' }] };
    default:
      return { page };
  }
}

/** The first column names the row and is always shown. */
function toggled({ kind, order, hidden }: Chooser, id: string): Choice {
  if (id === viewColumns[kind][0]?.id) return { order, hidden };
  const next = new Set(hidden);
  if (!next.delete(id)) next.add(id);
  return { order, hidden: next };
}

/** The first stays the first. */
function swapped({ order, hidden }: Chooser, id: string, step: number): Choice {
  const at = order.indexOf(id);
  const to = at + step;
  const other = order[to];
  if (at < 1 || to < 1 || other === undefined) return { order, hidden };
  return { order: order.map((each, index) => (index === at ? other : index === to ? id : each)), hidden };
}

/** @param wish undefined: as the kind has them by default, also in later versions */
function chosen(chooser: Chooser, wish: Choice | undefined, visible: number): Turn {
  const { kind, settings, table } = chooser;
  const choice = wish ?? byDefault(kind);
  const ids = choice.order.filter((id) => !choice.hidden.has(id));
  const shown = { ...settings.views?.[kind], columns: wish === undefined ? undefined : ids };
  const views = { ...settings.views, [kind]: shown };
  const effect: Effect = { do: 'setting', change: { views } };
  const next = withRows(table, rowsOf(kind, choice), visible);
  return {
    page: pageOf({ ...chooser, ...choice, table: next, settings: { ...settings, views } }),
    effects: [effect],
  };
}

function drawChooser({ kind, table }: Chooser, canvas: Canvas, { theme, now, settings }: DrawContext): void {
  const rows = Math.min(table.all.length, rowsMax(canvas.rows)) + rowsAround;
  const box = drawBox(canvas, theme, { title: `columns of ${kind}`, rows, danger: false });
  const inner = box.within({ x: 0, y: 0, columns: box.columns, rows: box.rows - 1 });
  drawLocal(inner, table, { theme, now, times: settings.times });
  box.text(0, box.rows - 1, clip(hint, box.columns, theme.glyphs.more), theme.attr('hint'));
}

/** Columns that find room, frame and other lines aside. */
const rowsMax = (rows: number): number => Math.max(1, rows - rowsAround - 2);
