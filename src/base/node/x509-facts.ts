/** What a certificate says, read with Node's own parser. Used by whoever shows, checks or renews one. */
import { createHash, X509Certificate } from 'node:crypto';
import { type Identity, identityOfNames } from '../../model/identity.ts';

export interface CertificateFacts {
  readonly serial: string;
  /** CN=… */
  readonly subject: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly identity: Identity | undefined;
}

/** Of the first certificate in the text. Throws when it holds none. */
export function certificateFacts(pem: string): CertificateFacts {
  return factsOf(new X509Certificate(pem));
}

export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    serial: certificate.serialNumber,
    subject: certificate.subject,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    identity: identityOfNames(certificate.subjectAltName),
  };
}

/** Every certificate in a text, in its order. Throws for one that cannot be read. */
export function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** SHA-256 of the certificate itself, as join tokens pin it. */
export function certificateHash(pem: string): Uint8Array {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest();
}
