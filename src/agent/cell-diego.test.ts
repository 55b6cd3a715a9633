/** Behaviours that Diego's tests verify of its agent, on a cell in memory: docs/diego-conformance.md. */
import { expect, test } from 'vitest';
import { type CellWorld, cellWorld } from '../../test/kit/cell-world.ts';
import type { ImageScript } from '../../test/kit/fake-container.ts';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import type { DesiredLrpInput } from '../model/desired-lrp.ts';
import { startHealth } from './core/health.ts';
import { healthChecks, monitorHealth } from './health-monitor.ts';
import type { Container } from './runtime.ts';

const tcp = { kind: 'tcp', port: 8080 } as const;
const http = { kind: 'http', port: 8080, path: '/ping' } as const;

/** A world with one claimed instance of `web`. */
async function webOf(image: ImageScript, lrp: Partial<DesiredLrpInput> = {}): Promise<CellWorld> {
  const world = await cellWorld({ images: { app: image } });
  world.servers.desire({ guid: 'web', image: 'app', ...lrp });
  world.servers.claim('web');
  return world;
}
const web = (world: CellWorld) => world.servers.actual('web');
const crashed = (world: CellWorld, count = 1): Promise<void> =>
  world.until(() => web(world).crashCount === count);
const envOf = (world: CellWorld): Record<string, string> =>
  Object.fromEntries((world.runtime.running()[0]?.spec.env ?? []).map(({ name, value }) => [name, value]));

/** Answers 200 until this long after its start. */
const answersFor = (ms: number): ImageScript => ({
  answers: (_port, since) => (since < ms ? 200 : undefined),
});

test('[diego 179] an instance is told its index and its guid', async () => {
  const world = await webOf({});
  await world.until(() => world.runtime.running().length === 1);
  const { instanceGuid } = web(world);
  expect(envOf(world)).toMatchObject({ INSTANCE_INDEX: '0', INSTANCE_GUID: instanceGuid });
  await world.stopAgent();
});

test('[diego 180, 183] what an instance is told of its address and ports is what its record says', async () => {
  const world = await webOf({}, { ports: [8080, 9090] });
  await world.until(() => web(world).state === 'RUNNING');
  const { netInfo } = web(world);
  const ports = netInfo?.ports.map(({ containerPort, hostPort }) => ({
    external: hostPort,
    internal: containerPort,
  }));
  expect(envOf(world)).toMatchObject({
    CF_INSTANCE_IP: netInfo?.address,
    CF_INSTANCE_PORT: String(netInfo?.ports[0]?.hostPort),
    CF_INSTANCE_PORTS: JSON.stringify(ports),
  });
  await world.stopAgent();
});

test('[diego 181, 184] no variable tells an inner address, of whichever kind', async () => {
  const world = await webOf({});
  await world.until(() => world.runtime.running().length === 1);
  expect(Object.keys(envOf(world)).filter((name) => name.includes('INTERNAL'))).toEqual([]);
  await world.stopAgent();
});

test.each([
  [
    '[diego 129, 209] exit 0 with a check that has passed',
    { ...answersFor(60_000), exits: { afterMs: 5_000, code: 0 } },
  ],
  ['[diego 133] exit 0 with a check that never passed', { exits: { afterMs: 5_000, code: 0 } }],
  [
    '[diego 130] exit 0 with a check that would fail later',
    { ...answersFor(8_000), exits: { afterMs: 5_000, code: 0 } },
  ],
])('%s is a crash', async (_name, image: ImageScript) => {
  const world = await webOf(image, { checks: [http] });
  await crashed(world);
  expect(web(world).crashReason).toBe('Exited with status 0');
  await world.stopAgent();
});

test('[diego 210] exit 1 is recorded in just these words', async () => {
  const world = await webOf({ exits: { afterMs: 1_000, code: 1 } });
  await crashed(world);
  expect(web(world).crashReason).toBe('Exited with status 1');
  await world.stopAgent();
});

test('[diego 132, 208] a check that passes makes it RUNNING; when it fails later the container is stopped', async () => {
  const world = await webOf(answersFor(20_000), { checks: [http] });
  await world.until(() => web(world).state === 'RUNNING');
  await crashed(world);
  expect(web(world).state).toBe('UNCLAIMED');
  expect(world.runtime.running()).toEqual([]);
  await world.stopAgent();
});

test('[diego 208] a check that never passes leaves it CLAIMED, without a start timeout for ever', async () => {
  const world = await webOf({}, { checks: [http], startTimeoutMs: 0 });
  await world.clock.advance(3_600_000);
  expect(web(world)).toMatchObject({ state: 'CLAIMED', crashCount: 0 });
  await world.stopAgent();
});

test('[diego 134, 135] an instance that never gets healthy ends up CRASHED', async () => {
  const world = await webOf({}, { checks: [http], startTimeoutMs: 5_000 });
  for (const count of [1, 2]) {
    await crashed(world, count);
    world.servers.claim('web');
  }
  await crashed(world, 3);
  expect(web(world)).toMatchObject({
    state: 'CRASHED',
    crashReason: expect.stringContaining('Instance never healthy after 5s: '),
  });
  await world.stopAgent();
});

test('[diego 149, 152] two checks of a dead port are both in the reason', async () => {
  const world = await webOf({}, { checks: [tcp, http], startTimeoutMs: 3_000 });
  await crashed(world);
  const reason = web(world).crashReason ?? '';
  expect(reason).toContain('Instance never healthy after 3s');
  expect(reason).toMatch(
    /failed to make TCP connection to [\d.]+:8080: dial tcp .*: connect: connection refused/,
  );
  expect(reason).toContain("failed to make HTTP request to '/ping' on port 8080: connection refused");
  await world.stopAgent();
});

test.each([
  [
    '[diego 150] an http check that fails later',
    [http],
    /failed to make HTTP request to '\/ping' on port 8080: connection refused/,
  ],
  [
    '[diego 151] a tcp check that fails later',
    [tcp],
    /failed to make TCP connection to .*:8080: dial tcp .*: connect: connection refused/,
  ],
  [
    '[diego 152] either of two checks that fail later',
    [tcp, http],
    /failed to make (?:TCP connection to .*:8080|HTTP request to '\/ping')/,
  ],
])('%s is named in the reason of the crash', async (_name, checks, cause) => {
  const world = await webOf(answersFor(20_000), { checks });
  await crashed(world);
  expect(web(world).crashReason).toContain('Instance became unhealthy: Liveness check unsuccessful: ');
  expect(web(world).crashReason).toMatch(cause);
  await world.stopAgent();
});

test('[diego 155] healthy once every check has passed; then any one that fails ends it', async () => {
  const answers = (port: number, since: number) => {
    const isUp = port === 8080 ? since < 90_000 : since >= 7_000;
    return isUp ? 200 : undefined;
  };
  const world = await webOf({ answers }, { checks: [tcp, { kind: 'tcp', port: 9090 }] });
  await world.clock.advance(6_000);
  expect(web(world).state).toBe('CLAIMED');
  await world.until(() => web(world).state === 'RUNNING');
  await crashed(world);
  expect(web(world).crashReason).toContain(':8080');
  await world.stopAgent();
});

test('[diego 162] of eighty checks that are due at most 64 run at once', async () => {
  const clock = virtualClock();
  const answers: (() => void)[] = [];
  let running = 0;
  let most = 0;
  const checks = healthChecks({
    clock,
    runtime: {} as never,
    engine: { check: async () => true, status: { ok: true, name: 'fake' } },
    prober: {
      async probe() {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => answers.push(resolve));
        running -= 1;
        return { ok: true };
      },
    },
  });
  const plan = {
    checks: [{ ...tcp, timeoutMs: 1_000, intervalMs: 30_000 }],
    readinessChecks: [],
    startTimeoutMs: 0,
  };
  const passed = new Set<number>();
  const monitors = Array.from({ length: 80 }, (_, at) => {
    const health = startHealth(plan, { startedAt: clock.now() }, clock.now());
    const container = { id: `c${at}`, ipAddress: '192.0.2.1' } as Container;
    return monitorHealth(checks, container, health, ({ phase }) => phase === 'healthy' && passed.add(at));
  });
  await clock.advance(10);
  expect([running, most]).toEqual([64, 64]);
  for (const answer of answers.splice(0)) answer();
  await clock.advance(10);
  for (const answer of answers.splice(0)) answer();
  await clock.advance(10);
  expect([most, passed.size]).toEqual([64, 80]);
  for (const monitor of monitors) monitor.stop();
});

test('[diego 214] a container that vanishes is a crash, and what it held is free again', async () => {
  const world = await webOf({}, { ports: [8080] });
  await world.until(() => web(world).state === 'RUNNING');
  world.runtime.vanish(world.runtime.running()[0]?.id ?? '');
  await crashed(world);
  expect(web(world)).toMatchObject({ state: 'UNCLAIMED', crashReason: 'container vanished' });
  expect([web(world).cellId, web(world).netInfo]).toEqual([undefined, undefined]);
  await world.until(() => world.cell.status().instances === 0);
  await world.stopAgent();
});

test('[diego 217] a listing that is older than a container says nothing about it', async () => {
  const world = await cellWorld();
  await world.clock.advance(1_000);
  const list = world.runtime.list.bind(world.runtime);
  let answer: (() => void) | undefined;
  world.runtime.list = async (owner) => {
    const before = await list(owner);
    await new Promise<void>((resolve) => (answer = resolve));
    return before;
  };
  await world.until(() => answer !== undefined);
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  world.runtime.list = list;
  await world.clock.advance(1_000);
  expect(world.runtime.running()).toHaveLength(1);
  answer?.();
  await world.clock.advance(60_000);
  expect(web(world)).toMatchObject({ state: 'RUNNING', crashCount: 0 });
  expect(world.runtime.running()).toHaveLength(1);
  await world.stopAgent();
});

test('[diego 13, 14] a result of just the limit comes back whole, with its last newline', async () => {
  const content = `${'x'.repeat(51_199)}\n`;
  const images = { job: { exits: { afterMs: 10, code: 0 }, files: { '/out': content } } };
  const world = await cellWorld({ images });
  world.servers.task({ guid: 'job', image: 'job', resultFile: '/out' });
  await world.until(() => world.servers.taskOf('job').state === 'COMPLETED');
  expect(world.servers.taskOf('job')).toMatchObject({ failed: false, result: content });
  await world.stopAgent();
});

test.each([0, 3, 137])('[diego 193] out of memory is named with exit status %i too', async (code) => {
  const world = await cellWorld({ images: { job: { exits: { afterMs: 10, code, oom: true } } } });
  world.servers.task({ guid: 'job', image: 'job' });
  await world.until(() => world.servers.taskOf('job').state === 'COMPLETED');
  const failureReason = `Exited with status ${code} (out of memory)`;
  expect(world.servers.taskOf('job')).toMatchObject({ failed: true, failureReason });
  await world.stopAgent();
});
