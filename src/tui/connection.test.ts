import { expect, test } from 'vitest';
import { type FakeClient, fakeClient } from '../../test/kit/fake-client.ts';
import { clusterStatus } from '../../test/kit/tui-data.ts';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import type { Status } from '../api/core/routes.ts';
import { SkepError } from '../base/core/errors.ts';
import { seededRng } from '../base/core/rng.ts';
import { startConnection } from './connection.ts';
import type { Connection } from './core/app-model.ts';

const names = ['host-01', 'host-02', 'host-03'] as const;
const addressOf = (at: number): string => `10.0.0.${at + 1}:7400`;
const refused = new SkepError('Unavailable', 'connection refused');

/** Three servers that know each other, and a UI that was told of the first as `first`; it says that at the beginning. */
function world(beginning: (well: Status) => FakeClient['status'] = (well) => well) {
  const clock = virtualClock();
  const stop = new AbortController();
  const servers = names.map((_, at) => fakeClient({ clock, address: addressOf(at) }));
  const first = fakeClient({ clock, address: '/run/skep.sock' });
  const statusOf = (at: number): Status => ({
    ...clusterStatus,
    server: names[at] ?? '',
    now: clock.now(),
    servers: clusterStatus.servers.map((each, index) => ({ ...each, apiAddress: addressOf(index) })),
  });
  /** Both ways to the first server, and those to the others. */
  const say = (at: number, status: FakeClient['status']): void => {
    for (const client of at === 0 ? [first, servers[0]] : [servers[at]])
      if (client !== undefined) client.status = status;
  };
  for (const at of [0, 1, 2]) say(at, at === 0 ? beginning(statusOf(0)) : statusOf(at));
  const told: Connection[] = [];
  const moves: string[] = [];
  const skews: number[] = [];
  const asked: string[] = [];
  const connect = (address: string) => {
    asked.push(address);
    const client = servers.find((each) => each.address === address);
    if (client === undefined) throw new SkepError('InvalidRequest', `"${address}" is no address`);
    return client;
  };
  const connection = startConnection({
    first,
    connect,
    clock,
    rng: seededRng(1),
    signal: stop.signal,
    onStatus: (_, skewMs) => skews.push(skewMs),
    onConnection: (now) => told.push(now),
    onMoved: (from, to, reason) => moves.push(`${from} → ${to}: ${reason}`),
  });
  return { clock, stop, servers, first, statusOf, say, told, moves, skews, asked, connection };
}

test('it is connected after the first answer and asks every two seconds', async () => {
  const { clock, told, first } = world();
  await clock.settle();
  expect(told).toEqual([{ server: 'host-01', state: 'connected', since: clock.now(), reason: '' }]);
  await clock.advance(10_000);
  expect(first.calls).toHaveLength(6);
  expect(told).toHaveLength(1);
});

test('when its server refuses it is on the next one within the same moment, and says so once', async () => {
  const { clock, say, moves, told, connection, servers } = world();
  await clock.settle();
  say(0, refused);
  await clock.advance(2_000);
  expect(moves).toEqual(['host-01 → host-02: connection refused']);
  expect(connection.client).toBe(servers[1]);
  await clock.advance(60_000);
  expect(moves).toHaveLength(1);
  expect(told.map(({ state, server }) => `${state} ${server}`)).toEqual([
    'connected host-01',
    'lost host-01',
    'connected host-02',
  ]);
});

test('a server that hangs is given up after three seconds, and not asked a second time before the others', async () => {
  const { clock, say, moves, asked } = world();
  await clock.settle();
  say(0, undefined);
  await clock.advanceUntil(() => moves.length > 0, 5_100);
  expect(asked).toEqual([addressOf(1)]);
});

test('with no server at all it goes around with pauses, for ever, and is back by itself', async () => {
  const { clock, say, told, moves, statusOf, asked } = world();
  await clock.settle();
  for (const at of [0, 1, 2]) say(at, refused);
  await clock.advance(3_600_000);
  expect(told.at(-1)).toMatchObject({ state: 'lost', server: 'host-01', reason: 'connection refused' });
  expect(told).toHaveLength(2);
  // A round without pauses, then one try each three seconds and not more.
  expect(asked.length).toBeGreaterThan(500);
  expect(asked.length).toBeLessThan(3_600);
  say(2, statusOf(2));
  await clock.advance(20_000);
  expect(told.at(-1)).toMatchObject({ state: 'connected', server: 'host-03' });
  expect(moves).toEqual(['host-01 → host-03: connection refused']);
});

test('the server that it was on is tried again when no other one answers', async () => {
  const { clock, say, told, statusOf, moves } = world();
  await clock.settle();
  say(0, refused);
  await clock.advance(2_000);
  for (const at of [1, 2]) say(at, refused);
  await clock.advance(10_000);
  expect(told.at(-1)?.state).toBe('lost');
  say(1, statusOf(1));
  await clock.advance(30_000);
  expect(told.at(-1)).toMatchObject({ state: 'connected', server: 'host-02' });
  expect(moves).toHaveLength(1);
});

test('a server that is late at the beginning is no move', async () => {
  const { clock, say, told, moves, statusOf } = world(() => refused);
  await clock.advance(5_000);
  expect(told.at(-1)).toMatchObject({ state: 'connecting', reason: 'connection refused' });
  say(0, statusOf(0));
  await clock.advance(5_000);
  expect(told.at(-1)).toMatchObject({ state: 'connected', server: 'host-01' });
  expect(moves).toEqual([]);
});

test('it says since when, and why, what the server shows may be old', async () => {
  const { clock, say, told, statusOf } = world();
  await clock.settle();
  say(0, { ...statusOf(0), stale: 'etcd does not answer' });
  await clock.advance(2_000);
  const since = clock.now();
  await clock.advance(20_000);
  expect(told.slice(1)).toEqual([
    { server: 'host-01', state: 'connected', since, reason: 'etcd does not answer' },
  ]);
});

test('a clock that is wrong is known by how much', async () => {
  const { clock, skews } = world((well) => ({ ...well, now: well.now - 7_000 }));
  await clock.settle();
  expect(skews).toEqual([-7_000]);
});

test('a feed that breaks has the server asked at once, but never more often while it is lost', async () => {
  const { clock, say, connection, first, servers } = world();
  await clock.settle();
  connection.suspect();
  await clock.settle();
  expect(first.calls).toHaveLength(2);
  for (const at of [0, 1, 2]) say(at, refused);
  await clock.advance(30_000);
  const count = (): number => [first, ...servers].reduce((sum, { calls }) => sum + calls.length, 0);
  const before = count();
  for (let times = 0; times < 100; times += 1) {
    connection.suspect();
    await clock.settle();
  }
  expect(count()).toBe(before);
});

test('whoever waits for a change hears that it is back, is not late, and can stop waiting', async () => {
  const { clock, say, connection, statusOf } = world();
  await clock.settle();
  const order: string[] = [];
  const never = new AbortController();
  void connection.change(500, never.signal).then(() => order.push('time'));
  for (const at of [0, 1, 2]) say(at, refused);
  await clock.advance(10_000);
  void connection.change(600_000, never.signal).then(() => order.push('back'));
  const stopped = new AbortController();
  void connection.change(600_000, stopped.signal).then(() => order.push('stopped'));
  stopped.abort();
  await clock.settle();
  say(0, statusOf(0));
  await clock.advance(30_000);
  expect(order).toEqual(['time', 'stopped', 'back']);
});

test('an address that makes no sense is as a server that does not answer', async () => {
  const servers = clusterStatus.servers.map((each) => ({ ...each, apiAddress: 'no address' }));
  const { clock, say, statusOf, told } = world((well) => ({ ...well, servers }));
  await clock.settle();
  say(0, refused);
  await clock.advance(60_000);
  say(0, statusOf(0));
  await clock.advance(10_000);
  expect(told.at(-1)).toMatchObject({ state: 'connected', server: 'host-01' });
});

test('nothing is left when it ends', async () => {
  const { clock, stop } = world();
  await clock.advance(10_000);
  stop.abort();
  await clock.settle();
  expect(clock.pendingTimers).toBe(0);
});
