/** Health as operators see it: Diego's rules and texts, on a virtual clock. */
import { expect, test } from 'vitest';
import { type CellWorld, cellWorld } from '../../test/kit/cell-world.ts';

const http = { kind: 'http', port: 8080, path: '/ping' } as const;
const tcp = { kind: 'tcp', port: 8080 } as const;
const state = (world: CellWorld): string => world.servers.actual('web').state;

test('[diego 148] an instance is CLAIMED until its check passes, then RUNNING', async () => {
  const app = { answers: (_: number, ms: number) => (ms < 5_000 ? undefined : 200) };
  const world = await cellWorld({ images: { app } });
  world.servers.desire({ guid: 'web', image: 'app', checks: [http] });
  world.servers.claim('web');
  await world.clock.advance(4_900);
  expect(state(world)).toBe('CLAIMED');
  await world.clock.advance(2_500);
  expect(state(world)).toBe('RUNNING');
  await world.stopAgent();
});

test('[diego 149] a start that takes too long is a crash that says what the checks said', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app', checks: [tcp, http], startTimeoutMs: 3_000 });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  const { crashReason } = world.servers.actual('web');
  expect(crashReason).toContain('Instance never healthy after 3s: ');
  expect(crashReason).toContain(
    'failed to make TCP connection to 172.17.0.1:8080: dial tcp 172.17.0.1:8080: connect: connection refused',
  );
  expect(crashReason).toContain("failed to make HTTP request to '/ping' on port 8080: connection refused");
  expect(world.runtime.running()).toHaveLength(0);
  await world.stopAgent();
});

test('a start that takes too long says what runs there instead', async () => {
  const seen: string[] = [];
  const witness = {
    see({ id, pid }: { readonly id: string; readonly pid: number }) {
      seen.push(`${id} ${pid}`);
      return { name: 'app', state: 'S', listens: ['3000'] };
    },
  };
  const world = await cellWorld({ witness });
  world.servers.desire({ guid: 'web', image: 'app', checks: [tcp], startTimeoutMs: 3_000 });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web').crashReason).toMatch(
    /^Instance never healthy after 3s: .*connection refused; at 172\.17\.0\.1 process 1001 \(app\) waits, listening at: 3000$/,
  );
  expect(seen).toEqual(['c1 1001']);
  await world.stopAgent();
});

test('an address that has changed is asked at the new one: a starting instance becomes healthy there', async () => {
  const app = { answers: (_: number, ms: number) => (ms < 20_000 ? undefined : 200) };
  const world = await cellWorld({ images: { app } });
  world.servers.desire({ guid: 'web', image: 'app', checks: [tcp] });
  world.servers.claim('web');
  await world.clock.advance(10_000);
  moveAll(world, '172.17.9.9');
  await world.clock.advance(30_000);
  expect(world.servers.actual('web')).toMatchObject({ state: 'RUNNING', crashCount: 0 });
  await world.stopAgent();
});

test('an address that has changed crashes no healthy instance, and is reported', async () => {
  const world = await cellWorld({ images: { app: { answers: () => 200 } } });
  world.servers.desire({ guid: 'web', image: 'app', checks: [http] });
  world.servers.claim('web');
  await world.until(() => state(world) === 'RUNNING');
  moveAll(world, '172.17.9.9');
  await world.clock.advance(120_000);
  expect(world.servers.actual('web')).toMatchObject({ state: 'RUNNING', crashCount: 0 });
  expect(world.servers.actual('web').netInfo?.instanceAddress).toBe('172.17.9.9');
  await world.stopAgent();
});

/** As when somebody takes a container off its network and joins it to another. */
function moveAll(world: CellWorld, address: string): void {
  for (const container of world.runtime.running()) container.ipAddress = address;
}

test('[diego 134] a start timeout of 0 waits for ever', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app', checks: [tcp], startTimeoutMs: 0 });
  world.servers.claim('web');
  await world.clock.advance(3_600_000);
  expect(world.servers.actual('web')).toMatchObject({ state: 'CLAIMED', crashCount: 0 });
  await world.stopAgent();
});

test('[diego 150] one failed check of a healthy instance is a crash', async () => {
  const app = { answers: (_: number, ms: number) => (ms < 40_000 ? 200 : undefined) };
  const world = await cellWorld({ images: { app } });
  world.servers.desire({ guid: 'web', image: 'app', checks: [http] });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web').crashReason).toBe(
    "Instance became unhealthy: Liveness check unsuccessful: failed to make HTTP request to '/ping' on port 8080: connection refused",
  );
  expect(world.runtime.running()).toHaveLength(0);
  await world.stopAgent();
});

test('only 200 is healthy', async () => {
  const world = await cellWorld({ images: { app: { answers: () => 204 } } });
  world.servers.desire({ guid: 'web', image: 'app', checks: [http], startTimeoutMs: 5_000 });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web').crashReason).toContain('received status code 204');
  await world.stopAgent();
});

test('[diego 131] an exit is a crash at once, whatever the checks say', async () => {
  const app = { answers: () => 200, exits: { afterMs: 10_000, code: 1 } };
  const world = await cellWorld({ images: { app } });
  world.servers.desire({ guid: 'web', image: 'app', checks: [http] });
  world.servers.claim('web');
  await world.clock.advance(10_500);
  expect(world.servers.actual('web')).toMatchObject({ crashCount: 1, crashReason: 'Exited with status 1' });
  await world.stopAgent();
});

test('[diego 157] readiness decides on routes only', async () => {
  const app = { answers: (port: number, ms: number) => (port === 8080 || ms > 10_000 ? 200 : 503) };
  const world = await cellWorld({ images: { app } });
  const ready = { kind: 'http', port: 9000, path: '/ready', intervalMs: 1_000 } as const;
  world.servers.desire({ guid: 'web', image: 'app', checks: [tcp], readinessChecks: [ready] });
  world.servers.claim('web');
  await world.clock.advance(5_000);
  expect(world.servers.actual('web')).toMatchObject({
    state: 'RUNNING',
    routable: false,
    checkOutput: "failed to make HTTP request to '/ready' on port 9000: received status code 503",
  });
  await world.until(() => world.servers.actual('web').routable);
  expect(world.servers.actual('web')).toMatchObject({ state: 'RUNNING', crashCount: 0 });
  expect(world.servers.actual('web').checkOutput).toBeUndefined();
  await world.stopAgent();
});

test('[diego 158] readiness that fails later takes the routes away and crashes nothing', async () => {
  const app = { answers: (_: number, ms: number) => (ms < 60_000 ? 200 : undefined) };
  const world = await cellWorld({ images: { app } });
  world.servers.desire({ guid: 'web', image: 'app', readinessChecks: [http] });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').routable);
  await world.clock.advance(120_000);
  expect(world.servers.actual('web')).toMatchObject({ state: 'RUNNING', routable: false, crashCount: 0 });
  await world.stopAgent();
});

test('[diego 147] a command check asks inside the container', async () => {
  const execs = (_: readonly string[], ms: number) =>
    ms < 60_000 ? { code: 0 } : { code: 2, output: 'disk is full\n' };
  const world = await cellWorld({ images: { app: { execs } } });
  const check = { kind: 'command' as const, args: ['/bin/check'] };
  world.servers.desire({ guid: 'web', image: 'app', checks: [check] });
  world.servers.claim('web');
  await world.until(() => state(world) === 'RUNNING');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web').crashReason).toBe(
    "Instance became unhealthy: Liveness check unsuccessful: command '/bin/check' exited with status 2: disk is full",
  );
  await world.stopAgent();
});

test.each(['down', 'hung'] as const)(
  'a command check is inconclusive while the engine is %s',
  async (fault) => {
    const world = await cellWorld({ images: { app: { execs: () => ({ code: 0 }) } } });
    const check = { kind: 'command' as const, args: ['true'], intervalMs: 1_000 };
    world.servers.desire({ guid: 'web', image: 'app', checks: [check] });
    world.servers.claim('web');
    await world.until(() => state(world) === 'RUNNING');
    world.runtime.fault(fault);
    await world.clock.advance(300_000);
    world.runtime.fault('none');
    await world.clock.advance(60_000);
    expect(world.servers.actual('web')).toMatchObject({ state: 'RUNNING', crashCount: 0 });
    await world.stopAgent();
  },
);

test('an adopted instance that was RUNNING is not asked to start again', async () => {
  const app = { answers: (_: number, ms: number) => (ms < 10_000 || ms > 100_000 ? 200 : undefined) };
  const world = await cellWorld({ images: { app } });
  const check = { ...http, intervalMs: 200_000 };
  world.servers.desire({ guid: 'web', image: 'app', checks: [check], startTimeoutMs: 5_000 });
  world.servers.claim('web');
  await world.until(() => state(world) === 'RUNNING');
  await world.clock.advance(20_000);
  await world.restartAgent();
  await world.clock.advance(300_000);
  expect(world.servers.actual('web')).toMatchObject({ state: 'RUNNING', crashCount: 0, routable: true });
  await world.stopAgent();
});

test('[diego 163] the log tells each turn of an instance’s health once', async () => {
  const app = { answers: (_: number, ms: number) => (ms < 9_000 || ms > 50_000 ? undefined : 200) };
  const world = await cellWorld({ images: { app } });
  world.servers.desire({ guid: 'web', image: 'app', checks: [http], readinessChecks: [tcp] });
  world.servers.claim('web');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  const told = world.log
    .map((line) => line.split(' ')[0])
    .filter((event) => /check|healthy|ready/.test(event ?? ''));
  expect(told).toEqual([
    'instance.check_failed',
    'instance.healthy',
    'instance.ready',
    'instance.check_failed',
  ]);
  await world.stopAgent();
});
