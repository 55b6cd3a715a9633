/** A cluster's beginning: new authorities, and certificates that a server signs for itself. */
import { issueCertificate, issueHost } from '../../api/handlers/auth/issue.ts';
import { recordPuts } from '../../api/handlers/auth/join.ts';
import { certificateKey, putJson } from '../../api/handlers/auth/records.ts';
import type { ShownCertificate } from '../../base/certificates.ts';
import { SkepError } from '../../base/core/errors.ts';
import { randomName } from '../../base/core/rng.ts';
import { x509Maker } from '../../base/node/x509-maker.ts';
import { type Authorities, authoritiesSchema, type CertificateRecord, lifeMs } from '../../model/auth.ts';
import type { Bbs } from '../../store/bbs.ts';
import { authoritiesKey } from '../../store/core/keys.ts';
import type { BaseContext } from './context.ts';
import { hostAddresses } from './host-addresses.ts';
import type { HostPki, PkiFolder } from './pki-files.ts';

const backdateMs = 5 * 60_000;

/** Two authorities: what opens the store is signed by one that signs nothing else. */
export async function newAuthorities(context: BaseContext, clusterId: string): Promise<Authorities> {
  const now = context.clock.now();
  const validity = { notBefore: now - backdateMs, notAfter: now + lifeMs.authority };
  return {
    v: 1,
    clusterId,
    cluster: await x509Maker.authority(`Skep cluster ${clusterId}`, validity),
    store: await x509Maker.authority(`Skep store ${clusterId}`, validity),
    at: now,
  };
}

/** Kept in the folder until the store has them: a crash in between goes on where it was. */
export async function foundingAuthorities(context: BaseContext, folder: PkiFolder): Promise<Authorities> {
  const begun = folder.readFounding();
  if (begun !== undefined) return begun;
  const authorities = await newAuthorities(context, `skep-${randomName(context.rng, 10)}`);
  folder.writeFounding(authorities);
  return authorities;
}

/** Fresh keys and certificates of a server, and the records of them. */
export async function selfSigned(context: Pick<BaseContext, 'config' | 'clock'>, authorities: Authorities) {
  const { config } = context;
  const [cluster, store] = [await x509Maker.request(config.name), await x509Maker.request(config.name)];
  const { answer, record } = await issueHost(context, x509Maker, authorities, {
    name: config.name,
    roles: ['server', 'cell'],
    addresses: hostAddresses(config),
    request: cluster.request,
    storeRequest: store.request,
    by: `server ${config.name}`,
  });
  if (answer.store === undefined)
    throw new SkepError('Internal', 'a server was given no certificate for the store');
  const older = await olderLeaf(context, authorities, cluster);
  const host: HostPki = {
    v: 1,
    clusterId: answer.clusterId,
    ...(answer.trust === undefined ? {} : { trust: answer.trust }),
    ...(older === undefined
      ? {}
      : { shown: [older.shown, newest(authorities, answer.certificate, cluster.key)] }),
    cluster: { ca: answer.ca, certificate: answer.certificate, key: cluster.key },
    store: { ...answer.store, key: store.key },
    storeAuthority: authorities.store,
  };
  const puts = older === undefined ? [] : [putJson(certificateKey(older.record.serial), older.record)];
  return { host, puts: [...recordPuts(record), ...puts] };
}

const newest = ({ cluster }: Authorities, certificate: string, key: string): ShownCertificate => ({
  certificate,
  key,
  authority: cluster.certificate,
});

/** A server shows a certificate of the older authority until that is dropped: not everybody knows the newer one. */
async function olderLeaf(
  { config, clock }: Pick<BaseContext, 'config' | 'clock'>,
  { other, otherIsOlder, ...authorities }: Authorities,
  { key, request }: { readonly key: string; readonly request: string },
): Promise<{ readonly shown: ShownCertificate; readonly record: CertificateRecord } | undefined> {
  if (other === undefined || otherIsOlder !== true) return undefined;
  const signer = { ...authorities, cluster: other.cluster };
  const { certificate, record } = await issueCertificate({ clock }, x509Maker, signer, {
    name: config.name,
    roles: ['server', 'cell'],
    addresses: hostAddresses(config),
    request,
    lifeMs: lifeMs.host,
    by: `server ${config.name}`,
  });
  return { shown: { certificate, key, authority: other.cluster.certificate }, record };
}

/** The store's authorities; the given ones when it has none yet. */
export async function agreeAuthorities(
  bbs: Bbs,
  offered: Authorities | undefined,
  signal: AbortSignal,
): Promise<Authorities> {
  if (offered !== undefined) {
    await bbs.commit(
      [
        {
          compare: [{ key: authoritiesKey, revision: 0 }],
          puts: [{ key: authoritiesKey, value: JSON.stringify(offered) }],
        },
      ],
      { signal },
    );
  }
  const { records } = await bbs.read([authoritiesKey], { signal });
  const parsed = authoritiesSchema.safeParse(JSON.parse(records[0]?.value ?? 'null'));
  if (parsed.success) return parsed.data;
  throw new SkepError('InvalidConfig', 'the cluster in this store was founded without TLS', {
    field: 'insecure',
    hint: 'set "insecure: true", or found a new cluster with another data folder',
  });
}
