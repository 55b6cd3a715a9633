/**
 * What the brain decided, as lines of the decision trace (docs/placement.md says how to read them): data of one
 * shape a kind, ready to become JSON. Called by decision-trace.ts, only while the trace is on.
 */
import type { Refusal } from '../../model/actual-lrp.ts';
import type { Placement, ScoredCell, Unplaced, Work } from '../../model/auction.ts';
import { instanceName } from '../../model/ids.ts';
import type { Decision } from './decision.ts';

/** One object a line; `kind` says which. */
export interface ExplainLine {
  readonly kind: 'placed' | 'refused' | 'decided' | 'pass';
  readonly [field: string]: unknown;
}

/** Which subjects a line that speaks for many lists; beyond, `count` says how many there are. */
const listedMax = 20;

/** Where it was placed, with the cell's score and that of the cell that came second. */
export function placementLine({ work, cellId, why }: Placement): ExplainLine {
  return {
    kind: 'placed',
    subject: subjectOf(work),
    cell: cellId,
    ...(why === undefined ? {} : { chosen: scored(why.chosen) }),
    ...(why?.runnerUp === undefined ? {} : { runnerUp: scored(why.runnerUp) }),
  };
}

function scored({ cellId, terms, score, ...place }: ScoredCell): unknown {
  const rounded = Object.fromEntries(Object.entries(terms).map(([name, value]) => [name, round(value)]));
  return { cell: cellId, ...place, score: round(score), terms: rounded };
}

/** Six digits tell any two cells apart that a person would; the auction compares all of them. */
const round = (value: number): number => Number(value.toFixed(6));

/** One line for everything that was refused for the same reasons: counts per filter, the nearest cell, the change. */
export function refusalLines(unplaced: readonly Unplaced[]): ExplainLine[] {
  const groups = new Map<Refusal, Work[]>();
  for (const { work, refusal } of unplaced) {
    const group = groups.get(refusal);
    if (group === undefined) groups.set(refusal, [work]);
    else group.push(work);
  }
  return [...groups].map(([{ message, ...rest }, works]) => ({
    kind: 'refused',
    subjects: works.slice(0, listedMax).map(subjectOf),
    count: works.length,
    reason: message,
    ...rest,
  }));
}

/** @param isWritten false: the record had changed meanwhile, and it is decided again */
export function decisionLine(decision: Decision, isWritten: boolean): ExplainLine {
  const { kind, because, lostCell } = decision;
  return {
    kind: 'decided',
    rule: kind,
    ...aboutOf(decision),
    because,
    ...(lostCell === undefined ? {} : { lostCell }),
    ...(isWritten ? {} : { conflict: true }),
  };
}

/** What it is about, and in which state that was. */
function aboutOf(decision: Decision): Readonly<Record<string, unknown>> {
  switch (decision.kind) {
    case 'create':
      return { subject: instanceName(decision.guid, decision.index) };
    case 'recover':
      return instanceOf(decision.suspect.value);
    case 'delete':
    case 'retire':
    case 'replace':
    case 'suspect':
    case 'evacuate':
    case 'remind':
    case 'unclaim':
    case 'restart':
      return instanceOf(decision.record.value);
    case 'forget':
      return { subject: decision.desired.value.guid };
    case 'failTask':
    case 'unassignTask':
    case 'deleteTask': {
      const { guid, state, cellId } = decision.task.value;
      return { subject: guid, state, cell: cellId };
    }
    case 'finishDrain':
      return { cell: decision.spec.value.cellId };
    case 'progressRebalance':
      return { movesLeft: decision.moves.length };
  }
}

function instanceOf(record: {
  readonly guid: string;
  readonly index: number;
  readonly state: string;
  readonly cellId?: string | undefined;
}): Readonly<Record<string, unknown>> {
  const { guid, index, state, cellId } = record;
  return { subject: instanceName(guid, index), state, cell: cellId };
}

function subjectOf(work: Work): string {
  return work.kind === 'task' ? work.guid : instanceName(work.guid, work.index);
}
