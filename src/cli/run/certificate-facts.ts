/** Finds what the doctor judges of a host's certificates: what lies in its data folder now. Used by server-doctor.ts. */
import { X509Certificate } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateFact, HostCertificateFacts } from '../../api/core/doctor-certificate.ts';
import { certificateFacts, certificatesIn } from '../../base/node/x509-facts.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import { type HostPki, PkiFolder } from './pki-files.ts';

/** Undefined without TLS, and before this host has joined. Throws when its files cannot be read. */
export function hostCertificateFacts(config: AgentConfig): HostCertificateFacts | undefined {
  if (config.insecure) return undefined;
  const folder = new PkiFolder(config.dataDir);
  const host = folder.readHost();
  if (host === undefined) return undefined;
  return {
    certificates: everyOne(host),
    name: config.name,
    certifiedName: certificateFacts(host.cluster.certificate).identity?.name,
    missingAddress: missing(host, config.address),
    looseFiles: looseFiles(folder.path),
  };
}

function everyOne({ cluster, store, shown }: HostPki): CertificateFact[] {
  const one = (what: string, pem: string): CertificateFact => {
    const { notBefore, notAfter } = certificateFacts(pem);
    return { what, isAuthority: false, notBefore, notAfter };
  };
  const authorities = (what: string, pem: string): CertificateFact[] =>
    certificatesIn(pem).map(({ validFromDate, validToDate }) => ({
      what,
      isAuthority: true,
      notBefore: validFromDate.getTime(),
      notAfter: validToDate.getTime(),
    }));
  return [
    one('api', cluster.certificate),
    ...(store === undefined ? [] : [one('etcd', store.certificate)]),
    ...(shown ?? []).slice(0, 1).map(({ certificate }) => one('shown', certificate)),
    ...authorities('authority', cluster.ca),
    ...(store === undefined ? [] : authorities('etcd-authority', store.ca)),
  ];
}

/** etcd's members compare the address they dial with the certificate; nobody else does. */
function missing({ store }: HostPki, address: string): string | undefined {
  if (store === undefined) return undefined;
  return new X509Certificate(store.certificate).checkIP(address) === undefined ? address : undefined;
}

function looseFiles(folder: string): { file: string; mode: string }[] {
  const paths = [folder, ...readdirSync(folder).map((name) => join(folder, name))];
  return paths.flatMap((file) => {
    const mode = statSync(file).mode & 0o777;
    return (mode & 0o077) === 0 ? [] : [{ file, mode: `0${mode.toString(8)}` }];
  });
}
