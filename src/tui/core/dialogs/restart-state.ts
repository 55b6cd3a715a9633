/**
 * A rolling restart as a value: what is to do, what is under way, what became of it. Each instance is looked at, stopped,
 * and waited for until its successor runs and is ready. restart-progress.ts asks and draws.
 */
import type { ActualLrp } from '../../../model/actual-lrp.ts';
import { type DesiredLrp, wantedInstances } from '../../../model/desired-lrp.ts';
import type { Millis, ProcessGuid } from '../../../model/ids.ts';
import { instanceName } from '../../../model/instance-name.ts';
import { counted, type RestartItem, type RestartRange, takeItems, totalOf } from './restart-queue.ts';

/** An instance that does not run again by then is a reason to stop; also when nothing is heard of the cluster. */
export const patienceMs = 5 * 60_000;

export interface Active {
  readonly item: RestartItem;
  /** The instance that is to go, '' for a record without one; absent until it was looked at. */
  readonly before?: string | undefined;
  /** The stop failed in a way that may pass: it is asked for again. */
  readonly isRefused: boolean;
  /** When it was taken on. */
  readonly since: Millis;
  /** There is no record of it: on its way, or no longer wanted. The LRP is asked. */
  readonly isMissing: boolean;
  /** What it does now, for people. */
  readonly seen: string;
}

export interface RestartState {
  readonly title: string;
  readonly queue: readonly RestartRange[];
  readonly atOnce: number;
  readonly active: readonly Active[];
  readonly done: number;
  /** Those that had no place, or are no longer wanted: there was nothing to restart. */
  readonly skipped: number;
  /** Why it stopped for good. */
  readonly problem: string;
  /** Why nothing is heard just now; it goes on when that is over. */
  readonly trouble: string;
}

export const itemName = ({ guid, index }: RestartItem): string => instanceName(guid, index);

/** All that were to be restarted; undefined while they are not counted. */
export function restartTotal({ queue, active, done, skipped }: RestartState): number | undefined {
  const left = totalOf(queue);
  return left === undefined ? undefined : left + active.length + done + skipped;
}

export const isFinished = (state: RestartState): boolean =>
  state.problem === '' && state.active.length === 0 && totalOf(state.queue) === 0;

export const halted = (state: RestartState, problem: string): RestartState => ({
  ...state,
  problem: state.problem || problem,
});

/** Takes on as many as may be under way; halts when one of those has taken too long. */
export function restartAdvanced(state: RestartState, now: Millis): RestartState {
  if (state.problem !== '') return state;
  const late = state.active.find(({ since }) => now - since > patienceMs);
  if (late !== undefined) {
    const why = state.trouble === '' ? 'W on it says why' : state.trouble;
    return halted(
      state,
      `${itemName(late.item)} does not run again after ${patienceMs / 60_000} minutes: ${why}`,
    );
  }
  const { items, rest } = takeItems(state.queue, state.atOnce - state.active.length);
  if (items.length === 0) return { ...state, queue: rest };
  const taken = items.map(
    (item): Active => ({ item, since: now, isRefused: false, isMissing: false, seen: 'looked at' }),
  );
  return { ...state, queue: rest, active: [...state.active, ...taken] };
}

export interface Looked {
  readonly state: RestartState;
  /** It is to be stopped now. */
  readonly retire?: RestartItem | undefined;
}

/** What the cluster says of one that is under way. */
export function restartLooked(state: RestartState, name: string, rows: readonly ActualLrp[]): Looked {
  const active = state.active.find(({ item }) => itemName(item) === name);
  if (active === undefined) return { state };
  const record = rows.find(({ presence }) => presence === 'ORDINARY');
  const heard = { ...state, trouble: '' };
  if (record === undefined)
    return { state: replaced(heard, active, { ...active, isMissing: true, seen: 'not there now' }) };
  if (active.before === undefined && record.state === 'UNCLAIMED')
    return { state: ended(heard, active, 'skipped') };
  if (active.before !== undefined && isBack(record, active.before))
    return { state: ended(heard, active, 'done') };
  const before = active.before ?? record.instanceGuid ?? '';
  const next = { ...active, before, isMissing: false, isRefused: false, seen: seenText(record, before) };
  // One that has gone meanwhile was stopped all the same: only the answer was lost.
  const isStill = (record.instanceGuid ?? '') === before && record.retire === undefined;
  const asks = active.before === undefined || (active.isRefused && isStill);
  return { state: replaced(heard, active, next), ...(asks ? { retire: active.item } : {}) };
}

/** The stop of one that is under way failed, maybe only for now. */
export function restartRefused(state: RestartState, name: string, trouble: string): RestartState {
  const active = state.active.map((each) =>
    itemName(each.item) === name ? { ...each, isRefused: true } : each,
  );
  return { ...state, active, trouble };
}

const isBack = ({ state, routable, retire, instanceGuid }: ActualLrp, before: string): boolean =>
  state === 'RUNNING' && routable && retire === undefined && instanceGuid !== before;

function seenText(record: ActualLrp, before: string): string {
  if (record.instanceGuid === before || record.retire !== undefined) return 'stops';
  const where = record.cellId === undefined ? '' : ` on ${record.cellId}`;
  switch (record.state) {
    case 'UNCLAIMED':
      return record.placementError === undefined ? 'is placed' : `no place: ${record.placementError.message}`;
    case 'CLAIMED':
      return `starts${where}`;
    case 'CRASHED':
      return `crashed: ${record.crashReason ?? 'no reason known'}`;
    case 'RUNNING':
      return `runs${where}, not ready yet${record.checkOutput === undefined ? '' : `: ${record.checkOutput}`}`;
  }
}

/** How many instances the LRP wants now; undefined when it is no longer there. */
export function restartCounted(
  state: RestartState,
  guid: ProcessGuid,
  desired: DesiredLrp | undefined,
): RestartState {
  const wanted = desired === undefined ? 0 : wantedInstances(desired);
  const next = { ...state, trouble: '', queue: counted(state.queue, guid, wanted) };
  return next.active
    .filter(({ item, isMissing }) => isMissing && item.guid === guid && item.index >= wanted)
    .reduce((before, active) => ended(before, active, 'skipped'), next);
}

const replaced = (state: RestartState, active: Active, next: Active): RestartState => ({
  ...state,
  active: state.active.map((each) => (each === active ? next : each)),
});

const ended = (state: RestartState, active: Active, how: 'done' | 'skipped'): RestartState => ({
  ...state,
  active: state.active.filter((each) => each !== active),
  [how]: state[how] + 1,
});
