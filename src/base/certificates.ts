/**
 * Making certificates as a port. The adapter is base/node/x509-maker.ts; composition roots hand it to whatever
 * issues (api/handlers) or asks (cli/run).
 */

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Subject {
  /** CN. */
  readonly name: string;
  /** `skep://…`; none in certificates for etcd, which looks at addresses only. */
  readonly uri?: string | undefined;
  readonly addresses: readonly string[];
  readonly hostNames: readonly string[];
}

export interface Validity {
  /** Milliseconds since the epoch; certificates hold whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface Issued {
  /** The leaf alone, PEM. */
  readonly certificate: string;
  /** Hexadecimal, as Node prints it. */
  readonly serial: string;
}

export interface CertificateMaker {
  /** A self-signed authority with a fresh P-256 key. */
  authority(name: string, validity: Validity): Promise<KeyPair>;
  /** A fresh P-256 key and a request that it signs, PEM both. */
  request(name: string): Promise<{ readonly key: string; readonly request: string }>;
  /** The request for a key that exists. */
  requestFor(name: string, key: string): Promise<string>;
  /** Signs; of the request only the key is taken. Throws `InvalidRequest` when it is none, or not signed by its key. */
  issue(authority: KeyPair, request: string, subject: Subject, validity: Validity): Promise<Issued>;
  /** A list of certificates that count no more, DER; `now` is when it begins. */
  revocationList(authority: KeyPair, serials: readonly string[], now: number): Promise<Uint8Array>;
  /** SHA-256 of the request's public key, hexadecimal. Throws as `issue` does. */
  keyHash(request: string): Promise<string>;
  /** SHA-256 of a certificate, as join tokens pin it. */
  certificateHash(certificate: string): Uint8Array;
}

/** What one end of a TLS connection shows and trusts, PEM; the certificate is followed by its authority's. */
export interface TlsMaterial {
  readonly ca: string;
  /** Absent at a client that has none yet: it may ask for the version and join. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** What a listener shows while the authorities are changed: the first to who names none. Absent: the one above. */
  readonly shown?: readonly ShownCertificate[] | undefined;
  /** TLS's server name, by which who joins says which authority it knows: `authorityName`. */
  readonly serverName?: string | undefined;
}

export interface ShownCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Of the one that signed it, PEM. */
  readonly authority: string;
}

/** The server name that asks a listener for its certificate of one authority. @param hash SHA-256 of its certificate */
export const authorityName = (hash: Uint8Array): string =>
  `${[...hash.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}.authority.skep.internal`;

/** Material that is renewed while it is used. */
export interface TlsSource {
  current(): TlsMaterial;
}
