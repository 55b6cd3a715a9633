import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refusal } from '../../../../test/kit/refusal.ts';
import { startTlsServer, type TlsServer } from '../../../../test/kit/tls-server.ts';
import { certificateFacts } from '../../../base/node/x509-facts.ts';
import { x509Maker } from '../../../base/node/x509-maker.ts';
import type { Client } from '../../client.ts';
import { parseToken } from '../../core/join-token.ts';

let server: TlsServer;
let admin: Client;
const limits = { signal: new AbortController().signal };

beforeEach(async () => {
  server = await startTlsServer();
  admin = server.client(await server.holder('root', ['admin']));
});
afterEach(() => server.close());

type Role = 'server' | 'cell';

async function tokenFor(role: Role, uses = 1, ttlMs = 60_000) {
  const { token } = await admin.call('createToken', { body: { role, uses, ttlMs } }, limits);
  const { id, secret } = parseToken(token);
  return { tokenId: id, secret, role };
}

async function joinAs(
  name: string,
  token: { tokenId: string; secret: string; role: Role },
  request?: string,
) {
  const made = await x509Maker.request(name);
  const storeRequest = token.role === 'server' ? { storeRequest: made.request } : {};
  const body = {
    ...token,
    name: name as never,
    addresses: ['127.0.0.1'],
    request: request ?? made.request,
    ...storeRequest,
  };
  const answer = await server.client().call('join', { body }, limits);
  return { answer, key: made.key };
}

test('a cell joins and is known by its certificate from then on', async () => {
  const { answer, key } = await joinAs('cell-1', await tokenFor('cell'));
  expect(answer.store).toBeUndefined();
  const { identity } = certificateFacts(answer.certificate);
  expect(identity).toEqual({ clusterId: 'skep-test', roles: ['cell'], name: 'cell-1' });
  const cell = server.client({ current: () => ({ ca: answer.ca, certificate: answer.certificate, key }) });
  expect(await refusal(cell.call('status', {}, limits))).toMatchObject({ code: 'Unauthorized' });
});

test('a server gets a certificate for the store too, and that is of another authority', async () => {
  const { answer } = await joinAs('server-1', await tokenFor('server'));
  expect(certificateFacts(answer.certificate).identity?.roles).toEqual(['server', 'cell']);
  const store = new X509Certificate(answer.store?.certificate ?? '');
  expect(store.verify(new X509Certificate(server.authorities.store.certificate).publicKey)).toBe(true);
  expect(store.verify(new X509Certificate(server.authorities.cluster.certificate).publicKey)).toBe(false);
  expect(store.subjectAltName).toBe('IP Address:127.0.0.1, DNS:localhost');
});

test('a token is good for as many hosts as it says, also when they come at once', async () => {
  const token = await tokenFor('cell', 2);
  const names = ['many-1', 'many-2', 'many-3', 'many-4'];
  const outcomes = await Promise.allSettled(names.map((name) => joinAs(name, token)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  expect(await refusal(joinAs('many-5', token))).toMatchObject({
    code: 'Unauthenticated',
    message: expect.stringContaining('as often as it may be'),
  });
});

test('who lost the answer asks again with the same key, which costs no use', async () => {
  const token = await tokenFor('cell');
  const { request } = await x509Maker.request('again');
  await joinAs('again', token, request);
  const { answer } = await joinAs('again', token, request);
  expect(certificateFacts(answer.certificate).identity?.name).toBe('again');
  expect(await refusal(joinAs('other', token))).toMatchObject({ code: 'Unauthenticated' });
});

test('a wrong, late, revoked or mistaken token is refused with the reason', async () => {
  const token = await tokenFor('cell', 9);
  expect(await refusal(joinAs('w-1', { ...token, secret: `${token.secret.slice(0, -1)}!` }))).toMatchObject({
    code: 'Unauthenticated',
  });
  expect(await refusal(joinAs('w-2', { ...token, role: 'server' }))).toMatchObject({
    code: 'Unauthorized',
    message: `token ${token.tokenId} is for a cell, and this host asks to be a server`,
  });
  await admin.call('revokeToken', { params: { id: token.tokenId } }, limits);
  expect(await refusal(joinAs('w-3', token))).toMatchObject({
    message: expect.stringContaining('not known'),
  });
  const short = await tokenFor('cell');
  await server.clock.advance(61_000);
  expect(await refusal(joinAs('w-4', short))).toMatchObject({
    message: expect.stringContaining('expired at'),
  });
});

test('nobody takes the name of a host that is there; one that was revoked may come again', async () => {
  const token = await tokenFor('cell', 9);
  const { answer, key } = await joinAs('taken', token);
  expect(await refusal(joinAs('taken', token))).toMatchObject({
    code: 'ResourceExists',
    hint: expect.stringContaining('skep cert revoke taken'),
  });
  await admin.call('revokeCertificates', { query: {}, params: { which: 'taken' } }, limits);
  const old = server.client({ current: () => ({ ca: answer.ca, certificate: answer.certificate, key }) });
  const { request } = await x509Maker.request('taken');
  const renewal = old.call('renewCertificate', { body: { addresses: ['127.0.0.1'], request } }, limits);
  expect(await refusal(renewal)).toMatchObject({ code: 'Unauthenticated' });
  await joinAs('taken', token);
});

test('a host renews its certificate for a fresh key and stays who it is', async () => {
  const { answer, key } = await joinAs('renewing', await tokenFor('cell'));
  const before = certificateFacts(answer.certificate);
  const client = server.client({ current: () => ({ ca: answer.ca, certificate: answer.certificate, key }) });
  const { request } = await x509Maker.request('whoever');
  const renewed = await client.call(
    'renewCertificate',
    { body: { addresses: ['127.0.0.1'], request } },
    limits,
  );
  const after = certificateFacts(renewed.certificate);
  expect(after.identity).toEqual(before.identity);
  expect(after.serial).not.toBe(before.serial);
});

test('neither tokens nor the journal show a secret; every attempt is in it', async () => {
  const token = await tokenFor('cell');
  await joinAs('told', token);
  await refusal(joinAs('mistaken', { ...token, role: 'server' }));
  const { rows } = await admin.call('listTokens', {}, limits);
  const { rows: events } = await server
    .client(await server.holder('vera', ['viewer']))
    .call('listEvents', { query: {} }, limits);
  const text = JSON.stringify([rows, events]);
  expect(text).not.toContain(token.secret);
  expect(text).not.toContain('secretHash');
  const lines = events.filter(({ type }) => type === 'auth.join').map(({ message }) => message);
  expect(lines.some((line) => line.includes('told joined as a cell'))).toBe(true);
  expect(lines.some((line) => line.includes('mistaken was refused as a server'))).toBe(true);
});

test('who fails too often has to wait', async () => {
  const token = await tokenFor('cell');
  let last: unknown;
  for (let tries = 0; tries < 11; tries++) last = await refusal(joinAs('noisy', { ...token, secret: 'no' }));
  expect(last).toMatchObject({ code: 'Busy' });
  await server.clock.advance(60_000);
  await joinAs('noisy', await tokenFor('cell'));
});
