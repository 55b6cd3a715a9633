/** What each decision writes, applied to a store in memory and read back as the replica reads it. */
import { describe, expect, test } from 'vitest';
import {
  buildActual,
  buildDesired,
  buildTask,
  builtAt,
  type ClusterRecords,
  clusterRecords,
} from '../../../test/kit/builders.ts';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { CellId, ProcessGuid, TaskGuid } from '../../model/ids.ts';
import { decode } from '../../store/core/codec.ts';
import { MutableState } from '../../store/core/fold.ts';
import { parseKey, root } from '../../store/core/keys.ts';
import type { Mutation } from '../../store/core/records.ts';
import { MemoryStore } from '../../store/memory/memory-store.ts';
import { converge } from './converge.ts';
import {
  assignMutation,
  claimMutation,
  decisionMutation,
  refuseLrpMutation,
  refuseTaskMutation,
} from './mutations.ts';
import { fullScope } from './scope.ts';

const now = builtAt + 1_000;
const web = 'web' as ProcessGuid;
const job = 'job' as TaskGuid;

function storeOf(records: ClusterRecords): MemoryStore {
  const store = new MemoryStore(virtualClock(builtAt));
  const puts = clusterRecords(records).map(([key, value]) => ({ key, value }));
  store.commit(
    puts.map((put) => ({ compare: [], puts: [put] })),
    undefined,
  );
  return store;
}

function stateOf(store: MemoryStore): MutableState {
  const state = new MutableState();
  state.replace({ revision: store.revision, records: store.list(root) });
  return state;
}

const context = () => {
  let count = 0;
  return { now, unique: () => `unique-${++count}` };
};

function write(store: MemoryStore, mutations: readonly Mutation[]): boolean[] {
  for (const { key, value, noun } of mutations.flatMap(({ puts }) => puts)) {
    // Who wrote it takes it for what is read.
    const kind = parseKey(key)?.kind ?? 'event';
    if (noun !== undefined) expect(decode(kind, value)).toStrictEqual({ ok: true, value: noun });
  }
  return store.commit(mutations, undefined).map(({ committed }) => committed);
}

/** Decides once, writes it, and returns the state after it. */
function step(store: MemoryStore, at = now): MutableState {
  const { decisions } = converge({ state: stateOf(store), scope: fullScope(), now: at });
  const written = write(
    store,
    decisions.map((decision) => decisionMutation(decision, { ...context(), now: at })),
  );
  expect(written).toEqual(decisions.map(() => true));
  return stateOf(store);
}

const slots = (state: MutableState) => {
  const { ordinary, suspect } = state.actual.get(web)?.get(0) ?? {};
  return { ordinary: ordinary?.value, suspect: suspect?.value };
};

describe('a lost instance', () => {
  const lost = buildActual({ state: 'RUNNING', cellId: 'lost', routable: true, since: builtAt });
  const records = (actual: ActualLrp): ClusterRecords => ({
    desired: [buildDesired()],
    actual: [actual],
    cells: ['a'],
  });

  test('[diego 258] becomes suspect, as it was, beside a new UNCLAIMED record, in one write', () => {
    const { ordinary, suspect } = slots(step(storeOf(records(lost))));
    expect(suspect).toEqual({ ...lost, presence: 'SUSPECT', updatedAt: now, modificationIndex: 1 });
    expect(ordinary).toMatchObject({
      state: 'UNCLAIMED',
      presence: 'ORDINARY',
      epoch: 'unique-1',
      crashCount: 0,
    });
    expect(ordinary?.cellId).toBeUndefined();
  });
  test('hands its crash count and last reason to its replacement', () => {
    const crashing = { ...lost, crashCount: 2, crashReason: 'Exited with status 1' };
    const { ordinary } = slots(step(storeOf(records(crashing))));
    expect(ordinary).toMatchObject({ crashCount: 2, crashReason: 'Exited with status 1' });
  });
  test('hands nothing on after a run of more than five minutes, after which a crash counts as the first', () => {
    const { ordinary } = slots(step(storeOf(records({ ...lost, crashCount: 2 })), builtAt + 5 * 60_000 + 1));
    expect(ordinary?.crashCount).toBe(0);
  });
  test('is not replaced when its cell came back in the meantime', () => {
    const store = storeOf(records(lost));
    const { decisions } = converge({ state: stateOf(store), scope: fullScope(), now });
    const [back] = clusterRecords({ cells: ['lost'], domains: [] });
    write(store, [{ compare: [], puts: [{ key: back?.[0] ?? '', value: back?.[1] ?? '' }] }]);
    expect(
      write(
        store,
        decisions.map((decision) => decisionMutation(decision, context())),
      ),
    ).toEqual([false]);
  });
});

test('[diego 259] a suspect whose cell is back takes the place of its replacement, in one write', () => {
  const suspect = buildActual({ state: 'RUNNING', cellId: 'b', presence: 'SUSPECT' });
  const actual = [suspect, buildActual({ state: 'CLAIMED', cellId: 'a' })];
  const after = slots(step(storeOf({ desired: [buildDesired()], actual, cells: ['a', 'b'] })));
  expect(after.suspect).toBeUndefined();
  expect(after.ordinary).toMatchObject({
    presence: 'ORDINARY',
    cellId: 'b',
    instanceGuid: suspect.instanceGuid,
  });
});

test('[diego 261] an unclaimed replacement keeps its crash count', () => {
  const actual = [
    buildActual({ state: 'RUNNING', cellId: 'lost', presence: 'SUSPECT' }),
    buildActual({ state: 'CLAIMED', cellId: 'lost-too', crashCount: 2 }),
  ];
  const { ordinary, suspect } = slots(step(storeOf({ desired: [buildDesired()], actual, cells: ['a'] })));
  expect(ordinary).toMatchObject({ state: 'UNCLAIMED', crashCount: 2 });
  expect(suspect?.cellId).toBe('lost');
});

test('[diego 121] a crashed instance is restarted with the same epoch, a larger index and its crash count', () => {
  const actual = [buildActual({ state: 'CRASHED', crashCount: 3, crashReason: 'Exited with status 1' })];
  const { ordinary } = slots(step(storeOf({ desired: [buildDesired()], actual }), builtAt + 30_000));
  expect(ordinary).toMatchObject({ state: 'UNCLAIMED', epoch: 'epoch', modificationIndex: 1, crashCount: 3 });
});

test('an instance that is to stop carries the mark and the reason', () => {
  const actual = [buildActual({ state: 'RUNNING', cellId: 'a' })];
  const { ordinary } = slots(
    step(storeOf({ desired: [buildDesired({ instances: 0 })], actual, cells: ['a'] })),
  );
  expect(ordinary).toMatchObject({ state: 'RUNNING', retire: { reason: 'scaled to 0', since: now } });
});

test('a removed LRP and its records go, pass by pass', () => {
  const store = storeOf({ desired: [buildDesired({ removedAt: builtAt })], actual: [buildActual()] });
  expect(step(store).actual.size).toBe(0);
  expect(step(store).desired.size).toBe(0);
});

test('[diego 271] a decision from a state that is no longer true writes nothing', () => {
  const store = storeOf({ desired: [buildDesired()] });
  const { decisions } = converge({ state: stateOf(store), scope: fullScope(), now });
  const twice = [...decisions, ...decisions].map((decision) => decisionMutation(decision, context()));
  expect(write(store, twice)).toEqual([true, false]);
});

test('a claim names the cell and an instance of its own', () => {
  const store = storeOf({ desired: [buildDesired()], actual: [buildActual()] });
  const record = stateOf(store).actual.get(web)?.get(0)?.ordinary;
  write(store, [claimMutation(record!, 'a' as CellId, context())]);
  expect(slots(stateOf(store)).ordinary).toMatchObject({
    state: 'CLAIMED',
    cellId: 'a',
    instanceGuid: 'unique-1-unique-2',
    since: now,
  });
});

test('a refusal is put on the record and taken off by the next claim', () => {
  const store = storeOf({ desired: [buildDesired()], actual: [buildActual()] });
  const read = () => stateOf(store).actual.get(web)?.get(0)?.ordinary;
  const refusal = { message: 'insufficient resources: memory', cells: 1, counts: { memory: 1 } };
  write(store, [refuseLrpMutation(read()!, refusal, now)]);
  expect(read()?.value.placementError).toEqual(refusal);
  write(store, [claimMutation(read()!, 'a' as CellId, context())]);
  expect(read()?.value.placementError).toBeUndefined();
});

describe('a task', () => {
  const read = (store: MemoryStore) => stateOf(store).tasks.get(job);

  test('[diego 54] of a lost cell is COMPLETED and failed, with the reason', () => {
    const store = storeOf({ tasks: [buildTask({ state: 'RUNNING', cellId: 'lost', attempt: 'x' })] });
    step(store);
    expect(read(store)?.value).toMatchObject({
      state: 'COMPLETED',
      failed: true,
      failureReason: 'cell disappeared before completion',
      firstCompletedAt: now,
      cellId: 'lost',
    });
  });
  test('that a lost cell did not start waits again, without a rejection', () => {
    const store = storeOf({ tasks: [buildTask({ cellId: 'lost' })] });
    step(store);
    expect(read(store)?.value).toMatchObject({ state: 'PENDING', rejectionCount: 0 });
    expect(read(store)?.value.cellId).toBeUndefined();
  });
  test('that is placed stays PENDING with its cell', () => {
    const store = storeOf({ tasks: [buildTask()] });
    write(store, [assignMutation(read(store)!, 'a' as CellId, now)]);
    expect(read(store)?.value).toMatchObject({ state: 'PENDING', cellId: 'a' });
  });
  test('[diego 51] that has no place keeps the reason; only a counted refusal uses up a try', () => {
    const store = storeOf({ tasks: [buildTask()] });
    const refusal = { message: 'insufficient resources: memory', cells: 1, counts: { memory: 1 } };
    write(store, [refuseTaskMutation(read(store)!, refusal, false, now)]);
    expect(read(store)?.value).toMatchObject({ placementError: refusal, rejectionCount: 0 });
    write(store, [refuseTaskMutation(read(store)!, refusal, true, now)]);
    expect(read(store)?.value).toMatchObject({ state: 'PENDING', rejectionCount: 1 });
  });
  test('[diego 32] that was refused four times fails with the reason', () => {
    const store = storeOf({ tasks: [buildTask({ rejectionCount: 3 })] });
    const refusal = { message: 'insufficient resources: memory', cells: 1, counts: { memory: 1 } };
    write(store, [refuseTaskMutation(read(store)!, refusal, true, now)]);
    expect(read(store)?.value).toMatchObject({
      state: 'COMPLETED',
      failed: true,
      failureReason: 'insufficient resources: memory',
    });
  });
});
