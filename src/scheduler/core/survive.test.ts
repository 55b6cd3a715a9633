/** Which losses are survived: by table, and against the plan of each single loss. */
import { describe, expect, test } from 'vitest';
import { buildActual, buildCell, buildDesired, buildState, builtAt } from '../../../test/kit/builders.ts';
import { crowd } from '../../../test/kit/plan-world.ts';
import type { CellId } from '../../model/ids.ts';
import { placementSchema } from '../../model/placement.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { plan } from './plan.ts';
import { type Survival, survivalSteps } from './survive.ts';
import { auctionCells } from './usage.ts';

function survival(state: ClusterState): Survival {
  const steps = survivalSteps({
    state,
    *cells() {
      yield;
      return auctionCells(state);
    },
  });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const zoned = (id: string, zone: string, memoryMb: number) => buildCell(id, { zone, capacity: { memoryMb } });
const running = (index: number, cellId: string) => buildActual({ index, cellId, state: 'RUNNING' });

test('room for any one cell and not for zone b: the example of the manual', () => {
  const state = buildState({
    desired: [buildDesired({ instances: 4, memoryMb: 200 })],
    actual: [running(0, 'a1'), running(1, 'b1'), running(2, 'b2'), running(3, 'b2')],
    cells: [zoned('a1', 'a', 600), zoned('b1', 'b', 600), zoned('b2', 'b', 600)],
  });
  expect(survival(state)).toEqual({
    revision: state.revision,
    cellCount: 3,
    zoneCount: 2,
    cell: true,
    worstCells: [],
    zone: false,
    worstZones: [{ name: 'b', unplaced: 1, reason: 'memory' }],
  });
});

test.each([
  [['c1'], false, false],
  [['c1', 'c2'], true, false],
])('one cell or one zone survives none: %j', (cells, cell, zone) => {
  expect(survival(buildState({ cells }))).toMatchObject({ cell, zone, worstCells: [], worstZones: [] });
});

test('a constraint counts, however much room there is', () => {
  const placement = placementSchema.parse({ maxPerCell: 1 });
  const state = buildState({
    desired: [buildDesired({ instances: 2, memoryMb: 1, placement })],
    actual: [running(0, 'c1'), running(1, 'c2')],
    cells: ['c1', 'c2'],
  });
  expect(survival(state)).toMatchObject({
    cell: false,
    worstCells: [{ name: 'c1', unplaced: 1 }, { name: 'c2' }],
  });
});

describe('says what the plan of each loss says', () => {
  test.each(Array.from({ length: 60 }, (_, index) => index + 1))('seed %i', (seed) => {
    const state = crowd(seed);
    const { worstCells, worstZones } = survival(state);
    const unplaced = (losses: Survival['worstCells']) =>
      Object.fromEntries(losses.map((loss) => [loss.name, loss.unplaced]));
    const expected = (names: readonly string[], lose: (name: string) => number) =>
      Object.fromEntries(names.flatMap((name) => (lose(name) === 0 ? [] : [[name, lose(name)]])));
    const cellIds = [...state.cells.keys()];
    const cellLoss = (name: string): number =>
      plan(state, { kind: 'loseCells', cells: [name as CellId] }, builtAt).unplaced.length;
    const zoneLoss = (zone: string): number =>
      plan(state, { kind: 'loseZone', zone }, builtAt).unplaced.length;
    expect(unplaced(worstCells)).toEqual(expected(cellIds, cellLoss));
    expect(unplaced(worstZones)).toEqual(expected(['z0', 'z1', 'z2'], zoneLoss));
  });
});
