import { afterEach, beforeEach, expect, test } from 'vitest';
import { socketPair } from '../../test/kit/socket-pair.ts';
import { type VirtualClock, virtualClock } from '../../test/kit/virtual-clock.ts';
import { seededRng } from '../base/core/rng.ts';
import { silentLog } from '../base/log.ts';
import { type ActualLrp, claim, newActualLrp } from '../model/actual-lrp.ts';
import { desiredLrpSpecSchema, desireLrp } from '../model/desired-lrp.ts';
import type { CellId, InstanceGuid, ProcessGuid } from '../model/ids.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey, desiredKey, serverKey } from '../store/core/keys.ts';
import { createReplica } from '../store/follow-replica.ts';
import { type MemoryBbs, memoryBbs } from '../store/memory/memory-bbs.ts';
import type { Assignments, ServerMessage } from './core/cell-protocol.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Dispatcher } from './dispatcher-port.ts';

const web = 'web' as ProcessGuid;
const cell = 'cell-1' as CellId;
const logs = { kind: 'logs', instanceGuid: 'i-0', follow: false, previous: false } as const;

let clock: VirtualClock;
let bbs: MemoryBbs;
let dispatcher: Dispatcher;
let life: AbortController;
let follow: () => void;

beforeEach(() => {
  clock = virtualClock();
  bbs = memoryBbs({ clock });
  life = new AbortController();
  const replica = createReplica({ bbs, clock, log: silentLog });
  follow = () => void replica.run(life.signal);
  const options = { replica, bbs, clusterId: 'c', server: 's-1', clock, rng: seededRng(1), log: silentLog };
  dispatcher = createDispatcher(options);
});
afterEach(() => {
  dispatcher.close();
  life.abort();
});

/** A cell's end of a session that keeps what it is told. */
function dial(cellId: CellId = cell, maxQueued = 64) {
  const pair = socketPair({ maxQueued });
  const { left, right } = pair;
  const told: ServerMessage[] = [];
  const reading = (async () => {
    for await (const data of right.messages) told.push(JSON.parse(String(data)) as ServerMessage);
  })();
  const served = dispatcher.serve(cellId, left);
  const assignments = () => told.filter((m): m is Assignments => m.type === 'assignments');
  return { socket: right, server: left, told, served, reading, cut: () => pair.cut(), assignments };
}

async function put(key: string, value: string): Promise<void> {
  await bbs.commit([{ compare: [], puts: [{ key, value }] }], { signal: life.signal });
  await clock.advance(50);
}

function claimed(index: number, instanceGuid = `i-${index}`): ActualLrp {
  const fresh = newActualLrp({ guid: web, index, domain: 'default' }, clock.now(), 'e');
  const move = claim(fresh, { instanceGuid: instanceGuid as InstanceGuid, cellId: cell }, clock.now());
  if (!move.ok) throw new Error(move.refusal);
  return move.next;
}

const desired = (instances = 1) =>
  encode({ ...desireLrp(desiredLrpSpecSchema.parse({ guid: 'web', image: 'busybox' }), 1, 'e'), instances });
const guids = (message: Assignments | undefined) => message?.lrps.map((lrp) => lrp.actual.instanceGuid);

test('a session begins with welcome and everything assigned, then hears differences', async () => {
  follow();
  await put(desiredKey(web), desired());
  await put(actualKey(web, 0), encode(claimed(0)));
  const session = dial();
  await clock.advance(50);
  expect(session.told[0]).toEqual({ type: 'welcome', clusterId: 'c', server: 's-1', servers: [] });
  expect(session.assignments()).toHaveLength(1);
  expect(session.assignments()[0]).toMatchObject({ full: true, gone: [], tasks: [] });
  expect(guids(session.assignments()[0])).toEqual(['i-0']);

  await put(actualKey(web, 1), encode(claimed(1)));
  expect(guids(session.assignments()[1])).toEqual(['i-1']);
  expect(session.assignments()[1]).toMatchObject({ full: false, gone: [] });

  await bbs.commit([{ compare: [], puts: [], deletes: [actualKey(web, 0)] }], { signal: life.signal });
  await clock.advance(50);
  expect(session.assignments()[2]).toMatchObject({ full: false, lrps: [], gone: ['i-0'] });
});

test('a change of the instance count alone costs a cell nothing', async () => {
  follow();
  await put(desiredKey(web), desired());
  await put(actualKey(web, 0), encode(claimed(0)));
  const session = dial();
  await clock.advance(50);
  await put(desiredKey(web), desired(50));
  expect(session.assignments()).toHaveLength(1);
});

test('before the first snapshot a cell is told nothing; then everything', async () => {
  await put(desiredKey(web), desired());
  await put(actualKey(web, 0), encode(claimed(0)));
  const session = dial();
  await clock.advance(50);
  expect(session.told).toEqual([]);
  follow();
  await clock.advance(50);
  expect(guids(session.assignments()[0])).toEqual(['i-0']);
});

test('a server that cannot read the store sends its cells away, with the reason', async () => {
  const session = dial();
  await clock.advance(11_000);
  expect(await session.socket.closed).toMatchObject({ code: 4503 });
  await session.served;
  expect(dispatcher.hasSession(cell)).toBe(false);
});

test('a definition that becomes unreadable takes nothing away from the cell', async () => {
  follow();
  await put(desiredKey(web), desired());
  await put(actualKey(web, 0), encode(claimed(0)));
  const session = dial();
  await clock.advance(50);
  await put(desiredKey(web), '{broken');
  await put(actualKey(web, 1), encode(claimed(1)));
  await put(actualKey(web, 0), '{broken');
  await clock.advance(50);
  expect(session.assignments().flatMap((message) => message.gone)).toEqual([]);
});

test('a cell that reads slowly gets one difference, not a queue of them', async () => {
  follow();
  await put(desiredKey(web), desired());
  const { left, right } = socketPair({ maxQueued: 1 });
  void dispatcher.serve(cell, left);
  await clock.advance(50);
  for (let index = 0; index < 20; index++) await put(actualKey(web, index), encode(claimed(index)));
  const told: ServerMessage[] = [];
  void (async () => {
    for await (const data of right.messages) told.push(JSON.parse(String(data)) as ServerMessage);
  })();
  await clock.advance(100);
  const assignments = told.filter((m): m is Assignments => m.type === 'assignments');
  expect(assignments.length).toBeLessThan(5);
  const wanted = Array.from({ length: 20 }, (_, i) => `i-${i}`);
  expect(new Set(assignments.flatMap((m) => guids(m) ?? []))).toEqual(new Set(wanted));
});

test('servers that come are told to cells that are here', async () => {
  follow();
  const session = dial();
  await clock.advance(50);
  const record = {
    v: 1,
    server: 's-2',
    apiAddress: '127.0.0.2:7400',
    memberId: 'm',
    version: '1',
    startedAt: 1,
  };
  await put(serverKey('s-2'), JSON.stringify(record));
  expect(session.told.at(-1)).toMatchObject({ type: 'welcome', servers: ['127.0.0.2:7400'] });
});

test('a newer session of the same cell ends the older one', async () => {
  follow();
  const older = dial();
  await clock.advance(50);
  const newer = dial();
  await clock.advance(50);
  expect(await older.socket.closed).toMatchObject({ code: 4001 });
  await older.served;
  expect(dispatcher.hasSession(cell)).toBe(true);
  newer.cut();
  await newer.served;
  expect(dispatcher.hasSession(cell)).toBe(false);
});

test('requests are answered by id; what is no request ends the session', async () => {
  follow();
  const session = dial();
  await clock.advance(50);
  const params = { guid: 'web', index: 0, instanceGuid: 'i-9' };
  await session.socket.send(JSON.stringify({ type: 'request', id: 5, method: 'stopped', params }));
  await clock.advance(50);
  expect(session.told.at(-1)).toEqual({ type: 'response', id: 5, result: {} });
  await session.socket.send('{');
  await clock.advance(50);
  expect(await session.socket.closed).toMatchObject({ code: 4400 });
});

test('a stream is joined when the cell dials', async () => {
  follow();
  const session = dial();
  await clock.advance(50);
  const opening = dispatcher.openStream(cell, logs, { signal: life.signal });
  await clock.advance(50);
  const open = session.told.at(-1);
  expect(open).toMatchObject({ type: 'open', request: logs });
  const stream = socketPair();
  dispatcher.acceptStream(open?.type === 'open' ? open.streamId : '', stream.left);
  expect(await opening).toBe(stream.left);
});

test('a stream for nobody is closed', async () => {
  const stream = socketPair();
  dispatcher.acceptStream('unknown', stream.left);
  expect(await stream.right.closed).toMatchObject({ code: 4404 });
});

test.each([
  ['has no session', async () => undefined, 0],
  ['does not dial in time', async () => void dial(), 10_001],
])('a stream fails with Unavailable that names the cell when it %s', async (_, prepare, waitMs) => {
  follow();
  await prepare();
  await clock.advance(50);
  const opening = dispatcher.openStream(cell, logs, { signal: life.signal });
  const failure = expect(opening).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringContaining('cell-1'),
  });
  await clock.advance(waitMs);
  await failure;
});

test('a stream fails at once when the session of its cell ends', async () => {
  follow();
  const session = dial();
  await clock.advance(50);
  const opening = dispatcher.openStream(cell, logs, { signal: life.signal });
  const failure = expect(opening).rejects.toMatchObject({
    code: 'Unavailable',
    message: expect.stringContaining('cell-1'),
  });
  session.cut();
  await clock.settle();
  await failure;
});

test('closing ends every session and leaves no timer', async () => {
  follow();
  const session = dial();
  await clock.advance(50);
  dispatcher.close();
  await session.served;
  expect(await session.socket.closed).toMatchObject({ code: 1001 });
  expect(clock.pendingTimers).toBe(0);
});
