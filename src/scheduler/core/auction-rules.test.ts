/** Placement rules one by one: what each filter lets through, what it says, and what it says would help. */
import { describe, expect, test } from 'vitest';
import { buildAuctionCell, buildLrpWork, buildTaskWork } from '../../../test/kit/builders.ts';
import type { AuctionCell, AuctionResult, Evictable, LrpWork, Work } from '../../model/auction.ts';
import { brainSettingsSchema } from '../../model/cell-spec.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import { placementSchema } from '../../model/placement.ts';
import { auction, auctionOptions, diegoOptions } from './auction.ts';
import { workKey } from './batch.ts';

const rules = (input: object) => placementSchema.parse(input);
const lrp = (guid: string, index: number, input: object, change: Partial<LrpWork> = {}) =>
  buildLrpWork(guid, index, 10, 1, { rules: rules(input), ...change });
const where = ({ placements }: AuctionResult) =>
  Object.fromEntries(placements.map(({ work, cellId }) => [workKey(work), cellId]));
const refusals = ({ unplaced }: AuctionResult) => unplaced.map(({ refusal }) => refusal);
const running = (...guids: string[]) => new Map(guids.map((guid) => [guid as ProcessGuid, 1]));
const cells = (...ids: string[]) => ids.map((id) => buildAuctionCell(id));

describe('operating system and architecture', () => {
  const windows = buildAuctionCell('C', { zone: 'C-zone', os: 'windows' });
  test('[A.8 5] [diego 305] the only cell that has what the root file system needs gets it', () => {
    const mixed = [...cells('A', 'B'), windows];
    expect(where(auction(mixed, [lrp('web', 0, { os: 'windows' })]))).toEqual({ 'lrp/web/0': 'C' });
  });
  test('[A.8 12] an LRP and a task for an unknown root file system fail alone, with what they asked for', () => {
    const task = { ...buildTaskWork('job', 1), rules: rules({ arch: 'mips' }) };
    const result = auction(cells('A'), [
      lrp('nope', 0, { os: 'plan9', arch: 'arm64' }),
      task,
      lrp('ok', 0, {}),
    ]);
    expect(where(result)).toEqual({ 'lrp/ok/0': 'A' });
    expect(refusals(result).map(({ message }) => message)).toEqual([
      'found no compatible cell for required rootfs: os plan9, arch arm64',
      'found no compatible cell for required rootfs: arch mips',
    ]);
  });
});

describe('[diego 302] volume drivers', () => {
  const drivers = [
    buildAuctionCell('A', { volumeDrivers: ['d1', 'd2'] }),
    buildAuctionCell('B', { volumeDrivers: ['d3'] }),
  ];
  test('[A.8 6] all of them must be on one cell', () => {
    const [refusal] = refusals(auction(drivers, [lrp('web', 0, { volumeDrivers: ['d1', 'd3'] })]));
    expect(refusal).toMatchObject({
      message: 'found no compatible cell with required volume drivers',
      counts: { 'volume drivers': 2 },
      nearest: { cellId: 'A', lacks: 'volume driver "d3"' },
      change: 'install volume driver "d3" on A',
    });
    expect(where(auction(drivers, [lrp('web', 0, { volumeDrivers: ['d3'] })]))).toEqual({ 'lrp/web/0': 'B' });
  });
});

describe('placement tags', () => {
  const tagged = (id: string, requiredTags: string[], optionalTags: string[] = []) =>
    buildAuctionCell(id, { zone: id.slice(0, 2), requiredTags, optionalTags });
  const zoo = [
    tagged('z1-1', ['quack', 'moo'], ['chirp']),
    tagged('z1-2', []),
    tagged('z2-1', ['quack'], ['chirp', 'baa']),
    tagged('z2-2', ['quack', 'moo', 'oink']),
  ];
  test.each([
    [['moo', 'quack'], 'z1-1'],
    [['quack', 'chirp'], 'z2-1'],
    [[], 'z1-2'],
  ])('[A.8 7] [diego 298] %j goes to %s', (tags, cellId) => {
    expect(where(auction(zoo, [lrp('web', 0, { tags })]))).toEqual({ 'lrp/web/0': cellId });
  });
  test.each([
    [['oink', 'kakaaaaa'], 'found no compatible cell with placement tags "oink" and "kakaaaaa"'],
    [['x', 'y', 'z'], 'found no compatible cell with placement tags "x", "y" and "z"'],
    [['x'], 'found no compatible cell with placement tag "x"'],
  ])('[A.8 7] [diego 299] %j is refused in Diego’s words', (tags, message) => {
    expect(refusals(auction(zoo, [lrp('web', 0, { tags })]))[0]?.message).toBe(message);
  });
  test('work without tags is told that every cell requires some', () => {
    const [refusal] = refusals(auction([tagged('a', ['gpu'])], [lrp('web', 0, {})]));
    expect(refusal).toMatchObject({
      message: 'found no compatible cell with no placement tags',
      change: 'ask for tag "gpu" too',
    });
  });
  /** Rows: what the cell has; columns: what the work asks for. */
  test.each([
    ['nothing', [], [], [[]]],
    ['required foo, bar', ['foo', 'bar'], [], [['foo', 'bar']]],
    ['optional foo', [], ['foo'], [[], ['foo']]],
    ['required foo, optional bar', ['foo'], ['bar'], [['foo'], ['foo', 'bar']]],
  ])('[diego 300] a cell with %s takes exactly what it should', (_name, required, optional, taken) => {
    const asked = [[], ['foo'], ['bar'], ['foo', 'bar']];
    const cell = tagged('a', required, optional);
    const placed = asked.filter((tags) => auction([cell], [lrp('w', 0, { tags })]).placements.length > 0);
    expect(placed).toEqual(taken);
  });
  test('the most specific reason wins: a cell that fails only the tags counts for more than one without drivers', () => {
    const mixed = [buildAuctionCell('a'), buildAuctionCell('b', { volumeDrivers: ['nfs'] })];
    const [refusal] = refusals(auction(mixed, [lrp('w', 0, { volumeDrivers: ['nfs'], tags: ['gpu'] })]));
    expect(refusal).toMatchObject({
      message: 'found no compatible cell with placement tag "gpu"',
      counts: { 'volume drivers': 1, 'placement tags': 1 },
      nearest: { cellId: 'b' },
      change: 'add tag "gpu" to a cell, such as b',
    });
  });
});

test('an OCI runtime that no cell has is named', () => {
  const [refusal] = refusals(auction(cells('a'), [lrp('w', 0, { runtime: 'runsc' })]));
  expect(refusal?.message).toBe('found no compatible cell with OCI runtime "runsc"');
});

describe('a sticky index', () => {
  const home = 'b' as CellId;
  test('goes to its home, though others are emptier', () => {
    const busy = buildAuctionCell('b', { used: { memoryMb: 50, diskMb: 50, containers: 50 } });
    expect(where(auction([...cells('a'), busy], [lrp('db', 0, { sticky: true }, { home })]))).toEqual({
      'lrp/db/0': 'b',
    });
  });
  test.each([
    ['is not present', cells('a')],
    ['takes nothing now: no engine', [...cells('a'), buildAuctionCell('b', { unusable: 'no engine' })]],
  ])('whose home %s waits for it and says so', (state, some) => {
    expect(refusals(auction(some, [lrp('db', 0, { sticky: true }, { home })]))[0]).toMatchObject({
      message: `found no compatible cell: its volume is on cell b, which ${state}`,
      change: 'bring cell b back',
    });
  });
  test('whose home is full is told what is short there', () => {
    const full = buildAuctionCell('b', { used: { memoryMb: 95, diskMb: 0, containers: 0 } });
    expect(
      refusals(auction([...cells('a'), full], [lrp('db', 0, { sticky: true }, { home })]))[0],
    ).toMatchObject({
      message: 'insufficient resources: memory',
      nearest: { cellId: 'b', lacks: '5 MiB memory' },
    });
  });
});

describe('neighbours', () => {
  test('same cell as: goes where the other runs, also when that is placed in the same batch', () => {
    const work = [lrp('a-side', 0, { sameCellAs: 'main' }), lrp('main', 0, {})];
    const placed = where(auction(cells('a', 'b', 'c'), work));
    expect(placed['lrp/a-side/0']).toBe(placed['lrp/main/0']);
    expect(refusals(auction(cells('a'), [lrp('x', 0, { sameCellAs: 'main' })]))[0]).toMatchObject({
      message: 'found no compatible cell: none that it may use runs an instance of "main"',
    });
  });
  test('two that wait for each other are both refused, and nothing hangs', () => {
    const ring = [lrp('x', 0, { sameCellAs: 'y' }), lrp('y', 0, { sameCellAs: 'x' })];
    expect(refusals(auction(cells('a'), ring))).toHaveLength(2);
  });
  test('not with: avoids the other, and the other avoids it', () => {
    const work = [lrp('loner', 0, { notWith: ['noisy'] }), lrp('noisy', 0, {}), lrp('noisy', 1, {})];
    const placed = where(auction(cells('a', 'b'), work));
    expect([placed['lrp/noisy/0'], placed['lrp/noisy/1']]).not.toContain(placed['lrp/loner/0']);
    const [refusal] = refusals(auction(cells('a'), work));
    expect(refusal).toMatchObject({ counts: { 'not with': 1 } });
  });
  test('not with: what runs already keeps its enemies off by `repels`', () => {
    const guarded = buildAuctionCell('a', { repels: new Set(['noisy' as ProcessGuid]) });
    expect(where(auction([guarded, ...cells('b')], [lrp('noisy', 0, {})]))).toEqual({ 'lrp/noisy/0': 'b' });
  });
  test('max per cell counts those that run and those of this batch', () => {
    const one = buildAuctionCell('a', { instancesByProcess: running('web') });
    const work = [0, 1, 2, 3].map((index) => lrp('web', index, { maxPerCell: 2 }));
    const result = auction([one, ...cells('b')], work);
    expect(result.placements).toHaveLength(3);
    expect(refusals(result)[0]?.message).toBe(
      'found no compatible cell: each that it may use runs 2 of "web", its most per cell',
    );
  });
  test('a fixed host port is given once a cell', () => {
    const taken = buildAuctionCell('a', { fixedPorts: new Set([80]) });
    const work = [0, 1].map((index) => lrp('edge', index, {}, { fixedPorts: [80] }));
    const result = auction([taken, ...cells('b')], work);
    expect(where(result)).toEqual({ 'lrp/edge/0': 'b' });
    expect(refusals(result)[0]).toMatchObject({ counts: { 'host ports': 2 } });
  });
});

describe('spread by a label', () => {
  const rack = (id: string, value: string | undefined, zone = 'z') =>
    buildAuctionCell(id, { zone, labels: value === undefined ? {} : { rack: value } });
  const spread = (count: number) =>
    Array.from({ length: count }, (_, index) => lrp('web', index, { spreadBy: 'rack' }));
  const countsOf = (some: readonly AuctionCell[], result: AuctionResult) =>
    some.map(({ cellId }) => result.placements.filter((placement) => placement.cellId === cellId).length);

  test('[swarmkit] preference: az1 has one cell, az2 four; eight instances are 4/1/1/1/1', () => {
    const some = [rack('a', 'az1'), ...['b', 'c', 'd', 'e'].map((id) => rack(id, 'az2'))];
    expect(countsOf(some, auction(some, spread(8)))).toEqual([4, 1, 1, 1, 1]);
  });
  test('[swarmkit] nested preferences: 12 instances over values of the label first, zones within, cells last', () => {
    const small = buildAuctionCell('a', {
      zone: 'rack-1',
      labels: { rack: 'az1' },
      capacity: { memoryMb: 1, diskMb: 1, containers: 1 },
    });
    const some = [
      small,
      rack('b', 'az1', 'rack-1'),
      ...['c', 'd', 'e'].map((id) => rack(id, 'az2', 'rack-2')),
      ...['f', 'g'].map((id) => rack(id, 'az2', 'rack-3')),
    ];
    expect(countsOf(some, auction(some, spread(12)))).toEqual([0, 6, 1, 1, 1, 2, 1]);
  });
  test('cells without the label are the last resort', () => {
    const some = [rack('a', 'r1'), rack('b', undefined)];
    expect(countsOf(some, auction(some, spread(4)))).toEqual([4, 0]);
    const full = buildAuctionCell('a', {
      labels: { rack: 'r1' },
      capacity: { memoryMb: 20, diskMb: 9, containers: 9 },
    });
    expect(countsOf([full, rack('b', undefined)], auction([full, rack('b', undefined)], spread(4)))).toEqual([
      2, 2,
    ]);
  });
});

test('[swarmkit] HA: 18 and 2 on five cells: three have four, two have three, and the two go there', () => {
  const five = cells('a', 'b', 'c', 'd', 'e');
  const first = auction(
    five,
    Array.from({ length: 18 }, (_, index) => lrp('s1', index, {})),
  );
  const counts = five.map(({ cellId }) => first.placements.filter((p) => p.cellId === cellId).length);
  expect(counts).toEqual([4, 4, 4, 3, 3]);
  const later = five.map((cell, place) => {
    const count = counts[place] ?? 0;
    const used = { memoryMb: 10 * count, diskMb: count, containers: count };
    return { ...cell, used, instancesByProcess: new Map([['s1' as ProcessGuid, count]]) };
  });
  expect(where(auction(later, [lrp('s2', 0, {}), lrp('s2', 1, {})]))).toEqual({
    'lrp/s2/0': 'd',
    'lrp/s2/1': 'e',
  });
});

describe('a cell on which an LRP keeps crashing', () => {
  const lastResort = new Set(['a' as CellId]);
  test('[swarmkit] is pushed back: the next instance goes elsewhere, though that cell is fuller', () => {
    const busy = buildAuctionCell('b', { used: { memoryMb: 80, diskMb: 80, containers: 80 } });
    expect(where(auction([...cells('a'), busy], [lrp('web', 0, {}, { lastResort })]))).toEqual({
      'lrp/web/0': 'b',
    });
  });
  test('is pushed back also where its zone has fewer instances, and where the other cell has one already', () => {
    const other = buildAuctionCell('b', { zone: 'y', instancesByProcess: running('web') });
    const faulty = buildAuctionCell('a', { zone: 'x' });
    expect(where(auction([faulty, other], [lrp('web', 1, {}, { lastResort })]))).toEqual({
      'lrp/web/1': 'b',
    });
  });
  test('takes it when no other can: pushed back is not forbidden', () => {
    const full = buildAuctionCell('b', { used: { memoryMb: 95, diskMb: 0, containers: 0 } });
    const result = auction([...cells('a'), full], [lrp('web', 0, {}, { lastResort })]);
    expect(where(result)).toEqual({ 'lrp/web/0': 'a' });
    const everywhere = new Set(['a', 'b'] as CellId[]);
    expect(where(auction(cells('a', 'b'), [lrp('web', 0, {}, { lastResort: everywhere })]))).toEqual({
      'lrp/web/0': 'a',
    });
  });
  test('is still the home of a sticky index, whose volume is there', () => {
    const work = lrp('db', 0, { sticky: true }, { lastResort, home: 'a' as CellId });
    expect(where(auction(cells('a', 'b'), [work]))).toEqual({ 'lrp/db/0': 'a' });
  });
  test('is as good as any for other LRPs', () => {
    const result = auction(cells('a', 'b'), [lrp('web', 0, {}, { lastResort }), lrp('api', 0, {})]);
    expect(where(result)).toEqual({ 'lrp/web/0': 'b', 'lrp/api/0': 'a' });
  });
});

describe('a cell that the leader does not hear', () => {
  const unheard = new Set(['a'] as CellId[]);
  const place = (all: AuctionCell[], work: Work[], silent: ReadonlySet<CellId> = unheard) =>
    where(auction(all, work, { ...diegoOptions, unheard: silent }));
  const full = buildAuctionCell('b', { used: { memoryMb: 95, diskMb: 0, containers: 0 } });
  test('takes nothing that another cell takes, be it LRP or task, emptier or not', () => {
    const busy = buildAuctionCell('b', { used: { memoryMb: 50, diskMb: 50, containers: 50 } });
    expect(place([...cells('a'), busy], [lrp('web', 0, {}), buildTaskWork('job', 1)])).toEqual({
      'lrp/web/0': 'b',
      'task/job': 'b',
    });
  });
  test('comes after one where the LRP keeps crashing: that one is there', () => {
    const lastResort = new Set(['b'] as CellId[]);
    expect(place(cells('a', 'b'), [lrp('web', 0, {}, { lastResort })])).toEqual({ 'lrp/web/0': 'b' });
  });
  test('takes what nothing else takes, and what has its volume there', () => {
    expect(place([...cells('a'), full], [lrp('web', 0, {})])).toEqual({ 'lrp/web/0': 'a' });
    const work = lrp('db', 0, { sticky: true }, { home: 'a' as CellId });
    expect(place(cells('a', 'b'), [work])).toEqual({ 'lrp/db/0': 'a' });
  });
  test('is as good as any when the leader hears none', () => {
    const work = [0, 1].map((index) => lrp('web', index, {}));
    const all = new Set(['a', 'b'] as CellId[]);
    expect(place(cells('a', 'b'), work, all)).toEqual(place(cells('a', 'b'), work, new Set()));
  });
});

describe('settings', () => {
  const options = (change: object) => auctionOptions(brainSettingsSchema.parse({ v: 1, ...change }));
  test('a cap on starting containers per cell sends the rest elsewhere, then refuses it', () => {
    const work = [0, 1, 2].map((index) => lrp('web', index, {}));
    const result = auction(cells('a', 'b'), work, options({ maxStartingPerCell: 1 }));
    expect(where(result)).toEqual({ 'lrp/web/0': 'a', 'lrp/web/1': 'b' });
    expect(refusals(result)[0]).toMatchObject({
      counts: { starting: 2 },
      change: 'wait until others have started',
    });
  });
  test('bin packing fills the first cells', () => {
    const work = ['p', 'q'].map((guid) => lrp(guid, 0, {}));
    const result = auction(cells('a', 'b'), work, options({ binPackWeight: 1, startingWeight: 0 }));
    expect(where(result)).toEqual({ 'lrp/p/0': 'a', 'lrp/q/0': 'a' });
  });
});

describe('cells out of use', () => {
  test('the smallest change is to take back what an operator did', () => {
    const full = buildAuctionCell('a', { used: { memoryMb: 95, diskMb: 0, containers: 0 } });
    const unusable = 'cordoned by ann';
    const cordoned = buildAuctionCell('b', { unusable, undo: 'skep cell uncordon b' });
    const [refusal] = refusals(auction([full, cordoned], [lrp('web', 0, {})]));
    expect(refusal?.change).toBe('b has room for it but is cordoned by ann: skep cell uncordon b');
    const small = { ...cordoned, capacity: full.used };
    expect(refusals(auction([full, small], [lrp('web', 0, {})]))[0]?.change).toBe(
      'free 5 MiB memory on a, or ask for that much less',
    );
  });
});

describe('priorities', () => {
  const low = (guid: string, priority: number, memoryMb: number, leaving = false): Evictable => ({
    guid: guid as ProcessGuid,
    index: 0,
    priority,
    leaving,
    resources: { memoryMb, diskMb: 0, containers: 1 },
  });
  const holding = (id: string, ...evictable: Evictable[]) =>
    buildAuctionCell(id, {
      evictable,
      used: { memoryMb: 100, diskMb: 0, containers: evictable.length },
    });
  const vip = (index: number, memoryMb = 40) => buildLrpWork('vip', index, memoryMb, 1, { priority: 10 });
  const evicted = ({ evictions }: AuctionResult) =>
    evictions.map(({ guid, cellId }) => `${guid} on ${cellId}`);

  test('the higher priority is placed first, whatever its index', () => {
    const small = [buildAuctionCell('a', { capacity: { memoryMb: 10, diskMb: 9, containers: 9 } })];
    const work = [lrp('web', 0, {}), lrp('vip', 3, {}, { priority: 1 })];
    expect(where(auction(small, work))).toEqual({ 'lrp/vip/3': 'a' });
  });
  test('without preemption nothing is displaced', () => {
    const full = { ...holding('a', low('web', 0, 100)), evictable: undefined };
    expect(auction([full], [vip(0)]).evictions).toEqual([]);
  });
  test('the fewest are displaced, only strictly lower ones, and the work waits for their room', () => {
    const a = holding('a', low('p', 0, 20), low('q', 0, 30), low('r', 0, 50));
    const b = holding('b', low('s', 10, 100));
    const result = auction([a, b], [vip(0)]);
    expect(evicted(result)).toEqual(['r on a']);
    expect(result.placements).toEqual([]);
    expect(refusals(result)[0]?.message).toBe('waiting for instances of lower priority to stop on cell a');
    expect(auction([b], [vip(0)]).evictions).toEqual([]);
  });
  test('of equally many the least important goes', () => {
    expect(
      evicted(auction([holding('a', low('p', 5, 50)), holding('b', low('q', 1, 50))], [vip(0)])),
    ).toEqual(['q on b']);
  });
  test('what leaves already is waited for, by one only; the next displaces more', () => {
    const cell = holding('a', low('gone', 0, 50, true), low('p', 0, 50));
    expect(evicted(auction([cell], [vip(0)]))).toEqual([]);
    expect(evicted(auction([cell], [vip(0), vip(1)]))).toEqual(['p on a']);
    expect(evicted(auction([cell], [vip(0), vip(1), vip(2)]))).toEqual(['p on a']);
  });
  test('room that was promised goes to nobody else', () => {
    const cell = buildAuctionCell('a', {
      evictable: [low('p', 0, 60)],
      used: { memoryMb: 60, diskMb: 0, containers: 1 },
    });
    const result = auction([cell], [vip(0, 80), lrp('web', 0, {})]);
    expect([evicted(result), result.placements]).toEqual([['p on a'], []]);
  });
});
