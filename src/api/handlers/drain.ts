/** How the drain of a cell goes on: what is left there, and where each replacement is. */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { Drain } from '../../model/cell-spec.ts';
import type { CellId, Millis } from '../../model/ids.ts';
import type { ActualRef, ClusterState } from '../../store/core/state.ts';
import { currentState, type Handler } from '../context.ts';
import type { DrainRow, DrainView } from '../core/cell-shapes.ts';
import { noSuchCell } from '../not-found.ts';

const rowsMax = 1_000;

export const getDrain: Handler<'getDrain'> = async (context, { params }, call) => {
  const state = await currentState(context, call.signal);
  const cellId = params.id;
  const spec = state.cellSpecs.get(cellId)?.value;
  const present = state.cells.has(cellId);
  const claims = [...(state.claimsByCell.get(cellId)?.values() ?? [])];
  if (!present && spec === undefined && claims.length === 0) throw noSuchCell(state, cellId);
  const left = { ordinary: 0, evacuating: 0, suspect: 0, tasks: state.tasksByCell.get(cellId)?.size ?? 0 };
  for (const { slot } of claims) left[slot] += 1;
  claims.sort((a, b) => (a.guid === b.guid ? a.index - b.index : a.guid < b.guid ? -1 : 1));
  const rows = claims.slice(0, rowsMax).flatMap((ref) => rowOf(state, cellId, ref));
  const now = context.clock.now();
  return {
    cellId,
    present,
    ...(spec === undefined ? {} : { spec }),
    left,
    rows,
    ...(spec?.drain === undefined ? {} : paceOf(spec.drain, claims.length, rows, now)),
    done: spec?.drain !== undefined && claims.length === 0 && left.tasks === 0,
  };
};

function rowOf(state: ClusterState, cellId: CellId, { guid, index, slot }: ActualRef): DrainRow[] {
  const slots = state.actual.get(guid)?.get(index);
  const mine = slots?.[slot]?.value;
  if (mine === undefined) return [];
  const replacement = slots?.ordinary?.value;
  const other = replacement?.cellId === cellId ? undefined : replacement;
  const limit = state.cellSpecs.get(cellId)?.value.drain?.maxParallel;
  const hasBegun = slot !== 'ordinary' || mine.retire !== undefined || mine.state !== 'RUNNING';
  if (limit !== undefined && !hasBegun) return [{ guid, index, state: 'queued' }];
  return [{ guid, index, ...progressOf(mine, other) }];
}

/** How long the rest takes if it goes on as it went: what is stuck is not counted as coming. */
function paceOf(
  drain: Drain,
  left: number,
  rows: readonly DrainRow[],
  now: Millis,
): Pick<DrainView, 'instances' | 'remainingMs'> {
  const { instances, at } = drain;
  if (instances === undefined) return {};
  const gone = instances - left;
  const isStuck = rows.every(
    ({ state, why }) => state === 'crashed' || (state === 'waiting' && why !== undefined),
  );
  if (gone <= 0 || left === 0 || isStuck) return { instances };
  return { instances, remainingMs: Math.round(((now - at) / gone) * left) };
}

function progressOf(mine: ActualLrp, other: ActualLrp | undefined): Pick<DrainRow, 'state' | 'to' | 'why'> {
  const to = other?.cellId === undefined ? {} : { to: other.cellId };
  if (mine.retire !== undefined) {
    const isServed = other?.state === 'RUNNING' && other.routable;
    return { state: 'stopping', why: mine.retire.reason, ...(isServed ? to : {}) };
  }
  switch (other?.state) {
    case undefined:
      return { state: 'waiting' };
    case 'UNCLAIMED': {
      const message = other?.placementError?.message;
      return { state: 'waiting', ...(message === undefined ? {} : { why: message }) };
    }
    case 'CLAIMED':
      return { state: 'starting', ...to };
    case 'CRASHED':
      return { state: 'crashed', why: other?.crashReason ?? 'no reason is known' };
    case 'RUNNING':
      if (other?.routable === true) return { state: 'healthy', ...to };
      return {
        state: 'not ready',
        ...to,
        why: other?.checkOutput ?? 'its readiness check has not passed yet',
      };
  }
}
