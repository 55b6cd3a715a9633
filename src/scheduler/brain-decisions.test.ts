/** What the brain makes of desires, tasks, losses and returns, event by event. */
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type BrainBench,
  brainBench,
  claims,
  events,
  ordinary,
  runAll,
  soonMs,
  suspect,
  taskOf,
  web,
} from '../../test/kit/brain-bench.ts';
import { buildActual, buildCell, buildDesired, buildTask, builtAt } from '../../test/kit/builders.ts';
import { defaults } from '../model/defaults.ts';
import type { ProcessGuid } from '../model/ids.ts';
import { actualKey, presenceKey } from '../store/core/keys.ts';

describe('placement', () => {
  test('six instances are spread two by two over three cells, told of in one line', async () => {
    const b = await brainBench(onTestFinished, { cells: ['a', 'b', 'c'] });
    await b.lead();
    await b.clock.advance(soonMs);
    await b.put({ desired: [buildDesired({ instances: 6 })] });
    await b.clock.advance(soonMs);
    expect(claims(b.state)).toEqual({ a: 2, b: 2, c: 2 });
    expect(events(b.state, 'instance.placed')).toEqual([
      'web: 6 instances (0-5) placed 2 on a, 2 on b, 2 on c',
    ]);
    expect(b.state.byInstanceGuid.size).toBe(6);
  });

  test('[diego 311] what has no place says why, once, and is placed the moment capacity appears', async () => {
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired({ instances: 1, memoryMb: 1_500 })],
      cells: ['a'],
    });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.placementError).toEqual({
      message: 'insufficient resources: memory',
      cells: 1,
      counts: { memory: 1 },
      nearest: { cellId: 'a', lacks: '500 MiB memory' },
      change: 'ask for less (a has 1000 MiB memory in all), or add a larger cell',
    });
    await b.clock.advance(3 * defaults.convergeSweepMs);
    expect(events(b.state, 'instance.unplaced')).toEqual([
      'web/0: cannot be placed: insufficient resources: memory; a comes nearest and lacks 500 MiB memory',
    ]);
    await b.put({ cells: [buildCell('b', { capacity: { memoryMb: 2_000 } })] });
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', cellId: 'b' });
    expect(ordinary(b.state)?.placementError).toBeUndefined();
  });

  test('[diego 213, 270] what has no place is placed when something else leaves', async () => {
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired({ memoryMb: 600 }), buildDesired({ guid: 'old', memoryMb: 600 })],
      actual: [buildActual({ guid: 'old', state: 'RUNNING', cellId: 'a' })],
      cells: ['a'],
    });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.state).toBe('UNCLAIMED');
    await b.put({ desired: [buildDesired({ guid: 'old', memoryMb: 600, instances: 0 })] });
    await b.change(actualKey('old' as ProcessGuid, 0), undefined);
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.state).toBe('CLAIMED');
  });

  test('[diego 256, 257] with no cell nothing is placed; when one appears it is', async () => {
    const b = await brainBench(onTestFinished, { desired: [buildDesired()] });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.placementError?.message).toBe(
      'found no compatible cell: the cluster has no cells',
    );
    await b.put({ cells: ['a'] });
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.cellId).toBe('a');
    expect(events(b.state, 'cell.joined')).toHaveLength(1);
  });

  test('a thousand instances claim exactly the room there is', async () => {
    const cells = ['a', 'b', 'c'].map((id) =>
      buildCell(id, { capacity: { memoryMb: 100_000, containers: 250 } }),
    );
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired({ instances: 1_000, memoryMb: 1 })],
      cells,
    });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(claims(b.state)).toEqual({ a: 250, b: 250, c: 250 });
    expect(b.brain.stats()).toMatchObject({ placed: 750, unplaced: 250, conflicts: 0 });
  });
});

describe('scaling and removal', () => {
  test('[diego 113] extra instances are told to stop; their place is free once their records are gone', async () => {
    const b = await brainBench(onTestFinished, { desired: [buildDesired({ instances: 3 })], cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    await runAll(b);
    await b.put({ desired: [buildDesired({ instances: 1 })] });
    await b.clock.advance(soonMs);
    expect([0, 1, 2].map((index) => ordinary(b.state, index)?.retire?.reason)).toEqual([
      undefined,
      'scaled to 1',
      'scaled to 1',
    ]);
    expect(events(b.state, 'instance.retired')).toEqual([
      'web: 2 instances (1-2): is told to stop: scaled to 1',
    ]);
  });

  test('a removed LRP is forgotten once its last record is gone', async () => {
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired({ removedAt: builtAt })],
      actual: [buildActual(), buildActual({ index: 1, state: 'RUNNING', cellId: 'a' })],
      cells: ['a'],
    });
    await b.lead();
    await b.clock.advance(soonMs);
    expect([...(b.state.actual.get(web)?.keys() ?? [])]).toEqual([1]);
    await b.change(actualKey(web, 1), undefined);
    await b.clock.advance(soonMs);
    expect(b.state.desired.size).toBe(0);
  });

  test('[diego 105] an instance that was stopped by itself is created and placed anew at once', async () => {
    const b = await brainBench(onTestFinished, { desired: [buildDesired()], cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    const first = ordinary(b.state)?.instanceGuid;
    await b.change(actualKey(web, 0), undefined);
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.state).toBe('CLAIMED');
    expect(ordinary(b.state)?.instanceGuid).not.toBe(first);
  });
});

describe('a lost cell', () => {
  async function withLoss(): Promise<BrainBench> {
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired({ instances: 2 })],
      cells: ['a', 'b'],
    });
    await b.lead();
    await b.clock.advance(soonMs);
    await runAll(b);
    await b.change(presenceKey(ordinary(b.state)?.cellId as never), undefined);
    await b.clock.advance(soonMs);
    return b;
  }

  test('[diego 255, 266] its instance is suspect and a replacement is claimed elsewhere at once', async () => {
    const b = await withLoss();
    expect(suspect(b.state)).toMatchObject({ state: 'RUNNING', cellId: 'a' });
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', cellId: 'b' });
    expect(events(b.state, 'cell.lost')).toEqual(['a: its presence ended; it held 1 instances and 0 tasks']);
    expect(events(b.state, 'instance.suspect')).toHaveLength(1);
  });
  test('[diego 260] the suspect goes when the replacement runs', async () => {
    const b = await withLoss();
    await runAll(b);
    await b.clock.advance(soonMs);
    expect(suspect(b.state)).toBeUndefined();
    expect(ordinary(b.state)).toMatchObject({ state: 'RUNNING', cellId: 'b' });
  });
  test('[diego 259] the suspect counts again when its cell is back first', async () => {
    const b = await withLoss();
    await b.put({ cells: ['a'] });
    await b.clock.advance(soonMs);
    expect(suspect(b.state)).toBeUndefined();
    expect(ordinary(b.state)).toMatchObject({ state: 'RUNNING', cellId: 'a' });
    expect(events(b.state, 'instance.recovered')).toHaveLength(1);
  });
  test('[diego 254] with every cell gone all instances are suspect; they count again when their cells return', async () => {
    const b = await withLoss();
    await b.change(presenceKey('b' as never), undefined);
    await b.clock.advance(soonMs);
    expect([0, 1].map((index) => ordinary(b.state, index)?.state)).toEqual(['UNCLAIMED', 'UNCLAIMED']);
    await b.put({ cells: ['a', 'b'] });
    await b.clock.advance(soonMs);
    expect([0, 1].map((index) => ordinary(b.state, index)?.state)).toEqual(['RUNNING', 'RUNNING']);
    expect([0, 1].map((index) => suspect(b.state, index))).toEqual([undefined, undefined]);
  });
  test('a change of leader alone makes no cell lost and tells of none twice', async () => {
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired({ instances: 2 })],
      cells: ['a', 'b'],
    });
    const first = await b.lead();
    await b.clock.advance(soonMs);
    first.stop();
    await first.ended;
    await b.lead();
    await b.clock.advance(soonMs);
    expect(events(b.state, 'cell.joined')).toHaveLength(2);
    expect(events(b.state, 'cell.lost')).toEqual([]);
    expect(suspect(b.state)).toBeUndefined();
  });
});

describe('tasks', () => {
  test('a task is given to the cell with the fewest tasks and stays PENDING', async () => {
    const b = await brainBench(onTestFinished, { tasks: [buildTask()], cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(taskOf(b.state)).toMatchObject({ state: 'PENDING', cellId: 'a' });
  });
  test('[diego 32] a task that fits nowhere is refused once a sweep and fails at the fourth, with the reason', async () => {
    const b = await brainBench(onTestFinished, { cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    await b.put({ tasks: [buildTask({ memoryMb: 5_000 })] });
    await b.clock.advance(soonMs);
    const message = 'insufficient resources: memory';
    expect(taskOf(b.state)).toMatchObject({ rejectionCount: 0, placementError: { message } });
    for (const count of [1, 2, 3]) {
      await b.clock.advance(defaults.convergeSweepMs);
      expect(taskOf(b.state)).toMatchObject({ state: 'PENDING', rejectionCount: count });
    }
    await b.clock.advance(defaults.convergeSweepMs);
    expect(taskOf(b.state)).toMatchObject({ state: 'COMPLETED', failed: true, failureReason: message });
    expect(events(b.state, 'task.rejected')).toHaveLength(3);
    expect(events(b.state, 'task.completed')).toEqual([`job: failed: ${message}`]);
  });
  test('a task that waits is placed the moment capacity appears, its refusals notwithstanding', async () => {
    const b = await brainBench(onTestFinished, { tasks: [buildTask({ memoryMb: 5_000 })] });
    await b.lead();
    await b.clock.advance(defaults.convergeSweepMs + soonMs);
    await b.put({ cells: [buildCell('big', { capacity: { memoryMb: 8_000 } })] });
    await b.clock.advance(soonMs);
    expect(taskOf(b.state)).toMatchObject({ state: 'PENDING', cellId: 'big' });
  });
  test('[diego 54] a RUNNING task of a lost cell fails at once', async () => {
    const b = await brainBench(onTestFinished, {
      tasks: [buildTask({ state: 'RUNNING', cellId: 'a', attempt: 'x' })],
      cells: ['a'],
    });
    await b.lead();
    await b.clock.advance(soonMs);
    await b.change(presenceKey('a' as never), undefined);
    await b.clock.advance(soonMs);
    expect(taskOf(b.state)).toMatchObject({ state: 'COMPLETED', failed: true });
  });
});

describe('a server that has just been started', () => {
  const held = () => ({
    desired: [buildDesired({ instances: 1 })],
    actual: [buildActual({ state: 'RUNNING', cellId: 'a' })],
    cells: ['b'],
  });

  test('waits for a cell that no server could hear meanwhile, and keeps what it runs', async () => {
    const b = await brainBench(onTestFinished, held(), { isNew: true });
    await b.lead();
    await b.clock.advance(defaults.presenceTtlMs - 1_000);
    expect(ordinary(b.state)).toMatchObject({ state: 'RUNNING', cellId: 'a' });
    await b.put({ cells: [buildCell('a')] });
    await b.clock.advance(defaults.convergeSweepMs);
    expect(ordinary(b.state)).toMatchObject({ state: 'RUNNING', cellId: 'a' });
    expect(suspect(b.state)).toBeUndefined();
    expect(events(b.state, 'cell.lost')).toEqual([]);
  });

  test('takes it for lost after a lease', async () => {
    const b = await brainBench(onTestFinished, held(), { isNew: true });
    await b.lead();
    await b.clock.advance(defaults.presenceTtlMs + soonMs);
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', cellId: 'b' });
    expect(suspect(b.state)).toMatchObject({ cellId: 'a' });
  });
});
