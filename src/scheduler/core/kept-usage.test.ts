/** Cells kept up claim by claim equal cells made anew, whatever happens; claims under way have their room. */
import { describe, expect, test } from 'vitest';
import {
  buildActual,
  buildCell,
  buildDesired,
  buildDrained,
  buildLrpWork,
  buildState,
  buildTask,
  type ClusterRecords,
  clusterRecords,
} from '../../../test/kit/builders.ts';
import { intBetween, type Rng, seededRng } from '../../base/core/rng.ts';
import type { AuctionCell } from '../../model/auction.ts';
import { brainSettingsSchema } from '../../model/cell-spec.ts';
import type { CellId, InstanceGuid } from '../../model/ids.ts';
import { placementSchema } from '../../model/placement.ts';
import type { MutableState } from '../../store/core/fold.ts';
import { actualKey, presenceKey } from '../../store/core/keys.ts';
import type { Touched } from '../../store/core/state.ts';
import { KeptUsage } from './kept-usage.ts';
import { LateUsage } from './late-usage.ts';
import { auctionCells } from './usage.ts';

const a = 'a' as CellId;
const desired = [buildDesired({ memoryMb: 100, instances: 9 })];

/** A state with a usage that hears of its changes. */
class Scene {
  readonly usage = new KeptUsage();
  /** Hears the same, and is asked more seldom. */
  readonly late = new LateUsage();
  readonly state: MutableState;

  constructor(records: ClusterRecords) {
    this.state = buildState(records);
  }

  put(records: ClusterRecords): void {
    const revision = this.state.revision + 1;
    const pairs = clusterRecords({ domains: [], ...records });
    const changes = pairs.map(([key, value]) => ({ key, record: { key, value, revision } }));
    this.#hear(this.state.apply(changes, revision));
  }

  remove(key: string): void {
    const revision = this.state.revision + 1;
    this.#hear(this.state.apply([{ key, record: undefined }], revision));
  }

  #hear(touched: Touched): void {
    this.usage.hear(touched, this.state);
    this.late.hear(touched, this.state);
  }

  lateCells(): AuctionCell[] {
    while (!this.late.read(this.state, 2));
    return this.late.cells(this.state).sort(byId);
  }

  cells(): AuctionCell[] {
    while (!this.usage.read(this.state, 2));
    return this.usage.cells(this.state).sort(byId);
  }

  memoryMb(): number | undefined {
    return this.cells().find(({ cellId }) => cellId === a)?.used.memoryMb;
  }
}

const byId = (one: AuctionCell, other: AuctionCell): number => (one.cellId < other.cellId ? -1 : 1);

const pick = <T>(rng: Rng, items: readonly T[]): T => items[intBetween(rng, 0, items.length - 1)] as T;

/** One change of a small cluster: claims, tasks, definitions, cells and what operators do to them. */
function change(rng: Rng, scene: Scene): void {
  const [guid, cellId, index] = [
    pick(rng, ['web', 'api', 'db']),
    pick(rng, ['a', 'b', 'c']),
    pick(rng, [0, 1, 2]),
  ];
  const state = pick(rng, ['CLAIMED', 'RUNNING', 'UNCLAIMED'] as const);
  const presence = pick(rng, ['ORDINARY', 'SUSPECT', 'EVACUATING'] as const);
  const where = state === 'UNCLAIMED' ? {} : { cellId };
  const retire = rng.next() < 0.3 ? { retire: { reason: 'stop', since: 0 } } : {};
  const memoryMb = pick(rng, [10, 20]);
  const notWith = pick(rng, [[], ['web'], ['db', 'api']]);
  const fixedPorts = pick(rng, [[], [{ containerPort: 80, hostPort: pick(rng, [80, 81]) }]]);
  switch (intBetween(rng, 0, 7)) {
    case 0:
    case 1:
      return scene.put({ actual: [buildActual({ guid, index, state, presence, ...where, ...retire })] });
    case 2:
      return scene.remove(actualKey(buildDesired({ guid }).guid, index));
    case 3:
      return scene.put({
        desired: [
          buildDesired({ guid, memoryMb, fixedPorts, placement: placementSchema.parse({ notWith }) }),
        ],
      });
    case 4:
      return scene.put({
        tasks: [
          buildTask({
            guid: `t${index}`,
            cellId,
            memoryMb,
            state: pick(rng, ['PENDING', 'RUNNING', 'COMPLETED']),
          }),
        ],
      });
    case 5:
      return scene.put({ cells: [buildCell(cellId, { capacity: { memoryMb: 100 * memoryMb } })] });
    case 6:
      return scene.remove(presenceKey(cellId as CellId));
    default:
      return scene.put({ specs: [buildDrained(cellId)] });
  }
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'what is kept equals what is made anew: seed %i',
  (seed) => {
    const rng = seededRng(seed);
    const settings = brainSettingsSchema.parse({ v: 1, preemption: seed % 2 === 1 });
    const scene = new Scene({ cells: ['a', 'b'], settings });
    for (let step = 0; step < 60; step++) {
      change(rng, scene);
      if (rng.next() < 0.05) scene.usage.doubt();
      if (rng.next() < 0.5) expect(scene.cells()).toEqual(auctionCells(scene.state).sort(byId));
      if (rng.next() < 0.1) expect(scene.lateCells()).toEqual(auctionCells(scene.state).sort(byId));
    }
    expect(scene.lateCells()).toEqual(auctionCells(scene.state).sort(byId));
    expect(scene.cells()).toEqual(auctionCells(scene.state).sort(byId));
  },
);

test('an instance that is told to stop is no longer one that may be displaced', () => {
  const settings = brainSettingsSchema.parse({ v: 1, preemption: true });
  const running = buildActual({ state: 'RUNNING', cellId: 'a' });
  const scene = new Scene({ desired, actual: [running], cells: ['a'], settings });
  expect(scene.cells()[0]?.evictable).toMatchObject([{ leaving: false }]);
  scene.put({ actual: [{ ...running, retire: { reason: 'makes room', since: 0 } }] });
  expect(scene.cells()[0]?.evictable).toMatchObject([{ leaving: true }]);
});

describe('room', () => {
  test('is told of when it grew, once, and only then', () => {
    const scene = new Scene({ desired, cells: ['a'] });
    const grew = (): boolean => {
      scene.cells();
      return scene.usage.takeGrown();
    };
    expect([grew(), grew()]).toEqual([true, false]);
    scene.put({ actual: [buildActual({ state: 'CLAIMED', cellId: 'a' })] });
    expect(grew()).toBe(false);
    scene.put({ actual: [buildActual({ state: 'RUNNING', cellId: 'a' })] });
    expect(grew()).toBe(true);
    scene.remove(actualKey(desired[0]?.guid as never, 0));
    expect(grew()).toBe(true);
    scene.put({ cells: [buildCell('a', { capacity: { memoryMb: 2_000 } })] });
    expect(grew()).toBe(true);
    scene.put({ specs: [buildDrained('a')] });
    scene.remove(presenceKey(a));
    expect(grew()).toBe(false);
    expect(scene.cells()).toEqual([]);
  });
  test('on a cell that may not be used is none', () => {
    const actual = [buildActual({ state: 'RUNNING' as const, cellId: 'a' })];
    const scene = new Scene({ desired, actual, cells: ['a'], specs: [buildDrained('a')] });
    scene.cells();
    scene.usage.takeGrown();
    scene.remove(actualKey(desired[0]?.guid as never, 0));
    expect(scene.usage.takeGrown()).toBe(false);
    scene.put({ cells: [buildCell('a', { engine: { ok: true, name: 'podman' } })] });
    expect(scene.memoryMb()).toBe(0);
  });
});

describe('a claim under way', () => {
  const work = buildLrpWork('web', 0, 100);
  const key = actualKey(work.guid, 0);
  const waits = { desired, actual: [buildActual()], cells: ['a'] };

  function claimed(): Scene {
    const scene = new Scene(waits);
    scene.cells();
    scene.usage.takeGrown();
    scene.usage.claim(scene.state, a, key, work);
    return scene;
  }

  test('has its room at once, and once when the state has it too', () => {
    const scene = claimed();
    expect(scene.memoryMb()).toBe(100);
    scene.put({ actual: [buildActual({ state: 'CLAIMED', cellId: 'a' })] });
    expect([scene.memoryMb(), scene.usage.tentativeCount]).toEqual([100, 0]);
    expect(scene.cells()).toEqual(auctionCells(scene.state));
  });
  test('takes what its definition says by then, once the state has it', () => {
    const scene = claimed();
    scene.put({ desired: [buildDesired({ memoryMb: 150, instances: 9 })] });
    expect(scene.memoryMb()).toBe(100);
    scene.put({ actual: [buildActual({ state: 'CLAIMED', cellId: 'a' })] });
    expect([scene.memoryMb(), scene.usage.tentativeCount]).toEqual([150, 0]);
  });
  test('counts as running when that is what comes back', () => {
    const scene = claimed();
    scene.put({ actual: [buildActual({ state: 'RUNNING', cellId: 'a' })] });
    expect(scene.cells()).toEqual(auctionCells(scene.state));
  });
  test('keeps it while its cell is read anew, goes and comes back', () => {
    const scene = claimed();
    scene.usage.doubt();
    expect(scene.memoryMb()).toBe(100);
    scene.remove(presenceKey(a));
    expect(scene.cells()).toEqual([]);
    scene.put({ cells: ['a'] });
    expect(scene.memoryMb()).toBe(100);
  });
  test('keeps it whatever else is heard of its record', () => {
    const scene = claimed();
    scene.put({ actual: [buildActual({ modificationIndex: 7 })], desired });
    expect(scene.memoryMb()).toBe(100);
  });
  test('that was refused gives it back, which is news', () => {
    const scene = claimed();
    scene.usage.giveBack(scene.state, key);
    expect([scene.memoryMb(), scene.usage.takeGrown()]).toEqual([0, true]);
  });
  test('that came and went unseen gives it back when all is settled', () => {
    const scene = claimed();
    scene.usage.settle(scene.state);
    expect([scene.memoryMb(), scene.usage.tentativeCount]).toEqual([0, 0]);
  });
  test('that may have been written or not counts as the state has it', () => {
    const scene = claimed();
    scene.usage.forget();
    expect(scene.memoryMb()).toBe(0);
    const instanceGuid = 'i' as InstanceGuid;
    scene.put({ actual: [buildActual({ state: 'CLAIMED', cellId: 'a', instanceGuid })] });
    expect(scene.memoryMb()).toBe(100);
  });
});
