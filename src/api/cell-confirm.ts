/**
 * Answers a cell that asks about containers which nobody claims: which does the store still assign to it? Called by
 * cell-requests.ts. What is not named is stopped by the cell, so everything in doubt is named.
 */
import type { ActualLrp } from '../model/actual-lrp.ts';
import { definitionOf } from '../model/desired-lrp.ts';
import { instanceName } from '../model/ids.ts';
import { isReplaced, mayBeUnknown, replacedMs } from '../model/restored.ts';
import type { Task } from '../model/task.ts';
import type { StoredRecord } from '../store/bbs.ts';
import { encode } from '../store/core/codec.ts';
import { type ActualSlot, actualKey, eventKey, taskKey } from '../store/core/keys.ts';
import { type CellContext, journalPuts, type Slot, slotOf } from './cell-report.ts';
import type { CellRequestParams, CellRequestResult } from './core/cell-protocol.ts';

const slots: readonly ActualSlot[] = ['ordinary', 'suspect', 'evacuating'];

/**
 * Names what the store still assigns to this cell, by a quorum-backed read of exactly those keys. A record that
 * cannot be read counts as assigned, and so does, for a time, what a restored state may be too old to know.
 */
export async function confirmClaims(
  context: CellContext,
  { instances, tasks }: CellRequestParams<'confirm'>,
): Promise<CellRequestResult<'confirm'>> {
  const keys = [
    ...instances.flatMap((i) => slots.map((slot) => actualKey(i.guid, i.index, slot))),
    ...tasks.map((task) => taskKey(task.guid)),
  ];
  if (keys.length === 0) return { instances: [], tasks: [] };
  const { records } = await context.bbs.read(keys, { signal: context.signal });
  const taskRecords = records.slice(instances.length * slots.length);
  const claimed = instances.filter((ref, i) => {
    const mine = records.slice(i * slots.length, (i + 1) * slots.length);
    return mine.some((record) => holds(context, ref.instanceGuid, record));
  });
  const claimedTasks = tasks.filter((ref, i) =>
    ownsTask(context, ref.attempt, slotOf('task', taskRecords[i])),
  );
  const inDoubt = instances.filter((ref) => !claimed.includes(ref) && isInDoubt(context, ref));
  const ordinary = (ref: InstanceRef) => records[instances.indexOf(ref) * slots.length];
  const replaced = new Set(inDoubt.filter((ref) => isSurplus(context, ref, ordinary(ref))));
  const kept = inDoubt.filter((ref) => !replaced.has(ref));
  const keptTasks = tasks.filter((ref) => !claimedTasks.includes(ref) && isInDoubt(context, ref));
  await tellReplaced(context, [...replaced]);
  await tellKept(context, [
    ...kept.map(({ guid, index, instanceGuid, definition }) => ({
      subject: instanceName(guid, index),
      unique: instanceGuid,
      orUntil: definition === undefined ? '' : orUntilReplaced,
    })),
    ...keptTasks.map(({ guid, attempt }) => ({ subject: guid, unique: attempt, orUntil: '' })),
  ]);
  return {
    instances: [...claimed, ...kept].map((ref) => ref.instanceGuid),
    tasks: [...claimedTasks, ...keptTasks].map((ref) => ref.guid),
  };
}

function isInDoubt(
  context: CellContext,
  { startedAt }: { readonly startedAt?: number | undefined },
): boolean {
  return mayBeUnknown(context.replica.state.restored?.value, startedAt, context.clock.now());
}

type InstanceRef = CellRequestParams<'confirm'>['instances'][number];

/** @param ordinary the record of its index */
function isSurplus(
  { replica, clock }: CellContext,
  { guid, definition }: InstanceRef,
  ordinary: StoredRecord | undefined,
): boolean {
  const { restored, desired, cells } = replica.state;
  const lrp = desired.get(guid)?.value;
  const slot: Slot<ActualLrp> = slotOf('actual', ordinary);
  if (restored === undefined || lrp === undefined || slot === undefined || slot === 'corrupt') return false;
  const { cellId } = slot.value;
  // The restore wrote its own record last: what has a later revision was written by who lives now.
  const isNews = slot.revision > restored.revision;
  const isCellPresent = cellId !== undefined && cells.has(cellId);
  const index = { record: slot.value, isNews, isCellPresent, definition: definitionOf(lrp) };
  return isReplaced(definition, index, clock.now());
}

/** Before the cell is told that they may end: of what was told as kept nothing ends untold. */
async function tellReplaced(context: CellContext, ended: readonly InstanceRef[]): Promise<void> {
  const puts = ended.flatMap(({ guid, index, instanceGuid }) => {
    const message = `${instanceGuid} on ${context.cellId}, which the restored state does not know, goes: another has run in its place for ${replacedMs / 60_000} minutes`;
    return journalPuts(context, { type: 'instance.retired', subject: instanceName(guid, index), message });
  });
  if (puts.length > 0) await context.commits.commit({ compare: [], puts });
}

interface KeptContainer {
  readonly subject: string;
  readonly unique: string;
  /** What ends it earlier, for the journal. */
  readonly orUntil: string;
}

const orUntilReplaced = `, or until another of the same definition has run in its place for ${replacedMs / 60_000} minutes`;

/** One line a container, however often the cell asks. */
async function tellKept(context: CellContext, kept: readonly KeptContainer[]): Promise<void> {
  const restored = context.replica.state.restored?.value;
  if (restored === undefined || kept.length === 0) return;
  const { cellId, replica, bbs, signal } = context;
  const until = new Date(restored.keepUntil).toISOString();
  const mutations = kept.flatMap(({ subject, unique, orUntil }) => {
    const key = eventKey(restored.at, `kept-${unique}`);
    if (replica.state.events.has(key.slice(key.lastIndexOf('/') + 1))) return [];
    const message = `runs on cell ${cellId} and is not in the restored state, which is older: left running until ${until}${orUntil}; then it is stopped`;
    const line = { v: 1, type: 'instance.kept', at: restored.at, subject, message, cellId } as const;
    return [{ compare: [{ key, revision: 0 }], puts: [{ key, value: encode(line) }] }];
  });
  if (mutations.length > 0) await bbs.commit(mutations, { signal });
}

function holds(context: CellContext, instanceGuid: string, record: StoredRecord | undefined): boolean {
  const slot: Slot<ActualLrp> = slotOf('actual', record);
  if (slot === undefined || slot === 'corrupt') return slot === 'corrupt';
  return slot.value.instanceGuid === instanceGuid && slot.value.cellId === context.cellId;
}

function ownsTask(context: CellContext, attempt: string, slot: Slot<Task>): boolean {
  if (slot === undefined || slot === 'corrupt') return slot === 'corrupt';
  const { state, cellId } = slot.value;
  return state === 'RUNNING' && cellId === context.cellId && slot.value.attempt === attempt;
}
