import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { refusal } from '../../../test/kit/refusal.ts';
import { type ActualLrp, claim, crash, newActualLrp, start } from '../../model/actual-lrp.ts';
import type { CellId, InstanceGuid, ProcessGuid, TaskGuid } from '../../model/ids.ts';
import { desireTask, startTask, taskSpecSchema } from '../../model/task.ts';
import { encode } from '../../store/core/codec.ts';
import { actualKey, presenceKey, taskKey } from '../../store/core/keys.ts';

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

const desire = (change: object = {}) =>
  server.client.call('desireLrp', { body: { guid: 'web', image: 'demo', instances: 3, ...change } }, limits);

function instance(index: number, change: (lrp: ActualLrp) => ActualLrp = (lrp) => lrp): ActualLrp {
  return change(newActualLrp({ guid, index, domain: 'default' }, 1, 'e'));
}
const moved = (move: ReturnType<typeof claim>): ActualLrp => {
  if (!move.ok) throw new Error(move.refusal);
  return move.next;
};
const claimed = (lrp: ActualLrp): ActualLrp => moved(claim(lrp, key, 2));
const running = (lrp: ActualLrp): ActualLrp =>
  moved(
    start(
      claimed(lrp),
      {
        ...key,
        netInfo: { address: '127.0.0.1', instanceAddress: '10.0.0.2', ports: [] },
        containerId: 'c',
        routable: true,
      },
      3,
    ),
  );
const putActual = (lrp: ActualLrp) => ({ key: actualKey(lrp.guid, lrp.index), value: encode(lrp) });
const presence = {
  key: presenceKey(cellId),
  value: encode({
    v: 1,
    cellId,
    bootId: 'b',
    zone: 'default',
    capacity: { memoryMb: 1_000, diskMb: 1_000, containers: 10 },
    os: 'linux',
    arch: 'x64',
    address: '127.0.0.1',
    version: '1',
    engine: { ok: true, name: 'docker' },
    registeredAt: 1,
  }),
};

describe('LRPs', () => {
  test('[diego 70] what was desired can be read at once, with its annotation', async () => {
    const { desired, revision } = await desire({ annotation: 'mine' });
    expect(desired).toMatchObject({ guid: 'web', instances: 3, annotation: 'mine', memoryMb: 128 });
    expect(revision).toBeGreaterThan(0);
    const view = await server.client.call('getLrp', { params: { guid } }, limits);
    expect(view.desired).toEqual(desired);
  });

  test('[diego 288] the journal tells who did it', async () => {
    await desire();
    await server.tcpClient.call('updateLrp', { params: { guid }, body: { instances: 5 } }, limits);
    const { rows } = await server.client.call('listEvents', { query: { subject: 'web' } }, limits);
    expect(rows.map(({ type, actor }) => [type, actor])).toEqual([
      ['lrp.desired', `uid ${process.getuid?.()} (unix socket)`],
      ['lrp.changed', '127.0.0.1'],
    ]);
    expect(rows[1]?.message).toBe('instances 3 → 5');
  });

  test('[diego 77] an existing guid is refused, and so is one that is being removed', async () => {
    await desire();
    expect(await refusal(desire({ image: 'other' }))).toMatchObject({
      code: 'ResourceExists',
      field: 'guid',
    });
    await server.client.call('removeLrp', { params: { guid } }, limits);
    const error = await refusal(desire());
    expect(error.code).toBe('ResourceExists');
    expect(error.message).toContain('still being removed');
  });

  test('[diego 81] [diego 95] [diego 98] an unknown guid is not found, and a near name is suggested', async () => {
    await desire();
    const params = { guid: 'wbe' as ProcessGuid };
    for (const made of [
      server.client.call('getLrp', { params }, limits),
      server.client.call('updateLrp', { params, body: { instances: 1 } }, limits),
      server.client.call('removeLrp', { params }, limits),
    ]) {
      expect(await refusal(made)).toMatchObject({ code: 'ResourceNotFound', hint: 'did you mean "web"?' });
    }
  });

  test('[diego 82] lists by domain; an unknown domain is empty', async () => {
    await desire({ domain: 'one' });
    await desire({ guid: 'web2', domain: 'two' });
    await desire({ guid: 'web3', domain: 'two' });
    const count = async (domain?: string) =>
      (await server.client.call('listLrps', { query: domain === undefined ? {} : { domain } }, limits)).rows
        .length;
    expect([await count('one'), await count('two'), await count('none'), await count()]).toEqual([
      1, 2, 0, 3,
    ]);
  });

  test('[diego 87-90] an update keeps the epoch and raises the index', async () => {
    const { desired } = await desire();
    const body = { instances: 5, annotation: 'new', routes: { r: [1] } };
    const updated = (await server.client.call('updateLrp', { params: { guid }, body }, limits)).desired;
    expect(updated).toMatchObject({ ...body, epoch: desired.epoch, modificationIndex: 1 });
  });

  test('[diego 91] an empty update only raises the index', async () => {
    const { desired } = await desire();
    const updated = (await server.client.call('updateLrp', { params: { guid }, body: {} }, limits)).desired;
    expect(updated).toEqual({ ...desired, modificationIndex: 1, updatedAt: updated.updatedAt });
  });

  test('an update of what cannot change is refused by name', async () => {
    await desire();
    const body = { image: 'other' } as object;
    const error = await refusal(server.client.call('updateLrp', { params: { guid }, body }, limits));
    expect(error).toMatchObject({ code: 'InvalidRequest', field: 'image' });
  });

  test('scaling what was removed is not found; removing it again is fine', async () => {
    await desire();
    await server.client.call('removeLrp', { params: { guid } }, limits);
    const error = await refusal(
      server.client.call('updateLrp', { params: { guid }, body: { instances: 1 } }, limits),
    );
    expect(error).toMatchObject({ code: 'ResourceNotFound' });
    await server.client.call('removeLrp', { params: { guid } }, limits);
  });

  test('two who scale at once both succeed, one after the other', async () => {
    await desire();
    const scale = (instances: number) =>
      server.client.call('updateLrp', { params: { guid }, body: { instances } }, limits);
    await Promise.all([scale(4), scale(5), scale(6)]);
    const view = await server.client.call('getLrp', { params: { guid } }, limits);
    expect(view.desired.modificationIndex).toBe(3);
  });
});

describe('instances', () => {
  beforeEach(async () => {
    await desire();
    await server.seed({
      puts: [
        putActual(instance(0, running)),
        putActual(instance(1, claimed)),
        putActual(instance(2)),
        presence,
      ],
    });
  });

  test('[diego 101] [diego 103] filters; what matches nothing is an empty list', async () => {
    const list = async (query: object) =>
      (await server.client.call('listInstances', { query }, limits)).rows.map((row) => row.index);
    expect(await list({ guid: 'web' })).toEqual([0, 1, 2]);
    expect(await list({ cell: 'cell-1' })).toEqual([0, 1]);
    expect(await list({ cell: 'cell-1', index: 1 })).toEqual([1]);
    expect(await list({ domain: 'none' })).toEqual([]);
    expect(await list({ guid: 'none' })).toEqual([]);
  });

  test('pages in the order of guid and number', async () => {
    await server.seed({ puts: [10, 9, 11].map((index) => putActual(instance(index))) });
    const seen: number[] = [];
    let after: string | undefined;
    do {
      const query = { limit: 2, ...(after === undefined ? {} : { after }) };
      const page = await server.client.call('listInstances', { query }, limits);
      seen.push(...page.rows.map((row) => row.index));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual([0, 1, 2, 9, 10, 11]);
  });

  const retire = (index: number, of = guid) =>
    server.client.call('retireInstance', { params: { guid: of, index } }, limits);

  test('[diego 104] an unknown guid or index is refused with the valid range', async () => {
    expect(await refusal(retire(0, 'nope' as ProcessGuid))).toMatchObject({ code: 'ResourceNotFound' });
    const error = await refusal(retire(7));
    expect(error).toMatchObject({ code: 'ResourceNotFound', field: 'index' });
    expect(error.message).toContain('valid indexes: 0 to 2');
  });

  test('[diego 106] an UNCLAIMED one is deleted at once', async () => {
    await retire(2);
    expect(server.replica.state.actual.get(guid)?.has(2)).toBe(false);
  });

  test('[diego 106, 124] a CRASHED one is deleted at once', async () => {
    let lrp = instance(2);
    for (let i = 0; i < 3; i++) lrp = moved(crash(claimed(lrp), key, 'exited with status 1', 5));
    expect(lrp.state).toBe('CRASHED');
    await server.seed({ puts: [putActual(lrp)] });
    await retire(2);
    expect(server.replica.state.actual.get(guid)?.has(2)).toBe(false);
  });

  test('[diego 107] a RUNNING or CLAIMED one is marked, and its cell stops it', async () => {
    for (const index of [0, 1]) {
      await retire(index);
      const lrp = server.replica.state.actual.get(guid)?.get(index)?.ordinary?.value;
      expect(lrp?.retire?.reason).toContain(`uid ${process.getuid?.()}`);
    }
  });

  test('[diego 107] without its cell the record goes', async () => {
    await server.seed({ deletes: [presence.key] });
    await retire(0);
    expect(server.replica.state.actual.get(guid)?.has(0)).toBe(false);
  });

  test('counts are those that ps shows', async () => {
    const { counts } = await server.client.call('getLrp', { params: { guid } }, limits);
    expect(counts).toMatchObject({ running: 1, ready: 1, claimed: 1, unclaimed: 1, crashed: 0, suspect: 0 });
  });

  test('[diego 206] a cell shows what is used of it', async () => {
    const view = await server.client.call('getCell', { params: { id: 'cell-1' } }, limits);
    expect(view).toMatchObject({ used: { memoryMb: 256, diskMb: 1_024, containers: 2 }, instances: 2 });
    const error = await refusal(server.client.call('getCell', { params: { id: 'cell-2' } }, limits));
    expect(error).toMatchObject({ code: 'ResourceNotFound', hint: 'did you mean "cell-1"?' });
  });
});

describe('tasks', () => {
  const task = 'job' as TaskGuid;
  const make = () => server.client.call('desireTask', { body: { guid: 'job', image: 'demo' } }, limits);
  const seedRunning = () => {
    const fresh = desireTask(taskSpecSchema.parse({ guid: 'job', image: 'demo' }), 1);
    const move = startTask({ ...fresh, cellId }, cellId, 'attempt-1', 2);
    if (!move.ok) throw new Error(move.message);
    return server.seed({ puts: [{ key: taskKey(task), value: encode(move.next) }] });
  };
  const get = () => server.client.call('getTask', { params: { guid: task } }, limits);

  test('[diego 3] [diego 18] desired once, read by guid; unknown is not found', async () => {
    await make();
    expect((await get()).state).toBe('PENDING');
    expect(await refusal(make())).toMatchObject({ code: 'ResourceExists' });
    const unknown = server.client.call('getTask', { params: { guid: 'nope' as TaskGuid } }, limits);
    expect(await refusal(unknown)).toMatchObject({ code: 'ResourceNotFound' });
  });

  test('[diego 43] [diego 45] [diego 48] cancelling is seen at once, PENDING or RUNNING', async () => {
    await make();
    await server.client.call('cancelTask', { params: { guid: task } }, limits);
    expect(await get()).toMatchObject({
      state: 'COMPLETED',
      failed: true,
      failureReason: 'task was cancelled',
    });
    await server.client.call('deleteTask', { params: { guid: task } }, limits);
    await seedRunning();
    await server.client.call('cancelTask', { params: { guid: task } }, limits);
    expect(await get()).toMatchObject({
      state: 'COMPLETED',
      failed: true,
      failureReason: 'task was cancelled',
    });
  });

  test('[diego 44] [diego 46] cancelling the unknown or the ended is refused', async () => {
    const cancel = () => server.client.call('cancelTask', { params: { guid: task } }, limits);
    expect(await refusal(cancel())).toMatchObject({ code: 'ResourceNotFound' });
    await make();
    await cancel();
    expect(await refusal(cancel())).toMatchObject({ code: 'InvalidStateTransition' });
  });

  test('[diego 22] a RUNNING task cannot be deleted; [diego 21] an ended one can, once', async () => {
    const remove = () => server.client.call('deleteTask', { params: { guid: task } }, limits);
    await seedRunning();
    const error = await refusal(remove());
    expect(error).toMatchObject({ code: 'InvalidStateTransition' });
    expect(error.message).toContain('Cannot transition from RUNNING to RESOLVING');
    await server.client.call('cancelTask', { params: { guid: task } }, limits);
    await remove();
    expect(await refusal(remove())).toMatchObject({ code: 'ResourceNotFound' });
  });

  test('[diego 20] lists by cell and by domain', async () => {
    await seedRunning();
    const list = async (query: object) =>
      (await server.client.call('listTasks', { query }, limits)).rows.length;
    expect([
      await list({ cell: 'cell-1' }),
      await list({ cell: 'x' }),
      await list({ domain: 'default' }),
    ]).toEqual([1, 0, 1]);
  });
});

describe('domains', () => {
  test('[diego 282] for ever, and [diego 277, 283, 285] a time to live under a lease', async () => {
    const upsert = (name: string, ttlSeconds: number) =>
      server.client.call('upsertDomain', { params: { name }, body: { ttlSeconds } }, limits);
    await upsert('ever', 0);
    await upsert('while', 1);
    const names = async () =>
      (await server.client.call('listDomains', {}, limits)).rows.map((row) => row.name);
    expect(await names()).toEqual(['ever', 'while']);
    await expect.poll(names, { timeout: 5_000 }).toEqual(['ever']);
  });

  test('[diego 284] an empty or malformed name is refused', async () => {
    const made = server.client.call('upsertDomain', { params: { name: 'a b' }, body: {} }, limits);
    expect(await refusal(made)).toMatchObject({ code: 'InvalidRequest', field: 'name' });
  });
});

test('why answers for an LRP, an index, a task and a name nobody knows', async () => {
  await desire({ instances: 1 });
  const refused = {
    message: 'insufficient resources: memory',
    cells: 2,
    counts: { memory: 2 },
    nearest: { cellId, lacks: '64 MiB of memory' },
  };
  await server.seed({ puts: [putActual({ ...instance(0), placementError: refused })] });
  const answer = await server.client.call('why', { params: { guid: 'web' }, query: {} }, limits);
  expect(answer.summary).toContain('0 of 1 ready; web/0 could not be placed');
  expect(answer.summary).toContain('nearest is cell cell-1, which lacks 64 MiB of memory');
  expect(answer.events.map((event) => event.type)).toEqual(['lrp.desired']);
  const one = await server.client.call('why', { params: { guid: 'web' }, query: { index: 0 } }, limits);
  expect(one.subject).toBe('web/0');
  const out = server.client.call('why', { params: { guid: 'web' }, query: { index: 9 } }, limits);
  expect(await refusal(out)).toMatchObject({ code: 'ResourceNotFound', field: 'index' });
  const unknown = server.client.call('why', { params: { guid: 'nope' }, query: {} }, limits);
  expect(await refusal(unknown)).toMatchObject({ code: 'ResourceNotFound' });
});
