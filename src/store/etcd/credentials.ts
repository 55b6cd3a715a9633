/** What clients of etcd show and believe, PEM. Made by the composition root from the files that etcd itself reads. */
export interface StoreMaterial {
  readonly rootCertificate: Buffer;
  /** Absent: an etcd of the operator's own that asks for none. */
  readonly privateKey?: Buffer;
  readonly certChain?: Buffer;
  /** The address that is dialled must be in the certificate; our own members' need not, see below. */
  readonly verifiesAddress?: boolean;
}

/** The same object until it is renewed: a new one makes new connections. */
export type StoreCredentials = () => StoreMaterial;

/**
 * For gRPC's options with TLS: every certificate of the store's authority names localhost, and nobody but servers has
 * one, so which address a member is at needs no check. (An address as TLS's server name is against RFC 6066.)
 */
export const storeTargetName = { 'grpc.ssl_target_name_override': 'localhost' } as const;
