/** What the metrics of a brain over the store in memory say. */
import { expect, onTestFinished, test } from 'vitest';
import { brainBench, soonMs } from '../../test/kit/brain-bench.ts';
import { buildDesired, buildDrained, buildTask, builtAt } from '../../test/kit/builders.ts';
import { metricRegistry } from '../base/core/metric-registry.ts';
import { silentLog } from '../base/log.ts';
import { encode } from '../store/core/codec.ts';
import { leaderKey } from '../store/core/keys.ts';
import { createReplica } from '../store/follow-replica.ts';
import { BrainMetrics, readBrain } from './brain-metrics.ts';

async function counted(records: Parameters<typeof brainBench>[1]) {
  const metrics = metricRegistry(new Set(['server']));
  const bench = await brainBench(onTestFinished, records, { observers: [new BrainMetrics(metrics)] });
  const replica = createReplica({ bbs: bench.bbs, clock: bench.clock, log: silentLog });
  const following = new AbortController();
  onTestFinished(() => following.abort());
  void replica.run(following.signal);
  readBrain(metrics, bench.brain, replica);
  const lines = async (): Promise<string[]> => {
    const text = await metrics.text((name, error) => {
      throw new Error(name, { cause: error });
    });
    return text.split('\n');
  };
  return { bench, lines };
}

test('placements, refusals by their main reason, decisions by rule, passes and what waits', async () => {
  const { bench, lines } = await counted({
    desired: [buildDesired({ instances: 2 }), buildDesired({ guid: 'big', instances: 3, memoryMb: 9_000 })],
    tasks: [buildTask()],
    cells: ['a', 'b'],
    specs: [buildDrained('b')],
  });
  expect(await lines()).toContain('skep_brain_leader 0');
  expect((await lines()).join()).not.toContain('skep_brain_waiting');
  await bench.lead();
  await bench.clock.advance(soonMs);
  const told = await lines();
  expect(told).toEqual(
    expect.arrayContaining([
      'skep_brain_leader 1',
      'skep_brain_waiting 3',
      'skep_brain_storm_cells 0',
      'skep_brain_placements_total{kind="lrp"} 2',
      'skep_brain_placements_total{kind="task"} 1',
      'skep_brain_decisions_total{rule="create"} 5',
      'skep_brain_conflicts_total 0',
      'skep_brain_fenced_writes_total 0',
    ]),
  );
  expect(told.find((line) => line.startsWith('skep_brain_placement_refusals_total'))).toMatch(
    /reason="(memory|unusable)"\} \d+$/,
  );
  expect(told).toContainEqual(
    expect.stringMatching(/^skep_brain_passes_total\{outcome="done",scope="full"\} [1-9]/),
  );
  expect(told).toContainEqual(expect.stringMatching(/^skep_brain_pass_duration_seconds_count [1-9]/));
});

test('a write of a leader that is none any more is counted, and the brain leads no more', async () => {
  const { bench, lines } = await counted({ cells: ['a'] });
  const { ended } = await bench.lead();
  await bench.clock.advance(soonMs);
  await bench.change(leaderKey, encode({ v: 1, server: 'server-b', raftTerm: 99, since: builtAt }));
  await bench.put({ desired: [buildDesired()] });
  await bench.clock.advance(soonMs);
  await ended;
  expect(await lines()).toEqual(
    expect.arrayContaining(['skep_brain_leader 0', 'skep_brain_fenced_writes_total 1']),
  );
});
