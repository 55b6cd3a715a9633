/**
 * Diego's auction simulation, all 37 specs: reference/scheduling-and-reliability.md A.7. Stricter than
 * Diego's in one point: deviance is taken over all cells, not over those that won something.
 */
import { describe, expect, test } from 'vitest';
import { buildAuctionCell, buildLrpWork } from '../../../test/kit/builders.ts';
import { intBetween, seededRng } from '../../base/core/rng.ts';
import type { AuctionCell, AuctionResult, LrpWork } from '../../model/auction.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import { auction } from './auction.ts';
import { diegoWeights } from './scoring.ts';

const cellName = (number: number): string => `REP-${String(number).padStart(3, '0')}`;

/** Cells 1 … count in two zones; `preload` instances of 1 MB, each of a process of its own, on each. */
function cellsOf(count: number, preload: (number: number) => number = () => 0): AuctionCell[] {
  return Array.from({ length: count }, (_, place) => {
    const number = place + 1;
    const instances = preload(number);
    const used = { memoryMb: instances, diskMb: instances, containers: instances };
    const guids = Array.from({ length: instances }, (_, i) => `old-${number}-${i}` as ProcessGuid);
    return buildAuctionCell(cellName(number), {
      zone: `Z${number % 2}`,
      used,
      instancesByProcess: new Map(guids.map((guid) => [guid, 1])),
    });
  });
}

/** Each of a process of its own, its index rising, as in Diego's suite. */
const unique = (count: number, memoryMb = 1): LrpWork[] =>
  Array.from({ length: count }, (_, i) => buildLrpWork(`unique-${memoryMb}-${i}`, i, memoryMb));

const same = (guid: string, count: number, memoryMb = 1): LrpWork[] =>
  Array.from({ length: count }, (_, i) => buildLrpWork(guid, i, memoryMb));

/** How many placements each cell got, in order of the cells. */
function countsOf(cells: readonly AuctionCell[], result: AuctionResult): number[] {
  const counts = new Map(cells.map((cell) => [cell.cellId, 0]));
  for (const { cellId } of result.placements) counts.set(cellId, (counts.get(cellId) ?? 0) + 1);
  return [...counts.values()];
}

function deviance(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return Math.max(...counts.map((count) => Math.abs(count - mean)));
}

const sizes = [
  [4, 8],
  [10, 40],
  [20, 200],
  [40, 800],
] as const;

describe('small cold start', () => {
  test.each(sizes.map(([cells, work], i) => [i + 1, cells, work] as const))(
    '[A.7 %i] %i empty cells share %i unique instances evenly',
    (_number, cellCount, workCount) => {
      const cells = cellsOf(cellCount);
      const result = auction(cells, unique(workCount));
      expect(result.unplaced).toEqual([]);
      expect(deviance(countsOf(cells, result))).toBe(0);
    },
  );
});

describe('bin packing', () => {
  const weights = [0.25, 0.5, 0.75];
  const rows = weights.flatMap((binPack, w) =>
    sizes.map(([cells, work], i) => [5 + 8 * w + i, binPack, cells, work] as const),
  );
  const packed = (binPack: number) => ({
    weights: { ...diegoWeights, starting: 0.5, binPack },
    maxStarting: 0,
  });

  test.each(rows)(
    '[A.7 %i] weight %f over %i cells: %i unique instances fill the first cells of each zone first, zones evenly',
    (_number, binPack, cellCount, workCount) => {
      const cells = cellsOf(cellCount);
      const result = auction(cells, unique(workCount), packed(binPack));
      const counts = countsOf(cells, result);
      const zones = [counts.filter((_, i) => i % 2 === 0), counts.filter((_, i) => i % 2 === 1)];
      expect(result.unplaced).toEqual([]);
      for (const zone of zones) expect(zone).toEqual(zone.toSorted((a, b) => b - a));
      const totals = zones.map((zone) => zone.reduce((sum, count) => sum + count, 0));
      expect(deviance(totals)).toBeLessThanOrEqual(1);
    },
  );

  test('[A.7 6] the counts at weight 0.25 are those of our port of Diego', () => {
    const cells = cellsOf(10);
    const counts = countsOf(cells, auction(cells, unique(40), packed(0.25)));
    expect(counts.filter((_, i) => i % 2 === 0)).toEqual([5, 4, 4, 4, 3]);
  });

  test.each(rows.map(([number, ...rest]) => [number + 4, ...rest] as const))(
    '[A.7 %i] weight %f over %i cells: %i instances of one process stay even',
    (_number, binPack, cellCount, workCount) => {
      const cells = cellsOf(cellCount);
      const result = auction(cells, same('yellow', workCount), packed(binPack));
      expect(result.unplaced).toEqual([]);
      expect(deviance(countsOf(cells, result))).toBe(0);
    },
  );
});

describe('large cold start', () => {
  /** In each size half unique and half over four processes, shuffled. */
  function mixture(parts: readonly (readonly [count: number, memoryMb: number])[], seed: number): LrpWork[] {
    const rng = seededRng(seed);
    const work = parts.flatMap(([count, memoryMb]) => {
      const next = new Map<number, number>();
      const shared = Array.from({ length: count / 2 }, () => {
        const process = intBetween(rng, 1, 4);
        const index = next.get(process) ?? 0;
        next.set(process, index + 1);
        return buildLrpWork(`shared-${memoryMb}-${process}`, index, memoryMb);
      });
      return [...unique(count / 2, memoryMb), ...shared];
    });
    return work
      .map((item) => [rng.next(), item] as const)
      .toSorted(([a], [b]) => a - b)
      .map(([, item]) => item);
  }

  test.each([
    [29, 25, [1_800, 200, 50]],
    [30, 100, [7_200, 800, 200]],
  ] as const)('[A.7 %i] %i cells at 96 %% of their memory take everything', (number, cellCount, counts) => {
    const cells = cellsOf(cellCount);
    const work = mixture(
      [
        [counts[0], 1],
        [counts[1], 2],
        [counts[2], 4],
      ],
      number,
    );
    const result = auction(cells, work);
    expect(result.unplaced).toEqual([]);
    expect(deviance(countsOf(cells, result))).toBeLessThanOrEqual(10);
  });
});

describe('imbalanced start', () => {
  test('[A.7 31] five empty cells among 95 half full ones are not flooded', () => {
    const cells = cellsOf(100, (number) => (number <= 95 ? 50 : 0));
    const result = auction(cells, unique(500));
    expect(deviance(countsOf(cells, result))).toBeLessThanOrEqual(1);
  });

  test('[A.7 32] one empty cell among 99 half full ones is not flooded', () => {
    const cells = cellsOf(100, (number) => (number <= 99 ? 50 : 0));
    const result = auction(cells, unique(100));
    expect(deviance(countsOf(cells, result))).toBeLessThanOrEqual(1);
  });
});

test('[A.7 33] zones share a process evenly, though one has fewer cells and more load', () => {
  const cells = [
    buildAuctionCell('REP-1', { zone: 'Z0' }),
    buildAuctionCell('REP-2', { zone: 'Z1', used: { memoryMb: 50, diskMb: 50, containers: 50 } }),
    buildAuctionCell('REP-3', { zone: 'Z0' }),
  ];
  expect(countsOf(cells, auction(cells, same('red', 40)))).toEqual([10, 20, 10]);
});

describe('the Watters demo', () => {
  test.each([
    [34, 10, 80],
    [35, 30, 200],
    [36, 100, 400],
  ])(
    '[A.7 %i] %i cells that are nearly full share %i instances of one process',
    (number, cellCount, count) => {
      const rng = seededRng(number);
      const cells = cellsOf(cellCount, () => intBetween(rng, 78, 80));
      const result = auction(cells, same('red', count));
      expect(result.unplaced).toEqual([]);
      expect(deviance(countsOf(cells, result))).toBeLessThanOrEqual(1);
    },
  );
});

test('[A.7 37] on one small cell the large first instance wins, its second loses', () => {
  const cells = cellsOf(1);
  const small = Array.from({ length: 80 }, (_, i) => buildLrpWork(`small-${i}`, 0, 1));
  const result = auction(cells, [...small, ...same('red', 2, 50)]);
  expect(result.placements).toHaveLength(51);
  expect(result.unplaced).toHaveLength(31);
  expect(result.placements.map(({ work }) => work)).toContainEqual(buildLrpWork('red', 0, 50));
  expect(result.unplaced.map(({ work }) => work)).toContainEqual(buildLrpWork('red', 1, 50));
});
