/** Behaviours that Diego's tests verify of its scheduler, on a brain in memory: docs/diego-conformance.md. */
import { expect, onTestFinished, test } from 'vitest';
import {
  type BrainBench,
  brainBench,
  ordinary,
  runAll,
  soonMs,
  taskOf,
  web,
} from '../../test/kit/brain-bench.ts';
import { buildDesired, buildTask } from '../../test/kit/builders.ts';
import { actualKey } from '../store/core/keys.ts';

/** Plays the cells' part: what is told to stop has stopped, what is claimed runs. */
async function settle(b: BrainBench): Promise<void> {
  await b.clock.advance(soonMs);
  for (const [index, { ordinary: record }] of b.state.actual.get(web) ?? []) {
    if (record?.value.retire !== undefined) await b.change(actualKey(web, index), undefined);
  }
  await runAll(b);
  await b.clock.advance(soonMs);
}

const running = ({ state }: BrainBench): number[] =>
  [...(state.actual.get(web)?.keys() ?? [])]
    .filter((index) => ordinary(state, index)?.state === 'RUNNING')
    .sort((a, b) => a - b);

test('[diego 110, 111, 112, 113] scaled up and down, exactly the lowest indexes run', async () => {
  const b = await brainBench(onTestFinished, { cells: ['a', 'b'] });
  await b.lead();
  const seen: number[][] = [];
  for (const instances of [0, 2, 3, 1, 0, 1]) {
    await b.put({ desired: [buildDesired({ instances })] });
    await settle(b);
    seen.push(running(b));
  }
  expect(seen).toEqual([[], [0, 1], [0, 1, 2], [0], [], [0]]);
});

test('[diego 29, 257] what was desired before there was a brain is placed when one comes', async () => {
  const b = await brainBench(onTestFinished, {
    desired: [buildDesired()],
    tasks: [buildTask()],
    cells: ['a'],
  });
  await b.clock.advance(3_600);
  expect([ordinary(b.state), taskOf(b.state)?.cellId]).toEqual([undefined, undefined]);
  await b.lead();
  await b.clock.advance(soonMs);
  expect([ordinary(b.state)?.cellId, taskOf(b.state)?.cellId]).toEqual(['a', 'a']);
});

test('[diego 99] nothing of a removed LRP is left, nor the LRP', async () => {
  const b = await brainBench(onTestFinished, { desired: [buildDesired({ instances: 2 })], cells: ['a'] });
  await b.lead();
  await settle(b);
  expect(running(b)).toEqual([0, 1]);
  await b.put({ desired: [buildDesired({ instances: 2, removedAt: b.clock.now() })] });
  await settle(b);
  await b.clock.advance(soonMs);
  expect([running(b), b.state.desired.has(web)]).toEqual([[], false]);
});
