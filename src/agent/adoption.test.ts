/** What survives what: agents that restart, engines and servers that go away. */
import { expect, test, vi } from 'vitest';
import { type CellWorld, cellWorld } from '../../test/kit/cell-world.ts';

async function running(world: CellWorld): Promise<void> {
  await world.until(() => [...world.servers.actuals.values()].every(({ state }) => state === 'RUNNING'));
}

test('[diego 202] an agent that restarts goes on with the same containers and reports nothing', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app', ports: [80], instances: 3 });
  for (let index = 0; index < 3; index++) world.servers.claim('web', index);
  await running(world);
  const before = world.runtime.running().map(({ id, pid, starts }) => ({ id, pid, starts }));
  const reports = world.servers.count('started');
  await world.restartAgent();
  await world.clock.advance(120_000);
  expect(world.runtime.running().map(({ id, pid, starts }) => ({ id, pid, starts }))).toEqual(before);
  expect(world.servers.count('started')).toBe(reports);
  expect(world.servers.actual('web').crashCount).toBe(0);
  expect(world.cell.status().instances).toBe(3);
  await world.stopAgent();
});

test('a record that changes while the engine lists its containers says nothing about them', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await running(world);
  await world.stopAgent();
  const list = world.runtime.list.bind(world.runtime);
  let changes = 0;
  vi.spyOn(world.runtime, 'list').mockImplementation(async (owner) => {
    const found = await list(owner);
    if (++changes === 1) {
      // As when a cell whose lease had run out is back: its instances are suspect no more.
      const before = world.servers.actual('web');
      const next = { ...before, modificationIndex: before.modificationIndex + 1 };
      world.servers.actuals.set('web/0', next);
      world.servers.desire({ guid: 'other', image: 'app' });
      world.servers.claim('other');
    }
    await world.clock.sleep(1_000, owner.signal);
    return found;
  });
  world.startAgent();
  await world.clock.advance(120_000);
  expect(changes).toBeGreaterThan(0);
  expect(world.servers.actual('web')).toMatchObject({ state: 'RUNNING', crashCount: 0 });
  expect(world.runtime.containers.get('c1')?.starts).toBe(1);
  expect(world.runtime.running()).toHaveLength(2);
  await world.stopAgent();
});

test('what exited while the agent was away is reported as crashed', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await running(world);
  await world.stopAgent();
  world.runtime.exit('c1', 9);
  world.startAgent();
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.servers.actual('web').crashReason).toBe('Exited with status 9');
  await world.stopAgent();
});

test('[diego 226] a record that claims to run here without a container is a crash', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await running(world);
  await world.stopAgent();
  world.runtime.vanish('c1');
  world.startAgent();
  await world.until(() => world.servers.actual('web').crashCount === 1);
  expect(world.runtime.containers.size).toBe(0);
  await world.stopAgent();
});

test('a container that was created and never started is started by the next agent', async () => {
  const world = await cellWorld({ images: { app: { startMs: 5_000 } } });
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.clock.advance(1_000);
  await world.restartAgent();
  await running(world);
  expect(world.runtime.containers.size).toBe(1);
  expect(world.runtime.containers.get('c1')?.starts).toBe(1);
  await world.stopAgent();
});

test('what was starting when the agent went is asked for its health before the start timeout counts', async () => {
  const answers = (_port: number, sinceMs: number) => (sinceMs > 3_000 ? 200 : undefined);
  const world = await cellWorld({ images: { app: { answers } } });
  world.servers.desire({ guid: 'web', image: 'app', ports: [80], checks: [{ kind: 'tcp', port: 80 }] });
  world.servers.claim('web');
  await world.until(() => world.runtime.running().length === 1);
  await world.stopAgent();
  await world.clock.advance(120_000);
  world.startAgent();
  await running(world);
  expect(world.servers.actual('web').crashCount).toBe(0);
  expect(world.runtime.containers.get('c1')?.starts).toBe(1);
  await world.stopAgent();
});

test('[diego 225] a cell without any welcome adopts and stops nothing', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await running(world);
  await world.stopAgent();
  world.servers.mode('down');
  world.startAgent();
  await world.clock.advance(600_000);
  expect(world.runtime.running()).toHaveLength(1);
  expect(world.cell.status()).toMatchObject({ clusterId: undefined, registered: false, instances: 0 });
  await world.stopAgent();
});

test('containers of another cluster are left alone', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await running(world);
  await world.stopAgent();
  world.servers.clusterId = 'cluster-2';
  world.servers.forget('web');
  world.startAgent();
  await world.clock.advance(600_000);
  expect(world.cell.status().clusterId).toBe('cluster-2');
  expect(world.runtime.running()).toHaveLength(1);
  await world.stopAgent();
});

test('a server of another cluster is refused, and says so', async () => {
  const world = await cellWorld({ config: { clusterId: 'cluster-9' } });
  await world.clock.advance(10_000);
  expect(world.cell.status().registered).toBe(false);
  expect(world.cell.status().sessions[0]?.reason).toContain(
    'is of cluster cluster-1, this cell of cluster-9',
  );
  await world.stopAgent();
});

test('[diego 227] servers that cannot be reached stop nothing', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app', instances: 2 });
  world.servers.claim('web', 0);
  world.servers.claim('web', 1);
  await running(world);
  world.servers.mode('down');
  await world.clock.advance(3_600_000);
  expect(world.runtime.running().map(({ starts }) => starts)).toEqual([1, 1]);
  world.servers.mode('up');
  await world.until(() => world.cell.status().sessions.every(({ live }) => live));
  await world.clock.advance(60_000);
  expect(world.runtime.running().map(({ starts }) => starts)).toEqual([1, 1]);
  await world.stopAgent();
});

test.each(['down', 'hung'] as const)('nothing is dead because the engine is %s', async (fault) => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app', instances: 2 });
  world.servers.claim('web', 0);
  world.servers.claim('web', 1);
  await running(world);
  world.runtime.fault(fault);
  await world.until(() => world.servers.presence?.engine.ok === false);
  expect(world.servers.presence?.engine.reason).toMatch(/Docker daemon|does not answer/);
  await world.clock.advance(600_000);
  expect(world.servers.count('crashed')).toBe(0);
  world.runtime.fault('none');
  await world.until(() => world.servers.presence?.engine.ok === true);
  await world.clock.advance(60_000);
  expect(world.servers.count('crashed')).toBe(0);
  expect(world.runtime.running().map(({ starts }) => starts)).toEqual([1, 1]);
  await world.stopAgent();
});

test('what died while the engine was away is reported once it is back', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await running(world);
  world.runtime.fault('down');
  world.runtime.exit('c1', 137);
  await world.clock.advance(60_000);
  expect(world.servers.actual('web').state).toBe('RUNNING');
  world.runtime.fault('none');
  await world.until(() => world.servers.actual('web').crashCount === 1);
  await world.stopAgent();
});

test('[diego 224] an engine that is down at the start: the cell joins, says why, and works once it is there', async () => {
  const world = await cellWorld();
  await world.stopAgent();
  world.runtime.fault('down');
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  world.startAgent();
  await world.clock.advance(30_000);
  expect(world.servers.presence?.engine).toEqual({
    ok: false,
    name: 'unknown',
    reason: 'cannot connect to the Docker daemon',
  });
  expect(world.servers.actual('web')).toMatchObject({ state: 'CLAIMED', crashCount: 0 });
  world.runtime.fault('none');
  await running(world);
  await world.stopAgent();
});

test('without servers a crashed instance restarts here by Diego’s policy and keeps its claim', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  const instanceGuid = world.servers.claim('web');
  await running(world);
  await world.clock.advance(5_000);
  world.servers.mode('no-quorum');
  for (const [count, waitMs] of [
    [1, 5_000],
    [2, 5_000],
    [3, 30_000],
    [4, 60_000],
  ] as const) {
    const { id } = world.runtime.running()[0] ?? { id: '' };
    world.runtime.exit(id, 1);
    await world.clock.advance(waitMs - 100);
    expect(world.runtime.running(), `crash ${count}`).toHaveLength(0);
    await world.clock.advance(200);
    expect(world.runtime.running(), `crash ${count}`).toHaveLength(1);
  }
  world.servers.mode('up');
  await world.until(() => world.servers.actual('web').crashCount === 4);
  expect(world.servers.actual('web')).toMatchObject({
    state: 'RUNNING',
    instanceGuid,
    crashReason: 'Exited with status 1',
  });
  await world.stopAgent();
});

test('a crash report that was lost on the way out stops the container that was restarted meanwhile', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await running(world);
  world.servers.mode('silent');
  world.runtime.exit('c1', 1);
  await world.until(() => world.runtime.running().length === 1);
  world.servers.actuals.set('web/0', {
    ...world.servers.actual('web'),
    state: 'UNCLAIMED',
    instanceGuid: undefined,
    cellId: undefined,
  });
  world.servers.mode('up');
  await world.until(() => world.runtime.running().length === 0);
  expect(world.servers.actual('web').state).toBe('UNCLAIMED');
  await world.stopAgent();
});

test('a crashed container that somebody starts again behind the agent’s back is stopped', async () => {
  const world = await cellWorld();
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await running(world);
  world.runtime.exit('c1', 1);
  await world.until(() => world.servers.actual('web').crashCount === 1);
  const { signal } = new AbortController();
  const started = world.runtime.start('c1', { signal });
  await world.clock.settle();
  await started;
  expect(world.runtime.running().map(({ id }) => id)).toContain('c1');
  await world.until(() => world.runtime.containers.get('c1')?.state !== 'running');
  await world.stopAgent();
});
