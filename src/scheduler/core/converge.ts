/**
 * The converger: compares what should be with what is, within a scope, and says what is to change. Called by
 * the brain on every pass. Pure and level-triggered: it remembers nothing, and deciding twice from one state
 * gives the same decisions.
 */
import type { LrpWork, TaskWork, Work } from '../../model/auction.ts';
import { type DesiredLrp, wantedInstances } from '../../model/desired-lrp.ts';
import type { CellId, Millis, ProcessGuid, TaskGuid } from '../../model/ids.ts';
import type { Resources } from '../../model/resources.ts';
import type { Task } from '../../model/task.ts';
import { desiredKey, taskKey } from '../../store/core/keys.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { type ConvergeContext, convergeIndex } from './converge-lrp.ts';
import { convergeTask } from './converge-task.ts';
import type { Decision } from './decision.ts';
import { finishedDrain } from './drain.ts';
import { createDrainTurns } from './drain-turns.ts';
import { stepRebalance } from './rebalance-step.ts';
import { type Scope, wholeLrp } from './scope.ts';
import { pausedCells } from './storm.ts';

/** Something that falls due by time alone. */
export interface Due {
  readonly at: Millis;
  readonly what: DueKey;
}

export type DueKey =
  | { readonly kind: 'index'; readonly guid: ProcessGuid; readonly index: number }
  | { readonly kind: 'task'; readonly guid: TaskGuid };

export interface ConvergeInput {
  readonly state: ClusterState;
  readonly scope: Scope;
  readonly now: Millis;
}

export interface ConvergeResult {
  readonly decisions: readonly Decision[];
  /** What is UNCLAIMED or PENDING and wants a place. */
  readonly work: readonly Work[];
  /** When something within the scope falls due next. */
  readonly due: readonly Due[];
}

interface Collected {
  readonly decisions: Decision[];
  readonly work: Work[];
  readonly due: Due[];
  /** Indexes that were looked at. */
  indexCount: number;
}

/** Indexes that are looked at in one step: about 25 ms of one core. */
const indexesPerStep = 10_000;

export function converge(input: ConvergeInput): ConvergeResult {
  const steps = convergeSteps(input);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * The same in short steps, so that a server with 250,000 instances answers meanwhile. The state may go on between
 * two of them: each decision compares the records that it was made from, and what changed is looked at again.
 */
export function* convergeSteps({ state, scope, now }: ConvergeInput): Generator<void, ConvergeResult> {
  const into: Collected = { decisions: [], work: [], due: [], indexCount: 0 };
  const paused = pausedCells(state.roster?.value);
  const context: ConvergeContext = { state, now, paused, turns: createDrainTurns(state) };
  into.decisions.push(...stepRebalance(state, now));
  if (scope.all) {
    for (const guid of state.desired.keys()) yield* convergeLrp(context, guid, undefined, into);
    for (const guid of state.actual.keys()) {
      if (!state.desired.has(guid)) yield* convergeLrp(context, guid, undefined, into);
    }
    for (const guid of state.tasks.keys()) convergeOneTask(context, guid, into);
    for (const cellId of state.cellSpecs.keys()) convergeCell(state, cellId, into);
    return into;
  }
  for (const [guid, indexes] of scope.lrps) {
    yield* convergeLrp(context, guid, indexes.has(wholeLrp) ? undefined : indexes, into);
  }
  for (const guid of scope.tasks) convergeOneTask(context, guid, into);
  for (const cellId of scope.cells) convergeCell(state, cellId, into);
  return into;
}

function convergeCell(state: ClusterState, cellId: CellId, into: Collected): void {
  const spec = finishedDrain(state, cellId);
  if (spec === undefined) return;
  into.decisions.push({ kind: 'finishDrain', spec, because: 'no instance and no task is left on it' });
}

/** Of most LRPs there is one instance. */
const onlyFirst: ReadonlySet<number> = new Set([0]);

/** Indexes that have a record or should have one. */
function everyIndex(state: ClusterState, guid: ProcessGuid): ReadonlySet<number> {
  const known = state.actual.get(guid);
  const desired = state.desired.get(guid);
  const count = desired === undefined ? 0 : wantedInstances(desired.value);
  if (count === 1 && known?.size === 1 && known.has(0)) return onlyFirst;
  const indexes = new Set<number>(known?.keys());
  for (let index = 0; index < count; index++) indexes.add(index);
  return indexes;
}

/** @param indexes to look at; undefined: all */
function* convergeLrp(
  context: ConvergeContext,
  guid: ProcessGuid,
  indexes: ReadonlySet<number> | undefined,
  into: Collected,
): Generator<void, void> {
  const { state } = context;
  // Who cannot read what is wanted must not touch what runs.
  if (state.corrupt.has(desiredKey(guid))) return;
  const desired = state.desired.get(guid);
  if (desired?.value.removedAt !== undefined && !state.actual.has(guid)) {
    into.decisions.push({ kind: 'forget', desired, because: 'it was removed and nothing of it is left' });
    return;
  }
  for (const index of indexes ?? everyIndex(state, guid)) {
    into.indexCount += 1;
    if (into.indexCount % indexesPerStep === 0) yield;
    const verdict = convergeIndex(context, guid, index, desired?.value);
    if (verdict.decisions.length > 0) into.decisions.push(...verdict.decisions);
    if (verdict.unclaimed && desired !== undefined) into.work.push(lrpWork(desired.value, index));
    if (verdict.dueAt !== undefined)
      into.due.push({ at: verdict.dueAt, what: { kind: 'index', guid, index } });
  }
}

function convergeOneTask(context: ConvergeContext, guid: TaskGuid, into: Collected): void {
  const { state } = context;
  const task = state.tasks.get(guid);
  if (task === undefined || state.corrupt.has(taskKey(guid))) return;
  const verdict = convergeTask(context, task);
  if (verdict.decision !== undefined) into.decisions.push(verdict.decision);
  if (verdict.pending) into.work.push(taskWork(guid, task.value));
  if (verdict.dueAt !== undefined) into.due.push({ at: verdict.dueAt, what: { kind: 'task', guid } });
}

const noPorts: readonly number[] = [];

/** An index of an LRP that wants a place; `home` is the cell that its record names, and counts if it is sticky. */
export function lrpWork(desired: DesiredLrp, index: number, home?: CellId): LrpWork {
  const { guid, placement, priority, fixedPorts } = desired;
  const ports = fixedPorts.length === 0 ? noPorts : fixedPorts.map(({ hostPort }) => hostPort);
  const resources = resourcesOf(desired);
  const work: LrpWork = {
    kind: 'lrp',
    guid,
    index,
    resources,
    rules: placement,
    priority,
    fixedPorts: ports,
  };
  return placement.sticky && home !== undefined ? { ...work, home } : work;
}

export function taskWork(guid: TaskGuid, task: Task): TaskWork {
  return { kind: 'task', guid, resources: resourcesOf(task), rules: task.placement };
}

/** What one container of a definition takes from a cell; a limit of 0 promises nothing. */
export function resourcesOf(limits: { readonly memoryMb: number; readonly diskMb: number }): Resources {
  return { memoryMb: limits.memoryMb, diskMb: limits.diskMb, containers: 1 };
}
