import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildActual, builtAt } from '../../../test/kit/builders.ts';
import { socketPair } from '../../../test/kit/socket-pair.ts';
import { type StateReplica, stateReplica } from '../../../test/kit/state-replica.ts';
import { type VirtualClock, virtualClock } from '../../../test/kit/virtual-clock.ts';
import { silentLog } from '../../base/log.ts';
import type { Socket } from '../../base/socket.ts';
import type { ApiContext } from '../context.ts';
import type { ViewMessage, ViewQuery } from '../core/view-shapes.ts';
import { ViewHub } from './hub.ts';
import { serveView } from './session.ts';

let clock: VirtualClock;
let replica: StateReplica;
let hub: ViewHub;
let client: Socket;
let served: Promise<void>;
/** What has arrived at the client, when it reads. */
let arrived: ViewMessage[];

/** @param maxQueued messages that the wire holds before the server has to wait */
function connect(maxQueued = 64): void {
  const { left, right } = socketPair({ maxQueued });
  client = left;
  served = serveView({ replica, clock, log: silentLog } as unknown as ApiContext, hub, right);
}
async function readAll(): Promise<void> {
  for await (const message of client.messages) arrived.push(JSON.parse(String(message)) as ViewMessage);
}
async function ask(seq: number, change: Partial<ViewQuery> = {}): Promise<void> {
  const query = { kind: 'instances', window: { start: 0, count: 10 }, ...change };
  await client.send(JSON.stringify({ type: 'query', seq, query }));
  await clock.settle();
}
const put = (...indexes: number[]) => replica.put({ actual: indexes.map((index) => buildActual({ index })) });

beforeEach(() => {
  clock = virtualClock(builtAt);
  replica = stateReplica();
  hub = new ViewHub({ replica, clock, log: silentLog });
  arrived = [];
});
afterEach(async () => {
  client.close();
  await served;
  hub.close();
  expect(clock.pendingTimers).toBe(0);
});

test('the first answer comes at once, changes at most ten times a second, and nothing when nothing changes', async () => {
  connect();
  void readAll();
  await ask(1);
  expect(arrived).toHaveLength(1);
  for (let index = 0; index < 100; index++) {
    put(index);
    await clock.advance(10);
  }
  await clock.advance(1_000);
  const after = arrived.length;
  expect(after).toBeGreaterThanOrEqual(9);
  expect(after).toBeLessThanOrEqual(12);
  expect(arrived.at(-1)).toMatchObject({ total: 100 });
  await clock.advance(60_000);
  expect(arrived).toHaveLength(after);
});

test('a row that has not changed comes as its key, under the same seq only', async () => {
  put(0, 1);
  connect();
  void readAll();
  await ask(1);
  replica.put({ actual: [buildActual({ index: 1, state: 'CLAIMED', cellId: 'c' })] });
  await clock.advance(200);
  expect(arrived.at(-1)).toMatchObject({ rows: ['web/0', { key: 'web/1' }] });
  await ask(2);
  expect(arrived.at(-1)).toMatchObject({ seq: 2, rows: [{ key: 'web/0' }, { key: 'web/1' }] });
});

test('a change outside of the window is told for the totals, with keys alone', async () => {
  put(0, 1, 2);
  connect();
  void readAll();
  await ask(1, { window: { start: 0, count: 1 } });
  put(3);
  await clock.advance(200);
  expect(arrived.at(-1)).toMatchObject({ total: 4, rows: ['web/0'] });
});

test('a change of the same totals outside of the window is not told', async () => {
  put(0, 1, 2);
  connect();
  void readAll();
  await ask(1, { window: { start: 0, count: 1 } });
  replica.put({ actual: [buildActual({ index: 2, updatedAt: builtAt + 1 })] });
  await clock.advance(500);
  expect(arrived).toHaveLength(1);
});

test('for a client that does not read nothing queues up: it gets the newest when it does', async () => {
  connect(1);
  await ask(1);
  for (let index = 0; index < 50; index++) {
    put(index);
    await clock.advance(150);
  }
  void readAll();
  await clock.advance(500);
  // One was on the wire, one waited for it, one is the newest.
  expect(arrived.length).toBeLessThanOrEqual(3);
  expect(arrived.at(-1)).toMatchObject({ total: 50 });
});

test('of many queries in one moment the newest is answered', async () => {
  connect();
  void readAll();
  for (let seq = 1; seq <= 50; seq++) {
    const query = { kind: 'cells', window: { start: 0, count: 10 }, filter: `cell-${seq}` };
    void client.send(JSON.stringify({ type: 'query', seq, query }));
  }
  await clock.advance(100);
  expect(arrived.length).toBeLessThanOrEqual(2);
  expect(arrived.at(-1)).toMatchObject({ seq: 50 });
  expect(hub.openOrders).toBeLessThanOrEqual(2);
});

test('a copy that goes stale is told within a second or so, and so is its return', async () => {
  connect();
  void readAll();
  await ask(1);
  replica.staleReason = 'the store is away';
  await clock.advance(1_200);
  expect(arrived.at(-1)).toMatchObject({ stale: 'the store is away' });
  replica.staleReason = '';
  await clock.advance(1_200);
  expect(arrived.at(-1)).toMatchObject({ stale: '' });
  expect(arrived).toHaveLength(3);
});

test('its order is released when the client goes', async () => {
  connect();
  await ask(1);
  expect(hub.openOrders).toBe(1);
  client.close();
  await served;
  await clock.advance(31_000);
  expect(hub.openOrders).toBe(0);
});
