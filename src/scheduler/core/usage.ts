/**
 * The cells as the auction sees them: what each one has, less what claims and tasks take. An instance takes
 * its place until its record is gone, also while it is told to stop. Called by the brain and the API's
 * `why`; made anew only for cells whose claims changed.
 */
import type { AuctionCell } from '../../model/auction.ts';
import type { CellPresence } from '../../model/cell.ts';
import type { CellSpec } from '../../model/cell-spec.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import { addResources, noResources, type Resources, resourceNames } from '../../model/resources.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { resourcesOf } from './converge.ts';

/** What a claim takes whose definition cannot be read: at least its slot. */
const oneSlot: Resources = { ...noResources, containers: 1 };

/** Every cell that has a presence, in no particular order. */
export function auctionCells(state: ClusterState): AuctionCell[] {
  return [...state.cells.values()].map(({ value }) => auctionCell(state, value));
}

export function auctionCell(state: ClusterState, presence: CellPresence): AuctionCell {
  const { cellId, zone, capacity } = presence;
  let used = noResources;
  let startingCount = 0;
  const instancesByProcess = new Map<ProcessGuid, number>();
  const fixedPorts = new Set<number>();
  for (const { guid, index, slot } of state.claimsByCell.get(cellId)?.values() ?? []) {
    const desired = state.desired.get(guid);
    used = addResources(used, desired === undefined ? oneSlot : resourcesOf(desired.value));
    for (const { hostPort } of desired?.value.fixedPorts ?? []) fixedPorts.add(hostPort);
    instancesByProcess.set(guid, (instancesByProcess.get(guid) ?? 0) + 1);
    if (state.actual.get(guid)?.get(index)?.[slot]?.value.state === 'CLAIMED') startingCount += 1;
  }
  const tasks = state.tasksByCell.get(cellId);
  for (const guid of tasks ?? []) {
    const task = state.tasks.get(guid);
    used = addResources(used, task === undefined ? oneSlot : resourcesOf(task.value));
    if (task?.value.state === 'PENDING') startingCount += 1;
  }
  return {
    cellId,
    zone,
    capacity,
    used,
    startingCount,
    instancesByProcess,
    taskCount: tasks?.size ?? 0,
    os: presence.os,
    arch: presence.arch,
    labels: presence.labels,
    requiredTags: presence.requiredTags,
    optionalTags: presence.optionalTags,
    volumeDrivers: presence.volumeDrivers,
    runtimes: presence.runtimes,
    fixedPorts,
    unusable: whyUnusable(presence, state.cellSpecs.get(cellId)?.value),
  };
}

/** Why nothing may be placed on a cell just now; undefined when something may. */
function whyUnusable({ engine }: CellPresence, spec: CellSpec | undefined): string | undefined {
  const because = ({ by, reason }: { by: string; reason: string }): string =>
    reason === '' ? `by ${by}` : `by ${by}: ${reason}`;
  if (spec?.drain !== undefined) return `drained ${because(spec.drain)}`;
  if (spec?.cordon !== undefined) return `cordoned ${because(spec.cordon)}`;
  return engine.ok ? undefined : (engine.reason ?? `${engine.name} does not answer`);
}

/** The auction's cells, kept up by what changed. */
export interface Usage {
  readonly cells: readonly AuctionCell[];
  /** Makes these cells anew (all: undefined); true when anything became free that was not before. */
  refresh(state: ClusterState, cellIds: ReadonlySet<CellId> | undefined): boolean;
}

export function createUsage(): Usage {
  const cells = new Map<CellId, AuctionCell>();
  return {
    get cells() {
      return [...cells.values()];
    },
    refresh(state, cellIds) {
      let grew = false;
      for (const cellId of cellIds ?? new Set([...cells.keys(), ...state.cells.keys()])) {
        const before = cells.get(cellId);
        const presence = state.cells.get(cellId);
        if (presence === undefined) {
          cells.delete(cellId);
          continue;
        }
        const after = auctionCell(state, presence.value);
        cells.set(cellId, after);
        grew ||= hasMoreRoom(before, after);
      }
      return grew;
    },
  };
}

function hasMoreRoom(before: AuctionCell | undefined, after: AuctionCell): boolean {
  if (after.unusable !== undefined) return false;
  if (before === undefined || before.unusable !== undefined) return true;
  const free = (cell: AuctionCell, name: keyof Resources): number => cell.capacity[name] - cell.used[name];
  return resourceNames.some((name) => free(after, name) > free(before, name));
}
