/** Signing: what a certificate says, and the record of it. Used by join, renew and users. */
import type { CertificateMaker, Issued } from '../../../base/certificates.ts';
import { SkepError } from '../../../base/core/errors.ts';
import { type Authorities, type CertificateRecord, lifeMs } from '../../../model/auth.ts';
import { identityUri } from '../../../model/identity.ts';
import type { CellId } from '../../../model/ids.ts';
import type { Role } from '../../../model/rights.ts';
import type { ApiContext, Call } from '../../context.ts';
import type { HostCertificates } from '../../core/auth-shapes.ts';
import { trustedText } from '../../core/rotation.ts';

/** Clocks of hosts differ: a certificate is good a little before it was made. */
const backdateMs = 5 * 60_000;

export interface Wanted {
  readonly name: CellId;
  readonly roles: readonly Role[];
  readonly addresses: readonly string[];
  readonly request: string;
  readonly lifeMs: number;
  readonly by: string;
}

/** One certificate of the cluster's authority and what the store keeps about it. */
export async function issueCertificate(
  { clock }: Pick<ApiContext, 'clock'>,
  maker: CertificateMaker,
  authorities: Authorities,
  wanted: Wanted,
): Promise<{ readonly certificate: string; readonly record: CertificateRecord }> {
  const now = clock.now();
  const { name, roles, addresses, request } = wanted;
  const notAfter = now + wanted.lifeMs;
  const uri = identityUri({ clusterId: authorities.clusterId, roles, name });
  const subject = { name, uri, addresses, hostNames: [] };
  const { certificate, serial }: Issued = await maker.issue(authorities.cluster, request, subject, {
    notBefore: now - backdateMs,
    notAfter,
  });
  const record: CertificateRecord = {
    v: 1,
    serial,
    name,
    roles: [...roles],
    notAfter,
    issuedAt: now,
    issuedBy: wanted.by,
    keyHash: await maker.keyHash(request),
    authority: Buffer.from(maker.certificateHash(authorities.cluster.certificate)).toString('hex'),
  };
  return { certificate, record };
}

export interface HostWanted {
  readonly name: CellId;
  readonly roles: readonly Role[];
  readonly addresses: readonly string[];
  readonly request: string;
  readonly storeRequest: string | undefined;
  readonly by: string;
}

/** What a host needs: the cluster's certificate, and a server the store's as well. */
export async function issueHost(
  context: Pick<ApiContext, 'clock'>,
  maker: CertificateMaker,
  authorities: Authorities,
  wanted: HostWanted,
): Promise<{ readonly answer: HostCertificates; readonly record: CertificateRecord }> {
  const { addresses, storeRequest } = wanted;
  const { certificate, record } = await issueCertificate(context, maker, authorities, {
    ...wanted,
    lifeMs: lifeMs.host,
  });
  const { clusterId, store, trust } = authorities;
  const ca = trustedText(authorities, 'cluster');
  const answer = { clusterId, ca, certificate, ...(trust === undefined ? {} : { trust }) };
  if (!wanted.roles.includes('server')) return { answer, record };
  if (storeRequest === undefined) {
    throw new SkepError('InvalidRequest', 'a server needs a certificate for its store too', {
      field: 'storeRequest',
    });
  }
  const now = context.clock.now();
  const subject = {
    name: wanted.name,
    addresses,
    hostNames: ['localhost'],
  };
  const signed = await maker.issue(store, storeRequest, subject, {
    notBefore: now - backdateMs,
    notAfter: now + lifeMs.host,
  });
  return {
    answer: { ...answer, store: { ca: trustedText(authorities, 'store'), certificate: signed.certificate } },
    record: { ...record, storeSerial: signed.serial },
  };
}

/** What a person's certificate comes with: whom to trust, where to ask, of which epoch that is and when it ends. */
export function personal(
  authorities: Authorities,
  { certificate, record }: { readonly certificate: string; readonly record: CertificateRecord },
  { servers, renews }: { readonly servers: string[]; readonly renews: boolean },
) {
  const { clusterId, trust } = authorities;
  const { issuedAt, notAfter } = record;
  return {
    clusterId,
    ca: trustedText(authorities, 'cluster'),
    certificate,
    servers,
    ...(trust === undefined ? {} : { trust }),
    endsAt: notAfter,
    ...(renews ? { renewAt: issuedAt + ((notAfter - issuedAt) * 2) / 3 } : {}),
  };
}

/** Throws where nobody composed one: a server without TLS. */
export function makerOf({ certificates }: ApiContext): CertificateMaker {
  if (certificates !== undefined) return certificates;
  throw new SkepError('InvalidRequest', 'this server runs without TLS and makes no certificates', {
    hint: 'a cluster with TLS is founded by an agent without "insecure: true"',
  });
}

/** Who asks, for a record: `uid 0 (unix socket)`. */
export const byOf = (call: Call): string => call.actor;
