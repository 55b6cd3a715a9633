/** Cordon, drain and settings over HTTP. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import {
  buildActual,
  buildDesired,
  buildDrained,
  type ClusterRecords,
  clusterRecords,
} from '../../../test/kit/builders.ts';
import { refusal } from '../../../test/kit/refusal.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { CellId } from '../../model/ids.ts';

const a = 'a' as CellId;
let server: ApiServer;
let limits: { signal: AbortSignal };
beforeEach(async () => {
  server = await startApiServer();
  limits = { signal: server.signal };
  await seed({ cells: ['a', 'b'] });
});
afterEach(() => server.close());

const seed = (records: ClusterRecords) =>
  server.seed({ puts: clusterRecords(records).map(([key, value]) => ({ key, value })) });
const specOf = () => server.replica.state.cellSpecs.get(a)?.value;
const events = () =>
  [...server.replica.state.events.values()].map(({ type, subject, message, actor }) => ({
    type,
    subject,
    message,
    actor,
  }));
const params = { id: a };

describe('cordon', () => {
  test('is set with who and why, shown with the cell, told in the journal, and taken back', async () => {
    await server.client.call('cordonCell', { params, body: { reason: 'noises' } }, limits);
    expect(specOf()?.cordon).toMatchObject({ by: expect.stringContaining('uid'), reason: 'noises' });
    const view = await server.client.call('getCell', { params }, limits);
    expect(view.spec?.cordon?.reason).toBe('noises');
    await server.client.call('uncordonCell', { params }, limits);
    expect(specOf()).toBeUndefined();
    expect(events()).toEqual([
      { type: 'cell.cordoned', subject: 'a', message: 'is cordoned: noises', actor: expect.any(String) },
      { type: 'cell.uncordoned', subject: 'a', message: expect.any(String), actor: expect.any(String) },
    ]);
    await server.client.call('uncordonCell', { params }, limits);
    expect(events()).toHaveLength(2);
  });
  test('of an unknown cell is refused, with the name that was meant', async () => {
    const id = 'aa' as CellId;
    const error = await refusal(server.client.call('cordonCell', { params: { id }, body: {} }, limits));
    expect(error).toMatchObject({ code: 'ResourceNotFound', message: 'there is no cell "aa"' });
  });
});

describe('drain', () => {
  test('has a deadline of an hour unless told, or none, and survives a cordon', async () => {
    await server.client.call('cordonCell', { params, body: {} }, limits);
    await server.client.call('drainCell', { params, body: { reason: 'disk' } }, limits);
    const { at, deadlineAt } = specOf()?.drain ?? { at: 0 };
    expect((deadlineAt ?? 0) - at).toBe(3_600_000);
    await server.client.call('drainCell', { params, body: { deadlineMs: null } }, limits);
    expect(specOf()?.drain?.deadlineAt).toBeUndefined();
    const refused = await refusal(server.client.call('uncordonCell', { params }, limits));
    expect(refused).toMatchObject({
      code: 'InvalidStateTransition',
      hint: expect.stringContaining('undrain'),
    });
    await server.client.call('undrainCell', { params }, limits);
    expect(specOf()).toMatchObject({ cordon: { reason: '' } });
    expect(specOf()?.drain).toBeUndefined();
  });

  test('shows what is left and where each replacement is', async () => {
    await server.client.call('drainCell', { params, body: {} }, limits);
    const running = { state: 'RUNNING', cellId: 'a', routable: true } as const;
    await seed({
      desired: [buildDesired({ instances: 4 })],
      actual: [
        buildActual({ ...running, index: 0 }),
        buildActual({ ...running, index: 1, presence: 'EVACUATING' }),
        buildActual({ index: 1, state: 'CLAIMED', cellId: 'b' }),
        buildActual({ ...running, index: 2, presence: 'EVACUATING' }),
        buildActual({ index: 2, state: 'RUNNING', cellId: 'b', routable: true }),
        buildActual({
          ...running,
          index: 3,
          presence: 'EVACUATING',
          retire: { reason: 'the deadline', since: 1 },
        }),
      ],
      cells: ['a', 'b'],
    });
    const view = await server.client.call('getDrain', { params }, limits);
    expect(view).toMatchObject({
      present: true,
      done: false,
      left: { ordinary: 1, evacuating: 3, tasks: 0 },
    });
    expect(view.rows.map(({ index, state, to }) => [index, state, to])).toEqual([
      [0, 'waiting', undefined],
      [1, 'starting', 'b'],
      [2, 'healthy', 'b'],
      [3, 'stopping', undefined],
    ]);
    const cells = await server.client.call('listCells', { query: {} }, limits);
    expect(cells.rows[0]).toMatchObject({ instances: 4, evacuating: 3 });
    const status = await server.client.call('status', {}, limits);
    expect(status.problems).toContain('being drained: a (4 left): skep cell drain --monitor CELL');
    const all = await server.client.call('listInstances', { query: { guid: 'web', limit: 1 } }, limits);
    expect(all).toMatchObject({ rows: [{ index: 0 }], next: 'web/0' });
    const seen: string[] = [];
    for (let after: string | undefined = 'web/0'; after !== undefined; ) {
      const page: { rows: ActualLrp[]; next?: string | undefined } = await server.client.call(
        'listInstances',
        { query: { guid: 'web', limit: 1, after } },
        limits,
      );
      seen.push(...page.rows.map(({ index, presence }) => `${index} ${presence}`));
      after = page.next;
    }
    expect(seen).toEqual(['1 ORDINARY', '1 EVACUATING', '2 ORDINARY', '2 EVACUATING', '3 EVACUATING']);
  });

  test('a few at a time tells who waits for a turn, and how long the rest takes at the pace so far', async () => {
    const at = Date.now() - 30_000;
    await seed({
      desired: [buildDesired({ instances: 3 })],
      actual: [
        buildActual({ index: 0, state: 'RUNNING', cellId: 'a', presence: 'EVACUATING' }),
        buildActual({ index: 0, state: 'CLAIMED', cellId: 'b' }),
        buildActual({ index: 1, state: 'RUNNING', cellId: 'a' }),
      ],
      cells: ['a', 'b'],
      specs: [buildDrained('a', { at, instances: 3, maxParallel: 1 })],
    });
    const view = await server.client.call('getDrain', { params }, limits);
    expect(view.rows.map(({ index, state }) => [index, state])).toEqual([
      [0, 'starting'],
      [1, 'queued'],
    ]);
    // One of three has left within 30 s, so the other two take about 60 s.
    expect(view.instances).toBe(3);
    expect(view.remainingMs).toBeGreaterThanOrEqual(60_000);
  });

  test('without a pace yet, or with nothing that can move, promises no time', async () => {
    const waits = buildActual({
      index: 0,
      state: 'UNCLAIMED',
      placementError: { message: 'full', cells: 1, counts: {} },
    });
    const stuck = [waits, buildActual({ index: 0, state: 'RUNNING', cellId: 'a', presence: 'EVACUATING' })];
    await seed({ desired: [buildDesired()], actual: stuck, specs: [buildDrained('a', { instances: 2 })] });
    expect((await server.client.call('getDrain', { params }, limits)).remainingMs).toBeUndefined();
  });

  test('is refused when something fits nowhere else, cells that go together counted; --anyway and force go on', async () => {
    const big = buildDesired({ memoryMb: 600 });
    await seed({ desired: [big], actual: [buildActual({ state: 'RUNNING', cellId: 'a' })] });
    const drain = (body: object) => server.client.call('drainCell', { params, body }, limits);
    const refused = await refusal(drain({ alongside: ['b'] }));
    expect(refused.code).toBe('InsufficientResources');
    expect(refused.message).toMatch(/^1 instance of a, b would find no place elsewhere: web\/0 \(/);
    expect(refused.hint).toContain('--anyway');
    const other = await refusal(
      server.client.call('drainCell', { params: { id: 'b' as CellId }, body: { alongside: ['a'] } }, limits),
    );
    expect(other.message).toBe(refused.message);
    expect(specOf()).toBeUndefined();
    await drain({});
    await server.client.call('undrainCell', { params }, limits);
    await drain({ alongside: ['b'], anyway: true });
    await server.client.call('undrainCell', { params }, limits);
    await drain({ alongside: ['b'], force: true });
    expect(specOf()?.drain?.force).toBe(true);
  });

  test('of a cell that is away is set for its return', async () => {
    await seed({ actual: [buildActual({ state: 'RUNNING', cellId: 'away' })] });
    const id = 'away' as CellId;
    await server.client.call('drainCell', { params: { id }, body: {} }, limits);
    const view = await server.client.call('getDrain', { params: { id } }, limits);
    expect(view).toMatchObject({ present: false, done: false, left: { ordinary: 1 } });
  });

  test('is done when nothing is left', async () => {
    await server.client.call('drainCell', { params, body: {} }, limits);
    expect(await server.client.call('getDrain', { params }, limits)).toMatchObject({ done: true, rows: [] });
  });
});

describe('settings', () => {
  test('change what is named and nothing else, with a line in the journal', async () => {
    const before = await server.client.call('getSettings', {}, limits);
    expect(before).toMatchObject({ maxStarting: 0, preemption: false });
    await server.client.call('updateSettings', { body: { maxStarting: 9 } }, limits);
    await server.client.call('updateSettings', { body: { preemption: true } }, limits);
    expect(await server.client.call('getSettings', {}, limits)).toEqual({
      ...before,
      maxStarting: 9,
      preemption: true,
    });
    expect(events().map(({ message }) => message)).toEqual([
      'set maxStarting to 9',
      'set preemption to true',
    ]);
    await server.client.call('updateSettings', { body: { preemption: true } }, limits);
    expect(events()).toHaveLength(2);
  });
  test('a confirmed loss lasts from now on', async () => {
    const { settings } = await server.client.call(
      'updateSettings',
      { body: { stormConfirmForMs: 60_000 } },
      limits,
    );
    expect(settings.stormConfirmedUntil).toBeGreaterThan(0);
  });
  test('refuse what is none', async () => {
    const body = { maxStarting: -1 };
    expect(await refusal(server.client.call('updateSettings', { body }, limits))).toMatchObject({
      code: 'InvalidRequest',
      field: 'maxStarting',
    });
  });
});
