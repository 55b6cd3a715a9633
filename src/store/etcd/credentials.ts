/** What clients of etcd show and believe, PEM. Made by the composition root from the files that etcd itself reads. */
export interface StoreMaterial {
  readonly rootCertificate: Buffer;
  readonly privateKey: Buffer;
  readonly certChain: Buffer;
}

/** The same object until it is renewed: a new one makes new connections. */
export type StoreCredentials = () => StoreMaterial;
