/**
 * How an etcd of the operator's own is spoken to: its authority, and the certificate that it knows us by, from the files
 * that the settings name. They are read again when they change, so they can be renewed without a restart. Built by
 * quorum.ts and pki.ts.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import type { StoreCredentials, StoreMaterial } from '../../store/etcd/credentials.ts';
import type { AgentConfig } from '../core/agent-config.ts';

/** Each call to etcd asks for the credentials: the files are looked at this often at most. */
const lookEveryMs = 30_000;

type EtcdTlsSettings = NonNullable<AgentConfig['etcdTls']>;

/** Undefined over plain HTTP. @throws SkepError `InvalidConfig` for a file that cannot be used now */
export function outsideCredentials(
  { etcdTls }: Pick<AgentConfig, 'etcdTls'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): StoreCredentials | undefined {
  if (etcdTls === undefined) return undefined;
  let stamp = stampOf(etcdTls);
  let material = read(etcdTls);
  let lookAt = clock.now() + lookEveryMs;
  return () => {
    if (clock.now() < lookAt) return material;
    lookAt = clock.now() + lookEveryMs;
    try {
      const now = stampOf(etcdTls);
      if (now !== stamp) {
        material = read(etcdTls);
        stamp = now;
        log.info('store.credentials_reread', { files: filesOf(etcdTls) });
      }
    } catch (error) {
      // Half of a renewal: the old ones may be good still, and the next look comes soon.
      log.warn('store.credentials_not_reread', { reason: messageOf(error) });
    }
    return material;
  };
}

function read({ caFile, certFile, keyFile }: EtcdTlsSettings): StoreMaterial {
  const rootCertificate = text('etcdTls.caFile', caFile);
  const own =
    certFile === undefined || keyFile === undefined
      ? {}
      : { certChain: text('etcdTls.certFile', certFile), privateKey: text('etcdTls.keyFile', keyFile) };
  checkCertificate('etcdTls.caFile', caFile, rootCertificate);
  if (own.certChain !== undefined && certFile !== undefined)
    checkCertificate('etcdTls.certFile', certFile, own.certChain);
  return { rootCertificate, ...own, verifiesAddress: true };
}

function text(field: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new SkepError('InvalidConfig', `${field}: ${file} cannot be read: ${messageOf(error)}`, {
      field,
      hint: 'give the path of a PEM file that the user of the agent may read',
      cause: error,
    });
  }
}

function checkCertificate(field: string, file: string, pem: Buffer): void {
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw new SkepError('InvalidConfig', `${field}: ${file} holds no certificate`, {
      field,
      hint: 'it must be PEM: -----BEGIN CERTIFICATE-----',
      cause: error,
    });
  }
}

const filesOf = ({ caFile, certFile, keyFile }: EtcdTlsSettings): string[] =>
  [caFile, certFile, keyFile].filter((file) => file !== undefined);

const stampOf = (settings: EtcdTlsSettings): string =>
  filesOf(settings)
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return `${found?.mtimeMs ?? 0}/${found?.ino ?? 0}`;
    })
    .join(' ');
