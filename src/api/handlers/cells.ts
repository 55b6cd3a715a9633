/** Cells that are present, with what is used of them, and those that are lost. */
import type { CellId } from '../../model/ids.ts';
import { lostCellsOf } from '../../model/roster.ts';
import { currentState, type Handler } from '../context.ts';
import { noSuchCell } from '../not-found.ts';
import { inOrder, pageOf } from '../paging.ts';
import { cellView } from '../views.ts';

export const listCells: Handler<'listCells'> = async (context, { query }, call) => {
  const state = await currentState(context, call.signal);
  const page = pageOf(inOrder(state.cells, state.order.cells, query.after), query.limit, ({ value }) =>
    cellView(state, value.cellId),
  );
  const lost = query.after === undefined ? lostCellsOf(state.roster?.value) : [];
  return { ...page, lost, revision: state.revision };
};

export const getCell: Handler<'getCell'> = async (context, { params }, call) => {
  const state = await currentState(context, call.signal);
  const view = cellView(state, params.id as CellId);
  if (view === undefined) throw noSuchCell(state, params.id);
  return view;
};
