/**
 * All keys of the page that help was asked on, made of the table of actions and the keymap that holds: what the page
 * does, moving, what works everywhere. Enter does the chosen one on that page. Opened by `?`.
 */
import type { ViewRow } from '../../api/core/view-shapes.ts';
import { type ActionId, actionIds, actions, moving, scrolling, tabling } from './actions.ts';
import { keyTitle } from './key-names.ts';
import type { Page, PageContext, PageEvent, Turn } from './page.ts';
import type { PageKind } from './page-kind.ts';
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

export interface HelpSubject {
  readonly kind: PageKind;
  readonly crumb: string;
  /** What it can do now; what it does not name is not offered. */
  readonly actions: readonly ActionId[];
  readonly readOnly: boolean;
  keysOf(action: ActionId): readonly string[];
}

export const actionGroups = ['this page', 'table', 'moving', 'everywhere'] as const;
export type ActionGroup = (typeof actionGroups)[number];

/** Under which heading help and documentation have an action. */
export function groupOf(action: ActionId): ActionGroup {
  if (scrolling.includes(action)) return 'moving';
  if (tabling.includes(action)) return 'table';
  return actions[action].pages === undefined ? 'everywhere' : 'this page';
}

const columns = [
  localColumn('keys', 'KEYS', 1, [10, 22]),
  localColumn('help', 'DOES', 1, [48, 90]),
  localColumn('command', 'COMMAND', 2, [9, 14]),
  localColumn('group', 'WHERE', 3, [10, 10]),
];

/** What the page does that is asked about, and what works everywhere. */
export function helpPage(subject: HelpSubject): Page {
  return pageOf(localTable(columns, rowsOf(subject)), subject.crumb);
}

/** What the page does comes first, in the order of its hints; then the rest by group. */
function rowsOf({ kind, actions: own, readOnly, keysOf }: HelpSubject): readonly ViewRow[] {
  const everywhere = actionIds.filter((id) => actions[id].pages === undefined);
  const shown = [...own.filter((id) => actions[id].pages?.includes(kind)), ...everywhere];
  const row = (id: ActionId): ViewRow => ({
    key: id,
    values: {
      keys: keysOf(id).map(keyTitle).join(' '),
      help: actions[id].help + (readOnly && actions[id].changes ? ' (not in read-only mode)' : ''),
      command: actions[id].command === undefined ? '' : `:${actions[id].command}`,
      group: groupOf(id),
    },
  });
  return actionGroups.flatMap((group) => shown.filter((id) => groupOf(id) === group).map(row));
}

function pageOf(table: LocalTable, about: string): Page {
  const page: Page = {
    kind: 'help',
    crumb: 'help',
    title: `keys of ${about}: Enter does it, / finds it`,
    filter: table.filter,
    typing: false,
    wants: [],
    actions: () => ['enter', ...moving],
    on: (event, context) => answered(table, event, context, { page, about }),
    draw: (canvas, { theme, now, settings: { times } }) => drawLocal(canvas, table, { theme, now, times }),
    command: () => 'skep --help',
    lines: () =>
      table.rows.map(({ values }) => `${String(values['keys']).padEnd(22)} ${String(values['help'])}`),
  };
  return page;
}

function answered(
  table: LocalTable,
  event: PageEvent,
  { size }: PageContext,
  { page, about }: { readonly page: Page; readonly about: string },
): Turn {
  const visible = localVisible(size.rows);
  if (event.kind === 'filter') return { page: pageOf(withFilter(table, event.text, visible), about) };
  if (event.kind !== 'action') return { page };
  switch (event.action) {
    case 'escape':
      return table.filter === ''
        ? { page, effects: [{ do: 'back' }] }
        : { page: pageOf(withFilter(table, '', visible), about) };
    case 'enter': {
      const action = actionIds.find((id) => id === localCursor(table)?.key);
      return action === undefined ? { page } : { page, effects: [{ do: 'back' }, { do: 'action', action }] };
    }
    default:
      return { page: pageOf(localMoved(table, event.action, visible), about) };
  }
}
