/** How a list page answers events: data, filters, keys. Pure: a state in, the next one and effects out. */
import { viewColumns } from '../../api/core/view-columns.ts';
import type { ViewRow } from '../../api/core/view-shapes.ts';
import type { ActionId } from './actions.ts';
import { columnsDialog } from './columns-dialog.ts';
import { skipMax } from './columns-layout.ts';
import type { Data, Effect, PageContext, PageEvent } from './page.ts';
import type { PageFactories } from './pages.ts';
import { subjectName } from './subject.ts';
import { contentWidths } from './table.ts';
import { listKinds, titleOf } from './view-kinds.ts';
import { aged, cursorRow, movedBy, reordered, resized, rowsCame } from './view-list.ts';
import { markAction } from './view-marks.ts';
import { rowAction } from './view-row-actions.ts';
import { sortAction } from './view-sort.ts';
import { chosenRows, columnsOf, rowsSeen, type ViewState, type ViewStep } from './view-state.ts';

const only = (state: ViewState): ViewStep => ({ state, effects: [] });

export function viewEvent(
  before: ViewState,
  event: PageEvent,
  context: PageContext,
  pages: PageFactories,
): ViewStep {
  const state = settle(before, context);
  switch (event.kind) {
    case 'action':
      return viewAction(state, event.action, context, pages);
    case 'data':
      return { state: dataCame(state, event.data, context), effects: missed(state, event.data) };
    case 'filter':
      return only(filtered(state, event.text));
    case 'resized':
    case 'shown':
      return only({ ...state, list: resized(state.list, rowsSeen(context)) });
    default:
      return only({ ...state, list: aged(state.list, context.now) });
  }
}

/** The time, and at first what the operator has set for lists of this kind. */
function settle(state: ViewState, { now, settings }: PageContext): ViewState {
  if (state.isSet) return state.now === now ? state : { ...state, now };
  return { ...state, now, isSet: true, sort: settings.views?.[state.request.kind]?.sort };
}

function dataCame(state: ViewState, data: Data, context: PageContext): ViewState {
  const { now } = context;
  if (data.kind === 'broken')
    return { ...state, old: state.old ?? { since: now, reason: data.error.message } };
  if (data.kind !== 'view') return state;
  const { message } = data;
  switch (message.type) {
    case 'building':
      return { ...state, building: { done: message.done, of: message.of } };
    case 'refused':
      return { ...state, refusal: message.message, building: undefined };
    case 'rows': {
      const list = rowsCame(state.list, message, rowsSeen(context), now);
      const isOld = message.stale !== '';
      return {
        ...state,
        list,
        marks: refreshed(state.marks, list.rows),
        contents: contentWidths(viewColumns[state.request.kind], list.rows, state.contents, {
          now,
          times: context.settings.times,
        }),
        old: isOld ? { since: state.old?.since ?? now, reason: message.stale } : undefined,
        refusal: '',
        building: undefined,
      };
    }
  }
}

/** The row that the list was opened for is not there: said, or it would be taken for the one that is. */
function missed({ list, request }: ViewState, data: Data): readonly Effect[] {
  if (data.kind !== 'view' || data.message.type !== 'rows' || list.isFilled) return [];
  if (request.cursor === undefined || data.message.anchorAt !== -1) return [];
  const text = `${request.cursor} is not among the ${titleOf(request)}`;
  return [{ do: 'flash', level: 'warn', text }];
}

/** Marked rows keep the newest values that came. */
function refreshed(marks: ViewState['marks'], rows: readonly ViewRow[]): ViewState['marks'] {
  if (marks.size === 0) return marks;
  const newer = rows.filter((row) => marks.has(row.key) && marks.get(row.key) !== row);
  return newer.length === 0 ? marks : new Map([...marks, ...newer.map((row) => [row.key, row] as const)]);
}

function filtered(state: ViewState, filter: string): ViewState {
  if (filter === state.filter) return state;
  return { ...state, filter, refusal: '', list: reordered(state.list) };
}

function viewAction(
  state: ViewState,
  action: ActionId,
  context: PageContext,
  pages: PageFactories,
): ViewStep {
  const list = movedBy(state.list, action, rowsSeen(context));
  if (list !== state.list) return only({ ...state, list });
  return (
    markAction(state, action, rowsSeen(context)) ??
    sortAction(state, action, context) ??
    showAction(state, action, context) ??
    onRows(state, action, pages)
  );
}

function showAction(state: ViewState, action: ActionId, context: PageContext): ViewStep | undefined {
  const { settings } = context;
  switch (action) {
    case 'escape':
      return escaped(state);
    case 'faults':
      return only({ ...state, faults: !state.faults, list: reordered(state.list) });
    case 'wide':
      return {
        state: { ...state, skip: 0 },
        effects: [{ do: 'setting', change: { wide: !settings.wide } }],
      };
    case 'left':
      return only({ ...state, skip: Math.max(0, state.skip - 1) });
    case 'right': {
      const most = settings.wide ? skipMax(columnsOf(state, settings)) : 0;
      return only({ ...state, skip: Math.min(most, state.skip + 1) });
    }
    case 'columns':
      return { state, effects: [{ do: 'dialog', dialog: columnsDialog(state.request.kind, settings) }] };
    case 'copy':
    case 'copyCell':
      return { state, effects: copied(state) };
    default:
      return undefined;
  }
}

/** The filter goes first, then the marks, then the page, as in k9s. */
function escaped(state: ViewState): ViewStep {
  if (state.filter !== '') return only(filtered(state, ''));
  if (state.faults) return only({ ...state, faults: false, list: reordered(state.list) });
  if (state.marks.size > 0) return only({ ...state, marks: new Map(), lastMark: undefined });
  return { state, effects: [{ do: 'back' }] };
}

function copied(state: ViewState): readonly Effect[] {
  const { subjectOf } = listKinds[state.request.kind];
  const names = chosenRows(state).map((row) => {
    const subject = subjectOf(row);
    return state.request.kind === 'routes' || subject === undefined ? row.key : subjectName(subject);
  });
  const [first] = names;
  if (first === undefined) return [{ do: 'flash', level: 'warn', text: 'there is no row to copy' }];
  return [{ do: 'copy', text: names.join('\n'), what: names.length === 1 ? first : `${names.length} names` }];
}

function onRows(state: ViewState, action: ActionId, pages: PageFactories): ViewStep {
  const row = cursorRow(state.list);
  const kind = listKinds[state.request.kind];
  if (row === undefined) {
    const text = state.list.matched === 0 ? 'there is no row' : 'the row is still on its way';
    return { state, effects: [{ do: 'flash', level: 'warn', text }] };
  }
  const effects = rowAction(action, { kind, pages, row, rows: chosenRows(state) });
  return { state, effects: effects ?? [] };
}
