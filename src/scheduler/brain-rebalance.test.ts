/** The brain evens the cells: by itself only if it was switched on, and each replacement first. */
import { expect, onTestFinished, test } from 'vitest';
import { type BrainBench, brainBench, claims, events, forever, soonMs } from '../../test/kit/brain-bench.ts';
import { buildActual, buildDesired } from '../../test/kit/builders.ts';
import { type BrainSettings, defaultBrainSettings } from '../model/cell-spec.ts';
import { defaults } from '../model/defaults.ts';
import { encode } from '../store/core/codec.ts';
import { rebalanceKey } from '../store/core/keys.ts';

const count = 8;

async function lump(settings: BrainSettings): Promise<BrainBench> {
  const bench = await brainBench(onTestFinished, {
    desired: Array.from({ length: count }, (_, index) =>
      buildDesired({ guid: `lrp-${index}`, memoryMb: 100 }),
    ),
    actual: Array.from({ length: count }, (_, index) =>
      buildActual({ guid: `lrp-${index}`, cellId: 'a', state: 'RUNNING', routable: true }),
    ),
    cells: ['a', 'b'],
    settings,
  });
  await bench.lead();
  await bench.clock.advance(soonMs);
  return bench;
}

/** Plays the cells' part: what is claimed runs and is ready, what is told to stop has gone. */
async function playCells({ bbs, state, clock }: BrainBench): Promise<void> {
  for (const indexes of state.actual.values()) {
    for (const slots of indexes.values()) {
      for (const record of [slots.ordinary, slots.evacuating]) {
        if (record?.value.retire !== undefined) {
          await bbs.commit([{ compare: [], puts: [], deletes: [record.key] }], { signal: forever });
        } else if (record?.value.state === 'CLAIMED') {
          const value = encode({ ...record.value, state: 'RUNNING', routable: true, since: clock.now() });
          await bbs.commit([{ compare: [], puts: [{ key: record.key, value }] }], { signal: forever });
        }
      }
    }
  }
  await clock.settle();
}

/** Records of LRPs that run now, the one on its way out included. */
const runningOf = ({ state }: BrainBench): Set<string> =>
  new Set(
    [...state.actual].flatMap(([guid, indexes]) =>
      [...indexes.values()].some(({ ordinary, evacuating }) =>
        [ordinary, evacuating].some((record) => record?.value.state === 'RUNNING'),
      )
        ? [guid]
        : [],
    ),
  );

test('switched on: until they are even, and nothing is ever down', async () => {
  const bench = await lump({ ...defaultBrainSettings, autoRebalance: true });
  expect(events(bench.state, 'brain.rebalance')).toEqual(['brain: evens the cells by itself: 4 moves']);
  for (let round = 0; round < 10 && bench.state.rebalance !== undefined; round++) {
    expect(runningOf(bench).size).toBe(count);
    await playCells(bench);
    await bench.clock.advance(soonMs);
  }
  expect(bench.state.rebalance).toBeUndefined();
  expect(claims(bench.state)).toEqual({ a: count / 2, b: count / 2 });
  expect(events(bench.state, 'brain.rebalance')).toContain(
    'brain: the rebalance asked for by the brain is over',
  );
});

test('stopped half way: what has no running replacement stays where it is, and nothing is ever down', async () => {
  const bench = await lump({ ...defaultBrainSettings, autoRebalance: true });
  expect(claims(bench.state)).toEqual({ a: count, b: count / 2 });
  await bench.change(rebalanceKey, undefined);
  await bench.clock.advance(soonMs);
  expect(claims(bench.state)).toEqual({ a: count });
  expect(runningOf(bench).size).toBe(count);
  for (const indexes of bench.state.actual.values()) {
    for (const slots of indexes.values()) {
      expect([slots.evacuating, slots.ordinary?.value.state]).toEqual([undefined, 'RUNNING']);
    }
  }
});

test('never by itself otherwise', async () => {
  const bench = await lump(defaultBrainSettings);
  await bench.clock.advance(2 * defaults.convergeSweepMs);
  expect(claims(bench.state)).toEqual({ a: count });
});
