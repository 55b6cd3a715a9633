/**
 * The cells as the auction sees them: what each one has, less what claims and tasks take. Called by the planner,
 * `why` and rebalance, which make them from the state each time; kept-usage.ts keeps them up for the brain and
 * the survival watch.
 */
import { allAtOnce } from '../../base/core/steps.ts';
import type { AuctionCell, Evictable } from '../../model/auction.ts';
import type { CellPresence } from '../../model/cell.ts';
import type { CellSpec } from '../../model/cell-spec.ts';
import type { CellId } from '../../model/ids.ts';
import { withOverhead } from '../../model/resources.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { resourcesOf } from './converge.ts';
import { claimsOn, Tally } from './tally.ts';

/** Every cell that has a presence, in no particular order. */
export function auctionCells(state: ClusterState): AuctionCell[] {
  return allAtOnce(auctionCellsSteps(state));
}

/** The same in short steps: each cell is as it is when it is read. */
export function* auctionCellsSteps(state: ClusterState): Generator<void, AuctionCell[]> {
  const cells: AuctionCell[] = [];
  for (const { value } of state.cells.values()) {
    const tally = new Tally();
    claimsOn(state, value.cellId, (_key, claim) => tally.add(claim));
    cells.push(auctionCell(state, value, tally));
    yield;
  }
  return cells;
}

/** The sets and maps of the cell are those of the tally: they change as it does. */
export function auctionCell(state: ClusterState, presence: CellPresence, tally: Tally): AuctionCell {
  const { cellId, zone, capacity, overheadMemoryMb = 0 } = presence;
  const { memoryMb, diskMb, containers } = tally;
  const spec = state.cellSpecs.get(cellId)?.value;
  return {
    cellId,
    zone,
    capacity,
    overheadMemoryMb,
    // Each container has taken one slot, so the slots say how often the overhead is due.
    used: withOverhead({ memoryMb, diskMb, containers }, overheadMemoryMb),
    startingCount: tally.startingCount,
    instancesByProcess: tally.instancesByProcess,
    taskCount: tally.taskCount,
    os: presence.os,
    arch: presence.arch,
    labels: presence.labels,
    requiredTags: presence.requiredTags,
    optionalTags: presence.optionalTags,
    volumeDrivers: presence.volumeDrivers,
    runtimes: presence.runtimes,
    fixedPorts: tally.ports,
    repels: tally.repels,
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
