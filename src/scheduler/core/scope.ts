/**
 * What may need a decision: the brain collects it from the replica's news between two passes, so that a
 * pass costs what changed. Everything in doubt is marked; marking too much costs time only.
 */
import type { CellId, ProcessGuid, TaskGuid } from '../../model/ids.ts';
import { addIndex, addIndexes } from '../../store/core/indexes.ts';
import type { ClusterState, Touched } from '../../store/core/state.ts';

/** Stands for the LRP as a whole: all its indexes. */
export const wholeLrp = -1;

export interface Scope {
  /** Everything; then the rest does not matter. */
  all: boolean;
  readonly lrps: Map<ProcessGuid, ReadonlySet<number>>;
  readonly tasks: Set<TaskGuid>;
  /** Drained cells of which nothing may be left. */
  readonly cells: Set<CellId>;
}

export function emptyScope(): Scope {
  return { all: false, lrps: new Map(), tasks: new Set(), cells: new Set() };
}

export function fullScope(): Scope {
  return { ...emptyScope(), all: true };
}

export function isEmpty(scope: Scope): boolean {
  return !scope.all && scope.lrps.size === 0 && scope.tasks.size === 0 && scope.cells.size === 0;
}

export function markIndex(scope: Scope, guid: ProcessGuid, index: number): void {
  addIndex(scope.lrps, guid, index);
}

/**
 * Marks what one batch of changes may have made due. Domains are not looked at: whoever knows which of them
 * were fresh before marks everything when one becomes it.
 */
export function markTouched(scope: Scope, touched: Touched, state: ClusterState): void {
  if (touched.all) scope.all = true;
  for (const [guid, indexes] of touched.lrps) addIndexes(scope.lrps, guid, indexes);
  for (const guid of touched.tasks) scope.tasks.add(guid);
  for (const cellId of touched.cells) markCell(scope, cellId, state);
  for (const cellIds of [touched.cells, touched.assignments.keys()]) {
    for (const cellId of cellIds) {
      if (state.cellSpecs.get(cellId)?.value.drain !== undefined) scope.cells.add(cellId);
    }
  }
  for (const cellId of turnsTouched(touched, state)) markCell(scope, cellId, state);
}

/** Cells drained a few at a time where somebody's turn may have come: one has left, or is stuck. */
function turnsTouched(touched: Touched, state: ClusterState): Set<CellId> {
  const cells = new Set<CellId>();
  const drained = new Set<CellId>();
  for (const [cellId, { value }] of state.cellSpecs) {
    if (value.drain?.maxParallel === undefined) continue;
    drained.add(cellId);
    if (touched.assignments.has(cellId)) cells.add(cellId);
  }
  if (drained.size === 0) return cells;
  for (const [guid, indexes] of touched.lrps) {
    const records = state.actual.get(guid);
    for (const index of indexes) {
      const cellId = records?.get(index)?.evacuating?.value.cellId;
      if (cellId !== undefined && drained.has(cellId)) cells.add(cellId);
    }
  }
  return cells;
}

/** Marks everything that a cell holds. */
export function markCell(scope: Scope, cellId: CellId, state: ClusterState): void {
  for (const { guid, index } of state.claimsByCell.get(cellId)?.values() ?? []) markIndex(scope, guid, index);
  for (const guid of state.tasksByCell.get(cellId) ?? []) scope.tasks.add(guid);
}
