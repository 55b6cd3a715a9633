import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { refusal } from '../../../test/kit/refusal.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import { desiredKey } from '../../store/core/keys.ts';

let server: ApiServer;
let limits: { signal: AbortSignal };
beforeEach(async () => {
  server = await startApiServer();
  limits = { signal: server.signal };
});
afterEach(() => server.close());

const desire = (change: object = {}) =>
  server.client.call('desireLrp', { body: { guid: 'web', image: 'demo', instances: 3, ...change } }, limits);

interface Answer {
  status: number;
  text: string;
  headers: Record<string, unknown>;
}

/** A request as no client of ours makes it. */
function raw(
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath: server.socketPath, method, path, headers, agent: false },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('bad requests', () => {
  test.each([
    [
      '[diego 74] illegal characters in a path',
      'GET',
      '/v1/lrps/my%20app',
      undefined,
      400,
      'InvalidRequest',
      'guid',
    ],
    ['malformed JSON', 'POST', '/v1/lrps', '{"guid":', 400, 'InvalidRequest', 'body'],
    ['no body', 'POST', '/v1/lrps', undefined, 400, 'InvalidRequest', 'body'],
    ['a body that is no object', 'POST', '/v1/lrps', '[]', 400, 'InvalidRequest', 'body'],
    [
      'a huge body',
      'POST',
      '/v1/lrps',
      JSON.stringify({ annotation: 'a'.repeat(1_100_000) }),
      413,
      'TooLarge',
      'body',
    ],
    ['an unknown path', 'GET', '/v1/nothing', undefined, 404, 'ResourceNotFound', undefined],
    ['a wrong method', 'PUT', '/v1/lrps/web', '{}', 405, 'InvalidRequest', undefined],
    ['a WebSocket path without upgrade', 'GET', '/v1/watch', undefined, 400, 'InvalidRequest', undefined],
    ['a malformed escape', 'GET', '/v1/lrps/%zz', undefined, 400, 'InvalidRequest', undefined],
    ['a limit of zero', 'GET', '/v1/tasks?limit=0', undefined, 400, 'InvalidRequest', 'limit'],
    ['a limit that is absurd', 'GET', '/v1/tasks?limit=1000000', undefined, 400, 'InvalidRequest', 'limit'],
    ['an unknown query parameter', 'GET', '/v1/tasks?domian=x', undefined, 400, 'InvalidRequest', 'domian'],
    [
      'a parameter given twice',
      'GET',
      '/v1/tasks?domain=a&domain=b',
      undefined,
      400,
      'InvalidRequest',
      'domain',
    ],
    [
      'an index that is no number',
      'POST',
      '/v1/lrps/web/instances/x/retire',
      undefined,
      400,
      'InvalidRequest',
      'index',
    ],
    [
      'a negative index',
      'POST',
      '/v1/lrps/web/instances/-1/retire',
      undefined,
      400,
      'InvalidRequest',
      'index',
    ],
  ])('%s', async (_name, method, path, body, status, code, field) => {
    const answer = await raw(method, path, body);
    const { error } = JSON.parse(answer.text) as { error: { code: string; message: string; field?: string } };
    expect({ status: answer.status, code: error.code, field: error.field }).toEqual({ status, code, field });
    expect(error.message.length).toBeGreaterThan(5);
  });

  test('browsers are refused', async () => {
    const answer = await raw('POST', '/v1/lrps', '{"guid":"web","image":"x"}', {
      origin: 'http://evil.example',
    });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('Unauthorized');
  });

  test('more memory than any cell has is accepted', async () => {
    const { desired } = await desire({ memoryMb: 1_048_576 });
    expect(desired.memoryMb).toBe(1_048_576);
  });

  test('[diego 86] a corrupt record is reported by status, refused by writes, and the rest goes on', async () => {
    await desire();
    await server.seed({ puts: [{ key: desiredKey('bad' as ProcessGuid), value: '{"v":1}' }] });
    const status = await server.client.call('status', {}, limits);
    expect(status.corrupt).toHaveLength(1);
    expect(status.problems.join()).toContain('/skep/v1/desired/bad');
    expect((await server.client.call('listLrps', { query: {} }, limits)).rows).toHaveLength(1);
    const made = server.client.call(
      'updateLrp',
      { params: { guid: 'bad' as ProcessGuid }, body: {} },
      limits,
    );
    expect((await refusal(made)).message).toContain('/skep/v1/desired/bad');
  });
});

describe('trouble', () => {
  test('without a quorum reads go on, stale, and writes are refused with a reason', async () => {
    await desire();
    server.bbs.setAvailable(false);
    expect(await refusal(desire({ guid: 'more' }))).toMatchObject({ code: 'Unavailable' });
    const status = await server.client.call('status', {}, limits);
    expect(status.stale).not.toBe('');
    expect((await server.client.call('listLrps', { query: {} }, limits)).rows).toHaveLength(1);
  });

  test('[diego 365] a server that is not ready says why; its version can be asked', async () => {
    server.notReady = 'etcd is starting';
    const error = await refusal(server.client.call('status', {}, limits));
    expect(error).toMatchObject({ code: 'Unavailable' });
    expect(error.message).toContain('etcd is starting');
    expect((await server.client.call('version', {}, limits)).server).toBe('host-a');
  });

  test('servers of an outside etcd cannot be joined', async () => {
    const body = { server: 'b', peerUrl: 'http://127.0.0.2:7402' };
    expect(await refusal(server.client.call('joinServer', { body }, limits))).toMatchObject({
      code: 'InvalidRequest',
    });
  });
});
