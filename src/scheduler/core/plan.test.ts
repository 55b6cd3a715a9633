/** Plans by table, and against what the brain's own functions do to the same state. */
import { describe, expect, test } from 'vitest';
import {
  buildActual,
  buildCell,
  buildDesired,
  buildState,
  buildTask,
  builtAt,
} from '../../../test/kit/builders.ts';
import { brainWould, crowd, shuffledCrowd } from '../../../test/kit/plan-world.ts';
import { SkepError } from '../../base/core/errors.ts';
import { defaults } from '../../model/defaults.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { type PlanOutcome, plan, type WhatIf } from './plan.ts';

const cells = (...names: string[]): CellId[] => names as CellId[];
const web = 'web' as ProcessGuid;
const targets = ({ moves }: PlanOutcome): string[] =>
  moves.map(({ guid, index, from, to }) => `${guid}/${index} ${from ?? '-'}>${to}`);

const zoned = (id: string, zone: string, memoryMb = 1_000) => buildCell(id, { zone, capacity: { memoryMb } });
const running = (index: number, cellId: string, guid = 'web') =>
  buildActual({ guid, index, cellId, state: 'RUNNING' });

describe('scale', () => {
  const state = buildState({
    desired: [buildDesired({ instances: 2, memoryMb: 400 })],
    actual: [running(0, 'a1'), running(1, 'b1')],
    cells: [zoned('a1', 'a'), zoned('b1', 'b')],
  });

  test('up: what would start where, and what would not fit', () => {
    const outcome = plan(state, { kind: 'scale', guid: web, instances: 5 }, builtAt);
    expect(targets(outcome)).toEqual(['web/2 ->a1', 'web/3 ->b1']);
    expect(outcome.unplaced).toMatchObject([
      { guid: 'web', index: 4, refusal: { message: 'insufficient resources: memory' } },
    ]);
    expect(outcome.summary).toBe(
      'web would go from 2 to 5 instances; 2 would start on 2 cells; 1 would find no place (insufficient resources: memory)',
    );
  });

  test('down: the highest indexes stop', () => {
    const outcome = plan(state, { kind: 'scale', guid: web, instances: 0 }, builtAt);
    expect(outcome).toMatchObject({ moves: [], unplaced: [] });
    expect(outcome.stops.map(({ index, from }) => `${index} ${from}`)).toEqual(['0 a1', '1 b1']);
  });

  test('what crashed is not placed anew', () => {
    const crashed = buildState({
      desired: [buildDesired({ instances: 2 })],
      actual: [running(0, 'a1'), buildActual({ index: 1, state: 'CRASHED', crashCount: 3 })],
      cells: ['a1'],
    });
    expect(plan(crashed, { kind: 'scale', guid: web, instances: 2 }, builtAt)).toMatchObject({
      moves: [],
      stops: [],
    });
  });
});

/** Its LRP crashed there five times within the window. */
const crashesOn = (cellId: string) =>
  Array.from({ length: defaults.faultyCellCrashes }, () => ({ cellId: cellId as CellId, at: builtAt }));
const muchLater = builtAt + defaults.faultyCellWindowMs + 1;

test('a cell where it crashed again and again is the last resort of a plan too, and good again later', () => {
  const crashed = { ...running(0, 'b1'), crashes: crashesOn('c1') };
  const state = buildState({
    desired: [buildDesired({ instances: 1, memoryMb: 400 })],
    actual: [crashed],
    cells: [zoned('b1', 'b'), zoned('c1', 'c'), zoned('d1', 'd', 500)],
  });
  const where = (what: WhatIf, now: number): string[] => targets(plan(state, what, now));
  const [scale, lose] = [
    { kind: 'scale', guid: web, instances: 2 } as const,
    { kind: 'loseCells', cells: cells('b1') } as const,
  ];
  const drain = { kind: 'drain', cells: cells('b1') } as const;
  expect([where(scale, builtAt), where(scale, muchLater)]).toEqual([['web/1 ->d1'], ['web/1 ->c1']]);
  expect([where(lose, builtAt), where(lose, muchLater)]).toEqual([['web/0 b1>d1'], ['web/0 b1>c1']]);
  expect([where(drain, builtAt), where(drain, muchLater)]).toEqual([['web/0 b1>d1'], ['web/0 b1>c1']]);
});

describe('drain and loss', () => {
  const state = buildState({
    desired: [buildDesired({ instances: 3, memoryMb: 400 })],
    actual: [running(0, 'a1'), running(1, 'a1'), running(2, 'b1')],
    tasks: [
      buildTask({ guid: 't1', state: 'RUNNING', cellId: 'a1' }),
      buildTask({ guid: 't2', cellId: 'a1' }),
    ],
    cells: [zoned('a1', 'a'), zoned('b1', 'b', 900), zoned('c1', 'c', 600)],
  });

  test('a drain moves what it can and waits for the tasks', () => {
    const outcome = plan(state, { kind: 'drain', cells: cells('a1') }, builtAt);
    expect(targets(outcome)).toEqual(['web/0 a1>c1', 'web/1 a1>b1']);
    expect(outcome).toMatchObject({ tasks: 2, unplaced: [] });
    expect(outcome.summary).toBe(
      'draining a1 would move 2 instances to 2 other cells: everything fits; 2 tasks would be waited for',
    );
  });

  test('a loss fails running tasks, and says what would not fit', () => {
    const outcome = plan(state, { kind: 'loseCells', cells: cells('a1', 'c1') }, builtAt);
    expect(targets(outcome)).toEqual(['web/0 a1>b1']);
    expect(outcome.unplaced.map(({ index }) => index)).toEqual([1]);
    expect(outcome.tasks).toBe(1);
    expect(outcome.summary).toMatch(/^losing a1, c1 would move 1 instance to 1 other cell; 1 would find no/);
  });

  test('a zone is all its cells', () => {
    expect(plan(state, { kind: 'loseZone', zone: 'b' }, builtAt).summary).toMatch(
      /^losing zone b \(1 cell\) would move 1 /,
    );
  });

  test('a loss that the storm guard would hold back says so', () => {
    const names = ['a1', 'a2', 'a3', 'a4'];
    const crowded = buildState({ cells: [...names.map((name) => zoned(name, 'a')), zoned('b1', 'b')] });
    const held = /; the storm guard would wait for their return, or for skep brain confirm-loss/;
    expect(plan(crowded, { kind: 'loseZone', zone: 'a' }, builtAt).summary).toMatch(held);
    expect(plan(crowded, { kind: 'loseCells', cells: cells('a1', 'a2') }, builtAt).summary).not.toMatch(held);
    expect(plan(crowded, { kind: 'loseZone', zone: 'b' }, builtAt).summary).not.toMatch(held);
  });

  test('what is suspect, stopping, unwanted or without a definition needs no place', () => {
    const odd = buildState({
      desired: [buildDesired({ instances: 2 })],
      actual: [
        buildActual({ index: 0, cellId: 'a1', state: 'RUNNING', presence: 'SUSPECT' }),
        running(0, 'b1'),
        buildActual({ index: 1, cellId: 'a1', state: 'RUNNING', retire: { reason: 'asked', since: 1 } }),
        running(2, 'a1'),
        running(0, 'a1', 'orphan'),
      ],
      cells: ['a1', 'b1'],
    });
    expect(plan(odd, { kind: 'loseCells', cells: cells('a1') }, builtAt)).toMatchObject({
      moves: [],
      unplaced: [],
    });
    expect(plan(odd, { kind: 'drain', cells: cells('a1') }, builtAt).summary).toBe(
      'draining a1 would move nothing',
    );
  });
});

test.each<[string, WhatIf, RegExp]>([
  ['an LRP', { kind: 'scale', guid: 'nope' as ProcessGuid, instances: 1 }, /no LRP "nope"/],
  ['a cell', { kind: 'drain', cells: cells('nope') }, /no cell "nope"/],
  ['a lost cell', { kind: 'loseCells', cells: cells('nope') }, /no cell "nope"/],
  ['a zone', { kind: 'loseZone', zone: 'nope' }, /no cell in zone "nope"/],
])('%s that is not there is refused with what there is', (_, what, message) => {
  const state = buildState({ cells: [zoned('a1', 'a')] });
  expect(() => plan(state, what, builtAt)).toThrow(message);
  try {
    plan(state, what, builtAt);
  } catch (error) {
    expect((error as SkepError).code).toBe('ResourceNotFound');
    expect((error as SkepError).hint).toMatch(/skep|the zones with cells are: a/);
  }
});

describe('against the brain itself, over generated clusters', () => {
  const seeds = Array.from({ length: 40 }, (_, index) => index + 1);
  const everything = (state: ClusterState): string =>
    JSON.stringify([[...state.actual].map(([guid, slots]) => [guid, [...slots]]), [...state.cells]]);

  test.each(seeds)('what is lost goes where the plan said (seed %i)', (seed) => {
    const state = crowd(seed);
    const before = everything(state);
    const lost = cells(seed % 3 === 0 ? 'c0' : 'c1', 'c4');
    const planned = plan(state, { kind: 'loseCells', cells: lost }, builtAt);
    expect(everything(state)).toBe(before);
    expect(targetsOnly(planned)).toEqual(brainWould(state, { lose: lost }));
  });

  test.each(seeds)('what is drained goes where the plan said (seed %i)', (seed) => {
    const state = crowd(seed);
    const drained = cells('c2', seed % 2 === 0 ? 'c0' : 'c5');
    const planned = plan(state, { kind: 'drain', cells: drained }, builtAt);
    expect(targetsOnly(planned)).toEqual(brainWould(state, { drain: drained }));
  });

  test.each(seeds)('a new count goes where the plan said (seed %i)', (seed) => {
    const state = crowd(seed);
    const guid = 'lrp-1' as ProcessGuid;
    const planned = plan(state, { kind: 'scale', guid, instances: 9 }, builtAt);
    expect(targetsOnly(planned)).toEqual(brainWould(state, { scale: { guid, instances: 9 } }));
  });

  test('the order of the records does not matter', () => {
    const what: WhatIf = { kind: 'loseCells', cells: cells('c1') };
    expect(plan(shuffledCrowd(7, 3), what, builtAt)).toEqual(plan(crowd(7), what, builtAt));
  });
});

const targetsOnly = ({ moves, unplaced }: PlanOutcome) => ({
  placed: moves.map(({ guid, index, to }) => `${guid}/${index} ${to}`).sort(),
  unplaced: unplaced.map(({ guid, index }) => `${guid}/${index}`).sort(),
});
