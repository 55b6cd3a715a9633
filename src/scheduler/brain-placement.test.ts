/** Placement rules through the whole brain: what is written, what is stopped, and what follows from it. */
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type BrainBench,
  brainBench,
  claims,
  events,
  ordinary,
  runAll,
  soonMs,
} from '../../test/kit/brain-bench.ts';
import { buildActual, buildCell, buildDesired } from '../../test/kit/builders.ts';
import { crash } from '../model/actual-lrp.ts';
import { brainSettingsSchema } from '../model/cell-spec.ts';
import type { ProcessGuid } from '../model/ids.ts';
import { placementSchema } from '../model/placement.ts';
import { actualKey, presenceKey } from '../store/core/keys.ts';
import type { CellEar } from './cell-ear.ts';

const settings = (change: object) => brainSettingsSchema.parse({ v: 1, ...change });
const placement = (rules: object) => placementSchema.parse(rules);
const low = 'low' as ProcessGuid;

describe('preemption', () => {
  const records = {
    desired: [buildDesired({ memoryMb: 600, priority: 5 }), buildDesired({ guid: 'low', memoryMb: 600 })],
    actual: [buildActual({ guid: 'low', state: 'RUNNING' as const, cellId: 'a' })],
    cells: ['a'],
  };
  test('stops who is less important, says why, and gives the room to who needs it', async () => {
    const b = await brainBench(onTestFinished, { ...records, settings: settings({ preemption: true }) });
    await b.lead();
    await b.clock.advance(soonMs);
    const retired = b.state.actual.get(low)?.get(0)?.ordinary?.value.retire;
    expect(retired?.reason).toBe('makes room for web/0, which has priority 5');
    expect(ordinary(b.state)?.placementError?.message).toBe(
      'waiting for instances of lower priority to stop on cell a',
    );
    await b.change(actualKey(low, 0), undefined);
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', cellId: 'a' });
    expect(b.state.actual.get(low)?.get(0)?.ordinary?.value.state).toBe('UNCLAIMED');
    expect(events(b.state, 'instance.retired').join()).toMatch('makes room for web/0');
  });
  test('is off by default, and takes effect as soon as it is switched on', async () => {
    const b = await brainBench(onTestFinished, records);
    await b.lead();
    await b.clock.advance(soonMs);
    expect(b.state.actual.get(low)?.get(0)?.ordinary?.value.retire).toBeUndefined();
    await b.put({ settings: settings({ preemption: true }), domains: [] });
    await b.clock.advance(soonMs);
    expect(b.state.actual.get(low)?.get(0)?.ordinary?.value.retire).toBeDefined();
  });
});

describe('a sticky index', () => {
  test('remembers its home and goes back there after its record was unclaimed', async () => {
    const desired = [buildDesired({ placement: placement({ sticky: true }) })];
    const b = await brainBench(onTestFinished, { desired, cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)).toMatchObject({ cellId: 'a', home: 'a' });
    const record = ordinary(b.state);
    if (record === undefined) throw new Error('no record');
    const { cellId: _cell, instanceGuid: _guid, ...rest } = record;
    await b.put({ cells: ['b'], domains: [] });
    await b.change(presenceKey(buildCell('a').cellId), undefined);
    await b.put({ actual: [{ ...rest, state: 'UNCLAIMED' }], domains: [] });
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.placementError?.message).toBe(
      'found no compatible cell: its volume is on cell a, which is not present',
    );
    await b.put({ cells: ['a'], domains: [] });
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', cellId: 'a' });
  });
});

describe('company', () => {
  test('what waits for another LRP is placed as soon as that has a cell', async () => {
    const follower = buildDesired({ placement: placement({ sameCellAs: 'low' }) });
    const b = await brainBench(onTestFinished, { desired: [follower], cells: ['a', 'b'] });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.state).toBe('UNCLAIMED');
    await b.put({ desired: [buildDesired({ guid: 'low' })], domains: [] });
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.cellId).toBe(b.state.actual.get(low)?.get(0)?.ordinary?.value.cellId);
    expect(ordinary(b.state)?.state).toBe('CLAIMED');
  });
  test('a cell whose agent starts with the tag takes what waited for it', async () => {
    const desired = [buildDesired({ placement: placement({ tags: ['gpu'] }) })];
    const b = await brainBench(onTestFinished, { desired, cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.placementError).toMatchObject({
      message: 'found no compatible cell with placement tag "gpu"',
      change: 'add tag "gpu" to a cell, such as a',
    });
    await b.put({ cells: [buildCell('a', { optionalTags: ['gpu'] })], domains: [] });
    await b.clock.advance(soonMs);
    expect(claims(b.state)).toEqual({ a: 1 });
  });
});

describe('caps on starting containers', () => {
  test.each([
    [{ maxStarting: 2 }, 2],
    [{ maxStartingPerCell: 1 }, 2],
  ])(
    '%j: what is beyond waits and says so, and has its turn the moment others have started',
    async (cap, each) => {
      const desired = [buildDesired({ instances: 5, memoryMb: 10 })];
      const b = await brainBench(onTestFinished, { desired, cells: ['a', 'b'], settings: settings(cap) });
      await b.lead();
      await b.clock.advance(soonMs);
      const states = () => [0, 1, 2, 3, 4].map((index) => ordinary(b.state, index)?.state);
      expect(states().filter((state) => state === 'CLAIMED')).toHaveLength(each);
      expect(ordinary(b.state, 4)?.placementError).toMatchObject({
        message: expect.stringContaining('reached in-flight start limit') as string,
        change: expect.stringContaining('wait until others have started') as string,
      });
      await runAll(b);
      await b.clock.advance(soonMs);
      expect(states().filter((state) => state === 'CLAIMED')).toHaveLength(each);
      await runAll(b);
      await b.clock.advance(soonMs);
      await runAll(b);
      expect(states()).toEqual(Array(5).fill('RUNNING'));
    },
  );
});

describe('[swarmkit] a faulty cell', () => {
  /** The claimed instance crashes, whatever cell it is on; the crash policy's wait is over at once. */
  async function crashOnce(b: BrainBench): Promise<void> {
    const record = ordinary(b.state);
    if (record?.cellId === undefined || record.instanceGuid === undefined)
      throw new Error('nothing to crash');
    const key = { cellId: record.cellId, instanceGuid: record.instanceGuid };
    const crashed = crash(record, key, 'exited with status 1', b.clock.now());
    if (!crashed.ok) throw new Error(crashed.refusal);
    await b.put({ actual: [{ ...crashed.next, state: 'UNCLAIMED' }], domains: [] });
    await b.clock.advance(soonMs);
  }

  test('five crashes on it within five minutes push it back, also for the next leader; later it is good again', async () => {
    // Much more room on `a`: every instance goes there unless it is the last resort.
    const cells = [buildCell('a', { capacity: { memoryMb: 100_000 } }), buildCell('b')];
    const b = await brainBench(onTestFinished, { desired: [buildDesired({ memoryMb: 100 })], cells });
    const first = await b.lead();
    await b.clock.advance(soonMs);
    for (let crashes = 1; crashes <= 4; crashes++) {
      await crashOnce(b);
      expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', cellId: 'a' });
    }
    first.stop();
    await first.ended;
    await b.lead();
    await b.clock.advance(soonMs);
    await crashOnce(b);
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', cellId: 'b' });
    await b.clock.advance(6 * 60_000);
    await crashOnce(b);
    expect(ordinary(b.state)?.cellId).toBe('a');
  });
});

describe('a cell that the leader does not hear', () => {
  // Much more room on `a`: what is wanted goes there unless it is the last resort.
  const cells = [buildCell('a', { capacity: { memoryMb: 100_000 } }), buildCell('b')];
  const desired = [buildDesired({ memoryMb: 100 })];
  const hears =
    (...silent: string[]): CellEar['unheard'] =>
    async (present) =>
      new Set([...present].filter((cellId) => silent.includes(cellId)));

  test('takes nothing new, though its presence has not run out; the journal says so', async () => {
    const b = await brainBench(onTestFinished, { desired, cells }, { ear: { unheard: hears('a') } });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(claims(b.state)).toEqual({ b: 1 });
    expect(events(b.state, 'instance.placed')).toEqual([
      'web/0: placed on b; the last resort was not needed (the leader does not hear): a',
    ]);
  });
  test('loses nothing that it has, and takes what no other cell does', async () => {
    const records = {
      desired: [buildDesired({ memoryMb: 10_000, instances: 2 })],
      actual: [buildActual({ state: 'RUNNING' as const, cellId: 'a' })],
      cells,
    };
    const b = await brainBench(onTestFinished, records, { ear: { unheard: hears('a') } });
    await b.lead();
    await b.clock.advance(60_000);
    expect(ordinary(b.state)).toMatchObject({ state: 'RUNNING', cellId: 'a' });
    expect(ordinary(b.state, 1)).toMatchObject({ state: 'CLAIMED', cellId: 'a' });
    expect(events(b.state, 'instance.placed')).toEqual([
      'web/1: placed on a; as nothing else took it, on the last resort (the leader does not hear): a',
    ]);
  });
});

test('a mass start is placed in portions, each of which knows what the one before took', {
  timeout: 60_000,
}, async () => {
  // One portion is 20,000; the cells hold all but 100.
  const [count, room] = [20_600, 10_250];
  const capacity = { memoryMb: 10_000_000, diskMb: 10_000_000, containers: room };
  const b = await brainBench(onTestFinished, {
    desired: [buildDesired({ instances: count, memoryMb: 1, diskMb: 1 })],
    cells: [buildCell('a', { capacity }), buildCell('b', { capacity })],
  });
  await b.lead();
  await b.clock.advance(soonMs);
  const perCell = [...b.state.claimsByCell.values()].map(({ size }) => size);
  expect(perCell).toEqual([room, room]);
  const waiting = [...(b.state.actual.get('web' as ProcessGuid)?.values() ?? [])].filter(
    ({ ordinary: record }) => record?.value.state === 'UNCLAIMED',
  );
  expect(waiting).toHaveLength(count - 2 * room);
  expect(waiting.every(({ ordinary: record }) => record?.value.placementError !== undefined)).toBe(true);
});
