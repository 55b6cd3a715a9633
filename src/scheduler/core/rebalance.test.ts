/** Rebalancing: by table, and over generated clusters that every move is better and nothing is broken. */
import { describe, expect, test } from 'vitest';
import { buildActual, buildCell, buildDesired, buildState, builtAt } from '../../../test/kit/builders.ts';
import { crowd, shuffledCrowd } from '../../../test/kit/plan-world.ts';
import type { AuctionCell } from '../../model/auction.ts';
import { defaults } from '../../model/defaults.ts';
import type { CellId } from '../../model/ids.ts';
import { placementSchema } from '../../model/placement.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { lrpWork } from './converge.ts';
import { cellsById, withoutInstance, withWork } from './plan-cells.ts';
import { type RebalanceMove, rebalance } from './rebalance.ts';
import { createBalance } from './rebalance-measure.ts';
import { auctionCells } from './usage.ts';

const running = (index: number, cellId: string, guid = 'web') =>
  buildActual({ guid, index, cellId, state: 'RUNNING' });
const texts = (moves: readonly RebalanceMove[]): string[] =>
  moves.map(({ guid, index, from, to }) => `${guid}/${index} ${from}>${to}`);
const singles = (count: number, cellId: string) =>
  Array.from({ length: count }, (_, index) => running(0, cellId, `lrp-${index}`));
const definitions = (count: number, memoryMb: number) =>
  Array.from({ length: count }, (_, index) => buildDesired({ guid: `lrp-${index}`, memoryMb }));

describe('moves', () => {
  test('from a full cell to one that just joined, until they are even', () => {
    const state = buildState({ desired: definitions(6, 100), actual: singles(6, 'c1'), cells: ['c1', 'c2'] });
    const { moves, before, after } = rebalance(state, 100, builtAt);
    expect(moves.map(({ from, to }) => `${from}>${to}`)).toEqual(['c1>c2', 'c1>c2', 'c1>c2']);
    expect(before).toBeCloseTo(1);
    expect(after).toBeCloseTo(0);
  });

  test('apart what lies together, zones first', () => {
    const state = buildState({
      desired: [buildDesired({ instances: 3 })],
      actual: [running(0, 'a1'), running(1, 'a1'), running(2, 'a2')],
      cells: [
        buildCell('a1', { zone: 'a' }),
        buildCell('a2', { zone: 'a' }),
        buildCell('b1', { zone: 'b' }),
        buildCell('c1', { zone: 'c' }),
      ],
    });
    expect(texts(rebalance(state, 100, builtAt).moves)).toEqual(['web/1 a1>b1', 'web/0 a1>c1']);
  });

  test('at most as many as allowed', () => {
    const state = buildState({ desired: definitions(6, 100), actual: singles(6, 'c1'), cells: ['c1', 'c2'] });
    expect(rebalance(state, 2, builtAt).moves).toHaveLength(2);
  });
});

test('nothing moves onto a cell where its LRP crashed again and again, until that is over', () => {
  const crashes = Array.from({ length: defaults.faultyCellCrashes }, () => {
    return { cellId: 'c2' as CellId, at: builtAt };
  });
  const actual = singles(6, 'c1').map((lrp) => ({ ...lrp, crashes }));
  const state = buildState({ desired: definitions(6, 100), actual, cells: ['c1', 'c2'] });
  expect(rebalance(state, 100, builtAt).moves).toEqual([]);
  expect(rebalance(state, 100, builtAt + defaults.faultyCellWindowMs + 1).moves).toHaveLength(3);
});

test.each([
  ['nothing runs', buildState({ cells: ['c1', 'c2'] })],
  ['there are no cells', buildState({})],
  [
    'they differ by less than a move is worth',
    buildState({
      desired: definitions(3, 10),
      actual: [...singles(2, 'c1'), running(0, 'c2', 'lrp-2')],
      cells: ['c1', 'c2'],
    }),
  ],
  [
    'the other cell is out of service',
    buildState({
      desired: definitions(6, 100),
      actual: singles(6, 'c1'),
      cells: ['c1', buildCell('c2', { engine: { ok: false, name: 'docker' } })],
    }),
  ],
  [
    'what runs there may not go elsewhere',
    buildState({
      desired: definitions(6, 100).map((lrp) => ({
        ...lrp,
        placement: placementSchema.parse({ tags: ['gpu'] }),
      })),
      actual: singles(6, 'c1'),
      cells: [buildCell('c1', { optionalTags: ['gpu'] }), 'c2'],
    }),
  ],
  [
    'what runs there has its volume there',
    buildState({
      desired: definitions(6, 100).map((lrp) => ({
        ...lrp,
        placement: placementSchema.parse({ sticky: true }),
      })),
      actual: singles(6, 'c1'),
      cells: ['c1', 'c2'],
    }),
  ],
  [
    'nothing has started yet',
    buildState({
      desired: definitions(6, 100),
      actual: singles(6, 'c1').map((lrp) => ({ ...lrp, state: 'CLAIMED' as const })),
      cells: ['c1', 'c2'],
    }),
  ],
])('no move when %s', (_, state) => {
  expect(rebalance(state, 100, builtAt).moves).toEqual([]);
});

describe('over generated clusters', () => {
  test.each(Array.from({ length: 60 }, (_, index) => index + 1))('every move is better, seed %i', (seed) => {
    const state = crowd(seed);
    const { moves, before, after } = rebalance(state, 100, builtAt);
    let cells = cellsById(auctionCells(state));
    let unevenness = createBalance(auctionCells(state)).unevenness();
    expect(unevenness).toBeCloseTo(before);
    for (const move of moves) {
      const next = moved(state, cells, move);
      const better = createBalance([...next.values()]).unevenness();
      expect(better).toBeLessThan(unevenness);
      expect(zoneCounts(next, move).at(-1)).toBeLessThanOrEqual(zoneCounts(cells, move).at(-1) ?? 0);
      for (const { capacity, used } of next.values()) {
        const before = cells.get(move.to);
        if (before !== undefined && next.get(move.to)?.used === used) {
          expect(used.memoryMb).toBeLessThanOrEqual(capacity.memoryMb);
          expect(used.containers).toBeLessThanOrEqual(capacity.containers);
        }
      }
      cells = next;
      unevenness = better;
    }
    expect(unevenness).toBeCloseTo(after);
    const names = moves.map(({ guid, index }) => `${guid}/${index}`);
    expect(new Set(names).size).toBe(names.length);
    expect(rebalance(shuffledCrowd(seed, 4), 100, builtAt)).toEqual({ moves, before, after });
  });
});

type Cells = Map<AuctionCell['cellId'], AuctionCell>;

function moved(state: ClusterState, cells: Cells, { guid, index, from, to }: RebalanceMove): Cells {
  const desired = state.desired.get(guid)?.value;
  const [source, target] = [cells.get(from), cells.get(to)];
  if (desired === undefined || source === undefined || target === undefined) throw new Error('moved nothing');
  const work = lrpWork(desired, index);
  return new Map(cells).set(from, withoutInstance(source, work)).set(to, withWork(target, [work], 0));
}

/** Instances of the moved LRP in each zone, fewest first. */
function zoneCounts(cells: Cells, { guid }: RebalanceMove): number[] {
  const counts = new Map<string, number>();
  for (const { zone, instancesByProcess } of cells.values()) {
    counts.set(zone, (counts.get(zone) ?? 0) + (instancesByProcess.get(guid) ?? 0));
  }
  return [...counts.values()].sort((a, b) => a - b);
}
