/** Draining for real: three hosts, real containers, and somebody who asks them over HTTP all the while. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/node/system-clock.ts';
import type { ActualLrp } from '../../src/model/actual-lrp.ts';
import type { CellId } from '../../src/model/ids.ts';
import { type E2eCluster, e2eCluster, eventually, testImage } from '../kit/e2e-cluster.ts';

let cluster: E2eCluster;
beforeAll(async () => {
  cluster = await e2eCluster({ cells: 3, servers: 1 });
}, 180_000);
afterAll(() => cluster?.stop(), 120_000);

const signal = new AbortController().signal;
const instances = async (guid: string): Promise<ActualLrp[]> =>
  (await cluster.client().call('listInstances', { query: { guid } }, { signal })).rows;
const cellOf = (lrp: ActualLrp): string => lrp.cellId ?? '';
const httpd = ['--', '/bin/busybox', 'httpd', '-f', '-p', '8080', '-h', '/etc'];

async function desire(guid: string, count: number, more: readonly string[] = []): Promise<void> {
  const flags = ['-n', String(count), '-p', '8080', '--check', 'tcp:8080', ...more];
  const made = await cluster.skep(['run', guid, testImage, ...flags, ...httpd]);
  expect(made, made.stderr).toMatchObject({ code: 0 });
}

/** Whether each index has somebody who answers, as a router would ask: any routable record of it. */
async function answering(guid: string, count: number): Promise<number> {
  const rows = (await instances(guid)).filter(({ routable, state }) => routable && state === 'RUNNING');
  const asked = Array.from({ length: count }, async (_, index) => {
    const mine = rows.filter((row) => row.index === index);
    const answers = await Promise.all(mine.map(answers200));
    return answers.includes(true);
  });
  return (await Promise.all(asked)).filter(Boolean).length;
}

async function answers200({ netInfo }: ActualLrp): Promise<boolean> {
  const url = `http://${netInfo?.address}:${netInfo?.ports[0]?.hostPort}/passwd`;
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    // Nobody answers there: that is what is asked.
    return false;
  }
}

test('[diego 236] a drained cell loses no request: replacements first, also for a single instance', async () => {
  await desire('one', 1);
  await desire('web', 4);
  const [cell] = (await instances('one')).map(cellOf) as [string];
  const watching = new AbortController();
  const seen: number[] = [];
  const watch = (async () => {
    while (!watching.signal.aborted) {
      // Between the list and the question an instance may have gone: asked again, somebody must be there.
      const [one, web] = [await answering('one', 1), await answering('web', 4)];
      const short = one + web < 5;
      seen.push(short ? (await answering('one', 1)) + (await answering('web', 4)) : one + web);
      await systemClock.sleep(50, signal);
    }
  })();
  const drained = await cluster.skep(['cell', 'drain', cell, '--reason', 'disk swap']);
  watching.abort();
  await watch;
  expect(drained, drained.stderr).toMatchObject({ code: 0 });
  expect(drained.stderr).toMatch(new RegExp(`^${cell} is drained: \\d instances? moved\\.$`, 'm'));
  expect(Math.min(...seen)).toBe(5);
  expect(await cluster.containers({ cell })).toEqual([]);
  const why = await cluster.skep(['events', cell]);
  expect(why.stdout).toMatch(/cell\.draining.*disk swap[\s\S]*cell\.drained/);
  expect((await cluster.skep(['cell', 'undrain', cell])).code).toBe(0);
}, 180_000);

test('what finds no place stays until the drain is taken back, or the deadline', async () => {
  await desire('pinned', 3, ['-m', '8']);
  const rows = await instances('pinned');
  const cells = [...new Set(rows.map(cellOf))];
  const [first = ''] = cells;
  const known = (await cluster.client().call('listCells', { query: {} }, { signal })).rows;
  for (const { presence } of known) {
    if (presence.cellId === first) continue;
    await cluster.client().call('cordonCell', { params: { id: presence.cellId }, body: {} }, { signal });
  }
  const id = first as CellId;
  const body = { anyway: true, deadlineMs: null };
  await cluster.client().call('drainCell', { params: { id }, body }, { signal });
  const left = async () => (await cluster.client().call('getDrain', { params: { id } }, { signal })).left;
  const evacuating = await eventually('they are evacuating', 20_000, async () => {
    const { ordinary, evacuating } = await left();
    if (ordinary > 0 || evacuating === 0) throw new Error(`${ordinary} ordinary, ${evacuating} evacuating`);
    return evacuating;
  });
  expect(await answering('pinned', 3)).toBe(3);
  await cluster.client().call('undrainCell', { params: { id } }, { signal });
  await eventually('they count again', 20_000, async () => {
    expect(await left()).toMatchObject({ ordinary: evacuating, evacuating: 0 });
  });
  const before = await cluster.containers({ cell: first });
  expect(before.filter(({ running }) => running)).toHaveLength(evacuating);
  await cluster
    .client()
    .call('drainCell', { params: { id }, body: { anyway: true, deadlineMs: 1_000 } }, { signal });
  const watched = await cluster.skep(['cell', 'drain', '--monitor', first]);
  expect(watched, watched.stderr).toMatchObject({ code: 9 });
  expect(await cluster.containers({ cell: first })).toEqual([]);
  for (const { presence } of known) {
    await cluster.client().call('undrainCell', { params: { id: presence.cellId } }, { signal });
    await cluster.client().call('uncordonCell', { params: { id: presence.cellId } }, { signal });
  }
}, 180_000);

test('by force everything stops at once, and a task fails with the reason', async () => {
  const task = await cluster.skep([
    'task',
    'run',
    'long',
    testImage,
    '--detach',
    '--',
    '/bin/busybox',
    'sleep',
    '600',
  ]);
  expect(task, task.stderr).toMatchObject({ code: 0 });
  const cell = await eventually('the task runs', 30_000, async () => {
    const { state, cellId } = await cluster
      .client()
      .call('getTask', { params: { guid: 'long' as never } }, { signal });
    if (state !== 'RUNNING' || cellId === undefined) throw new Error(state);
    return cellId;
  });
  const forced = await cluster.skep(['cell', 'drain', cell, '--force']);
  expect(forced, forced.stderr).toMatchObject({ code: 0 });
  const { failureReason } = await cluster
    .client()
    .call('getTask', { params: { guid: 'long' as never } }, { signal });
  expect(failureReason).toBe('cell was drained before completion');
  await eventually('its containers have gone', 30_000, async () => {
    expect(await cluster.containers({ cell })).toEqual([]);
  });
}, 120_000);
