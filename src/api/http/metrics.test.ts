/** Metrics of an API with a store in memory: what is counted, and that `/metrics` answers when nothing else does. */
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { buildCell, buildDesired } from '../../../test/kit/builders.ts';
import { socketPair } from '../../../test/kit/socket-pair.ts';
import { metricRegistry } from '../../base/core/metric-registry.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import { encode } from '../../store/core/codec.ts';
import { desiredKey, presenceKey } from '../../store/core/keys.ts';
import { tooSlowCode } from '../outbox.ts';
import { readServer } from '../server-metrics.ts';
import { meteredAccept } from './metrics.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

const scrape = async (): Promise<{ status: number; type: string | null; lines: string[] }> => {
  const answer = await fetch(`http://${api.listening.address}/metrics`);
  const text = await answer.text();
  return { status: answer.status, type: answer.headers.get('content-type'), lines: text.split('\n') };
};

test('requests are counted by pattern and status, never by what was asked for', async () => {
  await fetch(`http://${api.listening.address}/v1/lrps/secret-name`);
  await fetch(`http://${api.listening.address}/v1/lrps/other-name`);
  await fetch(`http://${api.listening.address}/no/such/path-at-all`);
  const { status, type, lines } = await scrape();
  expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
  expect(lines).toContain('skep_server_requests_total{route="GET /v1/lrps/:guid",status="404"} 2');
  expect(lines).toContain('skep_server_requests_total{route="unknown",status="404"} 1');
  expect(lines).toContain('skep_server_request_duration_seconds_count{route="GET /v1/lrps/:guid"} 2');
  expect(lines.join('\n')).not.toMatch(/secret-name|path-at-all/);
});

test('answers while the server is not ready for anything else', async () => {
  api.notReady = 'the state is being read';
  try {
    expect((await scrape()).status).toBe(200);
    expect((await fetch(`http://${api.listening.address}/v1/lrps`)).status).toBe(503);
  } finally {
    api.notReady = undefined;
  }
});

test('a browser’s page cannot read them', async () => {
  const answer = await fetch(`http://${api.listening.address}/metrics`, {
    headers: { origin: 'http://evil' },
  });
  expect(answer.status).toBe(403);
});

test('records, sessions, the store and its size are looked up at a scrape', async () => {
  await api.seed({
    puts: [
      { key: desiredKey('web' as ProcessGuid), value: encode(buildDesired()) },
      ...['a', 'b'].map((name) => ({ key: presenceKey(name as never), value: encode(buildCell(name)) })),
    ],
  });
  const metrics = metricRegistry(new Set(['server']));
  let health = '';
  const member = {
    memberId: 'm',
    leaderId: 'm',
    raftTerm: 1,
    learner: false,
    dbSizeBytes: 4_096,
    raftIndex: 0,
  };
  readServer(metrics, {
    replica: api.replica,
    dispatcher: { hasSession: (cellId) => cellId === 'a' },
    health: () => health,
    memberStatuses: async () => new Map([['m1', member]]),
    clock: systemClock,
  });
  const told: string[] = [];
  const text = async (): Promise<string[]> =>
    (await metrics.text((name) => void told.push(name))).split('\n');
  expect(await text()).toEqual(
    expect.arrayContaining([
      'skep_server_records{kind="lrp"} 1',
      'skep_server_records{kind="cell"} 2',
      'skep_server_cell_sessions 1',
      'skep_server_replica_stale 0',
      `skep_server_replica_revision ${api.replica.state.revision}`,
      'skep_store_up 1',
      'skep_store_db_bytes{member="m1"} 4096',
    ]),
  );
  health = 'no quorum';
  expect(await text()).toContain('skep_store_up 0');
  expect(told).toEqual([]);
});

test('sockets are counted by kind while they are open, and who was too slow', async () => {
  const metrics = metricRegistry(new Set(['server']));
  const { left } = socketPair();
  const accept = meteredAccept(async () => left, metrics);
  const text = async (): Promise<string> => await metrics.text(() => undefined);
  await accept({ url: '/v1/watch?kind=cells' } as IncomingMessage, undefined as never, undefined as never);
  expect(await text()).toContain('skep_server_sockets{kind="watch"} 1');
  left.close(tooSlowCode, 'too slow');
  await left.closed;
  expect(await text()).toContain('skep_server_sockets{kind="watch"} 0');
  expect(await text()).toContain('skep_server_slow_consumers_total 1');
});
