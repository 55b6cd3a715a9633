/**
 * The certificates of this host while the agent runs: what its listeners and connections show and believe. Renewing
 * replaces them in place; whoever listens is told, whoever connects next shows the new ones.
 */
import type { RenewedTls } from '../../api/http/tls-options.ts';
import type { TlsMaterial } from '../../base/certificates.ts';
import { SkepError } from '../../base/core/errors.ts';
import { certificateFacts } from '../../base/node/x509-facts.ts';
import { isDue } from '../../model/auth.ts';
import type { StoreCredentials, StoreMaterial } from '../../store/etcd/credentials.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import { type HostPki, PkiFolder, type StoreFiles } from './pki-files.ts';

export class HostCertificates implements RenewedTls {
  readonly #folder: PkiFolder;
  readonly #listeners = new Set<() => void>();
  #host: HostPki;
  #store: StoreMaterial | undefined;
  #material: TlsMaterial;
  #wanted = 0;
  #confirmed = -1;
  #wake = new AbortController();

  constructor(folder: PkiFolder, host: HostPki) {
    this.#folder = folder;
    this.#host = host;
    this.#store = storeMaterial(host);
    this.#material = { ...host.cluster, shown: host.shown };
  }

  get clusterId(): string {
    return this.#host.clusterId;
  }

  get host(): HostPki {
    return this.#host;
  }

  current(): TlsMaterial {
    return this.#material;
  }

  /** The epoch of trust (model/trust.ts) that these are of. */
  get trust(): number {
    return this.#host.trust ?? 0;
  }

  /** The cluster is at an epoch of trust: those of an older one are due. Wakes whoever renews. */
  want(epoch: number): void {
    if (epoch <= this.#wanted) return;
    this.#wanted = epoch;
    this.#wake.abort(new SkepError('Cancelled', 'the authorities are being changed'));
  }

  /** Whether the cluster was told of the epoch that these are of. */
  get isConfirmed(): boolean {
    return this.#wanted === 0 || this.#confirmed >= this.trust;
  }

  confirmed(epoch: number): void {
    this.#confirmed = epoch;
  }

  /** Aborts when something became due that was not before. */
  get woken(): AbortSignal {
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
    return this.#wake.signal;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Throws `InvalidConfig` on a host that has none: it joined as a cell. */
  readonly storeCredentials: StoreCredentials = () => {
    if (this.#store !== undefined) return this.#store;
    throw new SkepError('InvalidConfig', 'this host joined as a cell: it has no certificate for the store', {
      field: 'server',
      hint: 'set "server: false", or move the folder pki away and join again with a token for a server',
    });
  };

  get storeFiles(): StoreFiles {
    return this.#folder.storeFilesOf(this.#host);
  }

  /** This host is no server any more: the next renewal is one of a cell, and comes at once. */
  forgetStore(): void {
    const { store: _store, storeAuthority: _authority, ...host } = this.#host;
    this.replace(host);
    this.#wake.abort(new SkepError('Cancelled', 'this host is no server any more'));
  }

  /** Durable first, then in use. */
  replace(given: HostPki): void {
    const { refused } = this.#host;
    const host = refused === undefined ? given : { refused, ...given };
    this.#folder.writeHost(host);
    this.#host = host;
    this.#store = storeMaterial(host);
    this.#material = { ...host.cluster, shown: host.shown };
    for (const listener of this.#listeners) listener();
  }

  /** Certificates that this server's etcd is to refuse are made known to it when it is started anew. */
  get refusedSerials(): readonly string[] {
    return this.#host.refused?.serials ?? [];
  }

  refuse(serials: readonly string[], list: Uint8Array): void {
    const refused = { serials: [...serials], list: Buffer.from(list).toString('base64') };
    this.replace({ ...this.#host, refused });
  }

  /**
   * Whether a certificate has lived two thirds of its life, is of an authority that is being replaced, or is that of a
   * server on a host that is none any more: seen from what lies on the disk, so that a restart forgets nothing.
   */
  isDue(now: number): boolean {
    return (
      this.#isLeft ||
      this.#wanted > this.trust ||
      this.#leaves().some(({ notBefore, notAfter }) => isDue(notBefore, notAfter, now))
    );
  }

  get #isLeft(): boolean {
    const { cluster, store } = this.#host;
    return (
      store === undefined && certificateFacts(cluster.certificate).identity?.roles.includes('server') === true
    );
  }

  /** The same of what etcd shows. */
  isStoreDue(now: number): boolean {
    const { store } = this.#host;
    if (store === undefined) return false;
    const { notBefore, notAfter } = certificateFacts(store.certificate);
    return isDue(notBefore, notAfter, now);
  }

  /** When the first of them ends, milliseconds since the epoch. */
  get endsAt(): number {
    return Math.min(...this.#leaves().map(({ notAfter }) => notAfter));
  }

  #leaves() {
    const { cluster, store } = this.#host;
    return [cluster, ...(store === undefined ? [] : [store])].map(({ certificate }) =>
      certificateFacts(certificate),
    );
  }
}

/** As they lie in the data folder now; undefined without TLS, or before this host has joined. */
export function hostCertificates({ dataDir, insecure }: AgentConfig): HostCertificates | undefined {
  if (insecure) return undefined;
  const folder = new PkiFolder(dataDir);
  const host = folder.readHost();
  return host === undefined ? undefined : new HostCertificates(folder, host);
}

function storeMaterial({ store }: HostPki): StoreMaterial | undefined {
  if (store === undefined) return undefined;
  const { ca, certificate, key } = store;
  return {
    rootCertificate: Buffer.from(ca),
    certChain: Buffer.from(certificate),
    privateKey: Buffer.from(key),
  };
}
