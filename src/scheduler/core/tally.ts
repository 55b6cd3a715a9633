/**
 * What the claims of one cell take together: kept up claim by claim, so that a change costs that change and not
 * the cell. Made by usage.ts, which says which claims there are; an instance takes its place until its record is
 * gone, also while it is told to stop.
 */
import type { Work } from '../../model/auction.ts';
import type { DesiredLrp } from '../../model/desired-lrp.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import { parseKey, taskKey } from '../../store/core/keys.ts';
import type { ClusterState, Versioned } from '../../store/core/state.ts';

/** One instance or task on a cell. */
export interface Claim {
  /** Undefined for a task. */
  readonly guid: ProcessGuid | undefined;
  readonly memoryMb: number;
  readonly diskMb: number;
  /** Claimed but not running yet. */
  readonly isStarting: boolean;
  /** What it keeps others from; undefined for nearly all: nothing. */
  readonly keeps: Keeps | undefined;
}

/** Host ports that it insists on, and processes that must not join it. */
export interface Keeps {
  readonly ports: readonly number[];
  readonly notWith: readonly ProcessGuid[];
}

export class Tally {
  /** Without the overhead that the cell has for each container. */
  memoryMb = 0;
  diskMb = 0;
  containers = 0;
  startingCount = 0;
  taskCount = 0;
  readonly instancesByProcess = new Map<ProcessGuid, number>();
  readonly ports = new Set<number>();
  readonly repels = new Set<ProcessGuid>();

  add(claim: Claim): void {
    this.#count(claim, 1);
    this.#keep(claim);
  }

  /** @param left the claims that stay: two may keep others from the same */
  remove(claim: Claim, left: Iterable<Claim>): void {
    this.#count(claim, -1);
    if (claim.keeps === undefined) return;
    this.ports.clear();
    this.repels.clear();
    for (const other of left) this.#keep(other);
  }

  #count({ guid, memoryMb, diskMb, isStarting }: Claim, sign: 1 | -1): void {
    this.memoryMb += sign * memoryMb;
    this.diskMb += sign * diskMb;
    this.containers += sign;
    if (isStarting) this.startingCount += sign;
    if (guid === undefined) {
      this.taskCount += sign;
      return;
    }
    const count = (this.instancesByProcess.get(guid) ?? 0) + sign;
    if (count === 0) this.instancesByProcess.delete(guid);
    else this.instancesByProcess.set(guid, count);
  }

  #keep({ keeps }: Claim): void {
    if (keeps === undefined) return;
    for (const port of keeps.ports) this.ports.add(port);
    for (const guid of keeps.notWith) this.repels.add(guid);
  }
}

/** The claim of a cell behind a key, as the state has it; undefined when there is none. */
export function claimAt(state: ClusterState, cellId: CellId, key: string): Claim | undefined {
  const ref = state.claimsByCell.get(cellId)?.get(key);
  if (ref !== undefined) return instanceClaim(state, ref.guid, ref.record.value.state === 'CLAIMED');
  const parsed = parseKey(key);
  if (parsed?.kind !== 'task' || state.tasksByCell.get(cellId)?.has(parsed.guid) !== true) return undefined;
  return taskClaim(state.tasks.get(parsed.guid)?.value);
}

/** Gives every claim of a cell with its key, tasks too. */
export function claimsOn(
  state: ClusterState,
  cellId: CellId,
  take: (key: string, claim: Claim) => void,
): void {
  for (const [key, { guid, record }] of state.claimsByCell.get(cellId) ?? []) {
    take(key, instanceClaim(state, guid, record.value.state === 'CLAIMED'));
  }
  for (const guid of state.tasksByCell.get(cellId) ?? []) {
    take(taskKey(guid), taskClaim(state.tasks.get(guid)?.value));
  }
}

/** The claim that a placement is about to make. */
export function claimOf(state: ClusterState, work: Work): Claim {
  return work.kind === 'lrp'
    ? instanceClaim(state, work.guid, true)
    : taskClaim({ ...work.resources, state: 'PENDING' });
}

/** A definition that cannot be read takes at least its slot. */
function instanceClaim(state: ClusterState, guid: ProcessGuid, isStarting: boolean): Claim {
  const desired = state.desired.get(guid);
  const { memoryMb = 0, diskMb = 0 } = desired?.value ?? {};
  return { guid, memoryMb, diskMb, isStarting, keeps: keepsOf(desired) };
}

function taskClaim(
  task: { readonly memoryMb: number; readonly diskMb: number; readonly state: string } | undefined,
): Claim {
  const { memoryMb = 0, diskMb = 0 } = task ?? {};
  return { guid: undefined, memoryMb, diskMb, isStarting: task?.state === 'PENDING', keeps: undefined };
}

function keepsOf(desired: Versioned<DesiredLrp> | undefined): Keeps | undefined {
  if (desired === undefined) return undefined;
  const { fixedPorts, placement } = desired.value;
  if (fixedPorts.length === 0 && placement.notWith.length === 0) return undefined;
  return { ports: fixedPorts.map(({ hostPort }) => hostPort), notWith: placement.notWith };
}
