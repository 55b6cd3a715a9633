/** How a server routes streams of consoles and stats: by instance, by cell, by the name of a session. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { buildActual, buildCell, buildDesired, clusterRecords } from '../../../test/kit/builders.ts';
import type { StreamOptions } from '../client.ts';

let server: ApiServer;
const limits = { signal: new AbortController().signal };

beforeEach(async () => {
  server = await startApiServer();
  const records = {
    cells: [buildCell('cell-1'), buildCell('host.b')],
    desired: [buildDesired({ guid: 'web' })],
    actual: [buildActual({ guid: 'web', state: 'RUNNING', cellId: 'cell-1' })],
  };
  await server.seed({ puts: clusterRecords(records).map(([key, value]) => ({ key, value })) });
});
afterEach(() => server.close());

async function routed(query: StreamOptions, client = server.client) {
  const socket = await client.openStream(query, limits);
  socket.close();
  const { cellId, request } = server.opened.at(-1) ?? {};
  return { cellId, request };
}

const refusal = (query: StreamOptions): Promise<unknown> =>
  server.client.openStream(query, limits).then(
    () => undefined,
    (error: unknown) => error,
  );

test('a console says who asks and through which server', async () => {
  const query = {
    kind: 'console',
    target: 'web/0',
    arg: ['top'],
    columns: 90,
    rows: 30,
    user: 'app',
  } as const;
  expect(await routed(query as unknown as StreamOptions)).toMatchObject({
    cellId: 'cell-1',
    request: {
      kind: 'console',
      args: ['top'],
      watch: false,
      user: 'app',
      size: {
        columns: 90,
        rows: 30,
      },
      by: `uid ${process.getuid?.()} (unix socket)`,
      via: expect.stringMatching(/./),
    },
  });
  expect((await routed({ kind: 'console', target: 'web/0' }, server.tcpClient)).request).toMatchObject({
    by: '127.0.0.1',
    args: [],
  });
});

test('a session is joined at the cell that its name begins with', async () => {
  expect(await routed({ kind: 'console', session: 'host.b.x7f3k2', watch: true })).toMatchObject({
    cellId: 'host.b',
    request: { session: 'host.b.x7f3k2', watch: true, instanceGuid: '' },
  });
  expect(await refusal({ kind: 'console', session: 'gone.x7f3k2' })).toMatchObject({
    code: 'ResourceNotFound',
  });
  expect(await refusal({ kind: 'console', session: '../x' })).toMatchObject({ code: 'InvalidRequest' });
});

test('stats and consoles are of an instance or of a cell', async () => {
  for (const kind of ['stats', 'consoles'] as const) {
    expect(await routed({ kind, cell: 'host.b' as never })).toEqual({ cellId: 'host.b', request: { kind } });
    expect(await routed({ kind, target: 'web/0' })).toMatchObject({
      cellId: 'cell-1',
      request: { kind, instanceGuid: expect.any(String) },
    });
  }
});

test.each<[StreamOptions, string]>([
  [{ kind: 'console', target: 'web/0', watch: true }, 'session'],
  [{ kind: 'exec', cell: 'cell-1' as never, arg: ['sh'] }, 'cell'],
  [{ kind: 'stats', cell: 'cell-1' as never, target: 'web/0' }, 'target'],
  [{ kind: 'stats' }, 'target'],
])('%j makes no sense: %s', async (query, field) => {
  expect(await refusal(query)).toMatchObject({ code: 'InvalidRequest', field });
});

test('a cell that is not there is a refusal', async () => {
  expect(await refusal({ kind: 'stats', cell: 'cell-9' as never })).toMatchObject({
    code: 'ResourceNotFound',
  });
});

test('a shell on a host is a console of its cell, where the cell says that it has them', async () => {
  await server.seed({
    puts: clusterRecords({ cells: [buildCell('open', { hostShell: true })] }).map(([key, value]) => ({
      key,
      value,
    })),
  });
  expect(await routed({ kind: 'console', cell: 'open' as never, columns: 90, rows: 30 })).toMatchObject({
    cellId: 'open',
    request: {
      kind: 'console',
      host: true,
      mayEnterHost: true,
      instanceGuid: '',
      size: { columns: 90, rows: 30 },
    },
  });
  expect(await refusal({ kind: 'console', cell: 'cell-1' as never })).toMatchObject({
    code: 'Unauthorized',
    hint: expect.stringContaining('hostShell: true'),
  });
  expect(await refusal({ kind: 'console', cell: 'open' as never, arg: ['id'] })).toMatchObject({
    code: 'InvalidRequest',
  });
  expect(await refusal({ kind: 'console', cell: 'gone' as never })).toMatchObject({
    code: 'ResourceNotFound',
  });
});
