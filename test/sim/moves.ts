/**
 * The legal moves of records, written down once more, independently of src/model: each function says what is
 * wrong with a change of one record, or nothing. Source: reference/diego.md 1.2, 1.3 and 1.9.
 */
import type { ActualLrp } from '../../src/model/actual-lrp.ts';
import { defaults } from '../../src/model/defaults.ts';
import type { DesiredLrp } from '../../src/model/desired-lrp.ts';
import type { Task } from '../../src/model/task.ts';

export interface ActualChange {
  readonly before: ActualLrp | undefined;
  readonly after: ActualLrp | undefined;
  /** The records that the same transaction replaces or deletes. */
  readonly taken: readonly ActualLrp[];
  /** The cell of the record before has no presence, or is drained. */
  readonly isLost: boolean;
  readonly now: number;
}

const holds = (lrp: ActualLrp): boolean => lrp.state === 'CLAIMED' || lrp.state === 'RUNNING';

export function actualFault(change: ActualChange): string | undefined {
  const { before, after, taken } = change;
  if (after !== undefined) {
    const named = after.instanceGuid !== undefined && after.cellId !== undefined;
    if (holds(after) !== named) return `${after.state} with instance guid ${after.instanceGuid ?? 'none'}`;
  }
  if (before === undefined) return after && createdFault(after, taken);
  if (after === undefined) return deletedFault(change, before);
  if (after.epoch !== before.epoch) return replacedFault(change, before, after);
  if (after.modificationIndex !== before.modificationIndex + 1) {
    return `modification index ${before.modificationIndex} → ${after.modificationIndex}`;
  }
  return movedFault(change, before, after);
}

/** A new record is UNCLAIMED, or was under the other key until now. */
function createdFault(after: ActualLrp, taken: readonly ActualLrp[]): string | undefined {
  const moved = taken.some(
    (lrp) => lrp.instanceGuid !== undefined && lrp.instanceGuid === after.instanceGuid,
  );
  return after.state === 'UNCLAIMED' || moved ? undefined : `came into being ${after.state}`;
}

function deletedFault({ isLost, taken }: ActualChange, before: ActualLrp): string | undefined {
  if (!holds(before) || before.retire !== undefined || isLost || before.presence !== 'ORDINARY')
    return undefined;
  return taken.length > 1 ? undefined : `deleted while ${before.state} on a present cell, not retired`;
}

/** Another history takes the place: a suspect that returned, or a fresh record beside a new suspect. */
function replacedFault(
  { isLost, taken }: ActualChange,
  before: ActualLrp,
  after: ActualLrp,
): string | undefined {
  if (after.state === 'UNCLAIMED') return isLost ? undefined : 'replaced although its cell is present';
  const returned = taken.some((lrp) => lrp !== before && lrp.instanceGuid === after.instanceGuid);
  return returned ? undefined : `${after.instanceGuid} came from nowhere`;
}

function movedFault({ isLost, now }: ActualChange, before: ActualLrp, after: ActualLrp): string | undefined {
  const move = `${before.state} → ${after.state}`;
  const same = before.instanceGuid === after.instanceGuid && before.cellId === after.cellId;
  switch (move) {
    case 'UNCLAIMED → UNCLAIMED':
    case 'UNCLAIMED → CLAIMED':
    case 'CRASHED → UNCLAIMED':
      return undefined;
    case 'CLAIMED → CLAIMED':
    case 'CLAIMED → RUNNING':
    case 'RUNNING → RUNNING':
      return same ? undefined : `${move} changes the instance`;
    case 'CLAIMED → UNCLAIMED':
    case 'RUNNING → UNCLAIMED':
      if (after.crashCount !== before.crashCount) return undefined;
      // A sticky index that was told to stop and has keeps a record, which knows where its volume is.
      if (before.retire !== undefined && after.home === before.cellId) return undefined;
      if (before.crashReason !== after.crashReason || isLost) return undefined;
      if (after.crashCount === 1 && now - before.since > defaults.crashResetAfterMs) return undefined;
      return now - before.since > defaults.claimDeadlineMs ? undefined : `${move} for no reason`;
    case 'CLAIMED → CRASHED':
    case 'RUNNING → CRASHED':
      return after.crashCount >= defaults.crashImmediateRestarts ? undefined : `${move} too early`;
    default:
      return `${move} is no legal move`;
  }
}

export interface TaskChange {
  readonly before: Task | undefined;
  readonly after: Task | undefined;
  readonly isLost: boolean;
  /** Somebody asked to delete it. */
  readonly mayGo: boolean;
  readonly now: number;
}

export function taskFault({ before, after, isLost, mayGo, now }: TaskChange): string | undefined {
  if (before === undefined) return after?.state === 'PENDING' ? undefined : `came into being ${after?.state}`;
  if (after === undefined) {
    if (before.state !== 'COMPLETED' && before.state !== 'RESOLVING') return `deleted while ${before.state}`;
    const kept = now - (before.firstCompletedAt ?? 0);
    return mayGo || kept >= defaults.taskKeptMs ? undefined : `deleted ${kept} ms after its completion`;
  }
  const move = `${before.state} → ${after.state}`;
  switch (move) {
    case 'PENDING → PENDING':
      return after.attempt === undefined ? undefined : 'PENDING with an attempt';
    case 'PENDING → RUNNING':
      return before.cellId === after.cellId && after.attempt !== undefined ? undefined : `${move} elsewhere`;
    case 'RUNNING → PENDING':
      return after.rejectionCount > before.rejectionCount ? undefined : `${move} without a rejection`;
    case 'RUNNING → COMPLETED':
      if (after.failureReason !== 'cell disappeared before completion') return undefined;
      return isLost ? undefined : 'failed for a lost cell that is present';
    case 'PENDING → COMPLETED':
      return after.failed ? undefined : `${move} with success`;
    case 'COMPLETED → RESOLVING':
      return undefined;
    default:
      return `${move} is no legal move`;
  }
}

/** @param left how many actual records the LRP has */
export function desiredFault(
  before: DesiredLrp | undefined,
  after: DesiredLrp | undefined,
  left: number,
): string | undefined {
  if (after === undefined) {
    if (before?.removedAt === undefined) return 'deleted although nobody removed it';
    return left === 0 ? undefined : `deleted with ${left} instances left`;
  }
  if (before === undefined) return after.modificationIndex === 0 ? undefined : 'came back changed';
  if (before.removedAt !== undefined) return 'changed after it was removed';
  if (before.epoch !== after.epoch) return 'overwritten by another of the same name';
  const steps = after.modificationIndex - before.modificationIndex;
  return steps === 1 ? undefined : `modification index rose by ${steps}`;
}

export function tellActual(lrp: ActualLrp | undefined): string {
  if (lrp === undefined) return 'none';
  const where = lrp.cellId === undefined ? '' : ` ${lrp.cellId}(${lrp.instanceGuid?.slice(0, 4)})`;
  const retire = lrp.retire === undefined ? '' : ' retire';
  const crash = lrp.crashCount === 0 ? '' : ` crash=${lrp.crashCount}`;
  const refusal = lrp.placementError === undefined ? '' : ` unplaced`;
  return `${lrp.state}${where}${retire}${crash}${refusal}`;
}

export function tellTask(task: Task | undefined): string {
  if (task === undefined) return 'none';
  const where = task.cellId === undefined ? '' : ` ${task.cellId}`;
  const attempt = task.attempt === undefined ? '' : `(${task.attempt.slice(0, 4)})`;
  const reason = task.failureReason === undefined ? '' : ` failed: ${task.failureReason}`;
  return `${task.state}${where}${attempt}${reason}`;
}
