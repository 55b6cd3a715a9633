/**
 * The chooser of columns: which of a list's columns are shown, and in which order. What is chosen holds at once for all
 * lists of that kind and is kept as a setting. Opened by the action `columns` of a list.
 */
import { type ViewColumn, viewColumns } from '../../api/core/view-columns.ts';
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
  /** Ids that are shown, in order. */
  readonly shown: readonly string[];
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
  const shown = settings.views?.[kind]?.columns ?? defaultOf(kind);
  const table = localTable(columns, rowsOf(kind, shown));
  return pageOf({ kind, settings, shown, table });
}

const defaultOf = (kind: ViewKind): readonly string[] =>
  viewColumns[kind].filter(({ priority }) => priority < 9).map(({ id }) => id);

/** Those that are shown in their order, then the others. */
function rowsOf(kind: ViewKind, shown: readonly string[]): readonly ViewRow[] {
  const all = viewColumns[kind];
  const byId = new Map(all.map((column) => [column.id, column]));
  const row = ({ id, title }: ViewColumn): ViewRow => ({
    key: id,
    values: { title, shown: shown.includes(id) },
  });
  const first = shown.flatMap((id) => byId.get(id) ?? []);
  return [...first, ...all.filter(({ id }) => !shown.includes(id))].map(row);
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
    lines: () => rowsOf(chooser.kind, chooser.shown).map(({ values }) => String(values['title'])),
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
      return chosen(chooser, swapped(chooser.shown, key, -1), visible);
    case '>':
      return chosen(chooser, swapped(chooser.shown, key, 1), visible);
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
function toggled({ kind, shown }: Chooser, id: string): readonly string[] {
  if (id === viewColumns[kind][0]?.id) return shown;
  return shown.includes(id) ? shown.filter((each) => each !== id) : [...shown, id];
}

/** The first stays the first. */
function swapped(shown: readonly string[], id: string, step: number): readonly string[] {
  const at = shown.indexOf(id);
  const to = at + step;
  const other = shown[to];
  if (at < 1 || to < 1 || other === undefined) return shown;
  return shown.map((each, index) => (index === at ? other : index === to ? id : each));
}

/** @param wish undefined: as the kind has them by default, also in later versions */
function chosen(chooser: Chooser, wish: readonly string[] | undefined, visible: number): Turn {
  const { kind, settings, table } = chooser;
  const shown = wish ?? defaultOf(kind);
  const views = { ...settings.views, [kind]: { ...settings.views?.[kind], columns: wish } };
  const effect: Effect = { do: 'setting', change: { views } };
  const next = withRows(table, rowsOf(kind, shown), visible);
  return {
    page: pageOf({ ...chooser, shown, table: next, settings: { ...settings, views } }),
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
