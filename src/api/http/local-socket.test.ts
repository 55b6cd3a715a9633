/** The local socket of a cluster with TLS: whoever is at the other end proves it. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTlsServer, type TlsServer } from '../../../test/kit/tls-server.ts';
import type { TlsSource } from '../../base/certificates.ts';
import { x509Maker } from '../../base/node/x509-maker.ts';

let server: TlsServer;
const limits = { signal: new AbortController().signal };
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  server = await startTlsServer();
});
afterAll(() => server.close());

test('without proof nothing but the version is told', async () => {
  await server.local(false).call('version', {}, limits);
  await expect(server.local(false).call('status', {}, limits)).rejects.toMatchObject({
    code: 'Unauthenticated',
  });
});

test.skipIf(!isRoot)('root is admin and may enter; calls and sockets use one proof', async () => {
  const local = server.local(true);
  expect(await local.call('whoAmI', {}, limits)).toEqual({
    name: 'uid 0',
    roles: ['admin', 'console'],
    how: 'socket',
  });
  await local.call('listTokens', {}, limits);
  const feed = local.watch({ kind: 'lrps' }, limits)[Symbol.asyncIterator]();
  expect(await feed.next()).toMatchObject({ value: { type: 'snapshot' } });
  await feed.return?.();
});

test.skipIf(!isRoot)('a session that began on the socket goes on over TLS with the same rights', async () => {
  const { key, request } = await x509Maker.request('uid-0');
  const { pass } = await server.local(true).call('enter', { body: { request } }, limits);
  if (pass === undefined) throw new Error('no pass was given');
  const { ca, certificate } = pass;
  const tls: TlsSource = { current: () => ({ ca, certificate, key }) };
  const elsewhere = server.client(tls);
  expect(await elsewhere.call('whoAmI', {}, limits)).toMatchObject({
    roles: ['admin', 'console'],
    how: 'certificate',
  });
  await expect(elsewhere.call('enter', { body: { request } }, limits)).rejects.toMatchObject({
    code: 'InvalidRequest',
  });
});

test('a proof that has run out is made again', async () => {
  // A server of its own: what it signs after hours that nobody else's clock has seen is not valid yet.
  const later = await startTlsServer();
  onTestFinished(() => later.close());
  const local = later.local(true);
  await local.call('whoAmI', {}, limits);
  await later.clock.advance(13 * 3_600_000);
  await local.call('whoAmI', {}, limits);
});

test('tickets are for the local socket only', async () => {
  const holder = await server.holder('vera', ['viewer']);
  await server.clock.settle();
  await expect(server.client(holder).call('challenge', {}, limits)).rejects.toMatchObject({
    code: 'InvalidRequest',
  });
});
