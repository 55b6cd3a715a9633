/** What a cell does with instances of LRPs, on a virtual clock with an engine and servers in memory. */
import { expect, test } from 'vitest';
import { cellWorld } from '../../test/kit/cell-world.ts';
import { SkepError } from '../base/core/errors.ts';

const only = <T>(items: readonly T[]): T => {
  expect(items).toHaveLength(1);
  return items[0] as T;
};

test('[diego 125] without a check an instance is RUNNING as soon as its process starts', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'nginx', ports: [8080] });
  const instanceGuid = world.servers.claim('web');
  await world.until(() => world.servers.actual('web').state === 'RUNNING');
  const actual = world.servers.actual('web');
  expect(actual).toMatchObject({ instanceGuid, routable: true, crashCount: 0 });
  expect(actual.netInfo).toMatchObject({ address: '192.0.2.7', instanceAddress: '172.17.0.1' });
  expect(actual.netInfo?.ports).toEqual([{ containerPort: 8080, hostPort: expect.any(Number) }]);
  await world.stopAgent();
  expect(world.runtime.running()).toHaveLength(1);
});

test('[diego 183] an instance is told its address and ports', async () => {
  const world = await cellWorld();
  world.servers.desire({
    guid: 'web',
    image: 'nginx',
    ports: [8080, 9090],
    env: [{ name: 'A', value: '1' }],
  });
  const instanceGuid = world.servers.claim('web', 2);
  await world.until(() => world.servers.actual('web', 2).state === 'RUNNING');
  const { spec } = only(world.runtime.running());
  const env = Object.fromEntries(spec.env.map(({ name, value }) => [name, value]));
  const [first, second] = spec.ports;
  expect(env).toMatchObject({
    A: '1',
    INSTANCE_INDEX: '2',
    CF_INSTANCE_GUID: instanceGuid,
    CF_INSTANCE_ADDR: `192.0.2.7:${first?.hostPort}`,
    CF_INSTANCE_PORTS: JSON.stringify([
      { external: first?.hostPort, internal: 8080 },
      { external: second?.hostPort, internal: 9090 },
    ]),
  });
  expect(spec.hostAddress).toBe('192.0.2.7');
  await world.stopAgent();
});

test('[diego 120] an exit is a crash at once, with its status and the last lines', async () => {
  const images = {
    app: { exits: { afterMs: 5_000, code: 17 }, writes: ['listening', 'fatal: no database'] },
  };
  const world = await cellWorld({ images });
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web')).toMatchObject({
    state: 'UNCLAIMED',
    crashReason: 'Exited with status 17; last output: listening | fatal: no database',
  });
  await world.stopAgent();
});

test('the last lines are waited for while the engine is slow; a log that never comes holds up no report', async () => {
  const world = await cellWorld({
    images: { app: { exits: { afterMs: 5_000, code: 17 }, writes: ['why'] } },
  });
  const { runtime, clock } = world;
  const logs = runtime.logs.bind(runtime);
  const reasonWhenLate = async (lateMs: number, guid: string): Promise<string | undefined> => {
    runtime.logs = async function* (id, options) {
      await clock.sleep(lateMs, options.signal);
      yield* logs(id, options);
    };
    world.servers.desire({ guid, image: 'app' });
    world.servers.claim(guid);
    await world.until(() => world.servers.actual(guid).crashCount === 1);
    return world.servers.actual(guid).crashReason;
  };
  expect(await reasonWhenLate(2_500, 'slow')).toBe('Exited with status 17; last output: why');
  const startedAt = clock.now();
  expect(await reasonWhenLate(3_600_000, 'never')).toBe('Exited with status 17');
  expect(clock.now() - startedAt).toBeLessThan(15_000);
  await world.stopAgent();
});

test('[diego 126] exit 0 without a check is a crash', async () => {
  const world = await cellWorld({ images: { app: { exits: { afterMs: 1_000, code: 0 } } } });
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web').crashReason).toBe('Exited with status 0');
  await world.stopAgent();
});

test('[diego 193] running out of memory is named', async () => {
  const world = await cellWorld({ images: { app: { exits: { afterMs: 1_000, code: 137, oom: true } } } });
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web').crashReason).toBe('Exited with status 137 (out of memory)');
  await world.stopAgent();
});

test('[diego 137] a container that vanishes is a crash', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').state === 'RUNNING');
  world.runtime.vanish(only(world.runtime.running()).id);
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web').crashReason).toBe('container vanished');
  await world.stopAgent();
});

test('a death that no event told is found by the sweep', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').state === 'RUNNING');
  await world.clock.advance(5_000);
  const { id } = only(world.runtime.running());
  const container = world.runtime.containers.get(id);
  Object.assign(container ?? {}, { state: 'exited', exitCode: 3, finishedAt: world.clock.now() });
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web').crashReason).toBe('Exited with status 3');
  await world.stopAgent();
});

test('[diego 211] an image that cannot be pulled is a crash with the registry’s reason', async () => {
  const world = await cellWorld({ onlyKnownImages: true });
  world.servers.desire({ guid: 'web', image: 'nosuch' });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web').crashReason).toBe(
    'failed to create container: pull access denied for nosuch: repository does not exist',
  );
  await world.stopAgent();
});

test('a registry that is away is a crash, not a missing engine', async () => {
  const pullError = new SkepError('Unavailable', 'registry: no route to host');
  const world = await cellWorld({ images: { app: { pullError } } });
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web').crashReason).toContain('registry: no route to host');
  expect(world.cell.status().engine.ok).toBe(true);
  await world.stopAgent();
});

test('many instances of one image pull it once', async () => {
  const world = await cellWorld({ images: { app: { pullMs: 3_000 } } });
  world.servers.desire({ guid: 'web', image: 'app', instances: 5 });
  for (let index = 0; index < 5; index++) world.servers.claim('web', index);
  await world.until(() => world.runtime.running().length === 5);
  expect(world.runtime.pulls).toEqual(['app']);
  await world.stopAgent();
});

test('[diego 220] a slow pull holds up no other instance', async () => {
  const world = await cellWorld({ images: { slow: { pullMs: 120_000 } } });
  world.servers.desire({ guid: 'slow', image: 'slow' });
  world.servers.desire({ guid: 'quick', image: 'quick' });
  world.servers.claim('slow');
  world.servers.claim('quick');
  await world.clock.advance(1_000);
  expect(world.servers.actual('quick').state).toBe('RUNNING');
  expect(world.servers.actual('slow').state).toBe('CLAIMED');
  await world.stopAgent();
});

test('[diego 97] an instance that is no longer wanted while its image is pulled never runs', async () => {
  const world = await cellWorld({ images: { slow: { pullMs: 60_000 } } });
  world.servers.desire({ guid: 'web', image: 'slow' });
  world.servers.claim('web');
  await world.clock.advance(1_000);
  world.servers.retire('web');
  await world.until(() => !world.servers.actuals.has('web/0'));
  await world.clock.advance(120_000);
  expect(world.runtime.containers.size).toBe(0);
  expect(world.cell.status().instances).toBe(0);
  await world.stopAgent();
});

test('a host port that something else holds is replaced by another', async () => {
  const world = await cellWorld({ config: { portRange: { from: 20_000, to: 20_003 } } });
  world.runtime.occupyPorts([20_000, 20_001, 20_002]);
  world.servers.desire({ guid: 'web', image: 'app', ports: [80] });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').state !== 'CLAIMED');
  expect(world.servers.actual('web').state).toBe('RUNNING');
  expect(world.servers.actual('web').netInfo?.ports[0]?.hostPort).toBe(20_003);
  expect(world.runtime.containers.size).toBe(1);
  await world.stopAgent();
});

test('no host port left is said as the reason', async () => {
  const world = await cellWorld({ config: { portRange: { from: 20_000, to: 20_001 } } });
  world.servers.desire({ guid: 'web', image: 'app', ports: [80, 81, 82] });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount > 0);
  expect(world.servers.actual('web').crashReason).toContain('no 3 free host ports between 20000 and 20001');
  await world.stopAgent();
});

test('a privileged container is refused where the operator does not allow it', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app', privileged: true });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount > 0);
  expect(world.servers.actual('web').crashReason).toContain('cell-a does not allow privileged containers');
  expect(world.runtime.containers.size).toBe(0);
  await world.stopAgent();
});

test('[diego 145] a retired instance gets SIGTERM, its grace, and is reported as stopped once it is gone', async () => {
  const world = await cellWorld({ images: { stubborn: { ignoresSigterm: true } } });
  world.servers.desire({ guid: 'web', image: 'stubborn', stopGraceMs: 7_000 });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').state === 'RUNNING');
  world.servers.retire('web');
  await world.clock.advance(6_900);
  expect(world.servers.actuals.has('web/0')).toBe(true);
  await world.clock.advance(200);
  expect(world.servers.actuals.has('web/0')).toBe(false);
  expect(world.runtime.containers.size).toBe(0);
  expect(world.servers.count('crashed')).toBe(0);
  await world.stopAgent();
});

test('[diego 227] a refused start stops the container', async () => {
  const world = await cellWorld({ images: { app: { startMs: 1_000 } } });
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.clock.advance(500);
  const actual = world.servers.actual('web');
  const other = { ...actual, instanceGuid: undefined, state: 'UNCLAIMED' as const, cellId: undefined };
  world.servers.actuals.set('web/0', other);
  await world.until(() => world.servers.count('started') > 0);
  await world.until(() => world.runtime.containers.size === 0);
  expect(world.servers.actual('web').state).toBe('UNCLAIMED');
  await world.stopAgent();
});

test('a container that nobody claims stops only after a quorum-backed answer', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').state === 'RUNNING');
  world.servers.mode('no-quorum');
  world.servers.forget('web');
  await world.clock.advance(300_000);
  expect(world.servers.count('confirm')).toBeGreaterThan(0);
  expect(world.servers.received.find(({ method }) => method === 'confirm')?.params).toMatchObject({
    instances: [{ guid: 'web', definition: 'epoch-1/1' }],
  });
  expect(world.runtime.running()).toHaveLength(1);
  world.servers.mode('up');
  await world.until(() => world.runtime.containers.size === 0);
  expect(world.servers.count('stopped')).toBe(0);
  await world.stopAgent();
});

test('an answer that names the container keeps it running', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  const instanceGuid = world.servers.claim('web');
  await world.until(() => world.servers.actual('web').state === 'RUNNING');
  world.servers.say({
    type: 'assignments',
    revision: 1_000,
    full: false,
    lrps: [],
    tasks: [],
    gone: [instanceGuid],
  });
  await world.clock.advance(60_000);
  expect(world.servers.count('confirm')).toBeGreaterThan(0);
  expect(world.runtime.running()).toHaveLength(1);
  await world.stopAgent();
});

test('a message of an older revision takes nothing away', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').state === 'RUNNING');
  world.servers.say({ type: 'assignments', revision: 1, full: true, lrps: [], tasks: [], gone: [] });
  await world.clock.advance(60_000);
  expect(world.servers.count('confirm')).toBe(0);
  await world.stopAgent();
});

test('the newest crashed container of an index is kept, and goes in the end', async () => {
  const world = await cellWorld({ images: { app: { exits: { afterMs: 1_000, code: 1 } } } });
  world.servers.desire({ guid: 'web', image: 'app' });
  for (const count of [1, 2]) {
    world.servers.claim('web');
    await world.until(() => world.servers.actual('web').crashCount === count);
  }
  await world.clock.advance(1_000);
  expect(only([...world.runtime.containers.values()]).id).toBe('c2');
  await world.clock.advance(11 * 60_000);
  expect(world.runtime.containers.size).toBe(0);
  await world.stopAgent();
});

test('forty instances start, and none of it leaves a timer behind', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app', ports: [80], instances: 40 });
  for (let index = 0; index < 40; index++) world.servers.claim('web', index);
  await world.until(() => [...world.servers.actuals.values()].every(({ state }) => state === 'RUNNING'));
  const ports = world.runtime.running().map(({ spec }) => spec.ports[0]?.hostPort);
  expect(new Set(ports).size).toBe(40);
  await world.stopAgent();
  expect(world.clock.pendingTimers).toBe(0);
});
