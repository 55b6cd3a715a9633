/** What the brain makes of drains and storms, pass by pass, over changes of leader. */
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type BrainBench,
  brainBench,
  claims,
  events,
  ordinary,
  soonMs,
  suspect,
  web,
} from '../../test/kit/brain-bench.ts';
import {
  buildActual,
  buildCell,
  buildDesired,
  buildDrained,
  buildTask,
  builtAt,
} from '../../test/kit/builders.ts';
import { brainSettingsSchema } from '../model/cell-spec.ts';
import { defaults } from '../model/defaults.ts';
import type { CellId, ProcessGuid } from '../model/ids.ts';
import { encode } from '../store/core/codec.ts';
import { cellSpecKey, presenceKey } from '../store/core/keys.ts';

/** Plays the cells' part: what is claimed runs and is ready, what is told to stop has gone. */
async function playCells({ bbs, state, clock }: BrainBench): Promise<void> {
  const signal = new AbortController().signal;
  for (const indexes of state.actual.values()) {
    for (const slots of indexes.values()) {
      for (const record of [slots.ordinary, slots.evacuating]) {
        if (record?.value.retire !== undefined) {
          await bbs.commit([{ compare: [], puts: [], deletes: [record.key] }], { signal });
        } else if (record?.value.state === 'CLAIMED') {
          const value = encode({ ...record.value, state: 'RUNNING', routable: true, since: clock.now() });
          await bbs.commit([{ compare: [], puts: [{ key: record.key, value }] }], { signal });
        }
      }
    }
  }
  await clock.settle();
}

const evacuating = ({ state }: BrainBench, index = 0) => state.actual.get(web)?.get(index)?.evacuating?.value;
const running = (index: number, cellId: string) =>
  buildActual({ index, state: 'RUNNING', cellId, routable: true });

describe('a drain', () => {
  test('[diego 236, 245, 249] starts the replacement first, then stops the old one, and is told as done', async () => {
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired()],
      actual: [running(0, 'a')],
      cells: ['a', 'b'],
    });
    await b.lead();
    await b.clock.advance(soonMs);
    await b.put({ specs: [buildDrained('a')] });
    await b.clock.advance(soonMs);
    expect(evacuating(b)).toMatchObject({ state: 'RUNNING', cellId: 'a', presence: 'EVACUATING' });
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', cellId: 'b' });
    expect(events(b.state, 'instance.evacuating')).toEqual([
      'web/0: cell a is drained; a replacement is wanted',
    ]);
    expect(events(b.state, 'cell.drained')).toEqual([]);
    await playCells(b);
    await b.clock.advance(soonMs);
    expect(evacuating(b)?.retire?.reason).toBe('its replacement runs on b');
    await playCells(b);
    await b.clock.advance(soonMs);
    expect(claims(b.state)).toEqual({ b: 1 });
    expect(events(b.state, 'cell.drained')).toEqual(['a: is drained: no instance and no task is left on it']);
    expect(b.state.cellSpecs.get('a' as CellId)?.value.drain?.doneAt).toBe(b.clock.now() - soonMs + 50);
  });

  test('[diego 252] places nothing on the cell, and says who drains it; afterwards it is open again', async () => {
    const b = await brainBench(onTestFinished, { cells: ['a'], specs: [buildDrained('a')] });
    await b.lead();
    await b.put({ desired: [buildDesired()] });
    await b.clock.advance(soonMs);
    expect(JSON.stringify(ordinary(b.state)?.placementError)).toContain('drained by uid 0: disk swap');
    await b.change(cellSpecKey('a' as CellId), undefined);
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', cellId: 'a' });
  });

  test('moves no more at one time than it is told to, also after a change of leader, and comes to its end', async () => {
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired({ instances: 5, memoryMb: 10 })],
      actual: [0, 1, 2, 3, 4].map((index) => running(index, 'a')),
      cells: ['a', 'b'],
      specs: [buildDrained('a', { maxParallel: 2 })],
    });
    const moving = () =>
      [0, 1, 2, 3, 4].filter(
        (index) => evacuating(b, index)?.retire === undefined && evacuating(b, index) !== undefined,
      );
    const first = await b.lead();
    await b.clock.advance(soonMs);
    expect(moving()).toEqual([0, 1]);
    first.stop();
    await first.ended;
    await b.lead();
    await b.clock.advance(soonMs);
    expect(moving()).toEqual([0, 1]);
    for (let round = 0; round < 6; round++) {
      await playCells(b);
      await b.clock.advance(soonMs);
      expect(moving().length).toBeLessThanOrEqual(2);
    }
    expect(claims(b.state)).toEqual({ b: 5 });
    expect(events(b.state, 'cell.drained')).toHaveLength(1);
  });

  test('one that finds no place elsewhere holds up nobody whose turn comes after it', async () => {
    const big = buildDesired({ guid: 'big', memoryMb: 900 });
    const b = await brainBench(onTestFinished, {
      desired: [big, buildDesired({ instances: 3, memoryMb: 10 })],
      actual: [
        buildActual({ guid: 'big', state: 'RUNNING', cellId: 'a', routable: true }),
        ...[0, 1, 2].map((index) => running(index, 'a')),
      ],
      cells: ['a', buildCell('b', { capacity: { memoryMb: 500 } })],
      specs: [buildDrained('a', { maxParallel: 1 })],
    });
    await b.lead();
    for (let round = 0; round < 8; round++) {
      await b.clock.advance(soonMs);
      await playCells(b);
    }
    expect(claims(b.state)).toEqual({ a: 1, b: 3 });
    expect(b.state.actual.get('big' as ProcessGuid)?.get(0)?.evacuating?.value.state).toBe('RUNNING');
  });

  test('keeps what finds no place until the deadline, which then stops it and fails tasks', async () => {
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired()],
      actual: [running(0, 'a')],
      tasks: [buildTask({ state: 'RUNNING', cellId: 'a', attempt: 'x' })],
      cells: ['a'],
    });
    await b.lead();
    await b.put({ specs: [buildDrained('a', { deadlineAt: builtAt + 60_000 })] });
    await b.clock.advance(59_000);
    expect(evacuating(b)?.retire).toBeUndefined();
    await b.clock.advance(2_000);
    expect(evacuating(b)?.retire?.reason).toContain('deadline');
    expect(events(b.state, 'task.completed')).toEqual(['job: failed: cell was drained before completion']);
  });

  test('[diego 118, 238] of one of two cells brings all three instances to the other, none missing', async () => {
    const actual = [running(0, 'a'), running(1, 'b'), running(2, 'b')];
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired({ instances: 3 })],
      actual,
      cells: ['a', 'b'],
    });
    await b.lead();
    await b.put({ specs: [buildDrained('b')] });
    const ready = () =>
      [0, 1, 2].filter(
        (index) => ordinary(b.state, index)?.routable === true || evacuating(b, index) !== undefined,
      );
    for (let step = 0; step < 4; step++) {
      await b.clock.advance(soonMs);
      expect(ready()).toEqual([0, 1, 2]);
      await playCells(b);
      expect(ready()).toEqual([0, 1, 2]);
    }
    expect(claims(b.state)).toEqual({ a: 3 });
  });

  test('taken back leaves what still runs there', async () => {
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired()],
      actual: [running(0, 'a')],
      cells: ['a', 'b'],
      specs: [buildDrained('a')],
    });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.cellId).toBe('b');
    await b.change(cellSpecKey('a' as CellId), undefined);
    await b.clock.advance(soonMs);
    expect(evacuating(b)).toBeUndefined();
    expect(ordinary(b.state)).toMatchObject({ state: 'RUNNING', cellId: 'a', presence: 'ORDINARY' });
  });
});

describe('the storm guard', () => {
  const cells = ['a', 'b', 'c', 'd'];
  const lose = async (b: BrainBench, ...lost: string[]): Promise<void> => {
    for (const cellId of lost) await b.change(presenceKey(cellId as CellId), undefined);
    await b.clock.advance(soonMs);
  };
  const stormy = async () => {
    const actual = ['a', 'b', 'c'].map((cellId, index) => running(index, cellId));
    const b = await brainBench(onTestFinished, { desired: [buildDesired({ instances: 3 })], actual, cells });
    const term = await b.lead();
    await b.clock.advance(soonMs);
    await lose(b, 'a', 'b', 'c');
    return { b, term };
  };

  test('holds replacements back, loudly, also under the next leader', async () => {
    const { b, term } = await stormy();
    const held = () => [0, 1, 2].map((index) => [suspect(b.state, index)?.cellId, ordinary(b.state, index)]);
    const all = [
      ['a', undefined],
      ['b', undefined],
      ['c', undefined],
    ];
    expect(held()).toEqual(all);
    expect(events(b.state, 'brain.storm')).toEqual([
      expect.stringContaining('default: 3 of 4 cells of zone default vanished at once'),
    ]);
    term.stop();
    await term.ended;
    await b.lead();
    await b.clock.advance(10 * 60_000);
    expect(held()).toEqual(all);
    expect(events(b.state, 'brain.storm')).toHaveLength(1);
  });

  test('lets them go when enough cells return; what has returned is as it was', async () => {
    const { b } = await stormy();
    await b.put({ cells: ['a'] });
    await b.clock.advance(soonMs);
    expect(ordinary(b.state, 0)).toMatchObject({ state: 'RUNNING', cellId: 'a' });
    // Those that were cut off with it are about to return too: they have the time of a lease and a sweep.
    expect([ordinary(b.state, 1), ordinary(b.state, 2)]).toEqual([undefined, undefined]);
    await b.clock.advance(defaults.presenceTtlMs + defaults.convergeSweepMs);
    expect(ordinary(b.state, 1)).toMatchObject({ state: 'CLAIMED' });
    expect(ordinary(b.state, 2)).toMatchObject({ state: 'CLAIMED' });
  });

  test('replaces nothing when those who were cut off together return one after the other', async () => {
    const { b } = await stormy();
    for (const cellId of ['a', 'b', 'c']) {
      await b.put({ cells: [cellId] });
      await b.clock.advance(1_000);
    }
    await b.clock.advance(defaults.presenceTtlMs + defaults.convergeSweepMs);
    const kept = [0, 1, 2].map((index) => ordinary(b.state, index));
    expect(kept.map((one) => [one?.state, one?.cellId])).toEqual(
      ['a', 'b', 'c'].map((cell) => ['RUNNING', cell]),
    );
  });

  test('lets them go when an operator confirms the loss, and for good', async () => {
    const { b } = await stormy();
    await b.put({
      settings: brainSettingsSchema.parse({ v: 1, stormConfirmedUntil: b.clock.now() + 60_000 }),
    });
    await b.clock.advance(soonMs);
    expect(claims(b.state)['d']).toBe(3);
    await b.clock.advance(10 * 60_000);
    expect(claims(b.state)['d']).toBe(3);
  });

  test('holds back also what was to be replaced before it was a storm, and has found no place yet', async () => {
    const actual = [running(0, 'a'), running(1, 'b')];
    const desired = [
      buildDesired({ instances: 2, memoryMb: 600 }),
      buildDesired({ guid: 'big', memoryMb: 600 }),
    ];
    const b = await brainBench(onTestFinished, {
      desired,
      actual: [...actual, buildActual({ guid: 'big', state: 'RUNNING', cellId: 'd', routable: true })],
      cells,
    });
    await b.lead();
    await b.clock.advance(soonMs);
    const cordon = { by: 'uid 0', at: builtAt, reason: '' };
    await b.put({ specs: [{ v: 1, cellId: 'c' as CellId, cordon }] });
    await lose(b, 'a');
    expect(ordinary(b.state)?.placementError).toBeDefined();
    await lose(b, 'b', 'c');
    await b.put({ desired: [{ ...buildDesired({ guid: 'big', memoryMb: 600 }), removedAt: builtAt }] });
    await b.clock.advance(soonMs);
    await playCells(b);
    await b.clock.advance(60_000);
    expect(claims(b.state)).toMatchObject({ a: 1, b: 1 });
    expect(claims(b.state)['d']).toBeUndefined();
  });

  test('does not hold back two of four', async () => {
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired()],
      actual: [running(0, 'a')],
      cells,
    });
    await b.lead();
    await b.clock.advance(soonMs);
    await lose(b, 'a', 'b');
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED' });
    expect(events(b.state, 'brain.storm')).toEqual([]);
  });
});
