import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { refusal } from '../../../test/kit/refusal.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import type { Socket } from '../../base/socket.ts';
import { type ActualLrp, claim, crash, newActualLrp, start } from '../../model/actual-lrp.ts';
import type { CellId, InstanceGuid, ProcessGuid } from '../../model/ids.ts';
import { encode } from '../../store/core/codec.ts';
import { actualKey, eventKey, presenceKey } from '../../store/core/keys.ts';
import type { WatchMessage } from '../core/routes.ts';

const guid = 'web' as ProcessGuid;
const cellId = 'cell-1' as CellId;
const key = { instanceGuid: 'ig-1' as InstanceGuid, cellId };

let server: ApiServer;
let limits: { signal: AbortSignal };
beforeEach(async () => {
  server = await startApiServer();
  limits = { signal: server.signal };
});
afterEach(() => server.close());

const desire = (name = 'web', instances = 3) =>
  server.client.call('desireLrp', { body: { guid: name, image: 'demo', instances } }, limits);

const moved = (move: ReturnType<typeof claim>): ActualLrp => {
  if (!move.ok) throw new Error(move.refusal);
  return move.next;
};
const fresh = (index: number): ActualLrp => newActualLrp({ guid, index, domain: 'default' }, 1, 'e');
const claimed = (index: number): ActualLrp => moved(claim(fresh(index), key, 2));
function running(index: number): ActualLrp {
  const netInfo = { address: '127.0.0.1', instanceAddress: '10.0.0.2', ports: [] };
  return moved(start(claimed(index), { ...key, netInfo, containerId: 'c', routable: true }, 3));
}
function crashed(index: number): ActualLrp {
  let lrp = fresh(index);
  for (let i = 0; i < 3; i++) lrp = moved(crash(moved(claim(lrp, key, 2)), key, 'exited with status 7', 5));
  return lrp;
}
const seed = (...lrps: ActualLrp[]) =>
  server.seed({ puts: lrps.map((lrp) => ({ key: actualKey(lrp.guid, lrp.index), value: encode(lrp) })) });

async function next<T>(iterator: AsyncIterator<T>): Promise<T> {
  const { value, done } = await iterator.next();
  if (done) throw new Error('it ended');
  return value as T;
}
async function nextRows(feed: AsyncIterator<WatchMessage>) {
  const message = await next(feed);
  if (message.type === 'stale') throw new Error(`stale: ${message.reason}`);
  return message;
}
const text = async (socket: Socket): Promise<string> =>
  String(await next(socket.messages[Symbol.asyncIterator]()));

describe('watch', () => {
  test('[diego 287] a snapshot, then changes, then what has gone', async () => {
    await desire();
    const abort = new AbortController();
    const feed = server.client.watch({ kind: 'instances', guid: 'web' }, abort)[Symbol.asyncIterator]();
    expect(await next<WatchMessage>(feed)).toMatchObject({ type: 'snapshot', rows: [] });
    await seed(running(1));
    const change = await nextRows(feed);
    expect(change.rows.find((row) => row.key === 'web/1')?.row).toMatchObject({ state: 'RUNNING' });
    await server.seed({ deletes: [actualKey(guid, 1)] });
    const gone = await nextRows(feed);
    expect(gone.rows.find((row) => row.key === 'web/1')).toEqual({ key: 'web/1' });
    abort.abort();
    expect((await feed.next()).done).toBe(true);
  });

  test('counts of an LRP change with its instances; others are left out', async () => {
    await desire();
    const feed = server.tcpClient.watch({ kind: 'lrps', guid: 'web' }, limits)[Symbol.asyncIterator]();
    expect(await next<WatchMessage>(feed)).toMatchObject({
      rows: [{ key: 'web', row: { counts: { running: 0 } } }],
    });
    await desire('other');
    await seed(running(0));
    expect(await next<WatchMessage>(feed)).toMatchObject({
      rows: [{ key: 'web', row: { counts: { running: 1 } } }],
    });
    await feed.return?.();
  });

  test('a lost store is told as stale, and its return too', async () => {
    const feed = server.client.watch({ kind: 'tasks' }, limits)[Symbol.asyncIterator]();
    await next(feed);
    server.bbs.setAvailable(false);
    const stale = (await next<WatchMessage>(feed)) as { type: string; reason: string };
    expect(stale.type).toBe('stale');
    expect(stale.reason).not.toBe('');
    server.bbs.setAvailable(true);
    expect(await next<WatchMessage>(feed)).toMatchObject({ type: 'stale', reason: '' });
    await feed.return?.();
  });

  test('[diego 294] the end of the server ends the watch with an error', async () => {
    const feed = server.client.watch({ kind: 'cells' }, limits)[Symbol.asyncIterator]();
    await next(feed);
    const ended = refusal(feed.next());
    await server.listening.close();
    expect(await ended).toMatchObject({ code: 'Unavailable' });
  });

  test('an unknown kind is refused before the upgrade', async () => {
    const kind = 'everything' as 'lrps';
    const error = await refusal(server.client.watch({ kind }, limits)[Symbol.asyncIterator]().next());
    expect(error).toMatchObject({ code: 'InvalidRequest', field: 'kind' });
  });
});

describe('events', () => {
  test('since an id, then live, one subject only', async () => {
    await desire('one');
    const { rows } = await server.client.call('listEvents', { query: {} }, limits);
    await desire('web');
    const feed = server.client.events({ since: rows[0]!.id }, limits)[Symbol.asyncIterator]();
    expect((await next(feed)).subject).toBe('web');
    await desire('three');
    expect((await next(feed)).subject).toBe('three');
    await feed.return?.();
    const about = server.client.events({ since: '', subject: 'one' }, limits)[Symbol.asyncIterator]();
    expect((await next(about)).subject).toBe('one');
    await server.client.call('removeLrp', { params: { guid: 'web' as ProcessGuid } }, limits);
    await server.client.call('removeLrp', { params: { guid: 'one' as ProcessGuid } }, limits);
    expect(await next(about)).toMatchObject({ subject: 'one', type: 'lrp.removed' });
    await about.return?.();
  });
});

describe('streams', () => {
  const open = (query: object) =>
    server.client.openStream({ kind: 'exec', target: 'web/0', arg: ['sh'], ...query }, limits);

  beforeEach(() => desire());

  test('[diego 234] exec is opened at the cell that runs the instance, and joined both ways', async () => {
    await seed(running(0));
    const socket = await open({ arg: ['sh', '-c', 'echo a:b'], tty: true, columns: 80, rows: 24 });
    const opened = server.opened[0]!;
    expect(opened.cellId).toBe('cell-1');
    expect(opened.request).toEqual({
      kind: 'exec',
      instanceGuid: 'ig-1',
      args: ['sh', '-c', 'echo a:b'],
      tty: true,
      stdin: false,
      size: { columns: 80, rows: 24 },
    });
    await socket.send('from the client');
    expect(await text(opened.cell)).toBe('from the client');
    await opened.cell.send('from the cell');
    expect(await text(socket)).toBe('from the cell');
    opened.cell.close(4000, 'it ended');
    expect(await socket.closed).toEqual({ code: 4000, reason: 'it ended' });
  });

  test('the client going away closes the end of the cell', async () => {
    await seed(running(0));
    const socket = await open({});
    socket.close();
    expect((await server.opened[0]!.cell.closed).code).toBe(1000);
  });

  test('exec into a crashed instance says what happened to it', async () => {
    await seed(crashed(0));
    const error = await refusal(open({}));
    expect(error.code).toBe('NotRunning');
    expect(error.message).toContain('web/0 is CRASHED');
    expect(error.message).toContain('exited with status 7');
    expect(error.hint).toContain('skep logs web/0 --previous');
  });

  test('exec into one that is still starting is refused, its logs are not', async () => {
    await seed(claimed(0));
    expect(await refusal(open({}))).toMatchObject({ code: 'NotRunning' });
    await open({ kind: 'logs', follow: true, tail: 10 });
    expect(server.opened[0]!.request).toMatchObject({
      kind: 'logs',
      instanceGuid: 'ig-1',
      follow: true,
      tail: 10,
    });
  });

  test('logs of a crashed instance come from the cell that it ran on last', async () => {
    await seed(crashed(0));
    const event = { v: 1, type: 'instance.crashed', at: 5, subject: 'web/0', message: 'x', cellId } as const;
    const presence = {
      v: 1,
      cellId,
      bootId: 'b',
      zone: 'default',
      capacity: { memoryMb: 1, diskMb: 1, containers: 1 },
      os: 'linux',
      arch: 'x64',
      address: '127.0.0.1',
      version: '1',
      engine: { ok: true, name: 'docker' },
      registeredAt: 1,
    } as const;
    await server.seed({
      puts: [
        { key: eventKey(5, 'x'), value: encode(event) },
        { key: presenceKey(cellId), value: encode(presence) },
      ],
    });
    await open({ kind: 'logs', arg: [] });
    expect(server.opened[0]!.request).toMatchObject({
      kind: 'logs',
      instanceGuid: '',
      previous: true,
      instance: { guid: 'web', index: 0 },
    });
  });

  test.each([
    ['[diego 235] an unknown LRP', { target: 'nope/0' }, 'ResourceNotFound', 'there is no LRP "nope"'],
    ['[diego 235] an index out of range', { target: 'web/3' }, 'ResourceNotFound', 'valid indexes: 0 to 2'],
    ['a target without index', { target: 'web' }, 'InvalidRequest', 'does not name an instance'],
    ['an unknown task', { target: 'job', task: true }, 'ResourceNotFound', 'there is no task "job"'],
    ['exec without a command', { arg: [] }, 'InvalidRequest', 'exec needs a command'],
    ['a terminal of no width', { columns: 0 }, 'InvalidRequest', 'columns: must be 1 or more'],
  ])('%s is refused', async (_name, query, code, message) => {
    const error = await refusal(open(query));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });
});

describe('cells', () => {
  const url = (path: string) => `ws+unix://${server.socketPath}:${path}`;

  test('a session is handed to the dispatcher, whichever listener it came by', async () => {
    const overUnix = await wsDial(url('/v1/cell/session?cell=cell-1&protocol=1'), limits);
    const overTcp = await wsDial(
      `ws://${server.listening.address}/v1/cell/session?cell=cell-2&protocol=1`,
      limits,
    );
    expect(server.sessions.map((session) => session.cellId)).toEqual(['cell-1', 'cell-2']);
    overUnix.close();
    overTcp.close();
  });

  test('another protocol is refused, and so is a cell without a name', async () => {
    const error = await refusal(wsDial(url('/v1/cell/session?cell=cell-1&protocol=9'), limits));
    expect(error).toMatchObject({ code: 'InvalidRequest', field: 'protocol' });
    expect(error.message).toContain('protocol 9');
    expect(await refusal(wsDial(url('/v1/cell/session?protocol=1'), limits))).toMatchObject({
      field: 'cell',
    });
  });

  test('a stream is handed on by its id', async () => {
    const socket = await wsDial(url('/v1/cell/streams/abc123'), limits);
    expect(server.streams.map((stream) => stream.streamId)).toEqual(['abc123']);
    socket.close();
  });

  test('an unknown WebSocket, and a server that is not ready', async () => {
    expect(await refusal(wsDial(url('/v1/nothing'), limits))).toMatchObject({ code: 'ResourceNotFound' });
    server.notReady = 'etcd is starting';
    const error = await refusal(wsDial(url('/v1/cell/session?cell=cell-1&protocol=1'), limits));
    expect(error.code).toBe('Unavailable');
  });

  test('browsers may open no WebSocket', async () => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      origin: 'http://evil.example',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const status = await new Promise((resolve, reject) => {
      const sent = request(
        { socketPath: server.socketPath, path: '/v1/watch?kind=lrps', headers },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      sent.on('upgrade', () => reject(new Error('it was upgraded')));
      sent.on('error', reject);
      sent.end();
    });
    expect(status).toBe(403);
  });
});
