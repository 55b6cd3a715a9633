/** What must be refused, each with a reason, on a real listener: certificates, rights, tokens, the transport itself. */
import { request as httpRequest } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refusal } from '../../../test/kit/refusal.ts';
import { holderOf, startTlsServer, type TlsServer, testAuthorities } from '../../../test/kit/tls-server.ts';
import type { TlsSource } from '../../base/certificates.ts';
import { fetchAuthority } from '../../base/node/pinned-authority.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import { x509Maker } from '../../base/node/x509-maker.ts';
import { createClient } from '../client.ts';
import { cellProtocolVersion, cellSessionPath } from '../core/cell-protocol.ts';

let server: TlsServer;
const signal = new AbortController().signal;
const limits = { signal };

beforeEach(async () => {
  server = await startTlsServer();
});
afterEach(() => server.close());

const change = (holder: TlsSource, name = 'apps') =>
  server.client(holder).call('upsertDomain', { params: { name }, body: {} }, limits);

const session = (holder: TlsSource | undefined, cell: string) =>
  wsDial(`wss://${server.listening.address}${cellSessionPath}?cell=${cell}&protocol=${cellProtocolVersion}`, {
    signal,
    tls: holder ?? { current: () => ({ ca: server.authorities.cluster.certificate }) },
  });

test('without a certificate only the version is told', async () => {
  expect(await server.client().call('version', {}, limits)).toMatchObject({ server: 'host-a' });
  for (const route of ['status', 'listTokens', 'whoAmI', 'listCertificates'] as const) {
    expect(await refusal(server.client().call(route, {}, limits))).toMatchObject({
      code: 'Unauthenticated',
      hint: expect.stringContaining('skep ctx'),
    });
  }
  expect(await refusal(session(undefined, 'c-1'))).toMatchObject({ code: 'Unauthenticated' });
});

test("another authority's certificate counts for nothing, and its bearer is told why", async () => {
  const other = await testAuthorities(server.clusterId, server.clock.now());
  const { certificate, key } = (await holderOf(other, server.clock.now(), 'mallory', ['admin'])).current();
  const tls = { current: () => ({ ca: server.authorities.cluster.certificate, certificate, key }) };
  expect(await refusal(server.client(tls).call('status', {}, limits))).toMatchObject({
    code: 'Unauthenticated',
    message: expect.stringContaining('another authority'),
  });
});

test("a certificate of the store's authority does not open the API", async () => {
  const now = server.clock.now();
  const { key, request } = await x509Maker.request('host-a');
  const subject = {
    name: 'host-a',
    uri: `skep://${server.clusterId}/admin/host-a`,
    addresses: [],
    hostNames: [],
  };
  const validity = { notBefore: now - 1_000, notAfter: now + 60_000 };
  const { certificate } = await x509Maker.issue(server.authorities.store, request, subject, validity);
  const tls = { current: () => ({ ca: server.authorities.cluster.certificate, certificate, key }) };
  expect(await refusal(server.client(tls).call('status', {}, limits))).toMatchObject({
    code: 'Unauthenticated',
  });
});

test('an expired certificate is refused, and what it had opened ends', async () => {
  const shortly = await server.holder('carol', ['operator'], 120_000);
  const client = server.client(shortly);
  await client.call('status', {}, limits);
  const feed = client.watch({ kind: 'lrps' }, limits)[Symbol.asyncIterator]();
  await feed.next();
  await server.clock.advance(120_000);
  expect(await refusal(feed.next())).toMatchObject({ code: 'Unavailable' });
  expect(await refusal(client.call('status', {}, limits))).toMatchObject({
    code: 'Unauthenticated',
    message: expect.stringContaining('expired at'),
  });
});

test('a revoked certificate is refused at once, and its connections end', async () => {
  const admin = server.client(await server.holder('root', ['admin']));
  const { key, request } = await x509Maker.request('dave');
  const body = {
    name: 'dave' as never,
    role: 'operator',
    console: false,
    ttlMs: 3_600_000,
    request,
  } as const;
  const { certificate, ca } = await admin.call('addUser', { body }, limits);
  const dave = server.client({ current: () => ({ ca, certificate, key }) });
  const feed = dave.watch({ kind: 'lrps' }, limits)[Symbol.asyncIterator]();
  await feed.next();
  await admin.call('revokeUser', { params: { name: 'dave' } }, limits);
  expect(await refusal(feed.next())).toMatchObject({ code: 'Unavailable' });
  expect(await refusal(dave.call('status', {}, limits))).toMatchObject({
    code: 'Unauthenticated',
    message: expect.stringContaining('revoked'),
  });
});

test("a cell's certificate is no operator's, nor an operator's a cell's", async () => {
  const cell = await server.holder('c-1', ['cell']);
  for (const route of ['status', 'listTokens', 'listUsers'] as const) {
    expect(await refusal(server.client(cell).call(route, {}, limits))).toMatchObject({
      code: 'Unauthorized',
    });
  }
  expect(await refusal(change(cell))).toMatchObject({
    code: 'Unauthorized',
    message: expect.stringContaining('c-1 (cell) may not change'),
  });
  const operator = await server.holder('olga', ['operator', 'console']);
  expect(await refusal(session(operator, 'c-1'))).toMatchObject({ code: 'Unauthorized' });
  const join = { body: { server: 'x', peerUrl: 'https://127.0.0.1:1' } };
  expect(await refusal(server.client(operator).call('joinServer', join, limits))).toMatchObject({
    code: 'Unauthorized',
  });
});

test('a cell speaks for itself only', async () => {
  const cell = await server.holder('c-2', ['cell']);
  expect(await refusal(session(cell, 'c-1'))).toMatchObject({
    code: 'Unauthorized',
    message: expect.stringContaining('not for c-1'),
  });
  const socket = await session(cell, 'c-2');
  const presence = {
    v: 1,
    cellId: 'c-1',
    bootId: 'b',
    zone: 'z',
    os: 'linux',
    arch: 'x64',
    address: '127.0.0.1',
    version: '1',
    capacity: {
      memoryMb: 1,
      diskMb: 1,
      containers: 1,
    },
    engine: {
      ok: true,
      name: 'd',
    },
    registeredAt: 1,
  };
  await socket.send(JSON.stringify({ type: 'request', id: 7, method: 'register', params: { presence } }));
  for await (const text of socket.messages) {
    const message = JSON.parse(String(text)) as { type: string; error?: unknown };
    if (message.type !== 'response') continue;
    expect(message.error).toMatchObject({ code: 'Unauthorized' });
    break;
  }
  socket.close();
  expect(server.replica.state.cells.has('c-1' as never)).toBe(false);
});

test('a viewer changes nothing and enters nothing; an operator without console enters nothing', async () => {
  const viewer = await server.holder('vera', ['viewer']);
  expect(await server.client(viewer).call('whoAmI', {}, limits)).toMatchObject({
    name: 'vera',
    roles: ['viewer'],
  });
  expect(await refusal(change(viewer))).toMatchObject({
    code: 'Unauthorized',
    message: 'vera (viewer) may not change workloads, cells or settings',
    hint: expect.stringContaining('operator or admin'),
  });
  const operator = await server.holder('oleg', ['operator']);
  await change(operator);
  for (const holder of [viewer, operator]) {
    for (const kind of ['exec', 'attach', 'console'] as const) {
      const opened = server.client(holder).openStream({ kind, target: 'web/0', arg: ['sh'] }, limits);
      expect(await refusal(opened)).toMatchObject({
        code: 'Unauthorized',
        hint: expect.stringContaining('console'),
      });
    }
  }
});

test('what was done is in the journal with who, how known and from where', async () => {
  await change(await server.holder('olive', ['operator']), 'olives');
  const viewer = server.client(await server.holder('victor', ['viewer']));
  const { rows } = await viewer.call('listEvents', { query: {} }, limits);
  expect(rows.map(({ actor }) => actor)).toContain('olive (operator, certificate) from 127.0.0.1');
});

test("nobody reads the authorities' keys through the API", async () => {
  const admin = server.client(await server.holder('root2', ['admin', 'console']));
  await server.holder('gone', ['cell']);
  await admin.call('revokeCertificates', { query: {}, params: { which: 'gone' } }, limits);
  const dump = await admin.call('debugState', { query: {} }, limits);
  const events = await admin.call('listEvents', { query: {} }, limits);
  const certificates = await admin.call('listCertificates', {}, limits);
  const text = JSON.stringify([dump, events, certificates]);
  expect(text).not.toContain('PRIVATE KEY');
  expect(text).not.toContain('auth/ca');
  expect(text).not.toContain('secretHash');
  expect(text).toContain('auth/revoked');
});

test('who only pretends to be a server is not believed by clients', async () => {
  const cell = (await server.holder('c-3', ['cell'])).current();
  const fake = createServer({ key: cell.key, cert: cell.certificate, minVersion: 'TLSv1.3' }, (socket) =>
    socket.end(),
  );
  await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
  const { port } = fake.address() as { port: number };
  const holder = await server.holder('paula', ['operator']);
  const client = createClient({
    servers: [`127.0.0.1:${port}`],
    tls: holder,
    dial: wsDial,
    clock: systemClock,
  });
  expect(await refusal(client.call('version', {}, limits))).toMatchObject({
    code: 'Unauthenticated',
    message: expect.stringContaining('c-3 (cell)'),
  });
  fake.close();
});

test('a man in the middle at join shows another authority and is told nothing', async () => {
  const other = await testAuthorities('skep-other', systemClock.now());
  const mallory = (await holderOf(other, systemClock.now(), 'host-a', ['server'])).current();
  let heard = 0;
  const chain = `${mallory.certificate}${other.cluster.certificate}`;
  const middle = createServer({ key: mallory.key, cert: chain }, (socket) => {
    socket.on('data', (data) => {
      heard += data.length;
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => middle.listen(0, '127.0.0.1', resolve));
  const { port } = middle.address() as { port: number };
  const pin = x509Maker.certificateHash(server.authorities.cluster.certificate);
  expect(await refusal(fetchAuthority(`127.0.0.1:${port}`, pin, signal))).toMatchObject({
    code: 'Unauthenticated',
    hint: expect.stringContaining('the token was not sent'),
  });
  expect(heard).toBe(0);
  middle.close();
  expect(await fetchAuthority(server.listening.address, pin, signal)).toBe(
    server.authorities.cluster.certificate,
  );
});

const port = (): number => Number(server.listening.address.split(':')[1]);

test('plain HTTP is told that this port speaks TLS, TLS 1.2 gets its alert, and the server goes on', async () => {
  const plain = new Promise<string>((resolve) => {
    const request = httpRequest({ host: '127.0.0.1', port: port(), path: '/v1/version' }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => resolve(`${response.statusCode} ${text}`));
    });
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    request.end();
  });
  expect(await plain).toMatch(/^400 .*InvalidRequest.*this port speaks TLS 1\.3/);
  const old = new Promise<string>((resolve) => {
    const socket = connect({
      host: '127.0.0.1',
      port: port(),
      maxVersion: 'TLSv1.2',
      rejectUnauthorized: false,
    });
    socket.on('secureConnect', () => resolve('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  });
  expect(await old).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  await server.client().call('version', {}, limits);
});

/** Says some bytes over TLS and collects the answer until the server ends the connection. */
function say(holder: TlsSource, bytes: string | Buffer): Promise<string> {
  const { ca, certificate, key } = holder.current();
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({
      host: '127.0.0.1',
      port: port(),
      ca,
      key,
      minVersion: 'TLSv1.3',
      checkServerIdentity: () => undefined,
      ...(certificate === undefined ? {} : { cert: certificate }),
    });
    socket.on('secureConnect', () => socket.write(bytes));
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

test('what is too large or no HTTP at all is refused, and the server goes on', async () => {
  const operator = await server.holder('oscar', ['operator']);
  const large = `POST /v1/lrps HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 99999999\r\n\r\n${'x'.repeat(10_000)}`;
  expect(await say(operator, large)).toMatch(/^HTTP\/1.1 413[^]*TooLarge/);
  expect(await say(operator, '\x00\x01\x02 nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400[^]*not HTTP/);
  const headers = `GET /v1/version HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`;
  expect(await say(operator, headers)).toMatch(/^HTTP\/1.1 413[^]*larger than 16 KiB/);
  await server.client(operator).call('status', {}, limits);
});

test('malformed WebSocket frames end that socket and nothing else', async () => {
  const operator = await server.holder('otto', ['operator']);
  const upgrade =
    'GET /v1/view HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
  const unmasked = Buffer.from([0x81, 0x02, 0x68, 0x69]);
  const hugeFrame = Buffer.from([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
  for (const frame of [unmasked, hugeFrame]) {
    expect(await say(operator, Buffer.concat([Buffer.from(upgrade), frame]))).toMatch(/^HTTP\/1.1 101/);
  }
  await server.client(operator).call('status', {}, limits);
});

test('a client that sends nothing keeps nobody waiting', async () => {
  const idle = Array.from({ length: 50 }, () => connectTcp(port(), '127.0.0.1'));
  await server.client().call('version', {}, limits);
  for (const socket of idle) socket.destroy();
});

test('a certificate that was renewed is shown to whoever connects next, without a restart', async () => {
  const shown = () =>
    new Promise<string>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: port(), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
        socket.destroy();
      });
    });
  const before = await shown();
  const next = await holderOf(server.authorities, server.clock.now(), 'host-a', ['server', 'cell']);
  server.replace(next.current());
  expect(await shown()).toBe(next.serial);
  expect(next.serial).not.toBe(before);
  await server.client(await server.holder('orla', ['operator'])).call('version', {}, limits);
});
