/** Diego's scheduler scenarios, one by one: reference/scheduling-and-reliability.md A.8. */
import { describe, expect, test } from 'vitest';
import { buildAuctionCell, buildLrpWork as lrp, buildTaskWork as task } from '../../../test/kit/builders.ts';
import type { AuctionCell, AuctionResult, Work } from '../../model/auction.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import { placementSchema } from '../../model/placement.ts';
import { auction } from './auction.ts';
import { lrpBase } from './base-score.ts';
import { orderBatch, workKey } from './batch.ts';
import { added, createPool } from './pool.ts';
import { diegoWeights } from './scoring.ts';

const processes = (counts: Readonly<Record<string, number>>) =>
  new Map(Object.entries(counts).map(([guid, count]) => [guid as ProcessGuid, count]));

function loaded(cellId: string, zone: string, guids: readonly string[], startingCount = 0): AuctionCell {
  const count = guids.length;
  return buildAuctionCell(cellId, {
    zone,
    used: { memoryMb: 10 * count, diskMb: 10 * count, containers: count },
    instancesByProcess: processes(Object.fromEntries(guids.map((guid) => [guid, 1]))),
    startingCount,
  });
}

/** The two cells of Diego's suite: A in zone A with two processes, B in zone B with one. */
const cellA = loaded('A', 'A-zone', ['pg-1', 'pg-2']);
const cellB = loaded('B', 'B-zone', ['pg-3']);

const where = ({ placements }: AuctionResult): Record<string, string> =>
  Object.fromEntries(placements.map(({ work, cellId }) => [workKey(work), cellId]));
const failed = ({ unplaced }: AuctionResult): string[] => unplaced.map(({ work }) => workKey(work));
const messages = ({ unplaced }: AuctionResult): string[] => unplaced.map(({ refusal }) => refusal.message);
const limited = (maxStarting: number) => ({ weights: diegoWeights, maxStarting });

describe('no cell', () => {
  test('[A.8 1] [diego 303] with no cell at all everything is refused, and it says so', () => {
    const result = auction([], [lrp('pg-7', 0, 10), task('job', 10)]);
    expect(result.placements).toEqual([]);
    expect(messages(result)).toEqual(Array(2).fill('found no compatible cell: the cluster has no cells'));
  });

  test('[diego 30] with no usable cell the refusal counts them and tells why', () => {
    const cells = [
      buildAuctionCell('a', { unusable: 'docker does not answer' }),
      buildAuctionCell('b', { unusable: 'dns is down' }),
    ];
    const [refusal] = auction(cells, [lrp('pg-7', 0, 10)]).unplaced.map((item) => item.refusal);
    expect(refusal?.message).toBe(
      'found no compatible cell: none of 2 is usable (a: docker does not answer; b: dns is down)',
    );
    expect(refusal).toMatchObject({ cells: 2, counts: { unusable: 2 } });
  });

  test('[A.8 20] an unusable cell gets nothing while another takes work, though it is emptier', () => {
    const cells = [buildAuctionCell('a', { unusable: 'docker does not answer' }), cellB];
    expect(where(auction(cells, [lrp('pg-7', 0, 10)]))).toEqual({ 'lrp/pg-7/0': 'B' });
  });
});

describe('the limit on starting containers', () => {
  const starting = [loaded('A', 'A-zone', ['pg-1', 'pg-2'], 1), loaded('B', 'B-zone', ['pg-3'], 1)];

  test('[A.8 2] [diego 304] counts what starts already; first instances and tasks go before further instances', () => {
    const work = [lrp('pg-7', 0, 10), lrp('pg-7', 1, 10), task('tg-1', 10), task('tg-2', 10)];
    const result = auction(starting, work, limited(5));
    expect(result.placements.map(({ work: item }) => workKey(item))).toEqual([
      'lrp/pg-7/0',
      'task/tg-1',
      'task/tg-2',
    ]);
    expect(failed(result)).toEqual(['lrp/pg-7/1']);
    expect(messages(result)).toEqual(['waiting to start instance: reached in-flight start limit']);
  });

  const five = [
    lrp('pg-7', 0, 10),
    lrp('pg-7', 1, 10),
    lrp('pg-8', 1, 40),
    lrp('pg-8', 2, 40),
    lrp('pg-9', 0, 40),
  ];
  const roomy = [buildAuctionCell('A', { zone: 'A' }), buildAuctionCell('B', { zone: 'B' })];
  test('[A.8 3] [diego 304] of five LRPs exactly three start at a limit of three', () => {
    expect(auction(roomy, five, limited(3)).placements).toHaveLength(3);
  });
  test.each([0, -3])('[A.8 3] [diego 304] a limit of %i is none', (limit) => {
    expect(auction(roomy, five, limited(limit)).placements).toHaveLength(5);
  });
  test('[A.8 4] [diego 304] of four tasks two start at a limit of two', () => {
    const tasks = [1, 2, 3, 4].map((number) => task(`tg-${number}`, 10));
    const result = auction([cellA, cellB], tasks, limited(2));
    expect([result.placements.length, result.unplaced.length]).toEqual([2, 2]);
  });
});

describe('balance', () => {
  test('[A.8 8] [diego 306] a process that has an instance in one zone gets the next one in the other, though fuller', () => {
    expect(where(auction([cellA, cellB], [lrp('pg-3', 1, 10)]))).toEqual({ 'lrp/pg-3/1': 'A' });
  });
  test('[A.8 9] [diego 306] a new process goes to the emptier cell', () => {
    expect(where(auction([cellA, cellB], [lrp('pg-4', 1, 10)]))).toEqual({ 'lrp/pg-4/1': 'B' });
  });
  test('a zone counts the instances on its unusable cells too', () => {
    const dead = { ...loaded('A2', 'A-zone', ['pg-9']), unusable: 'docker does not answer' };
    expect(where(auction([cellA, dead, cellB], [lrp('pg-9', 1, 10)]))).toEqual({ 'lrp/pg-9/1': 'B' });
  });
  test('a fuller zone is used when the emptier one has no room', () => {
    const full = buildAuctionCell('A', { zone: 'A', used: { memoryMb: 100, diskMb: 0, containers: 1 } });
    expect(where(auction([full, cellB], [lrp('pg-3', 1, 10)]))).toEqual({ 'lrp/pg-3/1': 'B' });
  });
  test('a task goes to the cell with the fewest tasks, whatever its zone and load', () => {
    const busy = buildAuctionCell('A', { taskCount: 1 });
    expect(where(auction([busy, cellB], [task('tg-1', 10)]))).toEqual({ 'task/tg-1': 'B' });
  });
  test('a tie goes to the first cell by id, however the cells come', () => {
    const cells = ['c', 'a', 'b'].map((id) => buildAuctionCell(id));
    expect(where(auction(cells, [lrp('pg-1', 0, 10)]))).toEqual({ 'lrp/pg-1/0': 'a' });
  });
});

describe('the score', () => {
  const choose = (
    a: Partial<AuctionCell>,
    b: Partial<AuctionCell>,
    work: Work = lrp('pg-1', 0, 10),
    weights = diegoWeights,
  ) => {
    const cells = [buildAuctionCell('A', a), buildAuctionCell('B', b)];
    return auction(cells, [work], { weights, maxStarting: 0 }).placements[0]?.cellId;
  };

  test.each(['memoryMb', 'diskMb', 'containers'] as const)(
    '[A.8 16] prefers the cell with less %s used',
    (name) => {
      const used = { memoryMb: 0, diskMb: 0, containers: 0, [name]: 10 };
      expect(choose({ used }, {})).toBe('B');
    },
  );
  test('[A.8 16] prefers the cell with more container slots', () => {
    const capacity = { memoryMb: 100, diskMb: 100, containers: 20 };
    expect(choose({ capacity }, { capacity: { ...capacity, containers: 50 } })).toBe('B');
  });
  test('[A.8 16] is worse for a larger LRP, and for one that takes more disk', () => {
    const scoreOf = (memoryMb: number, diskMb: number): number => {
      const pool = createPool([cellA]);
      return lrpBase(pool, diegoWeights)(0) + added(pool, 0, lrp('pg-9', 0, memoryMb, diskMb).resources);
    };
    expect(scoreOf(20, 1)).toBeGreaterThan(scoreOf(10, 1));
    expect(scoreOf(10, 2)).toBeGreaterThan(scoreOf(10, 1));
  });
  test('[A.8 18] at a bin-pack weight of 0 two equal cells score the same: the first by id wins', () => {
    expect(choose({}, {})).toBe('A');
    expect(choose({ startingCount: 1 }, {})).toBe('B');
  });
  test('[A.8 17] avoids a cell where ten containers start', () => {
    expect(choose({ startingCount: 10 }, { used: { memoryMb: 50, diskMb: 50, containers: 50 } })).toBe('B');
  });
  test('[A.8 17] ignores starting containers at weight 0', () => {
    const weights = { ...diegoWeights, starting: 0 };
    expect(choose({ startingCount: 10 }, {}, lrp('pg-1', 0, 10), weights)).toBe('A');
  });
  test('[A.8 17] avoids the same process more than ten starting containers', () => {
    expect(choose({ instancesByProcess: processes({ 'pg-1': 1 }) }, { startingCount: 10 })).toBe('B');
  });
  test('[A.8 19] rises with each instance of the same process on the cell', () => {
    const [two, one] = [2, 1].map((count) => ({ instancesByProcess: processes({ 'pg-1': count }) }));
    expect(choose(two ?? {}, one ?? {})).toBe('B');
    expect(choose(one ?? {}, {})).toBe('B');
  });
  test('[A.8 18] at a bin-pack weight prefers the first cell of a zone, but not to the same process', () => {
    const weights = { ...diegoWeights, binPack: 0.2 };
    const fuller = { used: { memoryMb: 10, diskMb: 10, containers: 10 } };
    expect(choose(fuller, {}, lrp('pg-1', 0, 10), weights)).toBe('A');
    expect(choose({ instancesByProcess: processes({ 'pg-1': 1 }) }, {}, lrp('pg-1', 0, 10), weights)).toBe(
      'B',
    );
  });
  test('[A.8 18, 20] numbers the cells of each zone from 0 for bin packing', () => {
    const weights = { ...diegoWeights, binPack: 10 };
    const cells = [
      buildAuctionCell('A', { zone: 'x', startingCount: 1 }),
      buildAuctionCell('B', { zone: 'x' }),
      buildAuctionCell('C', { zone: 'y' }),
    ];
    const result = auction(cells, [lrp('pg-1', 0, 10)], { weights, maxStarting: 0 });
    expect(where(result)).toEqual({ 'lrp/pg-1/0': 'C' });
  });
});

describe('refusals', () => {
  const need = (memoryMb: number, diskMb: number) => lrp('pg-4', 0, memoryMb, diskMb);

  test('[A.8 11] [diego 31] name the resource that is short', () => {
    expect(messages(auction([cellA, cellB], [need(1_000, 1)]))).toEqual(['insufficient resources: memory']);
  });
  test('[A.8 11] [diego 201, 308] list what every cell is short of, sorted, and place nothing', () => {
    const result = auction([cellA, cellB], [need(1_000, 1_000)]);
    expect(messages(result)).toEqual(['insufficient resources: disk, memory']);
    expect(result.placements).toEqual([]);
  });
  test('[A.8 11] [diego 308] say no more when the cells are short of different things', () => {
    const third = buildAuctionCell('C', { capacity: { memoryMb: 1_200, diskMb: 5, containers: 100 } });
    expect(messages(auction([cellA, cellB, third], [need(1_000, 10)]))).toEqual(['insufficient resources']);
  });
  test('name containers when every slot is taken', () => {
    const full = buildAuctionCell('A', { used: { memoryMb: 0, diskMb: 0, containers: 100 } });
    expect(messages(auction([full], [need(1, 1)]))).toEqual(['insufficient resources: containers']);
  });
  test('count the cells that each filter dropped and name the nearest with what it lacks', () => {
    const down = buildAuctionCell('D', { unusable: 'docker does not answer' });
    const [item] = auction([cellA, cellB, down], [need(600, 95)]).unplaced;
    expect(item?.refusal).toEqual({
      message: 'insufficient resources: disk, memory',
      cells: 3,
      counts: { unusable: 1, disk: 2, memory: 2 },
      nearest: { cellId: 'B', lacks: '5 MiB disk, 510 MiB memory' },
      change: 'ask for less (B has 100 MiB memory in all), or add a larger cell',
    });
  });
  test('speak of a slot, not of megabytes, when only a slot is missing', () => {
    const full = buildAuctionCell('A', { used: { memoryMb: 0, diskMb: 0, containers: 100 } });
    expect(auction([full], [need(1, 1)]).unplaced[0]?.refusal.nearest?.lacks).toBe('1 container slot');
  });
});

describe('the order of work', () => {
  const single = (memoryMb: number) => [
    buildAuctionCell('A', { capacity: { memoryMb, diskMb: 1_000, containers: 1_000 } }),
  ];
  const work = [
    lrp('pg-7', 0, 10),
    lrp('pg-7', 1, 10),
    lrp('pg-8', 1, 40),
    lrp('pg-8', 2, 40),
    task('tg-10', 10),
    task('tg-20', 20),
  ];
  const [pg70, pg71, pg81, pg82] = ['lrp/pg-7/0', 'lrp/pg-7/1', 'lrp/pg-8/1', 'lrp/pg-8/2'];
  const tasks = ['task/tg-20', 'task/tg-10'];

  test.each([
    [130, [pg70, ...tasks, pg81, pg71, pg82]],
    [10, [pg70]],
    [45, [pg70, ...tasks]],
    [80, [pg70, ...tasks, pg81]],
    [95, [pg70, ...tasks, pg81, pg71]],
  ])('[A.8 13] [diego 309] with %i MB there is room for the most important', (memoryMb, expected) => {
    expect(Object.keys(where(auction(single(memoryMb), work)))).toEqual(expected);
  });
  test('[A.8 14] of three tasks the largest goes first', () => {
    const three = [task('tg-10', 10), task('tg-20', 20), task('tg-30', 30)];
    expect(Object.keys(where(auction(single(31), three)))).toEqual(['task/tg-30']);
  });
  test('first instances go before tasks also when there are no other instances (unlike Diego)', () => {
    expect(Object.keys(where(auction(single(10), [task('tg-1', 10), lrp('pg-1', 0, 10)])))).toEqual([
      'lrp/pg-1/0',
    ]);
  });
  test('[A.8 12] [diego 310] a mixed batch balances, and what has no root file system fails alone', () => {
    const fullerB = buildAuctionCell('B', {
      zone: 'B-zone',
      used: { memoryMb: 30, diskMb: 30, containers: 2 },
      instancesByProcess: processes({ 'pg-3': 1, 'pg-4': 1 }),
    });
    const unknown = placementSchema.parse({ os: 'unknown' });
    const mixed = [
      lrp('pg-3', 1, 40),
      lrp('pg-2', 1, 5),
      task('tg-1', 40),
      task('tg-2', 5),
      { ...lrp('nope', 0, 5), rules: unknown },
      { ...task('nope', 5), rules: unknown },
    ];
    const result = auction([cellA, fullerB], mixed);
    expect(where(result)).toEqual({
      'task/tg-1': 'A',
      'task/tg-2': 'B',
      'lrp/pg-3/1': 'A',
      'lrp/pg-2/1': 'B',
    });
    expect(failed(result)).toEqual(['lrp/nope/0', 'task/nope']);
    const mismatch = 'found no compatible cell for required rootfs: os unknown';
    expect(messages(result)).toEqual([mismatch, mismatch]);
  });
});

describe('a batch', () => {
  test('[A.8 21] holds each piece of work once; the first copy stays', () => {
    const batch = orderBatch([lrp('a', 0, 10), lrp('a', 0, 20), task('t', 1), task('t', 2), lrp('a', 1, 10)]);
    expect(batch).toEqual([lrp('a', 0, 10), task('t', 1), lrp('a', 1, 10)]);
  });
  test('of an LRP and a task with one name holds both', () => {
    expect(auction([cellA], [lrp('x', 0, 1), task('x', 1)]).placements).toHaveLength(2);
  });
  test('[A.8 21] is empty when there is nothing to do', () => {
    expect(auction([cellA], [])).toEqual({ placements: [], unplaced: [], evictions: [] });
  });
});
