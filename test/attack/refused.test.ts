/**
 * Attacks on a real server over TLS: each is refused with a reason, told to the log, and disturbs nobody. A client that
 * does nothing wrong watches all the while. What is refused by rights alone is in src/api/http/attacks.test.ts.
 */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { cellProtocolVersion, cellSessionPath } from '../../src/api/core/cell-protocol.ts';
import type { WatchMessage } from '../../src/api/core/routes.ts';
import type { Log, LogFields } from '../../src/base/log.ts';
import { wsDial } from '../../src/base/node/ws-socket.ts';
import type { Role } from '../../src/model/rights.ts';
import { type RawAnswer, rawHttp } from '../kit/raw-http.ts';
import { type Holder, holderOf, startTlsServer, type TlsServer, testAuthorities } from '../kit/tls-server.ts';

const { signal } = new AbortController();
const limits = { signal };
const told: LogFields[] = [];
const log: Log = {
  debug: () => undefined,
  info: (event, fields) => void (event === 'api.refused' && told.push(fields ?? {})),
  warn: (event, fields) => void (event === 'api.refused' && told.push(fields ?? {})),
  error: (event, fields) => {
    throw new Error(`${event} ${JSON.stringify(fields)}`);
  },
  with: () => log,
};
const holders = new Map<string, Holder>();
let server: TlsServer;
let watching: AsyncIterator<WatchMessage>;

beforeAll(async () => {
  server = await startTlsServer({ log });
  watching = server
    .client(await holder('good', ['operator']))
    .watch({ kind: 'lrps' }, limits)
    [Symbol.asyncIterator]();
  await watching.next();
});
afterAll(() => server.close());
beforeEach(async () => {
  // What was told lately is only counted.
  await server.clock.advance(11_000);
  told.length = 0;
});

async function holder(name: string, roles: readonly Role[]): Promise<Holder> {
  const made = holders.get(name) ?? (await server.holder(name, roles));
  holders.set(name, made);
  return made;
}

/** The good client, which has been connected from the beginning, makes a change and is told of it. */
let changes = 0;
async function expectUndisturbed(): Promise<void> {
  changes += 1;
  const client = server.client(await holder('good', ['operator']));
  const guid = `fine-${changes}`;
  await client.call('desireLrp', { body: { guid, image: 'demo' } as never }, limits);
  const { value } = await watching.next();
  expect(JSON.stringify(value)).toContain(guid);
}

function expectTold(code: string, reason: RegExp): void {
  expect(told).toContainEqual(
    expect.objectContaining({ code, from: '127.0.0.1', reason: expect.stringMatching(reason) }),
  );
}

const nobody = { current: () => ({ ca: server.authorities.cluster.certificate }) };

async function ask(
  as: Parameters<typeof rawHttp>[1],
  lines: readonly string[],
  body: Uint8Array | string = '',
) {
  const line = await rawHttp(server.listening.address, as);
  const head = [...lines, 'host: skep', `content-length: ${Buffer.byteLength(body)}`, '', ''].join('\r\n');
  const answer = await line.ask(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]));
  line.close();
  return answer;
}

function expectRefusal(answer: RawAnswer | undefined, status: number, code: string, reason: RegExp): void {
  expect(answer?.status, answer?.body).toBe(status);
  const { error } = JSON.parse(answer?.body ?? '{}') as { error: { code: string; message: string } };
  expect(error.code).toBe(code);
  expect(error.message).toMatch(reason);
}

test.each([
  ['no certificate', async () => nobody, 401, 'Unauthenticated', /none was shown/],
  [
    "another authority's certificate",
    async () => {
      const other = await testAuthorities(server.clusterId, server.clock.now());
      const { certificate, key } = (
        await holderOf(other, server.clock.now(), 'mallory', ['admin'])
      ).current();
      return { current: () => ({ ca: server.authorities.cluster.certificate, certificate, key }) };
    },
    401,
    'Unauthenticated',
    /another authority/,
  ],
  [
    'a certificate that has expired',
    async () => {
      const late = await server.holder('late', ['admin'], 60_000);
      await server.clock.advance(61_000);
      return late;
    },
    401,
    'Unauthenticated',
    /expired at/,
  ],
  [
    'a certificate that was revoked',
    async () => {
      const gone = await server.holder('gone', ['admin']);
      const admin = server.client(await holder('root', ['admin']));
      await admin.call('revokeCertificates', { params: { which: gone.serial }, query: {} }, limits);
      return gone;
    },
    401,
    'Unauthenticated',
    /was revoked at/,
  ],
  [
    "a cell's certificate",
    async () => await holder('c-1', ['cell']),
    403,
    'Unauthorized',
    /c-1 \(cell\) may not change/,
  ],
  [
    "a viewer's certificate",
    async () => await holder('vera', ['viewer']),
    403,
    'Unauthorized',
    /vera \(viewer\) may not/,
  ],
] as const)('%s changes nothing', async (_name, as, status, code, reason) => {
  const given = await as();
  const before = server.bbs.store.revision;
  const answer = await ask(given, ['POST /v1/lrps HTTP/1.1'], '{"guid":"evil","image":"x"}');
  expectRefusal(answer, status, code, reason);
  expect(server.bbs.store.revision).toBe(before);
  expectTold(code, reason);
  await expectUndisturbed();
});

const post = ['POST /v1/lrps HTTP/1.1', 'content-type: application/json'];
const deep = '['.repeat(500_000) + ']'.repeat(500_000);
const array = JSON.stringify({ guid: 'web', image: 'x', ports: Array.from({ length: 100_000 }, () => 80) });

test.each([
  ['a body that is too large', post, 'x'.repeat(1_100_000), 413, 'TooLarge', /larger than 1 MiB/],
  ['headers that are too large', [...post, `x: ${'y'.repeat(20_000)}`], '', 413, 'TooLarge', /headers/],
  [
    'a bomb in gzip',
    [...post, 'content-encoding: gzip'],
    gzipSync('0'.repeat(50_000_000)),
    400,
    'InvalidRequest',
    /not UTF-8/,
  ],
  ['JSON as deep as it goes', post, deep, 400, 'InvalidRequest', /body: is nested more than 64 levels deep/],
  ['a huge array', post, array, 400, 'InvalidRequest', /ports/],
  [
    '__proto__',
    post,
    '{"guid":"w","image":"x","__proto__":{"admin":true}}',
    400,
    'InvalidRequest',
    /__proto__/,
  ],
  ['1e999', post, '{"guid":"w","image":"x","instances":1e999}', 400, 'InvalidRequest', /instances/],
  ['NaN', post, '{"guid":"w","image":"x","instances":NaN}', 400, 'InvalidRequest', /not JSON/],
  [
    'bytes that are no UTF-8',
    post,
    Buffer.from('7b2267756964223a22ff227d', 'hex'),
    400,
    'InvalidRequest',
    /not UTF-8/,
  ],
  [
    'what expects more than there is',
    [...post, 'expect: the-impossible'],
    '',
    400,
    'InvalidRequest',
    /expect/,
  ],
  ['a browser', [...post, 'origin: http://evil.example'], '{}', 403, 'Unauthorized', /browsers/],
  ['no HTTP at all', ['\u0000\u0001 nonsense'], '', 400, 'InvalidRequest', /not HTTP/],
] as const)('%s', async (_name, lines, body, status, code, reason) => {
  const answer = await ask(await holder('oscar', ['operator']), lines, body);
  expectRefusal(answer, status, code, reason);
  expectTold(code, reason);
  expect({}).not.toHaveProperty('admin');
  await expectUndisturbed();
});

test('of a key that comes twice the last one counts, here as everywhere', async () => {
  const body = '{"guid":"first","guid":"second","image":"x"}';
  const answer = await ask(await holder('oscar', ['operator']), post, body);
  expect(JSON.parse(answer?.body ?? '')).toMatchObject({ desired: { guid: 'second' } });
  await watching.next();
});

test('plain HTTP on the port of the API', async () => {
  const [host = '', port = ''] = server.listening.address.split(':');
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(Number(port), host, () =>
      socket.write('GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n'),
    );
    socket.on('data', (data) => {
      text += data.toString();
    });
    socket.on('close', () => resolve(text));
  });
  expect(answer).toMatch(/^HTTP\/1.1 400[^]*InvalidRequest[^]*this port speaks TLS 1\.3/);
  expectTold('InvalidRequest', /speaks TLS/);
  await expectUndisturbed();
});

const sessionPath = `${cellSessionPath}?cell=c-1&protocol=${cellProtocolVersion}`;
const dial = async (path: string, as: Holder) =>
  await wsDial(`wss://${server.listening.address}${path}`, { signal, tls: as });

test.each([
  ['no JSON', '{', /not JSON/],
  ['no request', '{"type":"welcome"}', /malformed/],
  ['an unknown method', '{"type":"request","id":1,"method":"__proto__","params":{}}', /malformed/],
  ['bytes', new Uint8Array([1, 2, 3]), /text messages/],
  ['JSON as deep as it goes', deep, /malformed/],
] as const)('a cell that says %s loses its session and nothing else', async (_name, frame, reason) => {
  const socket = await dial(sessionPath, await holder('c-1', ['cell']));
  await socket.send(frame);
  expect(await socket.closed).toMatchObject({ code: 4400, reason: expect.stringMatching(reason) });
  await expectUndisturbed();
});

test('a report about what another cell holds is refused, and said to this cell alone', async () => {
  const socket = await dial(sessionPath, await holder('c-1', ['cell']));
  const params = { guid: 'fine-1', index: 0, instanceGuid: 'i-of-c-2', reason: 'x' };
  await socket.send(JSON.stringify({ type: 'request', id: 7, method: 'crashed', params }));
  for await (const text of socket.messages) {
    const message = JSON.parse(String(text)) as { type: string };
    if (message.type !== 'response') continue;
    expect(message).toMatchObject({ id: 7, error: { code: 'ResourceNotFound' } });
    break;
  }
  socket.close();
  await expectUndisturbed();
});

test.each([
  ['a question to a view', '/v1/view', 'vera', ['viewer'], 65_537],
  ['a report of a cell', sessionPath, 'c-1', ['cell'], 1_048_577],
] as const)('%s that is too large is not even held in memory', async (_name, path, name, roles, size) => {
  const socket = await dial(path, await holder(name, roles));
  await socket.send('x'.repeat(size)).catch(() => undefined);
  expect((await socket.closed).code).toBe(1009);
  // This end hears of it a moment later.
  await vi.waitFor(() => expectTold('InvalidRequest', /payload/i), 10_000);
  await expectUndisturbed();
});
