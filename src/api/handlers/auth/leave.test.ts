import { afterEach, beforeEach, expect, test } from 'vitest';
import { refusal } from '../../../../test/kit/refusal.ts';
import { startTlsServer, type TlsServer } from '../../../../test/kit/tls-server.ts';
import { silentLog } from '../../../base/log.ts';
import { certificateFacts } from '../../../base/node/x509-facts.ts';
import { x509Maker } from '../../../base/node/x509-maker.ts';
import { lifeMs } from '../../../model/auth.ts';
import { certificatePrefix, revokedKey } from '../../../store/core/keys.ts';
import type { Client } from '../../client.ts';
import { parseToken } from '../../core/join-token.ts';
import { serverCertificates } from './leave.ts';

let server: TlsServer;
let admin: Client;
const { signal } = new AbortController();
const limits = { signal };

beforeEach(async () => {
  server = await startTlsServer();
  admin = server.client(await server.holder('root', ['admin']));
});
afterEach(() => server.close());

interface Held {
  readonly key: string;
  readonly certificate: string;
  readonly ca: string;
}
const clientOf = (held: Held): Client => server.client({ current: () => held });
const serialOf = ({ certificate }: { certificate: string }): string => certificateFacts(certificate).serial;

/** Joins as a server; with a key that is known, again. */
async function joined(name: string, key?: string): Promise<Held> {
  const { token } = await admin.call(
    'createToken',
    { body: { role: 'server', uses: 1, ttlMs: 60_000 } },
    limits,
  );
  const { id: tokenId, secret } = parseToken(token);
  const made = key === undefined ? await x509Maker.request(name) : undefined;
  const request = made?.request ?? (await x509Maker.requestFor(name, key ?? ''));
  const { request: storeRequest } = await x509Maker.request(name);
  const host = { name: name as never, addresses: ['127.0.0.1'], request, storeRequest };
  const body = { tokenId, secret, role: 'server', ...host } as const;
  const answer = await server.client().call('join', { body }, limits);
  return { ca: answer.ca, certificate: answer.certificate, key: made?.key ?? key ?? '' };
}

const leaving = (name: string) =>
  serverCertificates({ bbs: server.bbs, clock: server.clock, log: silentLog }).leaving(name, {
    by: 'alice',
    signal,
  });

/** As the leader's keeper does it. */
async function removed(name: string): Promise<readonly string[]> {
  const { compare, puts, serials } = await leaving(name);
  const [outcome] = await server.bbs.commit([{ compare, puts }], { signal });
  expect(outcome?.committed).toBe(true);
  await server.replica.waitFor(server.bbs.store.revision, 5_000, signal);
  return serials;
}

async function renewed(held: Held, asServer: boolean): Promise<Held> {
  const { key, request } = await x509Maker.request('whoever');
  const storeRequest = asServer ? { storeRequest: request } : {};
  const body = { addresses: ['127.0.0.1'], request, ...storeRequest };
  const answer = await clientOf(held).call('renewCertificate', { body }, limits);
  return { ca: answer.ca, certificate: answer.certificate, key };
}

const joinsStore = (held: Held) =>
  refusal(
    clientOf(held).call(
      'joinServer',
      { body: { server: 'x' as never, peerUrl: 'https://10.0.0.1:7402' } },
      limits,
    ),
  );

test('a server that was removed speaks as a cell only, is told why, and what it holds for etcd is revoked', async () => {
  const held = await joined('b');
  expect((await clientOf(held).call('whoAmI', {}, limits)).roles).toEqual(['server', 'cell']);
  expect(await removed('b')).toEqual([serialOf(held)]);
  const why = {
    code: 'Unauthorized',
    message: expect.stringMatching(/^b was removed from the servers at .* \(alice\): .* a cell only$/),
    hint: expect.stringContaining('skep server add b'),
  };
  expect(await refusal(clientOf(held).call('whoAmI', {}, limits))).toMatchObject(why);
  expect(await joinsStore(held)).toMatchObject(why);
  await clientOf(held).call('confirmTrust', { body: { epoch: 0 } }, limits);
  const revocation = server.replica.state.revoked.get(serialOf(held))?.value;
  expect(revocation).toMatchObject({ storeSerial: expect.stringMatching(/^[0-9A-F]+$/) });
  const { rows } = await admin.call('listCertificates', {}, limits);
  const row = rows.find(({ serial }) => serial === serialOf(held));
  expect(row).toMatchObject({ roles: ['cell'] });
  expect(row?.revokedAt).toBeUndefined();
});

test('a host that stands down by itself loses what it had as a server; one that only renews does not', async () => {
  const first = await joined('d');
  const second = await renewed(first, true);
  expect(await joinsStore(first)).not.toMatchObject({ code: 'Unauthorized' });
  await renewed(second, false);
  for (const held of [first, second]) {
    expect(await joinsStore(held)).toMatchObject({ code: 'Unauthorized' });
    const revocation = server.replica.state.revoked.get(serialOf(held))?.value;
    expect(revocation).toMatchObject({
      by: expect.stringContaining('d (server+cell'),
      storeSerial: expect.any(String),
    });
  }
  const told = [...server.replica.state.events.values()].map(
    ({ subject, message }) => `${subject}: ${message}`,
  );
  expect(told).toContainEqual(
    expect.stringMatching(
      new RegExp(`^d: d has the certificate of a cell: .* of .*${serialOf(second)}.*: no server's any more`),
    ),
  );
});

test('added again it is a server by its new certificates', async () => {
  const held = await joined('e');
  await removed('e');
  const again = await joined('e', held.key);
  expect((await clientOf(again).call('whoAmI', {}, limits)).roles).toEqual(['server', 'cell']);
  expect(await joinsStore(held)).toMatchObject({ code: 'Unauthorized' });
});

test('what was revoked for good stays so, and whoever does it meanwhile has the last word', async () => {
  const held = await joined('f');
  const plan = await leaving('f');
  await admin.call('revokeCertificates', { query: {}, params: { which: 'f' } }, limits);
  const [outcome] = await server.bbs.commit([plan], { signal });
  expect(outcome).toEqual({ committed: false });
  expect(await removed('f')).toEqual([]);
  expect(await refusal(clientOf(held).call('whoAmI', {}, limits))).toMatchObject({ code: 'Unauthenticated' });
  const other = await joined('g');
  await removed('g');
  await admin.call('revokeCertificates', { query: {}, params: { which: 'g' } }, limits);
  expect(await refusal(renewed(other, false))).toMatchObject({ code: 'Unauthenticated' });
});

test('a certificate that is made at this moment is not overlooked', async () => {
  const held = await joined('h');
  const { compare, puts } = await leaving('h');
  const newer = await renewed(held, true);
  expect(await server.bbs.commit([{ compare, puts }], { signal })).toEqual([{ committed: false }]);
  expect(await removed('h')).toHaveLength(2);
  expect(await joinsStore(newer)).toMatchObject({ code: 'Unauthorized' });
});

test('a record that cannot be read keeps nobody among the members', async () => {
  await joined('i');
  const key = `${certificatePrefix}SPOILED`;
  await server.bbs.commit([{ compare: [], puts: [{ key, value: '{' }] }], { signal });
  const { puts } = await leaving('i');
  expect(puts.map((one) => one.key)).toEqual([expect.stringMatching(`^${revokedKey('')}`)]);
});

test('it gets no certificate of a server by asking, but that of a cell, and a day later the old one is over', async () => {
  const held = await joined('c');
  await removed('c');
  expect(await refusal(renewed(held, true))).toMatchObject({ message: expect.stringContaining('removed') });
  const cell = await renewed(held, false);
  expect(certificateFacts(cell.certificate).identity?.roles).toEqual(['cell']);
  // The answer may have been lost: it asks again.
  await renewed(held, false);
  await server.clock.advance(lifeMs.replaced);
  expect(await refusal(clientOf(held).call('confirmTrust', { body: { epoch: 0 } }, limits))).toMatchObject({
    code: 'Unauthenticated',
    message: expect.stringContaining('was revoked at'),
  });
  await clientOf(cell).call('confirmTrust', { body: { epoch: 0 } }, limits);
});
