/**
 * How our own end of a TLS connection is set up: which server is believed, and with what we are known. Used by the
 * API's client and by WebSockets that are dialled.
 */
import type { ConnectionOptions, PeerCertificate } from 'node:tls';
import { identityOfNames } from '../model/identity.ts';
import type { TlsSource } from './certificates.ts';

/**
 * A certificate of the cluster's authority is not enough, cells and users have one too: the other end must be a
 * server. Which address it is at does not matter: it may move.
 */
function checkServer(_host: string, { subjectaltname }: PeerCertificate): Error | undefined {
  const identity = identityOfNames(subjectaltname);
  if (identity?.roles.includes('server') === true) return undefined;
  const who =
    identity === undefined ? 'nobody of the cluster' : `${identity.name} (${identity.roles.join('+')})`;
  return Object.assign(new Error(`its certificate is that of ${who}, not of a server`), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
}

/** For `tls.connect` and whatever passes its options on. Reads the source each time: certificates are renewed. */
export function tlsConnection(source: TlsSource): ConnectionOptions {
  const { ca, certificate, key, serverName } = source.current();
  return {
    ca,
    ...(certificate === undefined || key === undefined ? {} : { cert: certificate, key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    checkServerIdentity: checkServer,
  };
}
