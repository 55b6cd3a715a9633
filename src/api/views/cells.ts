/** Rows of cells: those that are there, and those that are away but still hold claims, count, or are told to leave. */
import type { CellPresence } from '../../model/cell.ts';
import type { CellSpec } from '../../model/cell-spec.ts';
import type { CellId } from '../../model/ids.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { cellView } from '../views.ts';
import { memberOf, zoneOf } from './instances.ts';
import { RosterChanges } from './roster-changes.ts';
import { clipText, labelText, noLabels, type Values, type ViewSource } from './source.ts';

interface Known {
  readonly presence: CellPresence | undefined;
  readonly spec: CellSpec | undefined;
  readonly claims: number;
  readonly tasks: number;
  readonly lostAt: number | undefined;
}

/** Undefined for a cell that nobody counts on. */
function known(state: ClusterState, cellId: CellId): Known | undefined {
  const presence = state.cells.get(cellId)?.value;
  const spec = state.cellSpecs.get(cellId)?.value;
  const claims = state.claimsByCell.get(cellId)?.size ?? 0;
  const tasks = state.tasksByCell.get(cellId)?.size ?? 0;
  const member = memberOf(state, cellId);
  const isTold = spec?.cordon !== undefined || spec?.drain !== undefined;
  if (presence === undefined && claims + tasks === 0 && member === undefined && !isTold) return undefined;
  return { presence, spec, claims, tasks, lostAt: member?.lostAt };
}

/** As stateSeverity of view-columns.ts spells it. */
function cellState({ presence, spec, claims, tasks }: Known): string {
  const isDrained = spec?.drain?.doneAt !== undefined && claims + tasks === 0;
  if (presence === undefined) return isDrained ? 'drained' : 'lost';
  if (!presence.engine.ok) return 'engine down';
  if (spec?.drain !== undefined) return isDrained ? 'drained' : 'draining';
  return spec?.cordon === undefined ? 'ready' : 'cordoned';
}

function reasonOf({ presence, spec, claims, tasks }: Known): string {
  const reasons: string[] = [];
  if (presence === undefined) {
    const holds = claims + tasks === 0 ? '' : `, with ${claims} instances and ${tasks} tasks`;
    reasons.push(`its agent is away${holds}`);
  } else if (!presence.engine.ok) reasons.push(presence.engine.reason ?? 'the engine does not answer');
  const told = spec?.drain ?? spec?.cordon;
  if (told !== undefined) {
    const word = spec?.drain === undefined ? 'cordoned' : 'drained';
    reasons.push(`${word} by ${told.by}${told.reason === '' ? '' : `: ${told.reason}`}`);
  }
  return clipText(reasons.join('; '));
}

const percent = (used: number, capacity: number): number | null =>
  capacity === 0 ? null : Math.round((used / capacity) * 100);

function usage(state: ClusterState, cellId: CellId): Values {
  const view = cellView(state, cellId);
  if (view === undefined) return { evacuating: null, memoryPercent: null, memoryUsedMb: null };
  const { used, presence } = view;
  return {
    evacuating: view.evacuating,
    memoryPercent: percent(used.memoryMb, presence.capacity.memoryMb),
    memoryUsedMb: used.memoryMb,
    memoryMb: presence.capacity.memoryMb,
    diskPercent: percent(used.diskMb, presence.capacity.diskMb),
    containersPercent: percent(used.containers, presence.capacity.containers),
    address: clipText(presence.address),
    engine: clipText(presence.engine.name),
    version: clipText(presence.version),
    platform: clipText(`${presence.os}/${presence.arch}`),
    labels: clipText(labelText(presence.labels)),
  };
}

const away: Values = {
  memoryMb: null,
  diskPercent: null,
  containersPercent: null,
  address: '',
  engine: '',
  version: '',
  platform: '',
  labels: '',
};

export function cellsSource(): ViewSource {
  const roster = new RosterChanges();

  return {
    keyColumn: 'cell',
    scopes: ['cell'],
    keys(state, { cell }) {
      if (cell !== undefined) return [cell];
      const { cells, cellSpecs, claimsByCell, tasksByCell } = state;
      const maps = [cells, cellSpecs, claimsByCell, tasksByCell];
      return new Set<string>([
        ...maps.flatMap((map) => [...map.keys()]),
        ...Object.keys(state.roster?.value.cells ?? {}),
      ]);
    },
    *touched(touched, state) {
      yield* touched.cells;
      yield* touched.assignments.keys();
      yield* roster.after(state);
    },
    estimate: (state, { cell }) => (cell === undefined ? state.cells.size : 1),
    stateOf(state, id, { cell }) {
      if (cell !== undefined && cell !== id) return undefined;
      const found = known(state, id as CellId);
      return found && cellState(found);
    },
    values(state, id) {
      const cellId = id as CellId;
      const found = known(state, cellId);
      if (found === undefined) return undefined;
      return {
        ...away,
        ...usage(state, cellId),
        cell: id,
        state: cellState(found),
        zone: zoneOf(state, cellId),
        instances: found.claims,
        tasks: found.tasks,
        reason: reasonOf(found),
        since: found.presence?.registeredAt ?? found.lostAt ?? null,
      };
    },
    labels: (state, id) => state.cells.get(id as CellId)?.value.labels ?? noLabels,
  };
}
