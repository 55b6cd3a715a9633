import { describe, expect, test } from 'vitest';
import { fakeClient, wantOf } from '../../test/kit/fake-client.ts';
import { clusterStatus, viewData } from '../../test/kit/tui-data.ts';
import { detailData } from '../../test/kit/tui-details-data.ts';
import { sampleOf } from '../../test/kit/tui-samples.ts';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import type { ViewKind } from '../api/core/view-shapes.ts';
import { viewKinds } from '../api/core/view-shapes.ts';
import { SkepError } from '../base/core/errors.ts';
import { seededRng } from '../base/core/rng.ts';
import { startConnection } from './connection.ts';
import type { PageWant } from './core/app-model.ts';
import type { Data, LogLine, Want } from './core/page.ts';
import { createFeeds } from './feeds.ts';

const line: LogLine = { at: 1, source: 'web/0', cell: 'host-01', stream: 'stdout', text: 'hello' };

function world() {
  const clock = virtualClock();
  const stop = new AbortController();
  let refusal: Error | undefined;
  const client = fakeClient({
    clock,
    address: 'host-01:7400',
    rows: (kind) => viewData[kind],
    data: (want) =>
      want.kind === 'stats' ? [{ kind: 'stats', sample: sampleOf(1, true) }] : detailData(want),
    answer() {
      if (refusal !== undefined) throw refusal;
    },
  });
  client.status = clusterStatus;
  const connection = startConnection({
    first: client,
    connect: () => client,
    clock,
    rng: seededRng(1),
    signal: stop.signal,
    onStatus: () => undefined,
    onConnection: () => undefined,
    onMoved: () => undefined,
  });
  let logsOpen = 0;
  const got: { readonly page: string; readonly want: string; readonly data: Data }[] = [];
  const feeds = createFeeds({
    connection,
    clock,
    rng: seededRng(2),
    async *openLogs(_connection, _request, signal) {
      logsOpen += 1;
      try {
        yield [line];
        yield [line, line];
        if (signal.aborted) return;
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        );
      } finally {
        logsOpen -= 1;
      }
    },
    ownConsoles: () => [],
    deliver: (page, want, data) => got.push({ page, want, data }),
  });
  const kinds = (): readonly string[] => got.splice(0).map(({ data }) => data.kind);
  return {
    clock,
    stop,
    client,
    feeds,
    got,
    kinds,
    logsOpen: () => logsOpen,
    refuse: (next: Error | undefined) => (refusal = next),
  };
}

const view = (kind: ViewKind, start = 0, id = 'rows'): Want => ({
  kind: 'view',
  id,
  query: { kind, window: { start, count: 20 } },
});
const cellPoll: Want = {
  kind: 'poll',
  id: 'cell',
  route: 'getCell',
  input: { params: { id: 'host-05' } },
  everyMs: 5_000,
};
const one = (want: Want): readonly PageWant[] => [wantOf('p0', want)];

test('what is wanted begins, what is wanted no more ends, what stays is left alone', async () => {
  const { clock, feeds, client } = world();
  feeds.sync(one(view('cells')));
  await clock.settle();
  for (let times = 0; times < 10; times += 1) feeds.sync(one(view('cells')));
  await clock.settle();
  expect(client.calls.filter((call) => call.startsWith('view'))).toEqual(['view cells 0']);
  feeds.sync(one(view('lrps')));
  await clock.settle();
  expect(client.open).toBe(1);
  feeds.sync([]);
  await clock.settle();
  expect(client.open).toBe(0);
});

test('a window that moves is asked for on the same view, also while that is being opened', async () => {
  const { clock, feeds, client, got } = world();
  feeds.sync(one(view('instances')));
  feeds.sync(one(view('instances', 100)));
  await clock.settle();
  feeds.sync(one(view('instances', 200)));
  await clock.settle();
  expect(client.calls.filter((call) => call.startsWith('view'))).toEqual([
    'view instances 0',
    'view instances 100',
    'view instances 200',
  ]);
  expect(client.open).toBe(1);
  const last = got.at(-1)?.data;
  expect(last?.kind === 'view' && last.message.type === 'rows' && last.message.start).toBe(200);
});

test('a poll is asked at once and again after its pause, and not after it ends', async () => {
  const { clock, feeds, client } = world();
  feeds.sync(one(cellPoll));
  await clock.advance(10_000);
  const asked = (): number => client.calls.filter((call) => call === 'getCell').length;
  expect(asked()).toBe(3);
  feeds.sync([]);
  await clock.advance(60_000);
  expect(asked()).toBe(3);
});

test('logs begin anew once, then go on', async () => {
  const { clock, feeds, got } = world();
  feeds.sync(one({ kind: 'logs', id: 'lines', request: { subject: { kind: 'lrp', guid: 'web' } } as never }));
  await clock.settle();
  expect(got.map(({ data }) => data.kind === 'logs' && data.anew)).toEqual([true, false]);
});

describe('what breaks', () => {
  const wants: readonly (readonly [string, Want])[] = [
    ['a view', view('cells')],
    ['measurements', { kind: 'stats', id: 'load', target: { cell: 'host-05' } }],
    ['the journal', { kind: 'events', id: 'events' }],
  ];
  test.each(wants)('%s says so, and is begun again', async (_, want) => {
    const { clock, feeds, client, kinds } = world();
    feeds.sync(one(want));
    await clock.settle();
    expect(kinds()).toEqual([want.kind]);
    client.cut();
    await clock.settle();
    expect(kinds()).toEqual(['broken']);
    expect(client.open).toBe(0);
    await clock.advance(3_000);
    expect(kinds()).toEqual([want.kind]);
    expect(client.open).toBe(1);
  });

  test('a poll says why, goes on asking with pauses, and is well again', async () => {
    const { clock, feeds, refuse, got, kinds } = world();
    refuse(new SkepError('ResourceNotFound', 'there is no cell host-05'));
    feeds.sync(one(cellPoll));
    await clock.advance(600_000);
    expect(got.every(({ data }) => data.kind === 'broken')).toBe(true);
    expect(got[0]?.data).toMatchObject({ error: { message: 'there is no cell host-05' } });
    expect(got.length).toBeGreaterThan(200);
    expect(got.length).toBeLessThan(500);
    got.splice(0);
    refuse(undefined);
    await clock.advance(3_000);
    expect(kinds()).toEqual(['answer']);
  });

  test('a feed that is wanted no more says nothing when it breaks', async () => {
    const { clock, feeds, client, got } = world();
    feeds.sync(one(view('cells')));
    await clock.settle();
    got.splice(0);
    client.cut();
    feeds.sync([]);
    await clock.advance(10_000);
    expect(got).toEqual([]);
  });
});

test('a refresh begins all of them once more', async () => {
  const { clock, feeds, client, kinds } = world();
  feeds.sync([wantOf('p0', view('cells')), wantOf('p0', cellPoll)]);
  await clock.settle();
  kinds();
  feeds.refresh();
  await clock.settle();
  expect([...kinds()].sort()).toEqual(['answer', 'view']);
  expect(client.open).toBe(1);
});

test('a thousand changes of page leave no feed and no timer behind', async () => {
  const { clock, stop, feeds, client, logsOpen, got } = world();
  await clock.settle();
  for (let page = 0; page < 1_000; page += 1) {
    const kind = viewKinds[page % viewKinds.length] ?? 'cells';
    const wants: readonly Want[] = [
      view(kind, page),
      { ...cellPoll, id: 'record' },
      { kind: 'stats', id: 'load', target: { cell: `host-${page}` } },
      { kind: 'events', id: 'events', subject: 'web' },
      { kind: 'logs', id: 'lines', request: {} as never },
    ];
    feeds.sync(wants.slice(page % 5).map((want) => wantOf(`p${page}`, want)));
    // Some are taken back before they are open.
    if (page % 3 !== 0) await clock.advance(page % 7);
    got.splice(0);
  }
  feeds.stop();
  await clock.settle();
  expect(client.open).toBe(0);
  expect(logsOpen()).toBe(0);
  stop.abort();
  await clock.settle();
  expect(clock.pendingTimers).toBe(0);
  await clock.advance(60_000);
  expect(got).toEqual([]);
});
