/**
 * The faults that an operator fears most, each by itself in the simulated cluster, with the figure that is
 * promised for it. Source: the fault list in reference/scheduling-and-reliability.md D.2. Every scene is
 * watched by the same checkers as the simulation.
 */
import { expect, test } from 'vitest';
import { operations } from '../../src/api/operations.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import type { ActualLrp } from '../../src/model/actual-lrp.ts';
import { desiredLrpSpecSchema } from '../../src/model/desired-lrp.ts';
import type { CellId } from '../../src/model/ids.ts';
import { taskSpecSchema } from '../../src/model/task.ts';
import type { SimHost } from './host.ts';
import type { Path } from './network.ts';
import type { SimServer } from './server.ts';
import { Stage } from './stage.ts';

const call = { actor: 'operator', signal: new AbortController().signal };

class Scene extends Stage {
  #lrps = 0;

  static async open(options: { readonly servers?: number; readonly cells?: number } = {}): Promise<Scene> {
    const { servers = 3, cells = 3 } = options;
    const scene = new Scene({
      rng: seededRng(7),
      servers,
      cells,
      alike: true,
      duplicates: 0,
      lostAnswers: 0,
    });
    scene.cluster.start();
    const { servers: all, hosts, checker } = scene.cluster;
    const isUp = (): boolean =>
      all.some(({ isLeading }) => isLeading) && hosts.every(({ cellId }) => checker.isPresent(cellId));
    await scene.until(isUp, 5_000);
    return scene;
  }

  get records(): ActualLrp[] {
    return [...this.cluster.checker.actual.values()];
  }

  get leader(): SimServer {
    const leader = this.cluster.servers.find(({ isLeading }) => isLeading);
    if (leader === undefined) throw new Error('nobody leads');
    return leader;
  }

  host(cellId: string | undefined): SimHost {
    const host = this.cluster.hosts.find((one) => one.cellId === cellId);
    if (host === undefined) throw new Error(`no host ${cellId}`);
    return host;
  }

  /** Instances that run and count. */
  get running(): ActualLrp[] {
    return this.records.filter(({ state, presence }) => state === 'RUNNING' && presence === 'ORDINARY');
  }

  /** Every start of a container so far, over all hosts. */
  get starts(): number {
    return this.cluster.hosts.flatMap(({ engine }) => engine.calls.filter((one) => one.startsWith('start')))
      .length;
  }

  /** Wants instances and waits until they run. */
  async run(instances: number, image = 'web'): Promise<void> {
    await this.want(instances, image);
    await this.until(() => this.running.length === instances, 30_000);
  }

  async want(instances: number, image = 'web', server = this.leader): Promise<void> {
    const api = server.running?.api;
    if (api === undefined) throw new Error('no server to ask');
    const body = desiredLrpSpecSchema.parse({
      guid: `lrp${++this.#lrps}`,
      image,
      instances,
      memoryMb: 10,
      diskMb: 10,
    });
    await this.asked(operations.desireLrp(api, { body }, call));
  }

  /** Lets time pass until the API has answered. */
  async asked(answer: Promise<unknown>): Promise<void> {
    let isDone = false;
    const done = answer.then(() => (isDone = true));
    await this.until(() => isDone, 10_000);
    await done;
  }

  /** Both directions between a host and every server. */
  paths(host: SimHost): Path[] {
    const { network, servers } = this.cluster;
    return servers.flatMap(({ name }) => [network.path(host.name, name), network.path(name, host.name)]);
  }

  cut(host: SimHost): void {
    for (const path of this.paths(host)) this.cluster.network.cut(path);
  }

  heal(host: SimHost): void {
    for (const path of this.paths(host)) this.cluster.network.heal(path);
  }
}

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

async function drain(scene: Scene, cellId: string, how: object = {}): Promise<void> {
  const api = scene.leader.running?.api;
  if (api === undefined) throw new Error('no server to ask');
  const params = { id: cellId as CellId };
  const body = { reason: '', deadlineMs: null, force: false, anyway: false, alongside: [], ...how };
  await scene.asked(operations.drainCell(api, { params, body }, call));
}

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
