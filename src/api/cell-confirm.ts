/**
 * Answers a cell that asks about containers which nobody claims: which does the store still assign to it? Called by
 * cell-requests.ts. What is not named is stopped by the cell, so everything in doubt is named.
 */
import type { ActualLrp } from '../model/actual-lrp.ts';
import { mayBeUnknown } from '../model/restored.ts';
import type { Task } from '../model/task.ts';
import type { StoredRecord } from '../store/bbs.ts';
import { encode } from '../store/core/codec.ts';
import { type ActualSlot, actualKey, eventKey, taskKey } from '../store/core/keys.ts';
import { type CellContext, type Slot, slotOf } from './cell-report.ts';
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
  const kept = instances.filter((ref) => !claimed.includes(ref) && isInDoubt(context, ref));
  const keptTasks = tasks.filter((ref) => !claimedTasks.includes(ref) && isInDoubt(context, ref));
  await tellKept(context, [
    ...kept.map(({ guid, index, instanceGuid }) => ({ subject: `${guid}/${index}`, unique: instanceGuid })),
    ...keptTasks.map(({ guid, attempt }) => ({ subject: guid, unique: attempt })),
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

interface KeptContainer {
  readonly subject: string;
  readonly unique: string;
}

/** One line a container, however often the cell asks. */
async function tellKept(context: CellContext, kept: readonly KeptContainer[]): Promise<void> {
  const restored = context.replica.state.restored?.value;
  if (restored === undefined || kept.length === 0) return;
  const { cellId, replica, bbs, signal } = context;
  const until = new Date(restored.keepUntil).toISOString();
  const mutations = kept.flatMap(({ subject, unique }) => {
    const key = eventKey(restored.at, `kept-${unique}`);
    if (replica.state.events.has(key.slice(key.lastIndexOf('/') + 1))) return [];
    const message = `runs on cell ${cellId} and is not in the restored state, which is older: left running until ${until}; then it is stopped`;
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
