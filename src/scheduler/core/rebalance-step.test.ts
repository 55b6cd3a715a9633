/** A rebalance step by step, on a state that the brain's own decisions are applied to. */
import { describe, expect, test } from 'vitest';
import { buildActual, buildCell, buildDesired, buildState, builtAt } from '../../../test/kit/builders.ts';
import { type ActualLrp, start } from '../../model/actual-lrp.ts';
import { defaults } from '../../model/defaults.ts';
import type { CellId, InstanceGuid, ProcessGuid } from '../../model/ids.ts';
import type { Rebalance } from '../../model/rebalance.ts';
import { encode } from '../../store/core/codec.ts';
import type { MutableState } from '../../store/core/fold.ts';
import { actualKey, rebalanceKey } from '../../store/core/keys.ts';
import type { Mutation } from '../../store/core/records.ts';
import { converge, lrpWork } from './converge.ts';
import { claimMutation, decisionMutation, refuseLrpMutation } from './mutations.ts';
import { movingMax, towardsTarget } from './rebalance-step.ts';
import { fullScope } from './scope.ts';

const web = 'web' as ProcessGuid;
const count = 8;

/** All instances on c1, and the wish that all of them be on c2. */
function world(): MutableState {
  const moves = Array.from({ length: count }, (_, index) => ({
    guid: web,
    index,
    instanceGuid: `i-${index}` as InstanceGuid,
    from: 'c1' as CellId,
    to: 'c2' as CellId,
  }));
  const rebalance: Rebalance = { v: 1, by: 'test', at: builtAt, asked: count, moves };
  return buildState({
    desired: [buildDesired({ instances: count })],
    actual: moves.map(({ index, instanceGuid }) =>
      buildActual({ index, cellId: 'c1', state: 'RUNNING', routable: true, instanceGuid }),
    ),
    cells: ['c1', 'c2', buildCell('c3')],
    raw: { [rebalanceKey]: encode(rebalance) },
  });
}

function write(state: MutableState, { puts, deletes = [] }: Mutation): void {
  const revision = state.revision + 1;
  state.apply(
    [
      ...deletes.map((key) => ({ key, record: undefined })),
      ...puts.map(({ key, value }) => ({ key, record: { key, value, revision } })),
    ],
    revision,
  );
}

let drawn = 0;
const context = (now: number) => ({ now, unique: () => `u${drawn++}` });

/** Decides until nothing is left to decide. */
function decide(state: MutableState, now = builtAt): string[] {
  const kinds: string[] = [];
  for (let round = 0; round < 20; round++) {
    const { decisions } = converge({ state, scope: fullScope(), now });
    if (decisions.length === 0) return kinds;
    for (const decision of decisions) {
      kinds.push(decision.kind);
      write(state, decisionMutation(decision, context(now)));
    }
  }
  throw new Error('it does not settle');
}

const slotsOf = (state: MutableState, index: number) => state.actual.get(web)?.get(index) ?? {};
const moving = (state: MutableState): number[] =>
  [...(state.actual.get(web) ?? [])].flatMap(([index, { evacuating }]) => (evacuating ? [index] : []));
const put = (state: MutableState, key: string, lrp: ActualLrp): void =>
  write(state, { compare: [], puts: [{ key, value: encode(lrp) }] });

/** The replacement runs on the cell, and the old instance has stopped once it is told to. */
function finish(state: MutableState, index: number, cellId = 'c2' as CellId): void {
  const record = slotsOf(state, index).ordinary;
  if (record === undefined) throw new Error('nothing replaces it');
  write(state, claimMutation(record, cellId, context(builtAt)));
  const claimed = slotsOf(state, index).ordinary?.value;
  const netInfo = { address: '127.0.0.1', instanceAddress: '127.0.0.1', ports: [] };
  const key = { instanceGuid: claimed?.instanceGuid as InstanceGuid, cellId };
  const report = { ...key, netInfo, containerId: 'x', routable: true };
  const move = start(claimed as ActualLrp, report, builtAt);
  if (!move.ok) throw new Error(move.refusal);
  put(state, actualKey(web, index), move.next);
  expect(decide(state)).toContain('retire');
  write(state, { compare: [], puts: [], deletes: [actualKey(web, index, 'evacuating')] });
}

test('a few at a time, each gone only when its replacement runs, until all are over', () => {
  const state = world();
  expect(decide(state)).toEqual(Array(movingMax).fill('evacuate'));
  expect(moving(state)).toEqual([0, 1, 2, 3, 4]);
  for (let index = 0; index < count; index++) {
    finish(state, index);
    decide(state);
    expect(moving(state).length).toBe(Math.min(movingMax, count - 1 - index));
  }
  expect(state.rebalance).toBeUndefined();
  expect([...(state.actual.get(web) ?? [])].map(([, { ordinary }]) => ordinary?.value.cellId)).toEqual(
    Array(count).fill('c2'),
  );
});

test('the replacement goes to the target of the move', () => {
  const state = world();
  decide(state);
  const work = lrpWork(buildDesired({ instances: count }), 0);
  expect(towardsTarget(state, work).home).toBe('c2');
  expect(towardsTarget(state, { ...work, index: 7 }).home).toBeUndefined();
});

test('nothing moves to what has become the last resort of its LRP since it was asked for', () => {
  const state = world();
  const crashes = Array.from({ length: defaults.faultyCellCrashes }, () => {
    return { cellId: 'c2' as CellId, at: builtAt };
  });
  put(state, actualKey(web, 7), { ...(slotsOf(state, 7).ordinary?.value as ActualLrp), crashes });
  expect(decide(state)).not.toContain('evacuate');
  expect(state.rebalance).toBeUndefined();
});

describe('given up, the old instance stays and the rest goes on', () => {
  const refusal = { message: 'insufficient resources', cells: 3, counts: {} };
  test.each<[string, number, (state: MutableState) => void]>([
    [
      'without a place',
      builtAt,
      (state) => {
        const record = slotsOf(state, 0).ordinary;
        if (record !== undefined) write(state, refuseLrpMutation(record, refusal, builtAt));
      },
    ],
    ['too late', builtAt + defaults.claimDeadlineMs + 1, () => undefined],
  ])('%s', (_, now, happen) => {
    const state = world();
    decide(state);
    happen(state);
    const kinds = decide(state, now);
    expect(kinds).toContain('recover');
    expect(slotsOf(state, 0)).toMatchObject({
      ordinary: { value: { instanceGuid: 'i-0', cellId: 'c1', presence: 'ORDINARY' } },
    });
    expect(slotsOf(state, 0).evacuating).toBeUndefined();
    expect(state.rebalance?.value.moves.some(({ index }) => index === 0)).toBe(false);
  });
});

test.each<[string, (state: MutableState) => void]>([
  [
    'another instance runs there by now',
    (state) =>
      put(
        state,
        actualKey(web, 0),
        buildActual({ index: 0, cellId: 'c3', state: 'RUNNING', instanceGuid: 'other' }),
      ),
  ],
  [
    'the target is gone',
    (state) => write(state, { compare: [], puts: [], deletes: ['/skep/v1/cell/c2/presence'] }),
  ],
])('a move is dropped when %s', (_, happen) => {
  const state = world();
  happen(state);
  decide(state);
  expect(moving(state)).not.toContain(0);
  expect(state.rebalance?.value.moves.some(({ index }) => index === 0) ?? false).toBe(false);
});

test('a record that cannot be read stops nothing that is under way', () => {
  const state = world();
  decide(state);
  write(state, { compare: [], puts: [{ key: rebalanceKey, value: '{' }] });
  expect(decide(state)).toEqual([]);
  expect(moving(state)).toHaveLength(movingMax);
});

test('a rebalance that is taken back leaves everything where it runs', () => {
  const state = world();
  decide(state);
  write(state, { compare: [], puts: [], deletes: [rebalanceKey] });
  expect(decide(state)).toEqual(Array(movingMax).fill('recover'));
  expect(moving(state)).toEqual([]);
});
