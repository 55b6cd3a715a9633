/**
 * The messages that were shown, newest first: an error can be read after its line has gone. Opened by `:messages`; a
 * picture of that moment, which Ctrl-R does not change.
 */

import type { Severity } from '../../api/core/view-columns.ts';
import type { ViewRow } from '../../api/core/view-shapes.ts';
import { moving } from './actions.ts';
import type { Message } from './app-model.ts';
import type { FlashLevel, Page, PageContext, PageEvent, Turn } from './page.ts';
import { problemText } from './problem.ts';
import {
  drawLocal,
  type LocalTable,
  localColumn,
  localCursor,
  localMoved,
  localTable,
  localVisible,
  withFilter,
} from './table-local.ts';

const columns = [
  localColumn('at', 'AGE', 1, [5, 5], 'age'),
  localColumn('level', 'LEVEL', 1, [5, 5], 'state'),
  localColumn('text', 'MESSAGE', 1, [20, 200]),
];
const severities: Readonly<Record<FlashLevel, Severity>> = { info: 'ok', warn: 'warn', error: 'bad' };

export function messagesPage(messages: readonly Message[]): Page {
  return pageOf(localTable(columns, messages.map(rowOf).reverse()));
}

function rowOf({ at, level, text, hint }: Message, place: number): ViewRow {
  return { key: String(place), values: { at, level, text: problemText({ message: text, hint }) } };
}

const severityOf = ({ values }: ViewRow): Severity | undefined =>
  values['level'] === 'error' || values['level'] === 'warn' || values['level'] === 'info'
    ? severities[values['level']]
    : undefined;

function pageOf(table: LocalTable): Page {
  const page: Page = {
    kind: 'messages',
    crumb: 'messages',
    title: 'messages',
    filter: table.filter,
    typing: false,
    wants: [],
    actions: () => ['copy', ...moving],
    on: (event, context) => answered(table, event, context, page),
    draw: (canvas, { theme, now, settings: { times } }) =>
      drawLocal(canvas, table, { theme, now, times }, { severityOf }),
    command: () => '',
    lines: () => table.rows.map(({ values }) => `${String(values['level'])}: ${String(values['text'])}`),
  };
  return page;
}

function answered(table: LocalTable, event: PageEvent, { size }: PageContext, page: Page): Turn {
  const visible = localVisible(size.rows);
  if (event.kind === 'filter') return { page: pageOf(withFilter(table, event.text, visible)) };
  if (event.kind !== 'action') return { page };
  if (event.action === 'escape')
    return table.filter === ''
      ? { page, effects: [{ do: 'back' }] }
      : { page: pageOf(withFilter(table, '', visible)) };
  if (event.action === 'copy') {
    const text = String(localCursor(table)?.values['text'] ?? '');
    return text === '' ? { page } : { page, effects: [{ do: 'copy', text, what: 'the message' }] };
  }
  return { page: pageOf(localMoved(table, event.action, visible)) };
}
