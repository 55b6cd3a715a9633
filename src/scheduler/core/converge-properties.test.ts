/**
 * What holds for every cluster, however broken: the converger's decisions do not contradict each other, can
 * all be written, lead to rest, and are the same whether everything is looked at or only what changed.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  buildActual,
  buildDesired,
  buildDrained,
  buildTask,
  builtAt,
  type ClusterRecords,
  clusterRecords,
} from '../../../test/kit/builders.ts';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import { MutableState } from '../../store/core/fold.ts';
import { rebalanceKey, root } from '../../store/core/keys.ts';
import { MemoryStore } from '../../store/memory/memory-store.ts';
import { converge } from './converge.ts';
import type { Decision } from './decision.ts';
import { decisionMutation } from './mutations.ts';
import { emptyScope, fullScope, markTouched } from './scope.ts';

const now = builtAt + 20 * 60_000;
const guids = ['p1', 'p2'];

const instance = fc.record({
  guid: fc.constantFrom(...guids, 'orphan'),
  index: fc.integer({ min: 0, max: 4 }),
  state: fc.constantFrom('UNCLAIMED', 'CLAIMED', 'RUNNING', 'CRASHED'),
  cellId: fc.constantFrom('a', 'b', 'c', 'd'),
  presence: fc.constantFrom('ORDINARY', 'ORDINARY', 'SUSPECT', 'EVACUATING'),
  routable: fc.boolean(),
  crashCount: fc.constantFrom(0, 2, 3, 8, 200),
  ageMs: fc.constantFrom(0, 10_000, 11 * 60_000),
  isRetired: fc.boolean(),
});

interface Move {
  readonly guid: string;
  readonly index: number;
  readonly from: string;
  readonly to: string;
}

/** The rebalance that asks for these moves, of the instances that may run where they begin; none without moves. */
function rebalanceOf(moves: readonly Move[]): Record<string, string> {
  const asked = moves.filter(({ from, to }) => from !== to);
  if (asked.length === 0) return {};
  const named = asked.map((move) => ({ ...move, instanceGuid: `i-${move.guid}-${move.index}-${move.from}` }));
  const value = { v: 1, by: 'uid 0', at: builtAt, asked: asked.length, moves: named };
  return { [rebalanceKey]: JSON.stringify(value) };
}

const recordsArbitrary: fc.Arbitrary<ClusterRecords> = fc
  .record({
    desired: fc.uniqueArray(
      fc.record({
        guid: fc.constantFrom(...guids),
        instances: fc.integer({ min: 0, max: 4 }),
        isRemoved: fc.boolean(),
      }),
      { selector: ({ guid }) => guid },
    ),
    actual: fc.uniqueArray(instance, {
      selector: ({ guid, index, presence }) => `${guid}/${index}/${presence}`,
      maxLength: 16,
    }),
    tasks: fc.uniqueArray(
      fc.record({
        guid: fc.constantFrom('t1', 't2', 't3'),
        state: fc.constantFrom('PENDING', 'RUNNING', 'COMPLETED', 'RESOLVING'),
        cellId: fc.constantFrom('a', 'd', undefined),
        ageMs: fc.constantFrom(0, 60_000, 31 * 60_000),
      }),
      { selector: ({ guid }) => guid },
    ),
    cells: fc.subarray(['a', 'b', 'c']),
    specs: fc.uniqueArray(
      fc.record({
        cellId: fc.constantFrom('a', 'b', 'd'),
        force: fc.constantFrom(false, false, true),
        deadlineAt: fc.constantFrom(undefined, builtAt, now + 60_000),
        maxParallel: fc.constantFrom(undefined, 1, 2),
      }),
      { selector: ({ cellId }) => cellId },
    ),
    moves: fc.uniqueArray(
      fc.record({
        guid: fc.constantFrom(...guids),
        index: fc.integer({ min: 0, max: 4 }),
        from: fc.constantFrom('a', 'b', 'd'),
        to: fc.constantFrom('b', 'c'),
      }),
      { selector: ({ guid, index }) => `${guid}/${index}`, maxLength: 8 },
    ),
    domains: fc.subarray(['default']),
  })
  .map(({ desired, actual, tasks, cells, domains, specs, moves }) => ({
    raw: rebalanceOf(moves),
    specs: specs.map(({ cellId, force, deadlineAt, maxParallel }) =>
      buildDrained(cellId, {
        force,
        ...(deadlineAt === undefined ? {} : { deadlineAt }),
        ...(maxParallel === undefined ? {} : { maxParallel }),
      }),
    ),
    desired: desired.map(({ guid, instances, isRemoved }) =>
      buildDesired({ guid, instances, ...(isRemoved ? { removedAt: builtAt } : {}) }),
    ),
    actual: actual.map(
      ({ guid, index, state, cellId, presence, routable, crashCount, ageMs, isRetired }): ActualLrp => {
        const isSuspect = presence === 'SUSPECT';
        const aside = presence === 'EVACUATING' || state !== 'CLAIMED' ? 'RUNNING' : state;
        const alive = presence === 'ORDINARY' ? state : aside;
        const claimed = alive === 'CLAIMED' || alive === 'RUNNING';
        return buildActual({
          guid,
          index,
          state: alive,
          crashCount,
          since: now - ageMs,
          presence,
          routable: alive === 'RUNNING' && routable,
          ...(claimed ? { cellId } : {}),
          ...(claimed && isRetired && !isSuspect ? { retire: { reason: 'stop', since: builtAt } } : {}),
        });
      },
    ),
    tasks: tasks.map(({ guid, state, cellId, ageMs }) => {
      const at = now - ageMs;
      const holder = state === 'PENDING' ? cellId : (cellId ?? 'a');
      return buildTask({
        guid,
        state,
        createdAt: at,
        updatedAt: at,
        firstCompletedAt: at,
        ...(holder === undefined ? {} : { cellId: holder }),
      });
    }),
    cells,
    domains,
  }));

function storeOf(records: ClusterRecords): MemoryStore {
  const store = new MemoryStore(virtualClock(builtAt));
  const all = clusterRecords(records).map(([key, value]) => ({ compare: [], puts: [{ key, value }] }));
  store.commit(all, undefined);
  return store;
}

function stateOf(store: MemoryStore): MutableState {
  const state = new MutableState();
  state.replace({ revision: store.revision, records: store.list(root) });
  return state;
}

function write(store: MemoryStore, decisions: readonly Decision[], at = now): boolean[] {
  let count = 0;
  const context = { now: at, unique: () => `unique-${store.revision}-${++count}` };
  const mutations = decisions.map((decision) => decisionMutation(decision, context));
  return store.commit(mutations, undefined).map(({ committed }) => committed);
}

const check = (holds: (records: ClusterRecords) => void): void =>
  fc.assert(
    fc.property(recordsArbitrary, (records) => {
      holds(records);
    }),
    { numRuns: 500 },
  );

const all = (state: MutableState, at = now) => converge({ state, scope: fullScope(), now: at });
const text = (decision: Decision): string => JSON.stringify(decision);

describe('the decisions of one pass', () => {
  test('touch no key twice, so that all of them can be written', () => {
    check((records) => {
      const store = storeOf(records);
      const { decisions } = all(stateOf(store));
      const keys = decisions.flatMap((decision) => {
        const { puts, deletes } = decisionMutation(decision, { now, unique: () => 'x' });
        return [...puts.map(({ key }) => key), ...(deletes ?? [])];
      });
      expect(keys.length).toBe(new Set(keys).size);
      expect(write(store, decisions)).toEqual(decisions.map(() => true));
    });
  });

  test('put every wanted index in a bucket: decided, waiting for a place, for time, or as it should be', () => {
    check((records) => {
      const state = stateOf(storeOf(records));
      const { decisions, work, due } = all(state);
      for (const { value } of state.desired.values()) {
        if (value.removedAt !== undefined) continue;
        for (let index = 0; index < value.instances; index++) {
          const about = (guid: string, i: number): boolean => guid === value.guid && i === index;
          const buckets = [
            decisions.some((decision) => decisionIsAbout(decision, about)),
            work.some((item) => item.kind === 'lrp' && about(item.guid, item.index)),
            due.some(({ what }) => what.kind === 'index' && about(what.guid, what.index)),
            isAsItShouldBe(state, value.guid, index),
          ];
          expect(buckets).toContain(true);
        }
      }
    });
  });

  test('put the ordinary record of a wanted index in exactly one bucket: decided, placed next, or left as it is', () => {
    check((records) => {
      const state = stateOf(storeOf(records));
      const { decisions, work } = all(state);
      const wanted = [...state.desired.values()].filter(({ value }) => value.removedAt === undefined);
      for (const { value } of wanted) {
        for (let index = 0; index < value.instances; index++) {
          const { ordinary } = state.actual.get(value.guid)?.get(index) ?? {};
          const mine = decisions.filter((decision) => isAboutOrdinary(decision, value.guid, index));
          const placed = work.filter(
            (item) => item.kind === 'lrp' && item.guid === value.guid && item.index === index,
          );
          expect(mine.length + placed.length).toBeLessThanOrEqual(1);
          // Nothing that waits for a place has one, and nothing without a record is left out.
          if (placed.length > 0) expect(ordinary?.value.state).toBe('UNCLAIMED');
          if (ordinary !== undefined) continue;
          const about = (guid: string, i: number): boolean => guid === value.guid && i === index;
          expect(decisions.some((decision) => decisionIsAbout(decision, about))).toBe(true);
        }
      }
    });
  });

  test('are the same when made twice', () => {
    check((records) => {
      const state = stateOf(storeOf(records));
      expect(all(state).decisions.map(text)).toEqual(all(state).decisions.map(text));
    });
  });
});

/** Whether a decision makes, replaces or changes the record that counts; those about the others leave it alone. */
function isAboutOrdinary(decision: Decision, guid: ProcessGuid, index: number): boolean {
  if (decision.kind === 'create') return decision.guid === guid && decision.index === index;
  if (decision.kind === 'recover') {
    const { value } = decision.suspect;
    return value.guid === guid && value.index === index;
  }
  if (!('record' in decision)) return false;
  const { value } = decision.record;
  return value.guid === guid && 'index' in value && value.index === index && value.presence === 'ORDINARY';
}

function decisionIsAbout(decision: Decision, about: (guid: string, index: number) => boolean): boolean {
  if (decision.kind === 'create') return about(decision.guid, decision.index);
  if (decision.kind === 'recover') return about(decision.suspect.value.guid, decision.suspect.value.index);
  return 'record' in decision && about(decision.record.value.guid, decision.record.value.index);
}

/** Runs or starts on a living cell, alone; or crashed for good. */
function isAsItShouldBe(state: MutableState, guid: ProcessGuid, index: number): boolean {
  const { ordinary, suspect } = state.actual.get(guid)?.get(index) ?? {};
  if (ordinary === undefined) return false;
  const { state: is, cellId, crashCount, retire, since } = ordinary.value;
  const suspectBack = suspect?.value.cellId !== undefined && state.cells.has(suspect.value.cellId);
  if (is === 'CRASHED') return crashCount >= 200 && !suspectBack;
  const onLivingCell = cellId !== undefined && state.cells.has(cellId);
  if (is === 'RUNNING') return onLivingCell && suspect === undefined;
  const inTime = retire !== undefined || now - since <= 10 * 60_000;
  return is === 'CLAIMED' && onLivingCell && inTime && !suspectBack;
}

describe('convergence', () => {
  test('comes to rest after a few passes when nothing else happens', () => {
    check((records) => {
      const store = storeOf(records);
      for (let pass = 0; pass < 4; pass++) write(store, all(stateOf(store)).decisions);
      expect(all(stateOf(store)).decisions).toEqual([]);
    });
  });

  test('never removes what runs on a living cell and is wanted', () => {
    check((records) => {
      const state = stateOf(storeOf(records));
      for (const decision of all(state).decisions) {
        if (decision.kind !== 'delete' || decision.record.value.presence === 'SUSPECT') continue;
        const { guid, index, state: is, cellId } = decision.record.value;
        const wanted =
          index < (state.desired.get(guid)?.value.instances ?? 0) &&
          state.desired.get(guid)?.value.removedAt === undefined;
        const living = cellId !== undefined && state.cells.has(cellId);
        expect(wanted && living && is === 'RUNNING').toBe(false);
      }
    });
  });
});

test('from what changed follows all that full passes would decide', () => {
  fc.assert(
    fc.property(recordsArbitrary, recordsArbitrary, (before, after) => {
      const store = storeOf(before);
      // Come to rest first: what is decided afterwards is the consequence of the change alone.
      for (let pass = 0; pass < 4; pass++) write(store, all(stateOf(store)).decisions);
      const state = stateOf(store);
      const from = store.revision;
      const keep = new Map(clusterRecords(after));
      const gone = store.list(root).filter(({ key }) => !keep.has(key) && !key.includes('/domain/'));
      // The brain looks at everything when a domain becomes fresh, so domains are left as they are.
      const puts = [...keep]
        .filter(([key]) => !key.includes('/domain/'))
        .map(([key, value]) => ({ compare: [], puts: [{ key, value }] }));
      store.commit(
        [...puts, ...gone.map(({ key }) => ({ compare: [], puts: [], deletes: [key] }))],
        undefined,
      );
      const scope = emptyScope();
      markTouched(scope, state.apply(store.changesAfter(from), store.revision), state);
      const some = converge({ state, scope, now });
      const every = all(state);
      expect(some.decisions.map(text).toSorted()).toEqual(every.decisions.map(text).toSorted());
    }),
    { numRuns: 500 },
  );
});
