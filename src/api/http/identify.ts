/**
 * Who asks, as far as it is proved: by the certificate of the TLS connection, by a ticket on the local socket, or not
 * at all. Asked for every request and every WebSocket.
 */
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import { type Revocation, standingOf } from '../../model/auth.ts';
import { identityOfNames } from '../../model/identity.ts';
import type { Role } from '../../model/rights.ts';
import type { ClusterState } from '../../store/core/state.ts';
import type { Caller } from '../core/access.ts';
import { ticketHeader } from '../core/paths.ts';
import type { Tickets } from '../tickets-port.ts';
import { isLocal } from './local-sockets.ts';

export interface IdentifyOptions {
  /** Without TLS whoever can connect may do everything: loopback only. */
  readonly isOpen: boolean;
  readonly clusterId: string;
  readonly replica: { readonly state: ClusterState };
  readonly clock: Clock;
  readonly tickets?: Tickets | undefined;
  /** What members of the socket's group may do; root may everything. */
  readonly socketRoles: readonly Role[];
}

export type Identify = (request: IncomingMessage) => Caller;

const rootRoles: readonly Role[] = ['admin', 'console'];
/** A certificate does not change during a connection, and reading one costs more than a small request. */
const certificates = new WeakMap<TLSSocket, X509Certificate | 'none'>();

export function identifier(options: IdentifyOptions): Identify {
  return (request) => {
    const { socket } = request;
    if (isLocal(socket)) return localCaller(options, request);
    const address = socket.remoteAddress ?? 'unknown';
    if (socket instanceof TLSSocket) return tlsCaller(options, socket, address);
    if (options.isOpen) return { name: address, roles: [], how: 'open', address, actor: address };
    return nobody(address);
  };
}

const nobody = (address: string | undefined, refusal?: string): Caller => ({
  name: 'nobody',
  roles: [],
  how: 'nothing',
  address,
  actor: `nobody from ${address ?? 'the unix socket'}`,
  refusal,
});

function localCaller({ tickets, isOpen, socketRoles }: IdentifyOptions, request: IncomingMessage): Caller {
  const ticket = request.headers[ticketHeader];
  const userId = typeof ticket === 'string' ? tickets?.userOf(ticket) : undefined;
  if (userId !== undefined) {
    const name = `uid ${userId}`;
    const roles = userId === 0 ? rootRoles : socketRoles;
    const how = isOpen ? 'open' : 'socket';
    return { name, roles, how, address: undefined, actor: `${name} (unix socket)` };
  }
  if (isOpen)
    return { name: 'unix socket', roles: [], how: 'open', address: undefined, actor: 'unix socket' };
  const why = ticket === undefined ? 'no ticket was shown' : 'the ticket shown does not count any more';
  return nobody(undefined, `the local socket needs proof of the user: ${why}`);
}

/** The certificate that the peer showed, whether it counts or not. */
export function peerCertificate(socket: TLSSocket): X509Certificate | undefined {
  const known = certificates.get(socket) ?? socket.getPeerX509Certificate() ?? 'none';
  certificates.set(socket, known);
  return known === 'none' ? undefined : known;
}

function tlsCaller(options: IdentifyOptions, socket: TLSSocket, address: string): Caller {
  const certificate = peerCertificate(socket);
  if (certificate === undefined) return nobody(address);
  const refusal = refusalOf(options, socket, certificate);
  if (refusal !== undefined) return nobody(address, refusal);
  const identity = identityOfNames(certificate.subjectAltName);
  if (identity === undefined) return nobody(address, 'the certificate names nobody of a cluster');
  if (identity.clusterId !== options.clusterId) {
    return nobody(
      address,
      `the certificate is of cluster ${identity.clusterId}, this is ${options.clusterId}`,
    );
  }
  const { name } = identity;
  const revocation = options.replica.state.revoked.get(certificate.serialNumber)?.value;
  const roles = identity.roles.filter((role) => revocation === undefined || role !== 'server');
  const actor = `${name} (${roles.join('+')}, certificate) from ${address}`;
  const lost = revocation && whyNoServer(revocation);
  return { name, roles, how: 'certificate', serial: certificate.serialNumber, address, actor, lost };
}

/** What is left of the certificate of a server that was removed is that of a cell. */
const whyNoServer = ({ name, at, by }: Revocation): string =>
  `${name} was removed from the servers at ${new Date(at).toISOString()} (${by}): its certificate counts as that of a cell only`;

/** Why a certificate does not count; undefined when it does. */
function refusalOf(
  { clock, replica }: IdentifyOptions,
  socket: TLSSocket,
  certificate: X509Certificate,
): string | undefined {
  const now = clock.now();
  const until = certificate.validToDate;
  if (now >= until.getTime()) return `the certificate expired at ${until.toISOString()}`;
  if (!socket.authorized) {
    const reason = String(socket.authorizationError);
    return `the certificate does not count: ${reasons[reason] ?? reason}`;
  }
  const revoked = replica.state.revoked.get(certificate.serialNumber);
  if (revoked === undefined || standingOf(revoked.value, now) === 'cell') return undefined;
  return `the certificate ${certificate.serialNumber} was revoked at ${new Date(revoked.value.at).toISOString()}`;
}

const reasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet: compare the clocks of both hosts',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'another authority than this cluster’s signed it',
  UNABLE_TO_GET_ISSUER_CERT: 'another authority than this cluster’s signed it',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'another authority than this cluster’s signed it',
  SELF_SIGNED_CERT_IN_CHAIN: 'another authority than this cluster’s signed it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'nobody but itself signed it',
};

/** Whether a connection counts no more: its certificate was revoked, or has expired. */
export function hasLapsed(state: ClusterState, socket: Socket, now: number): boolean {
  if (!(socket instanceof TLSSocket)) return false;
  const certificate = peerCertificate(socket);
  if (certificate === undefined) return false;
  const revoked = state.revoked.get(certificate.serialNumber)?.value;
  const isRevoked = revoked !== undefined && standingOf(revoked, now) === 'nothing';
  return isRevoked || now >= certificate.validToDate.getTime();
}

/** Whether a connection is by a certificate of an authority that counts no more; its handshake was before that. */
export function isOfDropped(socket: Socket, trusted: readonly X509Certificate[]): boolean {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
  const certificate = peerCertificate(socket);
  return certificate !== undefined && !trusted.some((authority) => certificate.checkIssued(authority));
}
