/**
 * What one index of an LRP needs next, given its records, its cells and the time. Called by converge.ts for
 * each index that may have changed. Sources: reference/diego.md 1.4, 1.5 and 1.6.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { defaults } from '../../model/defaults.ts';
import { type DesiredLrp, wantedInstances } from '../../model/desired-lrp.ts';
import type { Millis, ProcessGuid } from '../../model/ids.ts';
import { restartDueAt } from '../../model/restart-policy.ts';
import { actualKey } from '../../store/core/keys.ts';
import type { ActualSlots, ClusterState, Versioned } from '../../store/core/state.ts';
import type { LrpDecision } from './decision.ts';
import { isLost } from './lost-cells.ts';

type Actual = Versioned<ActualLrp>;

export interface IndexVerdict {
  readonly decisions: readonly LrpDecision[];
  /** It is UNCLAIMED and wants a place. */
  readonly unclaimed: boolean;
  /** Nothing is to be done before this moment, but then. */
  readonly dueAt?: Millis | undefined;
}

const nothing: IndexVerdict = { decisions: [], unclaimed: false };
const decided = (...decisions: LrpDecision[]): IndexVerdict => ({ decisions, unclaimed: false });

const isAlive = (lrp: ActualLrp): boolean => lrp.state === 'CLAIMED' || lrp.state === 'RUNNING';

/** @param desired undefined when there is no such LRP (and its record is not just unreadable) */
export function convergeIndex(
  state: ClusterState,
  guid: ProcessGuid,
  index: number,
  desired: DesiredLrp | undefined,
  now: Millis,
): IndexVerdict {
  if (state.corrupt.has(actualKey(guid, index)) || state.corrupt.has(actualKey(guid, index, 'suspect'))) {
    return nothing;
  }
  const slots: ActualSlots = state.actual.get(guid)?.get(index) ?? {};
  if (desired === undefined) return orphan(state, slots);
  if (index >= wantedInstances(desired)) {
    const because =
      desired.removedAt === undefined ? `scaled to ${desired.instances}` : 'the LRP was removed';
    return decided(...dismiss(state, slots, because));
  }
  const { ordinary } = slots;
  if (ordinary !== undefined) return wanted(state, ordinary, slots.suspect, desired, now);
  if (slots.suspect !== undefined && !isLost(state, slots.suspect.value.cellId)) {
    return decided(recover(slots.suspect, undefined));
  }
  const because = 'the index has no instance';
  return decided({ kind: 'create', guid, index, domain: desired.domain, because });
}

/** Nobody asks for it; it goes only if its domain's source of truth is fresh: reference/diego.md 1.18. */
function orphan(state: ClusterState, slots: ActualSlots): IndexVerdict {
  const domain = (slots.ordinary ?? slots.suspect)?.value.domain;
  if (domain === undefined || !state.domains.has(domain)) return nothing;
  return decided(...dismiss(state, slots, 'there is no such LRP'));
}

/** Both records of an index that should have none. */
function dismiss(state: ClusterState, slots: ActualSlots, because: string): LrpDecision[] {
  const { ordinary, suspect } = slots;
  const decisions: LrpDecision[] = [];
  if (suspect !== undefined) decisions.push({ kind: 'delete', record: suspect, because });
  if (ordinary === undefined) return decisions;
  if (!isAlive(ordinary.value)) decisions.push({ kind: 'delete', record: ordinary, because });
  else if (isLost(state, ordinary.value.cellId)) {
    const why = `${because}; ${lostText(ordinary)}`;
    decisions.push({ kind: 'delete', record: ordinary, because: why, lostCell: ordinary.value.cellId });
  } else if (ordinary.value.retire === undefined) {
    decisions.push({ kind: 'retire', record: ordinary, because });
  }
  return decisions;
}

/** An index that should have an instance, and has a record for it. */
function wanted(
  state: ClusterState,
  ordinary: Actual,
  suspect: Actual | undefined,
  desired: DesiredLrp,
  now: Millis,
): IndexVerdict {
  const lrp = ordinary.value;
  const suspectIsBack = suspect !== undefined && !isLost(state, suspect.value.cellId);
  if (isAlive(lrp) && isLost(state, lrp.cellId)) return decided(onLostCell(ordinary, suspect, suspectIsBack));
  if (suspect !== undefined && lrp.state === 'RUNNING') {
    return decided({ kind: 'delete', record: suspect, because: `its replacement runs on ${lrp.cellId}` });
  }
  if (suspect !== undefined && suspectIsBack) return decided(recover(suspect, ordinary));
  switch (lrp.state) {
    case 'UNCLAIMED':
      return { decisions: [], unclaimed: true };
    case 'CRASHED':
      return crashed(ordinary, now);
    case 'CLAIMED':
      return claimed(ordinary, desired, now);
    case 'RUNNING':
      return nothing;
  }
}

function onLostCell(ordinary: Actual, suspect: Actual | undefined, suspectIsBack: boolean): LrpDecision {
  const because = lostText(ordinary);
  const lostCell = ordinary.value.cellId;
  if (ordinary.value.retire !== undefined) {
    const why = `${ordinary.value.retire.reason}; ${because}`;
    return { kind: 'delete', record: ordinary, because: why, lostCell };
  }
  if (suspect === undefined) return { kind: 'replace', record: ordinary, because, lostCell };
  if (suspectIsBack) return recover(suspect, ordinary);
  return { kind: 'unclaim', record: ordinary, because, lostCell };
}

function recover(suspect: Actual, ordinary: Actual | undefined): LrpDecision {
  const because = `cell ${suspect.value.cellId ?? ''} is back before a replacement runs`;
  return { kind: 'recover', suspect, ordinary, because };
}

function crashed(record: Actual, now: Millis): IndexVerdict {
  const dueAt = restartDueAt(record.value.crashCount, record.value.since);
  if (dueAt === undefined) return nothing;
  if (dueAt > now) return { decisions: [], unclaimed: false, dueAt };
  return decided({ kind: 'restart', record, because: `restart after crash ${record.value.crashCount}` });
}

/**
 * A claim must come to something; the sweep looks often enough. An LRP that may take for ever to start, or
 * longer than the deadline, is given that time on top, for its image is pulled before.
 */
function claimed(record: Actual, { startTimeoutMs }: DesiredLrp, now: Millis): IndexVerdict {
  if (startTimeoutMs === 0 || record.value.retire !== undefined) return nothing;
  const allowedMs =
    defaults.claimDeadlineMs + (startTimeoutMs > defaults.claimDeadlineMs ? startTimeoutMs : 0);
  if (now - record.value.since <= allowedMs) return nothing;
  const minutes = Math.round(allowedMs / 60_000);
  const because = `cell ${record.value.cellId} did not start it within ${minutes} minutes`;
  return decided({ kind: 'unclaim', record, because });
}

function lostText({ value }: Actual): string {
  return value.cellId === undefined ? 'it names no cell' : `cell ${value.cellId} is lost`;
}
