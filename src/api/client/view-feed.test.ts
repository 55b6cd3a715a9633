import { beforeEach, expect, test } from 'vitest';
import { type SocketPair, socketPair } from '../../../test/kit/socket-pair.ts';
import type { ViewMessage, ViewQuery } from '../core/view-shapes.ts';
import { openViewFeed, type ViewFeed } from './view-feed.ts';

let pair: SocketPair;
let abort: AbortController;
beforeEach(() => {
  pair = socketPair({ maxQueued: 1 });
  abort = new AbortController();
});

const query = (filter: string): ViewQuery => ({ kind: 'cells', filter, window: { start: 0, count: 9 } });
const open = (): Promise<ViewFeed> => openViewFeed(() => Promise.resolve(pair.left), query(''), abort.signal);
const rows = (seq: number, ...all: readonly unknown[]): string =>
  JSON.stringify({
    type: 'rows',
    seq,
    revision: 1,
    stale: '',
    total: 9,
    matched: 9,
    counts: {},
    start: 0,
    rows: all,
  });
const row = (key: string) => ({ key, values: { cell: key } });

async function next(messages: AsyncIterator<ViewMessage>) {
  const { value, done } = await messages.next();
  if (done === true) throw new Error('the feed has ended');
  return value as ViewMessage & { rows: unknown[] };
}

test('rows that come as a key are the objects that came before', async () => {
  const feed = await open();
  const messages = feed.messages[Symbol.asyncIterator]();
  void pair.right.send(rows(1, row('a'), row('b')));
  const first = await next(messages);
  void pair.right.send(rows(1, 'b', row('c')));
  const second = await next(messages);
  expect(second.rows).toEqual([row('b'), row('c')]);
  expect(second.rows[0]).toBe(first.rows[1]);
  feed.close();
});

test.each([
  ['was never sent', rows(1, 'x')],
  ['was sent under another seq', rows(2, 'a')],
])('a key that %s is an error, not a row', async (_what, text) => {
  const feed = await open();
  const messages = feed.messages[Symbol.asyncIterator]();
  void pair.right.send(rows(1, row('a')));
  await next(messages);
  void pair.right.send(text);
  await expect(next(messages)).rejects.toMatchObject({ code: 'Internal' });
});

test('of queries that come while one is on its way the newest goes, with its number', async () => {
  const feed = await open();
  for (let at = 2; at <= 100; at++) feed.change(query(`f${at}`));
  const sent = pair.right.messages[Symbol.asyncIterator]();
  const read = async (): Promise<unknown> => JSON.parse(String((await sent.next()).value));
  expect(await read()).toMatchObject({ seq: 1 });
  // It was on its way before the others came.
  expect(await read()).toMatchObject({ seq: 2 });
  expect(await read()).toMatchObject({ type: 'query', seq: 100, query: { filter: 'f100' } });
  feed.close();
});

test('it ends when the signal aborts, and throws when the wire breaks', async () => {
  const feed = await open();
  const messages = feed.messages[Symbol.asyncIterator]();
  const ended = messages.next();
  abort.abort();
  expect((await ended).done).toBe(true);
  feed.change(query('late'));

  pair = socketPair();
  abort = new AbortController();
  const other = (await open()).messages[Symbol.asyncIterator]();
  const lost = other.next();
  pair.cut();
  await expect(lost).rejects.toMatchObject({ code: 'Unavailable' });
});
