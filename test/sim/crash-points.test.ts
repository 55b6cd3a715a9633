/**
 * Crashes between every two writes: one story of a cluster is told again and again, and each time the leader dies
 * after another one of its writes, or an agent after another one of its engine's deeds, before it hears of it. In
 * the end everything is as wanted, each index runs exactly once, and nothing is left over.
 */
import { expect, test } from 'vitest';
import { operations } from '../../src/api/operations.ts';
import type { ProcessGuid } from '../../src/model/ids.ts';
import { situation } from './liveness.ts';
import { call, drain, Scene } from './scene.ts';

/** Four instances are wanted, scaled down, and one cell is drained; asked of a server that is not the leader. */
async function tell(scene: Scene): Promise<void> {
  const { leader } = scene;
  const asked = scene.cluster.servers.find((one) => one !== leader) ?? leader;
  await scene.want(4, 'web', asked);
  await scene.advance(1_500);
  const api = asked.running?.api;
  if (api === undefined) throw new Error('no server to ask');
  const params = { guid: 'lrp1' as ProcessGuid };
  await scene.asked(operations.updateLrp(api, { params, body: { instances: 3 } }, call));
  await scene.advance(1_500);
  await drain(scene, 'c1', {}, asked);
  await scene.advance(5_000);
}

/** What died comes back; then everything must be as wanted. */
async function settle(scene: Scene): Promise<void> {
  for (const server of scene.cluster.servers) server.start();
  for (const host of scene.cluster.hosts) host.startAgent();
  const [asked] = scene.cluster.servers;
  const api = asked?.running?.api;
  if (api === undefined) throw new Error('no server to ask');
  await scene.until(() => scene.leads && scene.running.length === 3 && scene.holding('c1') === 0, 90_000);
  await scene.asked(operations.undrainCell(api, { params: { id: scene.host('c1').cellId } }, call));
  const isWell = (): boolean => situation(scene.cluster).problems.length === 0;
  await scene.until(isWell, 90_000);
  const runs = scene.cluster.hosts.flatMap(({ engine }) => engine.running());
  expect(runs.map(({ spec }) => spec.identity.index).sort((a, b) => a - b)).toEqual([0, 1, 2]);
}

const open = (): Promise<Scene> => Scene.open({ servers: 2, cells: 3 });

test('the leader dies after each of its writes in turn', async () => {
  const calm = await open();
  const { leader } = calm;
  const before = leader.writes;
  await tell(calm);
  const writes = leader.writes - before;
  expect(writes).toBeGreaterThan(10);
  await settle(calm);
  for (let count = 1; count <= writes; count++) {
    const scene = await open();
    const first = scene.leader;
    const { running } = first;
    first.dieAfterWrites(count);
    await tell(scene);
    first.dieAfterWrites(Number.POSITIVE_INFINITY);
    expect(first.running === running, `write ${count} of ${writes} did not kill it`).toBe(false);
    await settle(scene);
  }
});

test('an agent dies after each deed of its engine in turn', async () => {
  for (const cellId of ['c1', 'c2']) {
    let hasDied = true;
    for (let count = 1; hasDied; count++) {
      const scene = await open();
      const host = scene.host(cellId);
      const { agent } = host;
      host.dieAfterEngineCalls(count);
      const restart = (): void => host.startAgent();
      // A host brings its agent up again after three seconds; without, a drain of it would wait for ever.
      const revive = (): void => {
        if (host.agent === undefined) restart();
        scene.after(3_000, revive);
      };
      revive();
      await tell(scene);
      hasDied = host.agent !== agent;
      if (count === 1) expect(hasDied).toBe(true);
      host.dieAfterEngineCalls(Number.POSITIVE_INFINITY);
      await settle(scene);
    }
  }
});
