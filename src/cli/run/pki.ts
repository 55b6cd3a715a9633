/**
 * This host's certificates at the start of its agent: those it has, those it makes when it founds a cluster, or those
 * it is given when it joins. And the loop that renews them.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '../../api/client.ts';
import { SkepError } from '../../base/core/errors.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import { x509Maker } from '../../base/node/x509-maker.ts';
import { lifeMs } from '../../model/auth.ts';
import type { Bbs } from '../../store/bbs.ts';
import { etcdDataFolder } from '../../store/core/etcd-args.ts';
import { authoritiesKey } from '../../store/core/keys.ts';
import { agreeClusterId, persist } from './cluster-records.ts';
import type { BaseContext } from './context.ts';
import { agreeAuthorities, foundingAuthorities, newAuthorities, selfSigned } from './found.ts';
import { hostAddresses } from './host-addresses.ts';
import { HostCertificates } from './host-certificates.ts';
import { joinCluster } from './join-cluster.ts';
import { outsideCredentials } from './outside-etcd.ts';
import { PkiFolder } from './pki-files.ts';

/** Undefined without TLS. Waits for a server while it joins; throws what only an operator can change. */
export async function preparePki(
  context: BaseContext,
  signal: AbortSignal,
): Promise<HostCertificates | undefined> {
  const { config } = context;
  const folder = new PkiFolder(config.dataDir);
  const known = folder.readHost();
  if (config.insecure) {
    if (known === undefined && folder.readFounding() === undefined) return undefined;
    throw new SkepError(
      'InvalidConfig',
      `this host has certificates in ${folder.path}: its cluster uses TLS`,
      {
        field: 'insecure',
        hint: 'take "insecure" out of the settings, or use another data folder',
      },
    );
  }
  if (known !== undefined) return await resume(context, new HostCertificates(folder, known));
  refuseOldData(context);
  if (config.etcdEndpoints.length > 0) return await fromOutsideStore(context, folder, signal);
  if (config.join.length > 0) return new HostCertificates(folder, await joinCluster(context, folder, signal));
  const { host } = await selfSigned(context, await foundingAuthorities(context, folder));
  folder.writeHost(host);
  context.log.info('agent.founded', { clusterId: host.clusterId });
  return new HostCertificates(folder, host);
}

/** A server that was off until its certificates had expired signs those of its store anew: without it nothing starts. */
async function resume(context: BaseContext, certificates: HostCertificates): Promise<HostCertificates> {
  const now = context.clock.now();
  const { storeAuthority } = certificates.host;
  if (storeAuthority !== undefined && certificates.isDue(now)) await renewStore(context, certificates);
  if (now < certificates.endsAt || context.config.server) return certificates;
  const until = new Date(certificates.endsAt).toISOString();
  throw new SkepError('InvalidConfig', `the certificate of this host expired at ${until}`, {
    field: 'dataDir',
    hint: `join again: remove ${join(context.config.dataDir, 'pki')} and start with a new token: skep agent --token-file FILE`,
  });
}

function refuseOldData({ config }: BaseContext): void {
  const member = join(etcdDataFolder(join(config.dataDir, 'etcd')), 'member');
  if (!existsSync(member) || existsSync(join(config.dataDir, 'pki'))) return;
  throw new SkepError('InvalidConfig', 'the cluster in this data folder was founded without TLS', {
    field: 'insecure',
    hint: 'set "insecure: true", or found a new cluster with another data folder',
  });
}

/** Whoever may write to an outside etcd may sign: its access is the token. */
async function fromOutsideStore(
  context: BaseContext,
  folder: PkiFolder,
  signal: AbortSignal,
): Promise<HostCertificates> {
  const { config, clock, log, rng } = context;
  const credentials = outsideCredentials(config, context);
  // Not with the rest: a host that is only a cell has no use for the client of etcd, which is megabytes.
  const { etcdBbs } = await import('../../store/etcd/etcd-bbs.ts');
  const bbs = etcdBbs({ endpoints: config.etcdEndpoints, credentials, clock, log, rng });
  try {
    const clusterId = await agreeClusterId(bbs, context, signal);
    const authorities = await agreeAuthorities(bbs, await newAuthorities(context, clusterId), signal);
    const { host, puts } = await selfSigned(context, authorities);
    await bbs.commit([{ compare: [], puts }], { signal });
    folder.writeHost(host);
    return new HostCertificates(folder, host);
  } finally {
    bbs.close();
  }
}

/** A new certificate for etcd; needs nobody. */
export async function renewStore(
  context: Pick<BaseContext, 'config' | 'clock' | 'log'>,
  certificates: HostCertificates,
): Promise<void> {
  const { host } = certificates;
  const { storeAuthority } = host;
  if (storeAuthority === undefined) return;
  const { config, clock, log } = context;
  const { key, request } = await x509Maker.request(config.name);
  const now = clock.now();
  const subject = {
    name: config.name,
    addresses: hostAddresses(config),
    hostNames: ['localhost'],
  };
  const validity = { notBefore: now - 5 * 60_000, notAfter: now + lifeMs.host };
  const { certificate } = await x509Maker.issue(storeAuthority, request, subject, validity);
  const ca = host.store?.ca ?? storeAuthority.certificate;
  certificates.replace({ ...host, store: { ca, certificate, key } });
  log.info('agent.store_certificate_renewed', { until: new Date(validity.notAfter).toISOString() });
}

/** A cell's renewal: any server signs a fresh key for who shows the old certificate. */
export async function renewFromServers(
  { config, clock }: BaseContext,
  certificates: HostCertificates,
  servers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { key, request } = await x509Maker.request(config.name);
  const client = createClient({ servers, tls: certificates, dial: wsDial, clock });
  const body = { addresses: hostAddresses(config), request };
  const answer = await client.call('renewCertificate', { body }, { signal });
  const cluster = { ca: answer.ca, certificate: answer.certificate, key };
  const { trust } = answer;
  certificates.replace({ ...certificates.host, cluster, ...(trust === undefined ? {} : { trust }) });
}

/** A cell tells of which epoch of trust its certificate is, by showing it: who changes the authorities waits for that. */
export async function confirmToServers(
  { clock }: Pick<BaseContext, 'clock'>,
  certificates: HostCertificates,
  servers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const client = createClient({ servers, tls: certificates, dial: wsDial, clock });
  const epoch = certificates.trust;
  await client.call('confirmTrust', { body: { epoch } }, { signal });
  certificates.confirmed(epoch);
}

/**
 * What a server does about trust once its store serves: a founder hands over the authorities, everybody keeps the one
 * that signs for the store. Throws `InvalidConfig` when the cluster was founded without TLS.
 */
export async function settleTrust(
  context: BaseContext,
  certificates: HostCertificates,
  bbs: Bbs,
  signal: AbortSignal,
): Promise<void> {
  const folder = new PkiFolder(context.config.dataDir);
  const founding = folder.readFounding();
  const authorities = await persist(context, signal, () => agreeAuthorities(bbs, founding, signal));
  if (founding !== undefined) {
    await persist(context, signal, async () => {
      const { host, puts } = await selfSigned(context, authorities);
      await bbs.commit([{ compare: [], puts }], { signal });
      certificates.replace(host);
    });
    folder.forget('founding.json');
  }
  const { host } = certificates;
  if (host.storeAuthority === undefined) certificates.replace({ ...host, storeAuthority: authorities.store });
  // Who joined while the authorities are changed has nothing yet to show to those that know the older one only.
  if (authorities.otherIsOlder === true && certificates.host.shown === undefined)
    await persist(context, signal, () => renewServer(context, certificates, bbs, signal));
}

/** A server signs for itself: it reads the authorities from its own store. Without a quorum only what etcd shows. */
export async function renewServer(
  context: BaseContext,
  certificates: HostCertificates,
  bbs: Bbs,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { records } = await bbs.read([authoritiesKey], { signal });
    const { host, puts } = await selfSigned(context, await agreeAuthorities(bbs, undefined, signal));
    // Others may sign by now: nothing is kept that they did not.
    const compare = [{ key: authoritiesKey, revision: records[0]?.revision ?? 0 }];
    const [outcome] = await bbs.commit([{ compare, puts }], { signal });
    if (outcome?.committed !== true)
      throw new SkepError('Busy', 'the authorities of the cluster were changed at this moment');
    certificates.replace(host);
  } catch (error) {
    if (!signal.aborted && certificates.isStoreDue(context.clock.now()))
      await renewStore(context, certificates);
    throw error;
  }
}
