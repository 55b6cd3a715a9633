/** How the API speaks TLS: version 1.3 only, certificates asked of everybody, sessions never resumed. */
import { constants, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import {
  authorityName,
  type ShownCertificate,
  type TlsMaterial,
  type TlsSource,
} from '../../base/certificates.ts';

/** Material that says when it was renewed. */
export interface RenewedTls extends TlsSource {
  /** Returns how to stop. */
  onChange(listener: () => void): () => void;
}

/** A peer that takes longer to shake hands is let go. */
export const handshakeDeadlineMs = 10_000;

/**
 * Whoever shows no certificate, or one that does not count, is let in as nobody: it may ask for the version and join,
 * and is told why everything else is refused, which a broken handshake cannot do.
 */
export function tlsServerOptions(material: TlsMaterial): TlsOptions {
  return {
    ...contextOf(material, shownBy(material)[0]),
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: handshakeDeadlineMs,
  };
}

/** Which certificate is shown to who names an authority it knows; the usual one for everybody else. */
export function answerServerName(source: TlsSource): NonNullable<TlsOptions['SNICallback']> {
  return (serverName, answer) => {
    const material = source.current();
    const wanted = shownBy(material).find(({ authority }) => isNamed(authority, serverName));
    answer(null, wanted === undefined ? undefined : createSecureContext(contextOf(material, wanted)));
  };
}

function shownBy({ ca, certificate = '', key = '', shown }: TlsMaterial): readonly ShownCertificate[] {
  return shown ?? [{ certificate, key, authority: ca }];
}

const isNamed = (authority: string, serverName: string): boolean =>
  authoritiesIn(authority).some(
    (one) => authorityName(Buffer.from(one.fingerprint256.replaceAll(':', ''), 'hex')) === serverName,
  );

/** Every certificate in a text of trusted authorities. */
export function authoritiesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

function contextOf({ ca }: TlsMaterial, shown: ShownCertificate | undefined): SecureContextOptions {
  return {
    ca,
    // With the authority behind it: who joins compares that with its token.
    cert: `${shown?.certificate ?? ''}${shown?.authority ?? ''}`,
    key: shown?.key,
    minVersion: 'TLSv1.3',
    // A resumed session would carry an old certificate past its end.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}
