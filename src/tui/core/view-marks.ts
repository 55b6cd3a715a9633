/** Marking rows of a list: by key, so that marks outlive refreshes, filters and other orders. Used by view-events.ts. */
import type { ViewRow } from '../../api/core/view-shapes.ts';
import type { ActionId } from './actions.ts';
import { cursorRow, rowAt, type ViewList, wentTo } from './view-list.ts';
import { marksMax, type ViewState, type ViewStep } from './view-state.ts';

/** Undefined when the action marks nothing. */
export function markAction(state: ViewState, action: ActionId, visible: number): ViewStep | undefined {
  switch (action) {
    case 'mark':
      return toggled(state, visible);
    case 'markRange':
      return ranged(state);
    case 'clearMarks':
      return { state: { ...state, marks: new Map(), lastMark: undefined }, effects: [] };
    default:
      return undefined;
  }
}

const warned = (state: ViewState, text: string, hint?: string): ViewStep => ({
  state,
  effects: [{ do: 'flash', level: 'warn', text, hint }],
});

function toggled(state: ViewState, visible: number): ViewStep {
  const row = cursorRow(state.list);
  if (row === undefined) return warned(state, 'there is no row to mark');
  const list = wentTo(state.list, state.list.at + 1, visible);
  if (!state.marks.has(row.key)) return marked({ ...state, list }, [row], row.key);
  const marks = new Map(state.marks);
  marks.delete(row.key);
  return { state: { ...state, list, marks }, effects: [] };
}

function ranged(state: ViewState): ViewStep {
  const { list, lastMark } = state;
  const row = cursorRow(list);
  if (row === undefined) return warned(state, 'there is no row to mark');
  const from = lastMark === undefined ? -1 : list.rows.findIndex(({ key }) => key === lastMark);
  if (lastMark !== undefined && from < 0)
    return warned(state, 'the last marked row is too far away', 'mark the first row of the range with Space');
  const at = list.at - list.start;
  const first = lastMark === undefined ? at : Math.min(from, at);
  const last = lastMark === undefined ? at : Math.max(from, at);
  return marked(state, between(list, first, last), row.key);
}

function between(list: ViewList, first: number, last: number): readonly ViewRow[] {
  const rows: ViewRow[] = [];
  for (let at = first; at <= last; at += 1) {
    const row = rowAt(list, list.start + at);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

function marked(state: ViewState, rows: readonly ViewRow[], lastMark: string): ViewStep {
  const marks = new Map([...state.marks, ...rows.map((row) => [row.key, row] as const)]);
  if (marks.size > marksMax)
    return warned(state, `at most ${marksMax} rows can be marked`, 'M unmarks all of them');
  return { state: { ...state, marks, lastMark }, effects: [] };
}
