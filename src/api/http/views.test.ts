import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { buildActual, buildCell, buildDesired, buildTask } from '../../../test/kit/builders.ts';
import type { SkepError } from '../../base/core/errors.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import type { Socket } from '../../base/socket.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { DesiredLrp } from '../../model/desired-lrp.ts';
import { encode } from '../../store/core/codec.ts';
import { actualKey, desiredKey, eventKey, presenceKey, taskKey } from '../../store/core/keys.ts';
import type { ViewFeed } from '../client.ts';
import { socketPaths } from '../core/paths.ts';
import type { ViewKind, ViewMessage, ViewQuery, ViewRow } from '../core/view-shapes.ts';

let server: ApiServer;
let limits: { signal: AbortSignal };
beforeEach(async () => {
  server = await startApiServer();
  limits = { signal: server.signal };
});
afterEach(() => server.close());

type Rows = Omit<Extract<ViewMessage, { type: 'rows' }>, 'rows'> & { readonly rows: readonly ViewRow[] };

const query = (kind: ViewKind, change: Partial<ViewQuery> = {}): ViewQuery => ({
  kind,
  window: { start: 0, count: 10 },
  ...change,
});
const seed = (...lrps: ActualLrp[]) =>
  server.seed({
    puts: lrps.map((lrp) => ({
      key: actualKey(lrp.guid, lrp.index, lrp.presence.toLowerCase() as 'ordinary'),
      value: encode(lrp),
    })),
  });
const running = (index: number, cellId = 'cell-1', guid = 'web'): ActualLrp =>
  buildActual({ guid, index, state: 'RUNNING', cellId, routable: true });

/** Reads a feed message by message. */
class Reader {
  readonly #iterator: AsyncIterator<ViewMessage>;
  constructor(feed: ViewFeed) {
    this.#iterator = feed.messages[Symbol.asyncIterator]();
  }

  async next(): Promise<ViewMessage> {
    const { value, done } = await this.#iterator.next();
    if (done === true) throw new Error('the feed has ended');
    return value as ViewMessage;
  }

  /** The first message with rows for which the condition holds. */
  async rows(condition: (message: Rows) => boolean = () => true): Promise<Rows> {
    for (;;) {
      const message = await this.next();
      if (message.type === 'refused') throw new Error(message.message);
      if (message.type === 'rows' && condition(message as Rows)) return message as Rows;
    }
  }
}
const open = async (asked: ViewQuery): Promise<{ feed: ViewFeed; reader: Reader }> => {
  const feed = await server.client.view(asked, limits);
  return { feed, reader: new Reader(feed) };
};
const keys = ({ rows }: Rows): string[] => rows.map(({ key }) => key);

describe('a view', () => {
  test('shows its window in natural order, the totals and the counts, then what changes', async () => {
    await seed(running(10), running(2), buildActual({ index: 1 }));
    const { reader, feed } = await open(query('instances'));
    const first = await reader.rows();
    expect(first).toMatchObject({ seq: 1, stale: '', total: 3, matched: 3, start: 0 });
    expect(first.counts).toEqual({ RUNNING: 2, UNCLAIMED: 1 });
    expect(keys(first)).toEqual(['web/1', 'web/2', 'web/10']);
    expect(first.rows[1]?.values).toMatchObject({ state: 'RUNNING', cell: 'cell-1', ready: true });
    await seed(running(1));
    const second = await reader.rows();
    expect(second.counts).toEqual({ RUNNING: 3 });
    expect(second.rows[0]?.values).toMatchObject({ state: 'RUNNING' });
    // What has not changed is the object that it was.
    expect(second.rows[2]).toBe(first.rows[2]);
    await server.seed({ deletes: [actualKey(running(2).guid, 2)] });
    expect(keys(await reader.rows(({ total }) => total === 2))).toEqual(['web/1', 'web/10']);
    feed.close();
  });

  test('a query that makes no sense is refused with a reason, and what was shown goes on', async () => {
    await seed(running(0));
    const { reader, feed } = await open(query('instances'));
    await reader.rows();
    feed.change(query('instances', { filter: 'web(' }));
    const refused = await reader.next();
    expect(refused).toMatchObject({ type: 'refused', seq: 2 });
    expect((refused as { message: string }).message).toContain('missing closing )');
    await seed(running(1));
    expect(await reader.rows()).toMatchObject({ seq: 1, total: 2 });
    feed.change(query('instances', { filter: 'web/1' }));
    expect(await reader.rows()).toMatchObject({ seq: 3, total: 2, matched: 1 });
    feed.close();
  });

  test.each<[string, Partial<ViewQuery>, RegExp]>([
    ['a column that is not there', { sort: { column: 'sate', descending: false } }, /no column "sate"/],
    ['a scope of another kind', { scope: { subject: 'web' } }, /cannot be narrowed by subject/],
    ['a huge window', { window: { start: 0, count: 1_000_000 } }, /window\.count: must be at most 500/],
    [
      'a window before the first row',
      { window: { start: -1, count: 5 } },
      /window\.start: must be 0 or more/,
    ],
    ['a long filter', { filter: 'x'.repeat(2_000) }, /filter: must have at most 1000 characters/],
    ['an expression that grows', { filter: '((a{50}){20}x{200}y)' }, /too large|repeat/],
    ['a comparison of no column', { filter: 'crashs:>3' }, /no column "crashs" \(did you mean "crashes"\?\)/],
  ])('%s is refused', async (_what, change, message) => {
    const { reader, feed } = await open(query('instances', change));
    const refused = await reader.next();
    expect(refused).toMatchObject({ type: 'refused', seq: 1 });
    expect((refused as { message: string }).message).toMatch(message);
    feed.close();
  });

  test('events have no faults', async () => {
    const { reader, feed } = await open(query('events', { faults: true }));
    expect(await reader.next()).toMatchObject({ type: 'refused' });
    feed.close();
  });

  test('moves its window, centres it on a row, and follows that row', async () => {
    await seed(...Array.from({ length: 50 }, (_, index) => running(index)));
    const { reader, feed } = await open(query('instances', { window: { start: 45, count: 10 } }));
    // Past the end there is nothing to see: the last window is shown.
    expect(await reader.rows()).toMatchObject({ start: 40, matched: 50 });
    feed.change(query('instances', { anchor: { key: 'web/20', centre: true } }));
    const centred = await reader.rows();
    expect(centred).toMatchObject({ seq: 2, start: 15, anchorAt: 20 });
    expect(keys(centred)[5]).toBe('web/20');
    await server.seed({ deletes: [actualKey(running(3).guid, 3)] });
    expect(await reader.rows()).toMatchObject({ start: 14, anchorAt: 19 });
    await server.seed({ deletes: [actualKey(running(20).guid, 20)] });
    expect(await reader.rows()).toMatchObject({ start: 0, anchorAt: -1 });
    feed.close();
  });

  test('shows cells that are there, and those that are away and still hold something', async () => {
    await server.seed({
      puts: ['cell-2', 'cell-10'].map((id) => ({
        key: presenceKey(buildCell(id).cellId),
        value: encode(buildCell(id)),
      })),
    });
    await seed(running(0, 'cell-2'), running(1, 'gone'));
    const { reader, feed } = await open(query('cells'));
    const message = await reader.rows();
    expect(keys(message)).toEqual(['cell-2', 'cell-10', 'gone']);
    expect(message.counts).toEqual({ ready: 2, lost: 1 });
    expect(message.rows[0]?.values).toMatchObject({ instances: 1, memoryMb: 1_000 });
    expect(message.rows[2]?.values).toMatchObject({ state: 'lost', memoryMb: null });
    await server.seed({ deletes: [actualKey(running(1).guid, 1)] });
    expect(keys(await reader.rows())).toEqual(['cell-2', 'cell-10']);
    feed.close();
  });

  test('shows LRPs with their counts, and only the faulty ones when asked', async () => {
    const lrps = ['good', 'bad'].map((guid) => buildDesired({ guid, instances: 2 }));
    await server.seed({ puts: lrps.map((lrp) => ({ key: desiredKey(lrp.guid), value: encode(lrp) })) });
    const crashed = buildActual({ guid: 'bad', index: 1, state: 'CRASHED', crashCount: 3 });
    await seed(running(0, 'c', 'good'), running(1, 'c', 'good'), running(0, 'c', 'bad'), crashed);
    const { reader, feed } = await open(query('lrps'));
    const message = await reader.rows();
    expect(message.counts).toEqual({ ok: 1, degraded: 1 });
    expect(message.rows[0]?.values).toMatchObject({ lrp: 'bad', running: 1, desired: 2, crashed: 1 });
    feed.change(query('lrps', { faults: true }));
    expect(await reader.rows()).toMatchObject({ total: 2, matched: 1, rows: [{ key: 'bad' }] });
    await seed(running(1, 'c', 'bad'));
    expect(await reader.rows()).toMatchObject({ total: 2, matched: 0, counts: { ok: 2 } });
    feed.close();
  });

  test('shows routes by the names in them, and by the key of their router where there are none', async () => {
    const routes = {
      'http-router': [{ hostnames: ['a.example', 'b.example'], port: 8080 }],
      'tcp-router': [{ external_port: 60_000, port: 5432 }],
    };
    const lrp = buildDesired({ routes });
    const put = (value: DesiredLrp) =>
      server.seed({ puts: [{ key: desiredKey(lrp.guid), value: encode(value) }] });
    await put(lrp);
    const { reader, feed } = await open(query('routes'));
    const message = await reader.rows();
    expect(message.rows.map(({ values }) => [values['route'], values['port']])).toEqual([
      ['a.example', 8080],
      ['b.example', 8080],
      ['tcp-router', 5432],
    ]);
    await put({ ...lrp, routes: { 'http-router': { hostname: 'c.example' } } });
    const changed = await reader.rows(({ total }) => total === 1);
    expect(changed.rows[0]?.values).toMatchObject({ route: 'c.example', lrp: 'web', port: null });
    feed.close();
  });

  test('shows tasks, and the journal with the newest first', async () => {
    const task = buildTask({ state: 'COMPLETED', failed: true, failureReason: 'exited with status 1' });
    const event = (at: number, subject: string) => ({
      key: eventKey(at, 'x'),
      value: encode({ v: 1, type: 'lrp.desired', at, subject, message: `at ${at}` }),
    });
    await server.seed({
      puts: [
        { key: taskKey(task.guid), value: encode(task) },
        event(10, 'web'),
        event(30, 'other'),
        event(20, 'web/1'),
      ],
    });
    const tasks = await open(query('tasks'));
    expect((await tasks.reader.rows()).rows[0]?.values).toMatchObject({
      state: 'FAILED',
      reason: 'exited with status 1',
    });
    tasks.feed.close();
    const { reader, feed } = await open(query('events'));
    expect((await reader.rows()).rows.map(({ values }) => values['at'])).toEqual([30, 20, 10]);
    feed.change(query('events', { scope: { subject: 'web' } }));
    expect((await reader.rows()).rows.map(({ values }) => values['at'])).toEqual([20, 10]);
    feed.close();
  });

  test('says when its copy is old, and when it is current again', async () => {
    const { reader, feed } = await open(query('tasks'));
    await reader.rows();
    server.bbs.setAvailable(false);
    expect((await reader.rows()).stale).not.toBe('');
    server.bbs.setAvailable(true);
    expect((await reader.rows()).stale).toBe('');
    feed.close();
  });

  test('begins anew when the copy is replaced by a snapshot', async () => {
    await seed(running(0), running(1));
    const { reader, feed } = await open(query('instances'));
    await reader.rows();
    server.bbs.setAvailable(false);
    server.bbs.store.commit([{ compare: [], puts: [], deletes: [actualKey(running(0).guid, 0)] }], undefined);
    server.bbs.compact();
    server.bbs.setAvailable(true);
    expect(keys(await reader.rows(({ total }) => total === 1))).toEqual(['web/1']);
    feed.close();
  });

  test('ends when the client closes it, and throws when the server goes', async () => {
    const first = await open(query('cells'));
    await first.reader.rows();
    first.feed.close();
    await expect(first.reader.next()).rejects.toThrow('the feed has ended');
    const second = await open(query('cells'));
    await second.reader.rows();
    const ended = second.reader.next();
    await Promise.all([
      expect(ended).rejects.toMatchObject({ code: 'Unavailable' }),
      server.listening.close(),
    ]);
  });
});

describe('hostile clients', () => {
  const dial = (): Promise<Socket> =>
    wsDial(`ws+unix://${server.socketPath}:${socketPaths.view}`, { signal: server.signal });
  const read = (socket: Socket) => {
    const iterator = socket.messages[Symbol.asyncIterator]();
    return async (): Promise<ViewMessage> => JSON.parse(String((await iterator.next()).value)) as ViewMessage;
  };

  test.each([
    ['half an object', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a query without a query', '{"type":"query"}'],
    [
      'an unknown kind',
      '{"type":"query","seq":7,"query":{"kind":"everything","window":{"start":0,"count":1}}}',
    ],
    ['60 kB', `{"a":"${'x'.repeat(60_000)}"}`],
  ])('%s is refused, and the next query is answered', async (_what, text) => {
    const socket = await dial();
    const next = read(socket);
    await socket.send(text);
    expect(await next()).toMatchObject({ type: 'refused' });
    await socket.send(JSON.stringify({ type: 'query', seq: 9, query: query('cells') }));
    expect(await next()).toMatchObject({ type: 'rows', seq: 9 });
    socket.close();
  });

  test('of 10,000 queries at once few are looked at, and the newest is answered', async () => {
    await seed(running(0));
    const socket = await dial();
    const next = read(socket);
    for (let seq = 1; seq <= 10_000; seq++) {
      void socket.send(
        JSON.stringify({ type: 'query', seq, query: query('instances', { filter: `w.b|${seq}` }) }),
      );
    }
    let answers = 0;
    for (let message = await next(); message.seq < 10_000; message = await next()) answers += 1;
    expect(answers).toBeLessThan(5_000);
    socket.close();
  });

  test('a regular expression that would take a backtracker for ever is answered', async () => {
    await server.seed({
      puts: [
        {
          key: presenceKey(buildCell('c').cellId),
          value: encode(buildCell('c', { version: 'a'.repeat(5_000) })),
        },
      ],
    });
    const { reader, feed } = await open(query('cells', { filter: 'version:^(a|aa)+!$' }));
    expect(await reader.rows()).toMatchObject({ total: 1, matched: 0 });
    feed.close();
  });

  test('one view too many is refused before it is opened, and there is room when one closes', async () => {
    const feeds: ViewFeed[] = [];
    const refused = async (): Promise<SkepError> => {
      for (;;) {
        try {
          feeds.push(await server.client.view(query('cells'), limits));
        } catch (error) {
          return error as SkepError;
        }
      }
    };
    expect(await refused()).toMatchObject({ code: 'Busy' });
    expect(feeds.length).toBe(128);
    for (const feed of feeds) feed.close();
    await expect
      .poll(() =>
        server.client.view(query('cells'), limits).then(
          (feed) => feed.close(),
          (error: SkepError) => error.code,
        ),
      )
      .toBeUndefined();
  });
});

describe('GET /v1/view', () => {
  const get = (q: string) => server.client.call('view', { query: { q } }, limits);

  test('answers once, with whole rows', async () => {
    await seed(running(0), running(1));
    const answer = await get(JSON.stringify(query('instances', { filter: 'web/1' })));
    expect(answer).toMatchObject({ type: 'rows', total: 2, matched: 1, rows: [{ key: 'web/1' }] });
  });

  test.each([
    ['{', /q is not JSON/],
    ['{"kind":"cells"}', /window: is required/],
    [JSON.stringify(query('cells', { filter: '[' })), /missing closing \]/],
  ])('%s is refused', async (q, message) => {
    await expect(get(q)).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: expect.stringMatching(message) as string,
    });
  });
});
