/**
 * What one index of an LRP needs next, given its records, its cells and the time. Called by converge.ts for
 * each index that may have changed; what a drain adds is in drain.ts. Sources: reference/diego.md 1.4 to 1.6.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { defaults } from '../../model/defaults.ts';
import { type DesiredLrp, wantedInstances } from '../../model/desired-lrp.ts';
import type { CellId, Millis, ProcessGuid } from '../../model/ids.ts';
import { restartDueAt } from '../../model/restart-policy.ts';
import { actualKey } from '../../store/core/keys.ts';
import type { ActualSlots, ClusterState, Versioned } from '../../store/core/state.ts';
import type { LrpDecision } from './decision.ts';
import { drained, evacuating, suspectIsDrained } from './drain.ts';
import type { DrainTurns } from './drain-turns.ts';
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

/** What every decision of one pass is made from. */
export interface ConvergeContext {
  readonly state: ClusterState;
  readonly now: Millis;
  /** Lost cells whose instances wait for their return: storm.ts. */
  readonly paused: ReadonlySet<CellId>;
  /** Who may leave a cell that is drained a few at a time. */
  readonly turns: DrainTurns;
}

/** @param desired undefined when there is no such LRP (and its record is not just unreadable) */
export function convergeIndex(
  context: ConvergeContext,
  guid: ProcessGuid,
  index: number,
  desired: DesiredLrp | undefined,
): IndexVerdict {
  const { state, now } = context;
  if (state.corrupt.size > 0 && slotNames.some((slot) => state.corrupt.has(actualKey(guid, index, slot))))
    return nothing;
  const slots: ActualSlots = state.actual.get(guid)?.get(index) ?? {};
  if (desired === undefined) return orphan(context, slots);
  if (index >= wantedInstances(desired)) {
    const because =
      desired.removedAt === undefined ? `scaled to ${desired.instances}` : 'the LRP was removed';
    return dismiss(context, slots, because);
  }
  const leaving = evacuating(state, slots, now);
  if (leaving.decision?.kind === 'recover') return decided(leaving.decision);
  const rest =
    slots.ordinary === undefined ? missing(context, slots, desired, index) : wanted(context, slots, desired);
  // Nearly always: nothing of it is leaving a cell.
  if (slots.evacuating === undefined) return rest;
  return together(
    { ...nothing, decisions: leaving.decision === undefined ? [] : [leaving.decision], dueAt: leaving.dueAt },
    stopping(context, slots.evacuating, desired),
    rest,
  );
}

const slotNames = ['ordinary', 'suspect', 'evacuating'] as const;

/** Verdicts about different records of one index as one. */
function together(...verdicts: readonly IndexVerdict[]): IndexVerdict {
  const dueAt = Math.min(...verdicts.map((verdict) => verdict.dueAt ?? Infinity));
  return {
    decisions: verdicts.flatMap(({ decisions }) => decisions),
    unclaimed: verdicts.some(({ unclaimed }) => unclaimed),
    ...(dueAt === Infinity ? {} : { dueAt }),
  };
}

/** Nobody asks for it; it goes only if its domain's source of truth is fresh: reference/diego.md 1.18. */
function orphan(context: ConvergeContext, slots: ActualSlots): IndexVerdict {
  const domain = (slots.ordinary ?? slots.suspect ?? slots.evacuating)?.value.domain;
  if (domain === undefined || !context.state.domains.has(domain)) return nothing;
  return dismiss(context, slots, 'there is no such LRP');
}

/** All records of an index that should have none. */
function dismiss(context: ConvergeContext, slots: ActualSlots, because: string): IndexVerdict {
  const { suspect } = slots;
  const verdicts = [slots.ordinary, slots.evacuating].flatMap((record) =>
    record === undefined ? [] : [dismissOne(context, record, because)],
  );
  if (suspect !== undefined) verdicts.unshift(decided({ kind: 'delete', record: suspect, because }));
  return together(...verdicts);
}

function dismissOne(context: ConvergeContext, record: Actual, because: string): IndexVerdict {
  const { cellId, retire } = record.value;
  if (!isAlive(record.value)) return decided({ kind: 'delete', record, because });
  if (isLost(context.state, cellId)) {
    const why = `${because}; ${lostText(record)}`;
    return decided({ kind: 'delete', record, because: why, lostCell: cellId });
  }
  return retire === undefined
    ? decided({ kind: 'retire', record, because })
    : stopping(context, record, undefined);
}

/** A retired instance must stop in time: its cell is there, so an operator can look. */
function stopping(
  { state, now }: ConvergeContext,
  record: Actual | undefined,
  desired: DesiredLrp | undefined,
): IndexVerdict {
  const retire = record?.value.retire;
  if (record === undefined || retire === undefined || retire.overdueAt !== undefined) return nothing;
  if (!isAlive(record.value) || isLost(state, record.value.cellId)) return nothing;
  const dueAt = retire.since + defaults.stopDeadlineMs + (desired?.stopGraceMs ?? 0);
  if (dueAt > now) return { ...nothing, dueAt };
  const minutes = Math.round((now - retire.since) / 60_000);
  const because = `cell ${record.value.cellId} did not stop it within ${minutes} minutes`;
  return decided({ kind: 'remind', record, because });
}

/** An index that should have an instance, and has no ordinary record. */
function missing(
  context: ConvergeContext,
  slots: ActualSlots,
  desired: DesiredLrp,
  index: number,
): IndexVerdict {
  const { state } = context;
  const { suspect } = slots;
  if (suspect !== undefined && !isLost(state, suspect.value.cellId)) {
    return decided(suspectIsDrained(state, slots) ?? recover(suspect, undefined));
  }
  if (isPausedCell(context, suspect?.value.cellId)) return nothing;
  const { guid, domain } = desired;
  const because = 'the index has no instance';
  return decided({ kind: 'create', guid, index, domain, because, former: suspect?.value });
}

/** An index that should have an instance, and has a record for it. */
function wanted(context: ConvergeContext, slots: ActualSlots, desired: DesiredLrp): IndexVerdict {
  const { state, now } = context;
  const { suspect } = slots;
  const ordinary = slots.ordinary as Actual;
  const lrp = ordinary.value;
  const suspectIsBack = suspect !== undefined && !isLost(state, suspect.value.cellId);
  if (isAlive(lrp) && isLost(state, lrp.cellId)) return onLostCell(context, slots, suspectIsBack);
  if (suspect !== undefined && lrp.state === 'RUNNING') {
    return decided({ kind: 'delete', record: suspect, because: `its replacement runs on ${lrp.cellId}` });
  }
  if (suspect !== undefined && suspectIsBack) {
    return decided(suspectIsDrained(state, slots) ?? recover(suspect, ordinary));
  }
  switch (lrp.state) {
    case 'UNCLAIMED': {
      return { decisions: [], unclaimed: !isPausedCell(context, suspect?.value.cellId) };
    }
    case 'CRASHED':
      return crashed(ordinary, now);
    case 'CLAIMED':
    case 'RUNNING':
      return onCell(context, slots, desired);
  }
}

/** An instance that starts or runs on a cell that is there. */
function onCell(context: ConvergeContext, slots: ActualSlots, desired: DesiredLrp): IndexVerdict {
  const { now } = context;
  const record = slots.ordinary as Actual;
  if (record.value.retire !== undefined) return stopping(context, record, desired);
  const { decision, dueAt } = drained(context, slots);
  if (decision !== undefined) return decided(decision);
  if (record.value.state === 'CLAIMED') return claimed(record, desired, now);
  return { ...nothing, dueAt };
}

function onLostCell(context: ConvergeContext, slots: ActualSlots, suspectIsBack: boolean): IndexVerdict {
  const { suspect } = slots;
  const ordinary = slots.ordinary as Actual;
  const because = lostText(ordinary);
  const { cellId: lostCell, retire } = ordinary.value;
  if (retire !== undefined) {
    return decided({ kind: 'delete', record: ordinary, because: `${retire.reason}; ${because}`, lostCell });
  }
  const isPaused = isPausedCell(context, lostCell);
  if (suspect === undefined) {
    return decided({ kind: isPaused ? 'suspect' : 'replace', record: ordinary, because, lostCell });
  }
  if (suspectIsBack) return decided(suspectIsDrained(context.state, slots) ?? recover(suspect, ordinary));
  // Leases end one after the other, so the first losses of a storm are replaced on cells that are part of it. Did that
  // claim stand, its cell would start it when it returns before the suspect's does.
  const waitsElsewhere = ordinary.value.state === 'CLAIMED' && isPausedCell(context, suspect.value.cellId);
  if (isPaused && !waitsElsewhere) return nothing;
  return decided({ kind: 'unclaim', record: ordinary, because, lostCell });
}

const isPausedCell = ({ paused }: ConvergeContext, cellId: CellId | undefined): boolean =>
  cellId !== undefined && paused.has(cellId);

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
