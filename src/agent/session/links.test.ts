/** Sessions, presence and failing over between servers, with the whole cell around them. */
import { expect, test } from 'vitest';
import { cellWorld } from '../../../test/kit/cell-world.ts';

const three = ['10.0.0.1:7400', '10.0.0.2:7400', '10.0.0.3:7400'];

test('a cell that knows one server learns of all, and holds a session with each', async () => {
  const world = await cellWorld({ servers: three, config: { servers: ['10.0.0.2:7400'] } });
  await world.until(() => world.servers.sessions.length === 3);
  expect(world.servers.sessions).toEqual(three);
  await world.stopAgent();
  expect(world.servers.sessions).toEqual([]);
  const goodbye = { code: 1001, reason: 'the agent stops' };
  expect(world.servers.ends).toEqual([goodbye, goodbye, goodbye]);
});

test('[diego 205] presence says what the host can carry, less the reserve', async () => {
  const world = await cellWorld({ config: { capacity: { containers: 7 } } });
  await world.until(() => world.servers.presence !== undefined);
  await world.until(() => world.servers.presence?.engine.ok === true);
  expect(world.servers.presence).toMatchObject({
    cellId: 'cell-a',
    zone: 'z1',
    capacity: { memoryMb: 14_400, diskMb: 90_000, containers: 7 },
    engine: { ok: true, name: 'fake 1.0' },
  });
  await world.stopAgent();
});

test('a heartbeat every two seconds, and no second registration', async () => {
  const world = await cellWorld();
  await world.until(() => world.cell.status().registered && world.cell.status().engine.ok);
  await world.clock.advance(5_000);
  const before = { register: world.servers.count('register'), heartbeat: world.servers.count('heartbeat') };
  await world.clock.advance(60_000);
  expect(world.servers.count('register')).toBe(before.register);
  expect(world.servers.count('heartbeat') - before.heartbeat).toBe(30);
  await world.stopAgent();
});

test('[diego 265] a lease that is gone is registered again at once', async () => {
  const world = await cellWorld();
  await world.clock.advance(10_000);
  world.servers.leaseId = undefined;
  world.servers.presence = undefined;
  await world.clock.advance(2_100);
  expect(world.servers.presence).toBeDefined();
  await world.stopAgent();
});

test('a server that no longer answers costs a heartbeat one second, less than the lease', async () => {
  const world = await cellWorld({ servers: three });
  await world.clock.advance(10_000);
  const preferred = world.servers.received.at(-1)?.server ?? '';
  const before = world.servers.received.length;
  world.servers.mode('silent', preferred);
  await world.clock.advance(3_100);
  const answered = world.servers.received.slice(before).filter(({ server }) => server !== preferred);
  expect(answered.map(({ method }) => method)).toContain('heartbeat');
  await world.stopAgent();
});

test('a report that a server leaves unanswered goes to another one within two seconds', async () => {
  const world = await cellWorld({ servers: three });
  await world.clock.advance(10_000);
  const heartbeats = world.servers.count('heartbeat');
  await world.until(() => world.servers.count('heartbeat') > heartbeats);
  world.servers.mode('silent', world.servers.received.at(-1)?.server ?? '');
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.clock.advance(1_900);
  expect(world.servers.actual('web')).toMatchObject({ state: 'RUNNING', crashCount: 0 });
  await world.stopAgent();
});

test('a server that is only busy is waited for: its line would be the longer at the next one', async () => {
  const world = await cellWorld({ servers: three });
  await world.clock.advance(10_000);
  world.servers.mode('busy');
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.clock.advance(20_000);
  expect(world.servers.count('started')).toBe(1);
  world.servers.mode('up');
  await world.clock.advance(20_000);
  expect(world.servers.actual('web').state).toBe('RUNNING');
  await world.stopAgent();
});

test('a server without quorum is passed over', async () => {
  const world = await cellWorld({ servers: three });
  await world.clock.advance(5_000);
  world.servers.mode('no-quorum', '10.0.0.1:7400');
  world.servers.mode('no-quorum', '10.0.0.2:7400');
  world.servers.desire({ guid: 'web', image: 'app' });
  world.servers.claim('web');
  await world.clock.advance(1_000);
  expect(world.servers.actual('web').state).toBe('RUNNING');
  await world.stopAgent();
});

test('a session that broke is dialled again', async () => {
  const world = await cellWorld({ servers: three });
  await world.clock.advance(5_000);
  world.servers.mode('down', '10.0.0.3:7400');
  await world.clock.advance(60_000);
  expect(world.servers.sessions).toEqual(three.slice(0, 2));
  const status = world.cell.status().sessions.find(({ address }) => address === '10.0.0.3:7400');
  expect(status).toMatchObject({ live: false, reason: 'connection to 10.0.0.3:7400 refused' });
  world.servers.mode('up', '10.0.0.3:7400');
  await world.clock.advance(5_100);
  expect(world.servers.sessions).toEqual(three);
  await world.stopAgent();
});

test('assignments of several servers merge into one: what one server said is not undone by a slower one', async () => {
  const world = await cellWorld({ servers: three });
  await world.clock.advance(1_000);
  world.servers.desire({ guid: 'web', image: 'app', instances: 3 });
  for (let index = 0; index < 3; index++) world.servers.claim('web', index);
  await world.clock.advance(60_000);
  expect(world.runtime.calls.filter((call) => call.startsWith('create'))).toHaveLength(3);
  expect(world.servers.count('confirm')).toBe(0);
  await world.stopAgent();
});

test('a message that cannot be read ends the session, and a new one starts from a full answer', async () => {
  const world = await cellWorld();
  await world.clock.advance(5_000);
  world.servers.say({ type: 'nonsense' } as never);
  await world.clock.advance(0);
  expect(world.cell.status().sessions[0]?.reason).toContain('sent a message this cell cannot read');
  await world.clock.advance(5_000);
  expect(world.cell.status().sessions[0]?.live).toBe(true);
  await world.stopAgent();
});

test('a server that joins is dialled, and one that left is not dialled again', async () => {
  const world = await cellWorld({ servers: three, config: { servers: three.slice(0, 1) } });
  await world.stopAgent();
  world.servers.listed = three.slice(0, 2);
  world.startAgent();
  await world.clock.advance(5_000);
  expect(world.servers.sessions).toEqual(three.slice(0, 2));
  world.servers.relist(three);
  await world.clock.advance(1_000);
  expect(world.servers.sessions).toEqual(three);
  world.servers.relist(three.slice(0, 2));
  world.servers.mode('down', '10.0.0.3:7400');
  world.servers.mode('up', '10.0.0.3:7400');
  await world.clock.advance(60_000);
  expect(world.servers.sessions).toEqual(three.slice(0, 2));
  expect(world.cell.status().sessions).toHaveLength(2);
  await world.stopAgent();
});

test('two addresses of one server end in one session', async () => {
  const world = await cellWorld({ servers: ['10.0.0.1:7400', 'server-a:7400'] });
  await world.stopAgent();
  world.servers.listed = ['10.0.0.1:7400'];
  for (const address of world.servers.addresses) world.servers.names.set(address, 'server-a');
  world.startAgent();
  await world.clock.advance(60_000);
  expect(world.servers.sessions).toEqual(['10.0.0.1:7400']);
  await world.stopAgent();
});
