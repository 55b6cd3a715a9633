/**
 * The cells as the auction sees them: what each one has, less what claims and tasks take. An instance takes
 * its place until its record is gone, also while it is told to stop. Called by the brain and the API's
 * `why`; made anew only for cells whose claims changed.
 */
import type { AuctionCell, Evictable } from '../../model/auction.ts';
import type { CellPresence } from '../../model/cell.ts';
import type { CellSpec } from '../../model/cell-spec.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import {
  addResources,
  noResources,
  type Resources,
  resourceNames,
  withOverhead,
} from '../../model/resources.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { resourcesOf } from './converge.ts';

/** What a claim takes whose definition cannot be read: at least its slot. */
const oneSlot: Resources = { ...noResources, containers: 1 };

/** Every cell that has a presence, in no particular order. */
export function auctionCells(state: ClusterState): AuctionCell[] {
  return [...state.cells.values()].map(({ value }) => auctionCell(state, value));
}

export function auctionCell(state: ClusterState, presence: CellPresence): AuctionCell {
  const { cellId, zone, capacity, overheadMemoryMb = 0 } = presence;
  let used = noResources;
  let startingCount = 0;
  const instancesByProcess = new Map<ProcessGuid, number>();
  const fixedPorts = new Set<number>();
  const repels = new Set<ProcessGuid>();
  const spec = state.cellSpecs.get(cellId)?.value;
  for (const { guid, index, slot } of state.claimsByCell.get(cellId)?.values() ?? []) {
    const desired = state.desired.get(guid);
    used = addResources(used, desired === undefined ? oneSlot : resourcesOf(desired.value));
    for (const { hostPort } of desired?.value.fixedPorts ?? []) fixedPorts.add(hostPort);
    for (const other of desired?.value.placement.notWith ?? []) repels.add(other);
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
    overheadMemoryMb,
    // Each container has taken one slot, so the slots say how often the overhead is due.
    used: withOverhead(used, overheadMemoryMb),
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
    repels,
    evictable: state.settings?.value.preemption === true ? evictableOn(state, presence) : undefined,
    unusable: whyUnusable(presence, spec),
    undo: undoOf(cellId, spec),
  };
}

/** What preemption may stop here, and what stops already: instances that count, never tasks. */
function evictableOn(state: ClusterState, { cellId, overheadMemoryMb = 0 }: CellPresence): Evictable[] {
  return [...(state.claimsByCell.get(cellId)?.values() ?? [])].flatMap(({ guid, index, slot }) => {
    const desired = state.desired.get(guid)?.value;
    const record = state.actual.get(guid)?.get(index)?.[slot]?.value;
    if (desired === undefined || record === undefined || slot !== 'ordinary') return [];
    const leaving = record.retire !== undefined;
    const resources = withOverhead(resourcesOf(desired), overheadMemoryMb);
    return [{ guid, index, priority: desired.priority, resources, leaving }];
  });
}

/** The command that takes back what an operator did to the cell; a cell may be down besides. */
function undoOf(cellId: CellId, spec: CellSpec | undefined): string | undefined {
  if (spec?.drain !== undefined) return `skep cell undrain ${cellId}`;
  return spec?.cordon === undefined ? undefined : `skep cell uncordon ${cellId}`;
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
  /** Makes these cells anew (all: undefined); true when work may fit that did not before. */
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
  const hasRoom = resourceNames.some((name) => free(after, name) > free(before, name));
  return hasRoom || after.startingCount < before.startingCount || nature(after) !== nature(before);
}

/** What rules ask of a cell itself: it changes when its agent or engine starts with other settings. */
function nature(cell: AuctionCell): string {
  const { os, arch, labels, requiredTags, optionalTags, volumeDrivers, runtimes, overheadMemoryMb } = cell;
  return JSON.stringify([
    os,
    arch,
    labels,
    requiredTags,
    optionalTags,
    volumeDrivers,
    runtimes,
    overheadMemoryMb,
  ]);
}
