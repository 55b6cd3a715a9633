/**
 * What each container takes of a cell beside what it asks for (Diego's proxy memory): it counts in what fits, in
 * the score and in what is reserved. Source: reference/scheduling-and-reliability.md A.1, A.5 (the defect) and A.8.
 */
import { describe, expect, test } from 'vitest';
import {
  buildActual,
  buildAuctionCell,
  buildCell,
  buildDesired,
  buildLrpWork,
  buildState,
  buildTask,
  buildTaskWork,
} from '../../../test/kit/builders.ts';
import type { AuctionCell, LrpWork } from '../../model/auction.ts';
import type { CellId } from '../../model/ids.ts';
import { auction } from './auction.ts';
import { lrpBase } from './base-score.ts';
import { afterPlacements, cellsById, withoutInstance } from './plan-cells.ts';
import { added, createPool, reserve } from './pool.ts';
import { createBalance } from './rebalance-measure.ts';
import { diegoWeights } from './scoring.ts';
import { DisplacedSum, plainOutcome } from './survive-plain.ts';
import { auctionCells } from './usage.ts';

const proxied = (memoryMb: number, overheadMemoryMb = 4, id = 'A'): AuctionCell =>
  buildAuctionCell(id, { capacity: { memoryMb, diskMb: 1_000, containers: 100 }, overheadMemoryMb });
const many = (count: number, memoryMb: number): LrpWork[] =>
  Array.from({ length: count }, (_, index) => buildLrpWork('web', index, memoryMb));

describe('[A.8 15] a proxy of 4 MB beside an LRP of 256', () => {
  test('fits into 260', () => {
    expect(auction([proxied(260)], many(1, 256)).placements).toHaveLength(1);
  });
  test('does not fit into 259, for want of memory', () => {
    const [refused] = auction([proxied(259)], many(1, 256)).unplaced;
    expect(refused?.refusal).toMatchObject({
      message: 'insufficient resources: memory',
      nearest: { cellId: 'A', lacks: '1 MiB memory' },
    });
  });
  test('a task pays it too: it has a container like any other (unlike Diego, whose tasks have no proxy)', () => {
    const task = buildTaskWork('job', 256);
    expect(auction([proxied(260)], [task]).placements).toHaveLength(1);
    expect(auction([proxied(259)], [task]).placements).toHaveLength(0);
  });
  test('an unlimited container still needs room for its proxy', () => {
    expect(auction([proxied(3)], many(1, 0)).placements).toHaveLength(0);
    expect(auction([proxied(4)], many(1, 0)).placements).toHaveLength(1);
  });
});

test('[A.5] a batch reserves what it scored: ten of 96 and 4 fill 1,000, an eleventh does not fit', () => {
  const result = auction([proxied(1_000)], many(11, 96));
  expect([result.placements.length, result.unplaced.length]).toEqual([10, 1]);
});

test('[A.1] R counts the proxy: of two equal cells that with the smaller one wins, though its name comes later', () => {
  const cells = [proxied(100, 8, 'A'), proxied(100, 2, 'B')];
  expect(auction(cells, many(1, 10)).placements[0]?.cellId).toBe('B');
});

test('[A.1] R is the mean of the used fractions after the placement, the proxy included, first and second time', () => {
  const pool = createPool([proxied(100)]);
  const need = { memoryMb: 16, diskMb: 100, containers: 1 };
  const score = (): number => lrpBase(pool, { ...diegoWeights, starting: 0 })(0) + added(pool, 0, need);
  expect(score()).toBeCloseTo((20 / 100 + 100 / 1_000 + 1 / 100) / 3, 12);
  reserve(pool, 0, need, 'lrp');
  expect(score()).toBeCloseTo((40 / 100 + 200 / 1_000 + 2 / 100) / 3, 12);
});

describe('beyond the auction', () => {
  const web = buildDesired({ memoryMb: 96, diskMb: 0, instances: 2 });
  const on = (index: number) => buildActual({ index, state: 'RUNNING', cellId: 'A' });
  const state = buildState({
    desired: [web],
    actual: [on(0), on(1)],
    tasks: [buildTask({ memoryMb: 50, diskMb: 0, cellId: 'A', state: 'RUNNING' })],
    cells: [buildCell('A', { overheadMemoryMb: 4, capacity: { memoryMb: 1_000 } })],
  });

  test('what runs on a cell has taken it, instances and tasks alike', () => {
    expect(auctionCells(state)[0]?.used).toMatchObject({ memoryMb: 2 * 100 + 54, containers: 3 });
  });
  test('what preemption gets back includes it', () => {
    const settings = { ...buildState({}).settings?.value, v: 1, preemption: true } as never;
    const preempting = buildState({
      desired: [web],
      actual: [on(0)],
      cells: [buildCell('A', { overheadMemoryMb: 4 })],
      settings,
    });
    expect(auctionCells(preempting)[0]?.evictable?.[0]?.resources.memoryMb).toBe(100);
  });
  test('a plan takes and gives it back', () => {
    const cells = cellsById([proxied(1_000)]);
    const [work] = many(1, 96) as [LrpWork];
    const after = afterPlacements(cells, [{ work, cellId: 'A' as CellId }]).get('A' as CellId) as AuctionCell;
    expect(after.used.memoryMb).toBe(100);
    expect(withoutInstance(after, work).used.memoryMb).toBe(0);
  });
  test('the proofs of what a loss leaves agree with the auction', () => {
    const displaced = new DisplacedSum();
    displaced.add(many(11, 96));
    expect(plainOutcome([proxied(1_000)], displaced)).toEqual({ unplaced: 1, reason: 'memory' });
  });
  test('a move takes it from one cell and adds it to the other', () => {
    const full = { ...proxied(1_000), used: { memoryMb: 200, diskMb: 0, containers: 2 } };
    const cells = [
      { ...full, instancesByProcess: new Map([[many(1, 96)[0]?.guid as never, 2]]) },
      proxied(1_000, 4, 'B'),
    ];
    const balance = createBalance(cells);
    balance.move(many(1, 96)[0] as LrpWork, 'A' as CellId, 'B' as CellId);
    expect(balance.unevenness()).toBe(0);
  });
});
