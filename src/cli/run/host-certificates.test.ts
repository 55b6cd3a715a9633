import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testAuthorities } from '../../../test/kit/tls-server.ts';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import { certificateFacts } from '../../base/node/x509-facts.ts';
import { x509Maker } from '../../base/node/x509-maker.ts';
import { lifeMs } from '../../model/auth.ts';
import { checkAgentConfig } from '../core/agent-config.ts';
import { selfSigned } from './found.ts';
import { HostCertificates, hostCertificates } from './host-certificates.ts';
import { renewStore } from './pki.ts';
import { PkiFolder } from './pki-files.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'skep-pki-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function contextOf(clock = virtualClock(systemClock.now())) {
  const checked = checkAgentConfig({ name: 'host-a', dataDir });
  if (!checked.ok) throw new Error('the settings were refused');
  return { config: checked.config, clock, log: silentLog };
}

test('what etcd reads is made from one file, and all of it is for its owner alone', async () => {
  const context = contextOf();
  const folder = new PkiFolder(dataDir);
  const { host } = await selfSigned(context, await testAuthorities('c', context.clock.now()));
  folder.writeHost(host);
  expect(folder.readHost()).toEqual(host);
  const { caFile, pairFile } = folder.storeFilesOf(host);
  expect(readFileSync(caFile, 'utf8')).toBe(host.store?.ca);
  expect(readFileSync(pairFile, 'utf8')).toContain('PRIVATE KEY');
  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  for (const file of [caFile, pairFile, join(folder.path, 'host.json')])
    expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('certificates are due at two thirds of their life, and renewing tells who listens', async () => {
  const context = contextOf();
  const { clock } = context;
  const authorities = await testAuthorities('c', clock.now());
  const { host } = await selfSigned(context, authorities);
  const held = new HostCertificates(new PkiFolder(dataDir), host);
  let told = 0;
  const stop = held.onChange(() => {
    told += 1;
  });
  const before = held.storeCredentials();
  expect(held.storeCredentials()).toBe(before);
  expect(held.isDue(clock.now())).toBe(false);
  await clock.advance((lifeMs.host * 2) / 3);
  expect(held.isDue(clock.now())).toBe(true);
  held.replace((await selfSigned(context, authorities)).host);
  expect(told).toBe(1);
  expect(held.isDue(clock.now())).toBe(false);
  expect(held.storeCredentials()).not.toBe(before);
  stop();
  held.replace(host);
  expect(told).toBe(1);
});

test('a server that was off until everything had expired signs for its store without anybody', async () => {
  const context = contextOf();
  const { clock } = context;
  const { host } = await selfSigned(context, await testAuthorities('c', clock.now()));
  const held = new HostCertificates(new PkiFolder(dataDir), host);
  await clock.advance(lifeMs.host * 2);
  expect(held.isStoreDue(clock.now())).toBe(true);
  await renewStore(context, held);
  expect(held.isStoreDue(clock.now())).toBe(false);
  expect(certificateFacts(held.host.store?.certificate ?? '').notAfter).toBeGreaterThan(clock.now());
});

test('a host that joined as a cell opens no store', async () => {
  const context = contextOf();
  const { host } = await selfSigned(context, await testAuthorities('c', context.clock.now()));
  const { store: _store, storeAuthority: _authority, ...cell } = host;
  const held = new HostCertificates(new PkiFolder(dataDir), cell);
  expect(() => held.storeCredentials()).toThrow(/joined as a cell/);
});

test('a host that is no server any more is due for the certificate of a cell, after a restart too', async () => {
  const context = contextOf();
  const { host } = await selfSigned(context, await testAuthorities('c', context.clock.now()));
  const held = new HostCertificates(new PkiFolder(dataDir), host);
  const { woken } = held;
  held.forgetStore();
  expect(woken.aborted).toBe(true);
  expect(held.isDue(context.clock.now())).toBe(true);
  const again = hostCertificates(context.config);
  expect(again?.isDue(context.clock.now())).toBe(true);
});

test('what etcd is to refuse is a list in a file of its own name, which a renewal keeps', async () => {
  const context = contextOf();
  const authorities = await testAuthorities('c', context.clock.now());
  const { host } = await selfSigned(context, authorities);
  const held = new HostCertificates(new PkiFolder(dataDir), host);
  expect(held.storeFiles.crlFile).toBeUndefined();
  const listed = await x509Maker.revocationList(authorities.store, ['4FAB'], context.clock.now());
  held.refuse(['4FAB'], listed);
  const first = held.storeFiles.crlFile ?? '';
  expect(readFileSync(first)).toEqual(Buffer.from(listed));
  held.replace((await selfSigned(context, authorities)).host);
  expect(held.storeFiles.crlFile).toBe(first);
  held.refuse(
    ['4FAB', '4FAC'],
    await x509Maker.revocationList(authorities.store, ['4FAB', '4FAC'], context.clock.now()),
  );
  expect(held.storeFiles.crlFile).not.toBe(first);
  expect(held.refusedSerials).toEqual(['4FAB', '4FAC']);
});

test('while the authorities are changed a server signs with the new and shows the old as well', async () => {
  const context = contextOf();
  const now = context.clock.now();
  const [old, fresh] = [await testAuthorities('c', now), await testAuthorities('c', now)];
  const founded = new HostCertificates(new PkiFolder(dataDir), (await selfSigned(context, old)).host);
  const caFile = founded.storeFiles.caFile;
  const spread = {
    ...old,
    trust: 1,
    other: { cluster: fresh.cluster, store: fresh.store },
    otherIsOlder: false,
  };
  founded.want(1);
  expect(founded.isDue(now)).toBe(true);
  founded.replace((await selfSigned(context, spread)).host);
  expect(founded.isDue(now)).toBe(false);
  const both = founded.storeFiles.caFile;
  expect(both).not.toBe(caFile);
  const reissue = {
    ...fresh,
    trust: 2,
    other: { cluster: old.cluster, store: old.store },
    otherIsOlder: true,
  };
  founded.replace((await selfSigned(context, reissue)).host);
  expect(founded.storeFiles.caFile).toBe(both);
  const { shown = [], certificate = '' } = founded.current();
  const issuers = shown.map((one) =>
    new X509Certificate(one.certificate).checkIssued(new X509Certificate(old.cluster.certificate)),
  );
  expect(issuers).toEqual([true, false]);
  expect(new X509Certificate(certificate).checkIssued(new X509Certificate(fresh.cluster.certificate))).toBe(
    true,
  );
  founded.replace((await selfSigned(context, { ...fresh, trust: 3 })).host);
  expect(founded.current().shown).toBeUndefined();
  expect(founded.storeFiles.caFile).not.toBe(both);
});
