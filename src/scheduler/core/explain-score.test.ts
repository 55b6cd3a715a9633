/** Why the auction placed: saying it changes nothing, and the second cell is the one that would have won else. */
import { describe, expect, test } from 'vitest';
import { buildAuctionCell, buildLrpWork as lrp, buildTaskWork as task } from '../../../test/kit/builders.ts';
import { intBetween, seededRng } from '../../base/core/rng.ts';
import type { AuctionCell, PlacementWhy, Work } from '../../model/auction.ts';
import { auction, diegoOptions } from './auction.ts';

const explained = { ...diegoOptions, explainMax: 100 };
const whyOf = (cells: readonly AuctionCell[], work: readonly Work[]): (PlacementWhy | undefined)[] =>
  auction(cells, work, explained).placements.map(({ why }) => why);

function drawCells(seed: number): AuctionCell[] {
  const rng = seededRng(seed);
  return Array.from({ length: intBetween(rng, 1, 7) }, (_, n) =>
    buildAuctionCell(`c${n}`, {
      zone: `z${intBetween(rng, 0, 2)}`,
      used: { memoryMb: 10 * intBetween(rng, 0, 90), diskMb: 0, containers: intBetween(rng, 0, 9) },
      startingCount: intBetween(rng, 0, 2),
      labels: { rack: `r${intBetween(rng, 0, 2)}` },
    }),
  );
}

function drawWork(seed: number): Work[] {
  const rng = seededRng(seed + 1_000);
  return Array.from({ length: intBetween(rng, 1, 12) }, (_, n) =>
    rng.next() < 0.2
      ? task(`job-${n}`, 10)
      : lrp(`p${intBetween(rng, 0, 2)}`, n, 10 * intBetween(rng, 1, 20)),
  );
}

describe('why something was placed where it was', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'saying it changes no placement: seed %i',
    (seed) => {
      const [cells, work] = [drawCells(seed), drawWork(seed)];
      const plain = auction(cells, work);
      const told = auction(cells, work, explained);
      expect(told.placements.map(({ why: _, ...rest }) => rest)).toEqual(plain.placements);
      expect(told.unplaced).toEqual(plain.unplaced);
    },
  );

  test.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'the second is who wins when the first is not there: seed %i',
    (seed) => {
      const cells = drawCells(seed);
      const work = drawWork(seed).slice(0, 1);
      const [placement] = auction(cells, work, explained).placements;
      if (placement === undefined) return;
      const others = cells.map((cell) =>
        cell.cellId === placement.cellId ? { ...cell, unusable: 'away' } : cell,
      );
      expect(placement.why?.chosen.cellId).toBe(placement.cellId);
      expect(placement.why?.runnerUp?.cellId).toBe(auction(others, work).placements[0]?.cellId);
    },
  );

  test('tells the terms as they were compared, before anything was reserved', () => {
    const cells = [
      buildAuctionCell('a', { zone: 'z1' }),
      buildAuctionCell('b', { zone: 'z2', startingCount: 1 }),
    ];
    const [first, second] = whyOf(cells, [lrp('p', 0, 30), lrp('p', 1, 30)]);
    expect(first?.chosen).toMatchObject({ cellId: 'a', inZone: 0, terms: { starting: 0, locality: 0 } });
    expect(first?.runnerUp).toMatchObject({ cellId: 'b', inZone: 0, terms: { starting: 0.25 } });
    expect(second?.chosen).toMatchObject({ cellId: 'b', inZone: 0 });
    expect(second?.runnerUp).toMatchObject({ cellId: 'a', inZone: 1, terms: { locality: 1_000 } });
    expect(first?.chosen.score).toBeCloseTo(
      Object.values(first?.chosen.terms ?? {}).reduce((a, b) => a + b, 0),
    );
  });

  test('there is no second when only one cell takes it, and nothing is told beyond the bound', () => {
    const cells = [buildAuctionCell('a')];
    expect(whyOf(cells, [lrp('p', 0, 30)])[0]?.runnerUp).toBeUndefined();
    const { placements } = auction(cells, [lrp('p', 0, 1), lrp('p', 1, 1)], {
      ...diegoOptions,
      explainMax: 1,
    });
    expect(placements.map(({ why }) => why !== undefined)).toEqual([true, false]);
    expect(Object.keys(auction(cells, [lrp('p', 0, 1)]).placements[0] ?? {})).toEqual(['work', 'cellId']);
  });
});
