/**
 * The faults that an operator fears most, each by itself in the simulated cluster, with the figure that is
 * promised for it. Source: the fault list in reference/scheduling-and-reliability.md D.2. Every scene is
 * watched by the same checkers as the simulation.
 */
import { expect, test } from 'vitest';
import { operations } from '../../src/api/operations.ts';
import { taskSpecSchema } from '../../src/model/task.ts';
import type { SimHost } from './host.ts';
import { call, drain, Scene } from './scene.ts';
import { isolate } from './strikes.ts';

test('six instances are spread evenly over three cells', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const counts = scene.cluster.hosts.map(({ engine }) => engine.running().length);
  expect(counts).toEqual([2, 2, 2]);
});

test('a leader that is killed: another places within 5 s, and nothing is restarted', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const { leader, starts } = scene;
  const other = scene.cluster.servers.find((one) => one !== leader);
  leader.kill();
  await scene.want(3, 'web', other);
  expect(await scene.until(() => scene.running.length === 9, 10_000)).toBeLessThan(5_000);
  await scene.advance(60_000);
  expect(scene.starts).toBe(starts + 3);
});

test('a leader that is told to stop gives the brain up at once: another leads within half a second', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const { leader, starts } = scene;
  const other = scene.cluster.servers.find((one) => one !== leader);
  leader.stop();
  const leads = (): boolean => scene.cluster.servers.some((one) => one !== leader && one.isLeading);
  expect(await scene.until(leads, 10_000)).toBeLessThan(500);
  await scene.want(3, 'web', other);
  expect(await scene.until(() => scene.running.length === 9, 10_000)).toBeLessThan(3_000);
  expect(scene.starts).toBe(starts + 3);
});

test('a leader that is paused beyond its term writes nothing when it goes on', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const { leader, starts } = scene;
  leader.running?.process.pause();
  await scene.until(() => scene.cluster.servers.some((one) => one !== leader && one.isLeading), 10_000);
  leader.running?.process.resume();
  await scene.advance(60_000);
  expect(scene.cluster.servers.filter(({ isLeading }) => isLeading)).toHaveLength(1);
  expect(scene.starts).toBe(starts);
});

test('an agent that is killed and started again: the same containers, no restart', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const { starts } = scene;
  for (const host of scene.cluster.hosts) {
    host.killAgent();
    await scene.advance(2_000);
    host.startAgent();
    await scene.advance(5_000);
  }
  await scene.advance(60_000);
  expect(scene.starts).toBe(starts);
  expect(scene.running.map(({ crashCount }) => crashCount)).toEqual([0, 0, 0, 0, 0, 0]);
});

test('everything killed at once and started again: the same containers', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const { starts } = scene;
  const before = new Set(scene.running.map(({ containerId }) => containerId));
  for (const server of scene.cluster.servers) server.kill();
  for (const host of scene.cluster.hosts) host.killAgent();
  await scene.advance(3_000);
  for (const server of scene.cluster.servers) server.start();
  for (const host of scene.cluster.hosts) host.startAgent();
  await scene.advance(60_000);
  expect(scene.starts).toBe(starts);
  expect(new Set(scene.running.map(({ containerId }) => containerId))).toEqual(before);
});

test('sixty seconds of cuts of two seconds restart nothing', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const { starts } = scene;
  const host = scene.host('c2');
  for (let times = 0; times < 15; times++) {
    scene.cut(host);
    await scene.advance(2_000);
    scene.heal(host);
    await scene.advance(2_000);
  }
  await scene.advance(60_000);
  expect(scene.starts).toBe(starts);
  expect(scene.running).toHaveLength(6);
});

test('a host that is lost: its instances run elsewhere within 10 s', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const host = scene.host('c2');
  host.lose();
  const isReplaced = (): boolean => scene.running.filter(({ cellId }) => cellId !== host.cellId).length === 6;
  expect(await scene.until(isReplaced, 30_000)).toBeLessThan(10_000);
});

test('what is wanted just after a host was lost runs within 3 s: its lease is not waited for', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const host = scene.host('c2');
  await scene.advance(2_000);
  host.lose();
  await scene.want(3);
  const isRunning = (): boolean => scene.running.filter(({ guid }) => guid === 'lrp2').length === 3;
  expect(await scene.until(isRunning, 30_000)).toBeLessThan(3_000);
});

test('most cells of the cluster lost at once: nothing is replaced until they return, and all runs again then', async () => {
  const scene = await Scene.open({ cells: 5 });
  await scene.run(10);
  const lost = scene.cluster.hosts.slice(0, 3);
  for (const host of lost) host.lose();
  await scene.advance(60_000);
  const left = scene.cluster.hosts.slice(3);
  expect(left.flatMap(({ engine }) => engine.running())).toHaveLength(4);
  for (const host of lost) host.startAgent();
  await scene.until(() => scene.running.length === 10, 60_000);
  await scene.advance(30_000);
  expect(scene.cluster.hosts.flatMap(({ engine }) => engine.running())).toHaveLength(10);
});

test.each([
  ['the order in which they were lost', [0, 1, 2]],
  ['the opposite order', [2, 1, 0]],
  ['another order', [1, 2, 0]],
])(
  'most cells cut off, their leases ending over 2 s, back one by one in %s: nothing starts then',
  async (_order, back) => {
    const scene = await Scene.open({ cells: 5 });
    await scene.run(15);
    const cut = scene.cluster.hosts.slice(0, 3);
    for (const host of cut) {
      scene.cut(host);
      await scene.advance(1_000);
    }
    await scene.advance(20_000);
    const { starts } = scene;
    const kept = cut.flatMap(({ engine }) => engine.running().map(({ id }) => id)).length;
    expect(kept).toBe(9);
    for (const at of back) {
      scene.heal(cut[at] as SimHost);
      await scene.advance(2_500);
    }
    await scene.until(() => scene.running.length === 15, 60_000);
    await scene.advance(30_000);
    expect(scene.starts).toBe(starts);
    expect(scene.cluster.hosts.flatMap(({ engine }) => engine.running())).toHaveLength(15);
  },
);

test('a server that is cut off from all: the others go on, and what it says afterwards changes nothing', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const { leader, starts } = scene;
  const other = scene.cluster.servers.find((one) => one !== leader);
  const cut = isolate(scene.cluster, leader);
  await scene.until(() => scene.cluster.servers.some((one) => one !== leader && one.isLeading), 15_000);
  await scene.want(3, 'web', other);
  await scene.until(() => scene.running.length === 9, 15_000);
  cut?.end();
  await scene.advance(60_000);
  expect(scene.cluster.servers.filter(({ isLeading }) => isLeading)).toHaveLength(1);
  expect(scene.starts).toBe(starts + 3);
});

test('a cell that comes back after its replacements run: exactly one instance an index within 10 s', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const host = scene.host('c2');
  scene.cut(host);
  await scene.until(() => scene.running.filter(({ cellId }) => cellId !== host.cellId).length === 6, 30_000);
  expect(host.engine.running()).toHaveLength(2);
  scene.heal(host);
  expect(await scene.until(() => host.engine.running().length === 0, 30_000)).toBeLessThan(10_000);
  await scene.advance(30_000);
  expect(scene.cluster.hosts.flatMap(({ engine }) => engine.running())).toHaveLength(6);
});

test('a store without a quorum stops nothing, and a crashed instance is restarted by its cell', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const regain = scene.cluster.loseQuorum();
  const [victim] = scene.host('c1').engine.running();
  scene.host('c1').engine.exit(victim?.id ?? '', 1);
  await scene.until(() => scene.host('c1').engine.running().length === 2, 30_000);
  await scene.advance(60_000);
  const runs = scene.cluster.hosts.flatMap(({ engine }) => engine.running());
  expect(runs).toHaveLength(6);
  regain();
  await scene.advance(60_000);
  expect(scene.running).toHaveLength(6);
  expect(
    scene.cluster.hosts
      .flatMap(({ engine }) => engine.running())
      .map(({ id }) => id)
      .sort(),
  ).toEqual(runs.map(({ id }) => id).sort());
});

test('a container that dies is replaced within a second', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const [victim] = scene.host('c1').engine.running();
  scene.host('c1').engine.exit(victim?.id ?? '', 1);
  await scene.until(() => scene.running.length === 5, 1_000);
  expect(await scene.until(() => scene.running.length === 6, 10_000)).toBeLessThan(1_000);
});

test('a hundred tasks, a host lost in the midst: each started at most once and ended with its reason', async () => {
  const scene = await Scene.open();
  const api = scene.leader.running?.api;
  if (api === undefined) throw new Error('no server to ask');
  for (let n = 1; n <= 100; n++) {
    const body = taskSpecSchema.parse({ guid: `task${n}`, image: 'job', memoryMb: 0, diskMb: 1 });
    void operations.desireTask(api, { body }, call);
  }
  await scene.until(() => scene.host('c1').engine.running().length > 2, 10_000);
  scene.host('c1').lose();
  const tasks = () => [...scene.cluster.checker.tasks.values()];
  await scene.until(
    () => tasks().length === 100 && tasks().every(({ state }) => state === 'COMPLETED'),
    110_000,
  );
  const lost = tasks().filter(({ failureReason }) => failureReason === 'cell disappeared before completion');
  expect(lost.length).toBeGreaterThan(0);
  expect(tasks().filter(({ failed }) => failed)).toHaveLength(lost.length);
});

/** Every index has somebody who runs: the one that counts, or the one on its way out. */
const served = (scene: Scene): number =>
  new Set(
    scene.records.filter(({ state }) => state === 'RUNNING').map(({ guid, index }) => `${guid}/${index}`),
  ).size;

const holding = (scene: Scene, cellId: string): number =>
  scene.records.filter((lrp) => lrp.cellId === cellId).length;

test('a drained cell is left by all, and nothing is missing meanwhile, though the leader is killed in the midst', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  await drain(scene, 'c2');
  const least = [served(scene)];
  scene.leader.kill();
  await scene.until(() => {
    least.push(served(scene));
    return holding(scene, 'c2') === 0 && scene.running.length === 6;
  }, 60_000);
  expect(Math.min(...least)).toBe(6);
  expect(scene.host('c2').engine.running()).toEqual([]);
});

test('a cell that is cut off while it is drained: each index runs exactly once in the end', async () => {
  const scene = await Scene.open();
  await scene.run(6);
  const host = scene.host('c2');
  await drain(scene, 'c2');
  await scene.until(() => scene.records.some(({ presence }) => presence === 'EVACUATING'), 10_000);
  scene.cut(host);
  await scene.until(() => scene.running.length === 6 && holding(scene, 'c2') === 0, 30_000);
  scene.heal(host);
  await scene.until(() => host.engine.running().length === 0, 60_000);
  expect(scene.running).toHaveLength(6);
});

test('a server whose copy is old is not believed when it knows nothing of a container', async () => {
  const scene = await Scene.open({ servers: 2, cells: 1 });
  const { leader } = scene;
  const behind = scene.cluster.servers.find((one) => one !== leader);
  const host = scene.host('c1');
  if (behind === undefined) throw new Error('no second server');
  behind.faults.watch += 1;
  await scene.run(2);
  const { starts } = scene;
  const { network } = scene.cluster;
  const paths = [network.path(host.name, leader.name), network.path(leader.name, host.name)];
  host.killAgent();
  for (const path of paths) network.cut(path);
  host.startAgent();
  await scene.advance(20_000);
  expect(host.engine.running()).toHaveLength(2);
  for (const path of paths) network.heal(path);
  behind.faults.watch -= 1;
  behind.kick();
  await scene.advance(60_000);
  expect(scene.starts).toBe(starts);
  expect(scene.running).toHaveLength(2);
});
