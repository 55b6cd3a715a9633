/** Behaviours that Diego's tests verify of its API, over HTTP on a store in memory: docs/diego-conformance.md. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { buildActual, buildCell, buildTask } from '../../../test/kit/builders.ts';
import { refusal } from '../../../test/kit/refusal.ts';
import type { CellId, ProcessGuid, TaskGuid } from '../../model/ids.ts';
import { encode } from '../../store/core/codec.ts';
import { actualKey, presenceKey, taskKey } from '../../store/core/keys.ts';
import type { WatchMessage } from '../core/routes.ts';

let server: ApiServer;
let limits: { signal: AbortSignal };
beforeEach(async () => {
  server = await startApiServer();
  limits = { signal: server.signal };
});
afterEach(() => server.close());

const desireTask = (guid: string, change: object = {}) =>
  server.client.call('desireTask', { body: { guid, image: 'demo', ...change } }, limits);
const desireLrp = (guid: string, change: object = {}) =>
  server.client.call('desireLrp', { body: { guid, image: 'demo', ...change } }, limits);
const seedTask = (task: ReturnType<typeof buildTask>) =>
  server.seed({ puts: [{ key: taskKey(task.guid), value: encode(task) }] });
const seedInstance = (guid: string, index: number, domain: string) =>
  server.seed({
    puts: [
      {
        key: actualKey(guid as ProcessGuid, index),
        value: encode(buildActual({ guid, index, domain, state: 'RUNNING', cellId: 'a' })),
      },
    ],
  });
const deleteTask = (guid: string) =>
  server.client.call('deleteTask', { params: { guid: guid as TaskGuid } }, limits);

describe('tasks', () => {
  test('[diego 3] a guid in use is refused in another domain too, and the first task stays as it is', async () => {
    const { task } = await desireTask('job');
    expect(await refusal(desireTask('job', { domain: 'other' }))).toMatchObject({ code: 'ResourceExists' });
    expect(await server.client.call('getTask', { params: { guid: task.guid } }, limits)).toEqual(task);
  });

  test.each([
    ['no guid', { image: 'demo' }, 'guid'],
    ['an empty guid', { guid: '', image: 'demo' }, 'guid'],
    ['an empty domain', { guid: 'job', image: 'demo', domain: '' }, 'domain'],
    ['no image', { guid: 'job' }, 'image'],
    ['an empty image', { guid: 'job', image: '' }, 'image'],
    ['an unknown action', { guid: 'job', image: 'demo', action: { kind: 'fly' } }, 'action.kind'],
  ])('[diego 4] with %s are refused', async (_name, body, field) => {
    const made = server.client.call('desireTask', { body: body as { guid: string; image: string } }, limits);
    expect(await refusal(made)).toMatchObject({ code: 'InvalidRequest', field });
  });

  test('[diego 19, 20] are listed by domain, by cell, and by both', async () => {
    await desireTask('one', { domain: 'a' });
    await desireTask('two', { domain: 'b' });
    await seedTask(buildTask({ guid: 'three', domain: 'b', cellId: 'cell-1' }));
    const list = async (query: object) =>
      (await server.client.call('listTasks', { query }, limits)).rows.map(({ guid }) => guid).sort();
    expect(await list({ domain: 'a' })).toEqual(['one']);
    expect(await list({ domain: 'b' })).toEqual(['three', 'two']);
    expect(await list({ domain: 'none' })).toEqual([]);
    expect(await list({})).toEqual(['one', 'three', 'two']);
    expect(await list({ domain: 'b', cell: 'cell-1' })).toEqual(['three']);
    expect(await list({ domain: 'a', cell: 'cell-1' })).toEqual([]);
  });

  test('[diego 23] unknown ones cannot be deleted', async () => {
    expect(await refusal(deleteTask('nope'))).toMatchObject({ code: 'ResourceNotFound' });
  });

  test('[diego 24] that have ended are deleted in one call, resolved or not', async () => {
    await seedTask(buildTask({ guid: 'ended', state: 'COMPLETED' }));
    await seedTask(buildTask({ guid: 'resolving', state: 'RESOLVING' }));
    await deleteTask('ended');
    await deleteTask('resolving');
    expect(server.replica.state.tasks.size).toBe(0);
  });

  test('[diego 27] that have ended keep their guid until they are deleted', async () => {
    await seedTask(buildTask({ guid: 'ended', state: 'COMPLETED' }));
    expect(await refusal(desireTask('ended'))).toMatchObject({ code: 'ResourceExists' });
    await deleteTask('ended');
    await desireTask('ended');
  });

  test('[diego 28] are accepted, and told of, with no brain and no cell', async () => {
    expect((await desireTask('job')).task.state).toBe('PENDING');
    const { rows } = await server.client.call('listEvents', { query: { subject: 'job' } }, limits);
    expect(rows.map(({ type }) => type)).toEqual(['task.desired']);
  });

  test('[diego 290] are told of when they come, change and go', async () => {
    const feed = server.client.watch({ kind: 'tasks' }, limits)[Symbol.asyncIterator]();
    const rows = async () => {
      for (;;) {
        const { value } = (await feed.next()) as { value: WatchMessage };
        if (value.type !== 'stale')
          return value.rows.map(({ key, row }) => [key, (row as { state?: string })?.state]);
      }
    };
    expect(await rows()).toEqual([]);
    await desireTask('job');
    expect(await rows()).toEqual([['job', 'PENDING']]);
    await server.client.call('cancelTask', { params: { guid: 'job' as TaskGuid } }, limits);
    expect(await rows()).toEqual([['job', 'COMPLETED']]);
    await deleteTask('job');
    expect(await rows()).toEqual([['job', undefined]]);
    await feed.return?.();
  });
});

describe('LRPs', () => {
  test('[diego 94] an update with routes that are none is refused, and changes nothing', async () => {
    const { desired } = await desireLrp('web');
    const params = { guid: desired.guid };
    const body = { routes: 'everywhere' } as object;
    expect(await refusal(server.client.call('updateLrp', { params, body }, limits))).toMatchObject({
      code: 'InvalidRequest',
      field: 'routes',
    });
    expect((await server.client.call('getLrp', { params }, limits)).desired).toEqual(desired);
  });

  test('[diego 70] and their instances are in the lists of their domain', async () => {
    const { desired } = await desireLrp('web', { domain: 'mine', annotation: 'note' });
    await seedInstance('web', 0, 'mine');
    const query = { domain: 'mine' };
    const lrps = await server.client.call('listLrps', { query }, limits);
    expect(lrps.rows.map((row) => row.desired)).toEqual([desired]);
    const instances = await server.client.call('listInstances', { query }, limits);
    expect(instances.rows).toMatchObject([{ guid: 'web', index: 0, state: 'RUNNING' }]);
  });
});

describe('instances', () => {
  beforeEach(async () => {
    await seedInstance('one', 0, 'a');
    for (const index of [0, 1]) await seedInstance('two', index, 'b');
    await seedInstance('three', 0, 'b');
  });
  const list = async (query: object) =>
    (await server.client.call('listInstances', { query }, limits)).rows.map(
      ({ guid, index }) => `${guid}/${index}`,
    );

  test('[diego 100] are listed all, or exactly those of a domain', async () => {
    expect((await list({})).sort()).toEqual(['one/0', 'three/0', 'two/0', 'two/1']);
    expect(await list({ domain: 'a' })).toEqual(['one/0']);
    expect((await list({ domain: 'b' })).sort()).toEqual(['three/0', 'two/0', 'two/1']);
    expect(await list({ domain: 'empty' })).toEqual([]);
  });

  test('[diego 102] are found by guid and index, and what is not there is an empty list', async () => {
    expect(await list({ guid: 'two', index: 1 })).toEqual(['two/1']);
    expect(await list({ guid: 'two', index: 2 })).toEqual([]);
    expect(await list({ guid: 'nope', index: 0 })).toEqual([]);
  });
});

test('[diego 285] each call begins the time of a domain anew, and may end its limit', async () => {
  const upsert = (ttlSeconds: number) =>
    server.client.call('upsertDomain', { params: { name: 'mine' }, body: { ttlSeconds } }, limits);
  await upsert(1);
  await upsert(0);
  await upsert(1);
  const names = async () =>
    (await server.client.call('listDomains', {}, limits)).rows.map(({ name }) => name);
  expect(await names()).toEqual(['mine']);
  await expect.poll(names, { timeout: 5_000 }).toEqual([]);
  await upsert(1);
  await upsert(0);
  expect((await server.client.call('listDomains', {}, limits)).rows).toMatchObject([
    { name: 'mine', ttlSeconds: 0 },
  ]);
});

test('[diego 301, 363] the list of cells is every presence, in full', async () => {
  const cells = ['a', 'b'].map((id) => buildCell(id, { zone: `zone-${id}` }));
  const puts = cells.map((cell) => ({ key: presenceKey(cell.cellId as CellId), value: encode(cell) }));
  await server.seed({ puts });
  const { rows } = await server.client.call('listCells', { query: {} }, limits);
  expect(rows.map(({ presence }) => presence)).toEqual(cells);
});
