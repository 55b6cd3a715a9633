/** Plans against what a real cluster then does: a drain lands where it was said to, a rebalance undoes the lump. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/api/core/plan-shapes.ts';
import type { CellId } from '../../src/model/ids.ts';
import { type E2eCluster, e2eCluster, eventually, testImage } from '../kit/e2e-cluster.ts';

let cluster: E2eCluster;

beforeAll(async () => {
  cluster = await e2eCluster({ cells: 3, servers: 1 });
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
}, 120_000);

const call = () => ({ signal: AbortSignal.timeout(10_000), deadlineMs: 5_000 });

/** Where the instances of `web` run, once there are `count` and nothing else of it. */
function places(count: number): Promise<Map<number, string>> {
  return eventually(`${count} instances run and nothing else`, 90_000, async () => {
    const { rows } = await cluster.client().call('listInstances', { query: { guid: 'web' } }, call());
    const running = rows.filter(({ state, presence }) => state === 'RUNNING' && presence === 'ORDINARY');
    if (running.length !== count || rows.length !== count) {
      throw new Error(rows.map((row) => `${row.index}:${row.state}:${row.presence}`).join(' '));
    }
    return new Map(running.map(({ index, cellId }) => [index, cellId ?? '']));
  });
}

it('a drain lands where the plan said, and a rebalance evens the cells again', async () => {
  const run = await cluster.skep(['run', 'web', testImage, '-n', '6', '--', 'sleep', '100000']);
  expect(run).toMatchObject({ code: 0 });
  const before = await places(6);
  const drained = cluster.agents[2]?.name as CellId;
  const planned = await cluster.skep(['plan', 'drain', drained, '-o', 'json']);
  expect(planned).toMatchObject({ code: 0 });
  const plan = JSON.parse(planned.stdout) as Plan;
  expect(plan.moves.length).toBe([...before.values()].filter((cellId) => cellId === drained).length);
  expect(await places(6)).toEqual(before);

  await cluster.client().call('drainCell', { params: { id: drained }, body: { deadlineMs: null } }, call());
  await eventually('the drained cell is empty', 90_000, async () => {
    if ([...(await places(6)).values()].includes(drained)) throw new Error('something is left');
  });
  const expected = new Map(before);
  for (const { index, to } of plan.moves) expected.set(index, to);
  expect(await places(6)).toEqual(expected);

  await cluster.client().call('undrainCell', { params: { id: drained } }, call());
  const rebalance = await cluster.skep(['rebalance']);
  expect(rebalance).toMatchObject({ code: 0 });
  expect(rebalance.stdout).toMatch(/^2 moves would lower the unevenness/);
  await eventually('the rebalance is over', 90_000, async () => {
    const status = await cluster.client().call('status', {}, call());
    if (status.rebalance !== undefined) throw new Error(JSON.stringify(status.rebalance));
  });
  const after = [...(await places(6)).values()].sort();
  expect(after).toEqual(cluster.agents.flatMap(({ name }) => [name, name]).sort());
}, 300_000);

it('status says which loss would be survived', async () => {
  await eventually('it is worked out', 30_000, async () => {
    const { survives } = await cluster.client().call('status', {}, call());
    expect(survives).toMatchObject({ cellCount: 3, cell: true, zoneCount: 1, zone: false });
  });
  const { stdout } = await cluster.skep(['status']);
  expect(stdout).toMatch(/^Survives {3}the loss of any one cell; not of the zone: there is only one$/m);
});
