/**
 * The authority of a server that is not known yet, taken only when its hash is the one in the join token. Whoever sits
 * in between shows another authority and learns nothing: no secret has been sent.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { authorityName } from '../certificates.ts';
import { connectionError } from '../connection-error.ts';
import { SkepError } from '../core/errors.ts';

const deadlineMs = 5_000;
/** A chain of ours is a leaf and its authority. */
const chainMax = 4;

/**
 * The authority's certificate, PEM.
 * @throws SkepError `Unauthenticated` for a server of another cluster, `Unavailable` when nobody answers
 */
export function fetchAuthority(address: string, pin: Uint8Array, signal: AbortSignal): Promise<string> {
  const url = new URL(`https://${address}`);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: url.hostname,
      port: Number(url.port || 443),
      // While the authorities are changed a server can show either: it is told which one is known here.
      servername: authorityName(pin),
      minVersion: 'TLSv1.3',
      // Who it is is found out here: nothing is sent before.
      rejectUnauthorized: false,
      timeout: deadlineMs,
      signal,
    } as Parameters<typeof connect>[0] & object);
    const fail = (error: unknown): void => {
      socket.destroy();
      reject(signal.aborted ? (signal.reason as Error) : connectionError(error, address));
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail(new Error(`no TLS handshake within ${deadlineMs / 1_000} s`)));
    socket.once('secureConnect', () => {
      const found = pinned(socket.getPeerCertificate(true), pin);
      socket.destroy();
      if (found === undefined) reject(notPinned(address));
      else resolve(found);
    });
  });
}

function pinned(leaf: DetailedPeerCertificate, pin: Uint8Array): string | undefined {
  let certificate: DetailedPeerCertificate | undefined = leaf;
  for (let depth = 0; certificate?.raw !== undefined && depth < chainMax; depth++) {
    const hash = createHash('sha256').update(certificate.raw).digest();
    if (hash.length === pin.length && timingSafeEqual(hash, pin)) {
      const lines = certificate.raw.toString('base64').match(/.{1,64}/g) ?? [];
      return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
    }
    if (certificate.issuerCertificate === certificate) return undefined;
    certificate = certificate.issuerCertificate;
  }
  return undefined;
}

function notPinned(address: string): SkepError {
  return new SkepError(
    'Unauthenticated',
    `what answers at ${address} is not of the cluster that the token is for`,
    {
      hint: 'compare the address with that of the server which made the token; a token from before the authorities were changed (`skep cert rotate-ca`) is of no use any more: make a new one; if neither is so, somebody sits in between: the token was not sent',
    },
  );
}
