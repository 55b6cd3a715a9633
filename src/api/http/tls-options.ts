/** How the API speaks TLS: version 1.3 only, certificates asked of everybody, sessions never resumed. */
import { constants } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import type { TlsMaterial, TlsSource } from '../../base/certificates.ts';

/** Material that says when it was renewed. */
export interface RenewedTls extends TlsSource {
  /** Returns how to stop. */
  onChange(listener: () => void): () => void;
}

/** A peer that takes longer to shake hands is let go. */
const handshakeDeadlineMs = 10_000;

/**
 * Whoever shows no certificate, or one that does not count, is let in as nobody: it may ask for the version and join,
 * and is told why everything else is refused, which a broken handshake cannot do.
 */
export function tlsServerOptions({ ca, certificate, key }: TlsMaterial): TlsOptions {
  return {
    ca,
    // With the authority behind it: who joins compares that with its token.
    cert: `${certificate ?? ''}${ca}`,
    key,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    handshakeTimeout: handshakeDeadlineMs,
    // A resumed session would carry an old certificate past its end.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}
