/** What holds for every auction, whatever the cells and the work: generated, and compared with a plain scan. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildAuctionCell, noRules } from '../../../test/kit/builders.ts';
import type { AuctionCell, Work } from '../../model/auction.ts';
import type { ProcessGuid, TaskGuid } from '../../model/ids.ts';
import {
  addResources,
  type Resources,
  resourceNames,
  subtractResources,
  withOverhead,
} from '../../model/resources.ts';
import { auction, diegoOptions } from './auction.ts';
import { orderBatch, workKey } from './batch.ts';
import { diegoWeights, fill, fillPerUnit } from './scoring.ts';

const resources = (memory: number, disk: number, containers: number) =>
  fc.record({
    memoryMb: fc.integer({ min: 0, max: memory }),
    diskMb: fc.integer({ min: 0, max: disk }),
    containers: fc.integer({ min: 0, max: containers }),
  });
const guids = ['p1', 'p2', 'p3'] as ProcessGuid[];

const cellFields = fc.record({
  zone: fc.constantFrom('x', 'y', 'z'),
  capacity: resources(200, 200, 12),
  used: resources(60, 60, 4),
  startingCount: fc.integer({ min: 0, max: 3 }),
  counts: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 3 }),
  taskCount: fc.integer({ min: 0, max: 3 }),
  overheadMemoryMb: fc.constantFrom(0, 0, 4),
  unusable: fc.option(fc.constant('docker does not answer'), { nil: undefined, freq: 8 }),
});
const cellsArbitrary = fc.array(cellFields, { maxLength: 12 }).map((all) =>
  all.map(({ counts, unusable, ...fields }, place) =>
    buildAuctionCell(`cell-${String(place).padStart(2, '0')}`, {
      ...fields,
      instancesByProcess: new Map(guids.map((guid, i) => [guid, counts[i] ?? 0])),
      ...(unusable === undefined ? {} : { unusable }),
    }),
  ),
);
const sizeArbitrary = fc.record({
  memoryMb: fc.constantFrom(0, 10, 30, 300),
  diskMb: fc.constantFrom(0, 5, 50),
});
const workArbitrary: fc.Arbitrary<Work[]> = fc.array(
  fc
    .record({
      kind: fc.constantFrom('lrp', 'task'),
      guid: fc.constantFrom(...guids),
      index: fc.integer({ min: 0, max: 12 }),
      size: sizeArbitrary,
    })
    .map(({ kind, guid, index, size }): Work => {
      const need = { ...size, containers: 1 };
      return kind === 'lrp'
        ? { kind: 'lrp', guid, index, resources: need, rules: noRules, priority: 0, fixedPorts: [] }
        : { kind: 'task', guid: `t${index}` as TaskGuid, resources: need, rules: noRules };
    }),
  { maxLength: 40 },
);

/**
 * Plays a result back over a plain scan of all cells: returns the first piece of work that was not given to
 * (one of) the best cells at its turn, or was refused although there was one.
 */
function firstMistake(cells: readonly AuctionCell[], work: readonly Work[]): string | undefined {
  const result = auction(cells, work);
  const winners = new Map(result.placements.map(({ work: item, cellId }) => [workKey(item), cellId]));
  const live = cells.map((cell) => ({ ...cell, same: new Map(cell.instancesByProcess) }));
  for (const item of orderBatch(work)) {
    const ranked = live
      .filter((cell) => hasRoom(cell, item))
      .map((cell) => ({
        cell,
        zone: item.kind === 'task' ? 0 : zoneCount(live, cell.zone, item),
        score: score(cell, item),
      }))
      .sort((a, b) => a.zone - b.zone || a.score - b.score);
    const [best] = ranked;
    const won = ranked.find(({ cell }) => cell.cellId === winners.get(workKey(item)));
    if ((best === undefined) !== (won === undefined)) return workKey(item);
    if (best === undefined || won === undefined) continue;
    if (won.zone !== best.zone || won.score > best.score + 1e-9) return workKey(item);
    const { cell } = won;
    Object.assign(cell, {
      used: addResources(cell.used, takenOn(cell, item)),
      startingCount: cell.startingCount + 1,
    });
    if (item.kind === 'task') Object.assign(cell, { taskCount: cell.taskCount + 1 });
    else cell.same.set(item.guid, (cell.same.get(item.guid) ?? 0) + 1);
  }
  return undefined;
}

type LiveCell = AuctionCell & { readonly same: ReadonlyMap<string, number> };

const takenOn = ({ overheadMemoryMb = 0 }: AuctionCell, { resources }: Work): Resources =>
  withOverhead(resources, overheadMemoryMb);

function hasRoom(cell: AuctionCell, item: Work): boolean {
  if (cell.unusable !== undefined) return false;
  const need = takenOn(cell, item);
  return resourceNames.every((name) => cell.capacity[name] - cell.used[name] >= need[name]);
}

function zoneCount(cells: readonly LiveCell[], zone: string, { guid }: Work): number {
  return cells.reduce((sum, cell) => sum + (cell.zone === zone ? (cell.same.get(guid) ?? 0) : 0), 0);
}

function score(cell: LiveCell, item: Work): number {
  const alike = item.kind === 'task' ? cell.taskCount : (cell.same.get(item.guid) ?? 0);
  return (
    fill(addResources(cell.used, takenOn(cell, item)), fillPerUnit(cell.capacity)) +
    diegoWeights.starting * cell.startingCount +
    diegoWeights.locality * alike
  );
}

const check = (holds: (cells: AuctionCell[], work: Work[]) => void, numRuns = 300) =>
  fc.assert(fc.property(cellsArbitrary, workArbitrary, holds), { numRuns });

test('every piece of work is placed or refused, exactly once', () => {
  check((cells, work) => {
    const { placements, unplaced } = auction(cells, work);
    const keys = [...placements, ...unplaced].map((item) => workKey(item.work));
    expect(keys.toSorted()).toEqual([...new Set(work.map(workKey))].toSorted());
  });
});

test('no cell is promised more than it has, and no unusable one anything', () => {
  check((cells, work) => {
    const taken = new Map<string, Resources>();
    const byId = new Map(cells.map((cell) => [cell.cellId, cell]));
    for (const { work: item, cellId } of auction(cells, work).placements) {
      taken.set(
        cellId,
        addResources(
          taken.get(cellId) ?? { memoryMb: 0, diskMb: 0, containers: 0 },
          takenOn(byId.get(cellId) as AuctionCell, item),
        ),
      );
    }
    for (const cell of cells) {
      const more = taken.get(cell.cellId);
      if (more === undefined) continue;
      expect(cell.unusable).toBeUndefined();
      const left = subtractResources(cell.capacity, addResources(cell.used, more));
      // What was over-committed before, in a resource that the work does not need, may stay so.
      for (const name of resourceNames) if (more[name] > 0) expect(left[name]).toBeGreaterThanOrEqual(0);
    }
  });
});

test('every placement is as good as a plain scan of all cells would find, every refusal as justified', () => {
  check((cells, work) => {
    expect(firstMistake(cells, work)).toBeUndefined();
  }, 1_000);
});

test('the outcome depends neither on the order of cells nor on that of work, nor on what need not be looked for', () => {
  check((cells, work) => {
    const unrepeated = [...new Map(work.map((item) => [workKey(item), item])).values()];
    const result = auction(cells, unrepeated);
    expect(auction(cells.toReversed(), unrepeated.toReversed())).toEqual(result);
    const isNowhere = (guid: ProcessGuid): boolean =>
      cells.every(({ instancesByProcess }) => (instancesByProcess.get(guid) ?? 0) === 0);
    expect(auction(cells, unrepeated, { ...diegoOptions, isDistinct: true, isNowhere })).toEqual(result);
  });
});

test('instances of one process are never doubled up while a cell of that zone without one has room', () => {
  check((cells, work) => {
    const { placements } = auction(
      cells.map((cell) => ({ ...cell, unusable: undefined, instancesByProcess: new Map() })),
      work.filter(({ kind }) => kind === 'lrp'),
    );
    const seen = new Map<string, Set<string>>();
    const used = new Map(cells.map((cell) => [cell.cellId, cell.used]));
    for (const { work: item, cellId } of placements) {
      const hosts = seen.get(item.guid) ?? new Set();
      const zone = cells.find((cell) => cell.cellId === cellId)?.zone;
      if (hosts.has(cellId)) {
        const better = cells.find(
          (cell) =>
            cell.zone === zone &&
            !hosts.has(cell.cellId) &&
            resourceNames.every(
              (name) =>
                cell.capacity[name] - (used.get(cell.cellId)?.[name] ?? 0) >= takenOn(cell, item)[name],
            ),
        );
        expect(better?.cellId).toBeUndefined();
      }
      hosts.add(cellId);
      seen.set(item.guid, hosts);
      const cell = cells.find((one) => one.cellId === cellId) as AuctionCell;
      used.set(cellId, addResources(used.get(cellId) ?? cell.used, takenOn(cell, item)));
    }
  });
});

test('caps on starting containers hold, in the cluster and on each cell, and nothing is refused below them', () => {
  const caps = fc.record({ all: fc.integer({ min: 0, max: 12 }), each: fc.integer({ min: 0, max: 4 }) });
  fc.assert(
    fc.property(cellsArbitrary, workArbitrary, caps, (cells, work, { all, each }) => {
      const options = { weights: diegoWeights, maxStarting: all, maxStartingPerCell: each };
      const { placements, unplaced } = auction(cells, work, options);
      const before = cells.reduce((sum, cell) => sum + cell.startingCount, 0);
      if (all > 0 && placements.length > 0) expect(before + placements.length).toBeLessThanOrEqual(all);
      for (const { cellId, startingCount } of cells) {
        const here = placements.filter((placement) => placement.cellId === cellId).length;
        if (each > 0 && here > 0) expect(startingCount + here).toBeLessThanOrEqual(each);
      }
      const isCapped = unplaced.some(({ refusal }) => refusal.message.includes('start limit'));
      if (all === 0 && each === 0) expect(isCapped).toBe(false);
    }),
    { numRuns: 300 },
  );
});
