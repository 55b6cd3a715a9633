/**
 * What holds for every auction with placement rules: generated cells and work, and each outcome compared with
 * a naive second implementation that looks at every cell.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildAuctionCell, noRules } from '../../../test/kit/builders.ts';
import type { AuctionCell, LrpWork, Work } from '../../model/auction.ts';
import type { CellId, ProcessGuid, TaskGuid } from '../../model/ids.ts';
import { type PlacementRules, placementSchema } from '../../model/placement.ts';
import { addResources, type Resources, resourceNames, withOverhead } from '../../model/resources.ts';
import { auction, diegoOptions } from './auction.ts';
import { orderBatch, workKey } from './batch.ts';
import { diegoWeights, fill, fillPerUnit } from './scoring.ts';

const guids = ['p1', 'p2', 'p3', 'p4'] as ProcessGuid[];
const ports = [80, 443] as const;
const rulesOf = (input: object): PlacementRules => placementSchema.parse(input);
const ruleChoices: readonly PlacementRules[] = [
  noRules,
  rulesOf({ tags: ['a'] }),
  rulesOf({ tags: ['a', 'b'] }),
  rulesOf({ os: 'linux', arch: 'arm64' }),
  rulesOf({ volumeDrivers: ['nfs'], runtime: 'runsc' }),
  rulesOf({ spreadBy: 'rack' }),
  rulesOf({ spreadBy: 'rack', maxPerCell: 1, tags: ['a'] }),
  rulesOf({ sameCellAs: 'p1' }),
  rulesOf({ notWith: ['p1', 'p4'] }),
  rulesOf({ maxPerCell: 2 }),
];

const cellFields = fc.record({
  zone: fc.constantFrom('x', 'y'),
  capacity: fc.record({
    memoryMb: fc.integer({ min: 20, max: 200 }),
    diskMb: fc.constant(500),
    containers: fc.integer({ min: 1, max: 12 }),
  }),
  startingCount: fc.integer({ min: 0, max: 2 }),
  counts: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 4, maxLength: 4 }),
  rack: fc.constantFrom('r1', 'r2', undefined),
  requiredTags: fc.subarray(['a'], { maxLength: 1 }),
  optionalTags: fc.subarray(['a', 'b']),
  volumeDrivers: fc.subarray(['nfs']),
  runtimes: fc.subarray(['runsc']),
  arch: fc.constantFrom('x64', 'arm64'),
  fixedPorts: fc.subarray([...ports]).map((taken) => new Set<number>(taken)),
  repels: fc.subarray(guids, { maxLength: 1 }).map((some) => new Set(some)),
  overheadMemoryMb: fc.constantFrom(0, 0, 6),
  unusable: fc.option(fc.constant('down'), { nil: undefined, freq: 8 }),
});
const cellsArbitrary = fc.array(cellFields, { minLength: 1, maxLength: 10 }).map((all) =>
  all.map(({ counts, rack, unusable, ...fields }, place) =>
    buildAuctionCell(`cell-${place}`, {
      ...fields,
      labels: rack === undefined ? {} : { rack },
      instancesByProcess: new Map(guids.map((guid, i) => [guid, counts[i] ?? 0])),
      ...(unusable === undefined ? {} : { unusable }),
    }),
  ),
);

/** Each process has rules, a size, a priority and ports of its own, as an LRP has. */
const workArbitrary: fc.Arbitrary<Work[]> = fc
  .array(
    fc.record({
      rules: fc.constantFrom(...ruleChoices),
      memoryMb: fc.constantFrom(5, 30, 90),
      priority: fc.constantFrom(0, 0, 5, -5),
      instances: fc.integer({ min: 0, max: 6 }),
      fixedPorts: fc.subarray([...ports], { maxLength: 1 }),
      lastResort: fc.option(
        fc.subarray(['cell-0', 'cell-1', 'cell-2']).map((some) => new Set(some as CellId[])),
        { nil: undefined, freq: 4 },
      ),
      home: fc.option(fc.constantFrom('cell-0', 'cell-1', 'gone'), { nil: undefined, freq: 6 }),
      isTask: fc.boolean(),
    }),
    { maxLength: 4 },
  )
  .map((all) =>
    all.flatMap(({ rules, memoryMb, instances, isTask, home, ...rest }, place): Work[] => {
      const resources = { memoryMb, diskMb: 1, containers: 1 };
      if (isTask && place > 1) return [{ kind: 'task', guid: `t${place}` as TaskGuid, resources, rules }];
      return Array.from({ length: instances }, (_, index): LrpWork => {
        const guid = guids[place] as ProcessGuid;
        const sticky = home === undefined || index > 0 ? {} : { home: home as CellId };
        return { kind: 'lrp', guid, index, resources, rules, ...rest, ...sticky };
      });
    }),
  );

/** A cell as the naive implementation keeps it. */
interface Live {
  readonly cell: AuctionCell;
  used: AuctionCell['used'];
  starting: number;
  tasks: number;
  readonly counts: Map<string, number>;
  readonly ports: Set<number>;
  readonly repels: Set<string>;
}

const liveOf = (cell: AuctionCell): Live => ({
  cell,
  used: cell.used,
  starting: cell.startingCount,
  tasks: cell.taskCount,
  counts: new Map(cell.instancesByProcess),
  ports: new Set(cell.fixedPorts),
  repels: new Set(cell.repels),
});

function obeys({ cell, counts, ports: taken, repels }: Live, work: Work): boolean {
  const { rules } = work;
  const has = (guid: string): boolean => (counts.get(guid) ?? 0) > 0;
  const known = new Set([...cell.requiredTags, ...cell.optionalTags]);
  const tagsMatch =
    cell.requiredTags.every((tag) => rules.tags.includes(tag)) && rules.tags.every((tag) => known.has(tag));
  const matches =
    tagsMatch &&
    [undefined, cell.os].includes(rules.os) &&
    [undefined, cell.arch].includes(rules.arch) &&
    rules.volumeDrivers.every((driver) => cell.volumeDrivers.includes(driver)) &&
    (rules.runtime === undefined || cell.runtimes.includes(rules.runtime)) &&
    (rules.sameCellAs === undefined || has(rules.sameCellAs)) &&
    !rules.notWith.some(has);
  if (work.kind === 'task') return matches;
  return (
    matches &&
    !repels.has(work.guid) &&
    (work.home === undefined || work.home === cell.cellId) &&
    (counts.get(work.guid) ?? 0) < (rules.maxPerCell ?? 1_000) &&
    !work.fixedPorts.some((port) => taken.has(port))
  );
}

const hasRoom = ({ cell, used }: Live, { resources }: Work): boolean =>
  cell.unusable === undefined &&
  resourceNames.every((name) => cell.capacity[name] - used[name] >= takenOn(cell, resources)[name]);

const takenOn = ({ overheadMemoryMb = 0 }: AuctionCell, need: Resources): Resources =>
  withOverhead(need, overheadMemoryMb);

/** Lower is better: who is not heard last of all, a last resort, no label then, then the value with fewer, the zone with fewer, the lower score. */
function worthOf(all: readonly Live[], live: Live, work: Work, unheard: ReadonlySet<CellId>): number[] {
  const taken = takenOn(live.cell, work.resources);
  const added = fill(addResources(live.used, taken), fillPerUnit(live.cell.capacity));
  const score = added + diegoWeights.starting * live.starting;
  const isUnheard = unheard.has(live.cell.cellId) ? 1 : 0;
  if (work.kind === 'task') return [isUnheard, score + diegoWeights.locality * live.tasks];
  const total = (same: (cell: AuctionCell) => boolean): number =>
    all.reduce((sum, { cell, counts }) => sum + (same(cell) ? (counts.get(work.guid) ?? 0) : 0), 0);
  const label = work.rules.spreadBy;
  const value = label === undefined ? undefined : live.cell.labels[label];
  const group = label === undefined ? 0 : total((cell) => cell.labels[label] === value);
  const zone = total((cell) => cell.zone === live.cell.zone);
  const own = diegoWeights.locality * (live.counts.get(work.guid) ?? 0);
  const isLast = work.lastResort?.has(live.cell.cellId) === true;
  return [
    isUnheard,
    isLast ? 1 : 0,
    label !== undefined && value === undefined ? 1 : 0,
    group,
    zone,
    score + own,
  ];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((value, i) => Math.abs(value - (b[i] ?? 0)) > 1e-9);
  return place < 0 ? 0 : (a[place] ?? 0) - (b[place] ?? 0);
}

/** The first piece of work that was not given one of the best cells, or was refused although there was one. */
function firstMistake(
  cells: readonly AuctionCell[],
  work: readonly Work[],
  unheard: ReadonlySet<CellId> = new Set(),
): string | undefined {
  const { placements } = auction(cells, work, { ...diegoOptions, unheard });
  const winners = new Map(placements.map(({ work: item, cellId }) => [workKey(item), cellId]));
  const all = cells.map(liveOf);
  for (const item of orderBatch(work)) {
    const ranked = all
      .filter((live) => hasRoom(live, item) && obeys(live, item))
      .map((live) => ({ live, worth: worthOf(all, live, item, unheard) }))
      .sort((a, b) => compare(a.worth, b.worth));
    const [best] = ranked;
    const won = ranked.find(({ live }) => live.cell.cellId === winners.get(workKey(item)));
    if (best === undefined && winners.has(workKey(item))) return `${workKey(item)} breaks a rule`;
    if (best === undefined) continue;
    if (won === undefined) return `${workKey(item)} has no place or a forbidden one`;
    if (compare(won.worth, best.worth) > 0) return `${workKey(item)} has a worse place than it could`;
    settle(won.live, item);
  }
  return undefined;
}

function settle(live: Live, item: Work): void {
  live.used = addResources(live.used, takenOn(live.cell, item.resources));
  live.starting += 1;
  if (item.kind === 'task') {
    live.tasks += 1;
    return;
  }
  live.counts.set(item.guid, (live.counts.get(item.guid) ?? 0) + 1);
  for (const port of item.fixedPorts) live.ports.add(port);
  for (const guid of item.rules.notWith) live.repels.add(guid);
}

const check = (holds: (cells: AuctionCell[], work: Work[]) => void, numRuns: number) =>
  fc.assert(fc.property(cellsArbitrary, workArbitrary, holds), { numRuns });

test('no rule is broken, no cell over-committed, and every choice is the best one at its turn', () => {
  check((cells, work) => {
    expect(firstMistake(cells, work)).toBeUndefined();
  }, 3_000);
});

const unheardArbitrary = fc
  .subarray(['cell-0', 'cell-1', 'cell-2', 'cell-3'])
  .map((some): ReadonlySet<CellId> => new Set(some as CellId[]));

test('the same with cells that are not heard, which come last of all; no more is refused for them', () => {
  const holds = (cells: AuctionCell[], work: Work[], unheard: ReadonlySet<CellId>): void => {
    expect(firstMistake(cells, work, unheard)).toBeUndefined();
    const options = { ...diegoOptions, unheard };
    expect(auction(cells.toReversed(), work.toReversed(), options)).toEqual(auction(cells, work, options));
    const all = new Set(cells.map(({ cellId }) => cellId));
    expect(auction(cells, work, { ...diegoOptions, unheard: all })).toEqual(auction(cells, work));
  };
  fc.assert(fc.property(cellsArbitrary, workArbitrary, unheardArbitrary, holds), { numRuns: 500 });
});

test('the outcome, its explanations included, depends neither on the order of cells nor on that of work', () => {
  check((cells, work) => {
    const result = auction(cells, work);
    expect(auction(cells.toReversed(), work.toReversed())).toEqual(result);
  }, 300);
});

test('every refusal says why, counts each cell under something, and tells what would help', () => {
  check((cells, work) => {
    for (const { refusal } of auction(cells, work).unplaced) {
      expect(refusal.message).not.toBe('');
      expect(refusal.cells).toBe(cells.length);
      const counted = Object.values(refusal.counts).reduce((sum, count) => sum + count, 0);
      expect(counted).toBeGreaterThanOrEqual(cells.length);
      if (cells.some(({ unusable }) => unusable === undefined)) expect(refusal.change).toMatch(/\w/);
    }
  }, 500);
});

test('many values of a label are walked as one ranking and give what short walks do', () => {
  const racks = Array.from({ length: 12 }, (_, i) => `r${i}`);
  const manyRacks = fc.array(
    fc.record({ rack: fc.constantFrom(...racks), used: fc.integer({ max: 60, min: 0 }) }),
    {
      minLength: 12,
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(manyRacks, fc.integer({ min: 1, max: 40 }), (places, count) => {
      const cells = places.map(({ rack, used }, place) =>
        buildAuctionCell(`cell-${place}`, {
          zone: `z${place % 2}`,
          labels: { rack },
          used: { memoryMb: used, diskMb: 0, containers: 0 },
        }),
      );
      const rules = rulesOf({ spreadBy: 'rack' });
      const work = Array.from({ length: count }, (_, index): LrpWork => {
        const resources = { memoryMb: 10, diskMb: 0, containers: 1 };
        return {
          kind: 'lrp',
          guid: guids[0] as ProcessGuid,
          index,
          resources,
          rules,
          priority: 0,
          fixedPorts: [],
        };
      });
      expect(firstMistake(cells, work)).toBeUndefined();
    }),
    { numRuns: 200 },
  );
});

test('preemption stops only strictly lower priorities, none twice, enough for who needs the room, and no more', () => {
  const victim = fc.record({
    priority: fc.integer({ min: -3, max: 3 }),
    memoryMb: fc.integer({ min: 1, max: 40 }),
    leaving: fc.boolean(),
  });
  const full = fc.array(fc.array(victim, { maxLength: 5 }), { minLength: 1, maxLength: 5 });
  const wanted = fc.array(
    fc.record({ priority: fc.integer({ min: -2, max: 4 }), memoryMb: fc.integer({ min: 5, max: 80 }) }),
    {
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(full, wanted, (all, needs) => {
      const cells = all.map((victims, place) => {
        const evictable = victims.map(({ priority, memoryMb, leaving }, n) => ({
          guid: `v${place}-${n}` as ProcessGuid,
          index: 0,
          priority,
          leaving,
          resources: { memoryMb, diskMb: 0, containers: 1 },
        }));
        const used = evictable.reduce((sum, { resources }) => addResources(sum, resources), {
          memoryMb: 0,
          diskMb: 0,
          containers: 0,
        });
        const capacity = { memoryMb: used.memoryMb, diskMb: 100, containers: 20 };
        return buildAuctionCell(`cell-${place}`, { capacity, used, evictable });
      });
      const work = needs.map(({ priority, memoryMb }, place): LrpWork => {
        const resources = { memoryMb, diskMb: 0, containers: 1 };
        const guid = `w${place}` as ProcessGuid;
        return { kind: 'lrp', guid, index: 0, resources, rules: noRules, priority, fixedPorts: [] };
      });
      const { evictions } = auction(cells, work);
      const names = evictions.map(({ guid }) => guid);
      expect(new Set(names).size).toBe(names.length);
      for (const by of work) {
        const mine = evictions.filter((eviction) => eviction.work === by);
        const cell = cells.find(({ cellId }) => cellId === mine[0]?.cellId);
        const stopped = mine.map(({ guid }) => cell?.evictable?.find((one) => one.guid === guid));
        for (const one of stopped) {
          expect(one?.leaving).toBe(false);
          expect(one?.priority).toBeLessThan(by.priority);
        }
        if (cell === undefined) continue;
        // Never more than it needs: without any one of them there would not be enough.
        const sizes = stopped.map((one) => one?.resources.memoryMb ?? 0);
        const sum = sizes.reduce((total, size) => total + size, 0);
        expect(sum - Math.min(...sizes)).toBeLessThan(by.resources.memoryMb);
      }
    }),
    { numRuns: 500 },
  );
});
