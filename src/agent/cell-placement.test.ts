/** What a cell says of itself for placement, and what it makes of the rules of what it was given. */
import { expect, test } from 'vitest';
import { cellWorld } from '../../test/kit/cell-world.ts';

test('[diego 297] the presence lists labels, tags, and the runtimes and volume drivers of the engine', async () => {
  const world = await cellWorld({
    config: { labels: { rack: 'r3' }, requiredTags: ['dmz'], optionalTags: ['gpu'] },
  });
  await world.until(() => world.servers.presence !== undefined);
  expect(world.servers.presence).toMatchObject({
    labels: { rack: 'r3' },
    requiredTags: ['dmz'],
    optionalTags: ['gpu'],
    runtimes: ['runc'],
    volumeDrivers: ['local'],
  });
  expect(world.servers.presence?.engine).toEqual({ ok: true, name: 'fake 1.0' });
  await world.stopAgent();
});

test('the presence says what each container costs the host beside its limit, unless that is nothing', async () => {
  const plain = await cellWorld();
  await plain.until(() => plain.servers.presence !== undefined);
  expect(plain.servers.presence).not.toHaveProperty('overheadMemoryMb');
  await plain.stopAgent();
  const world = await cellWorld({ config: { overheadMemoryMb: 12 } });
  await world.until(() => world.servers.presence !== undefined);
  expect(world.servers.presence?.overheadMemoryMb).toBe(12);
  await world.stopAgent();
});

test('an instance gets the host ports that it insists on, others are picked, and its OCI runtime is passed on', async () => {
  const world = await cellWorld();
  world.servers.desire({
    guid: 'edge',
    image: 'app',
    ports: [8_080, 9_090],
    fixedPorts: [{ containerPort: 8_080, hostPort: 80 }],
    placement: { runtime: 'runsc' },
  });
  world.servers.claim('edge');
  await world.until(() => world.servers.actual('edge').state === 'RUNNING');
  const [container] = world.runtime.running();
  expect(container?.spec.runtime).toBe('runsc');
  const ports = world.servers.actual('edge').netInfo?.ports ?? [];
  expect(ports.map(({ containerPort }) => containerPort).toSorted((a, b) => a - b)).toEqual([8_080, 9_090]);
  expect(ports.find(({ containerPort }) => containerPort === 8_080)?.hostPort).toBe(80);
  expect(ports.find(({ containerPort }) => containerPort === 9_090)?.hostPort).toBeGreaterThanOrEqual(20_000);
  await world.stopAgent();
});
