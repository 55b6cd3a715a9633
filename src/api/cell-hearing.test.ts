/** Who counts as heard, on a virtual clock: cells that answer, that fall silent, that are between two sessions. */
import { beforeEach, expect, test } from 'vitest';
import { type SocketPair, socketPair } from '../../test/kit/socket-pair.ts';
import { type VirtualClock, virtualClock } from '../../test/kit/virtual-clock.ts';
import type { CellId } from '../model/ids.ts';
import { CellHearing } from './cell-hearing.ts';

const [a, b] = ['a', 'b'] as [CellId, CellId];
const { signal } = new AbortController();
/** More than a server that has just started gives its cells. */
const settledMs = 10_000;

let clock: VirtualClock;
let hearing: CellHearing;

beforeEach(async () => {
  clock = virtualClock();
  hearing = new CellHearing(clock);
});

/** Opens a session of each cell once the server is no longer new. */
async function sessions(...cells: CellId[]): Promise<SocketPair[]> {
  await clock.advance(settledMs);
  return cells.map((cellId) => {
    const pair = socketPair();
    hearing.opened(cellId, pair.left);
    return pair;
  });
}

/** Asks now, and how long the answer took. */
async function ask(...cells: CellId[]): Promise<{ unheard: CellId[]; tookMs: number }> {
  const askedAt = clock.now();
  let tookMs = -1;
  const asked = hearing.unheard(cells, { signal }).then((unheard) => {
    tookMs = clock.now() - askedAt;
    return [...unheard];
  });
  await clock.advance(600);
  return { unheard: await asked, tookMs };
}

test('cells that answer are heard, and nobody waits', async () => {
  await sessions(a, b);
  await clock.advance(60_000);
  expect(await ask(a, b)).toEqual({ unheard: [], tookMs: 0 });
});

test('a cell that says something is not asked for a while, and is heard though it did not answer before', async () => {
  const [pair] = await sessions(a);
  await clock.advance(60_000);
  pair?.silence();
  hearing.heard(a);
  expect(await ask(a)).toEqual({ unheard: [], tookMs: 0 });
  expect(await ask(a)).toEqual({ unheard: [a], tookMs: 500 });
  hearing.heard(a);
  expect(await ask(a)).toEqual({ unheard: [], tookMs: 0 });
});

test('a host without power keeps its session and does not answer: it has half a second, once', async () => {
  const [, second] = await sessions(a, b);
  await clock.advance(60_000);
  second?.silence();
  expect(await ask(a, b)).toEqual({ unheard: [b], tookMs: 500 });
  expect(await ask(a, b)).toEqual({ unheard: [b], tookMs: 0 });
  await clock.advance(5_000);
  expect(await ask(a, b)).toEqual({ unheard: [b], tookMs: 0 });
});

test('when the session of a silent cell ends, it is no better for that', async () => {
  const [pair] = await sessions(a);
  await clock.advance(60_000);
  pair?.silence();
  await ask(a);
  await clock.advance(2_000);
  await ask(a);
  hearing.ended(a);
  await clock.advance(500);
  expect(await ask(a)).toEqual({ unheard: [a], tookMs: 0 });
});

test('a cell between two sessions has a second; with the next it is heard at once', async () => {
  await sessions(a);
  hearing.ended(a);
  await clock.advance(900);
  expect((await ask(a)).unheard).toEqual([]);
  expect((await ask(a)).unheard).toEqual([a]);
  hearing.opened(a, socketPair().left);
  expect((await ask(a)).unheard).toEqual([]);
});

test('a cell whose agent said goodbye is not waited for', async () => {
  await sessions(a);
  hearing.ended(a, true);
  expect(await ask(a)).toEqual({ unheard: [a], tookMs: 0 });
  hearing.opened(a, socketPair().left);
  expect((await ask(a)).unheard).toEqual([]);
});

test('a cell that stays present without a session here is heard by another server', async () => {
  await sessions(a);
  hearing.ended(a);
  await clock.advance(11_000);
  expect((await ask(a)).unheard).toEqual([a]);
  await clock.advance(1_000);
  expect((await ask(a)).unheard).toEqual([]);
});

test('a server that has just started gives its cells four seconds', async () => {
  expect((await ask(a)).unheard).toEqual([]);
  await clock.advance(3_000);
  expect((await ask(a)).unheard).toEqual([]);
  await clock.advance(1_500);
  expect((await ask(a)).unheard).toEqual([a]);
});

test('a session that ended with a server that has just started counts as with any other', async () => {
  hearing.opened(a, socketPair().left);
  hearing.ended(a);
  await clock.advance(1_000);
  expect((await ask(a)).unheard).toEqual([a]);
});

test('a cell that has left and comes back is new', async () => {
  await sessions(a);
  hearing.ended(a);
  await clock.advance(5_000);
  await ask();
  expect((await ask(a)).unheard).toEqual([]);
});

test('who asks may give up', async () => {
  const [pair] = await sessions(a);
  await clock.advance(60_000);
  pair?.silence();
  const over = new AbortController();
  const asked = hearing.unheard([a], { signal: over.signal });
  over.abort(new Error('the term is over'));
  await expect(asked).rejects.toThrow('the term is over');
});
