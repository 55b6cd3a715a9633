/** Sorting a list by any of its columns. What was chosen holds for the page, and for later lists of its kind. */
import { type ViewColumn, viewColumns } from '../../api/core/view-columns.ts';
import type { ActionId } from './actions.ts';
import type { PageContext } from './page.ts';
import type { Sort } from './table.ts';
import { reordered } from './view-list.ts';
import { columnsOf, sortOf, type ViewState, type ViewStep } from './view-state.ts';

/** Undefined when the action sorts nothing. */
export function sortAction(state: ViewState, action: ActionId, context: PageContext): ViewStep | undefined {
  const all = viewColumns[state.request.kind];
  switch (action) {
    case 'sortLeft':
      return sortedBy(state, neighbour(state, context, -1), context);
    case 'sortRight':
      return sortedBy(state, neighbour(state, context, 1), context);
    case 'sortReverse': {
      const sort = sortOf(state);
      return sorted(state, { ...sort, descending: !sort.descending }, context);
    }
    case 'sortName':
      return sortedBy(state, nameColumn(all), context);
    case 'sortAge':
      return sortedBy(
        state,
        all.find(({ format }) => format === 'age'),
        context,
      );
    case 'sortState':
      return sortedBy(
        state,
        all.find(({ format }) => format === 'state'),
        context,
      );
    default:
      return undefined;
  }
}

/** Events are named by what they are about. */
const nameColumn = (columns: readonly ViewColumn[]): ViewColumn | undefined =>
  columns.find(({ id }) => id === 'subject') ?? columns[0];

function neighbour(state: ViewState, { settings }: PageContext, step: number): ViewColumn | undefined {
  const columns = columnsOf(state, settings);
  const at = columns.findIndex(({ id }) => id === sortOf(state).column);
  return columns[(Math.max(0, at) + step + columns.length) % columns.length];
}

/** By the same column again: the other way round. Numbers begin with the largest, ages with the newest. */
function sortedBy(state: ViewState, column: ViewColumn | undefined, context: PageContext): ViewStep {
  if (column === undefined)
    return { state, effects: [{ do: 'flash', level: 'warn', text: 'this list has no such column' }] };
  const sort = sortOf(state);
  const isAgain = sort.column === column.id;
  const descending = isAgain ? !sort.descending : !['text', 'state', 'yesno'].includes(column.format);
  return sorted(state, { column: column.id, descending }, context);
}

function sorted(state: ViewState, sort: Sort, { settings }: PageContext): ViewStep {
  const { kind } = state.request;
  const views = { ...settings.views, [kind]: { ...settings.views?.[kind], sort } };
  return {
    state: { ...state, sort, list: reordered(state.list) },
    effects: [{ do: 'setting', change: { views } }],
  };
}
