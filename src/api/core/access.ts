/**
 * Which right each route and each WebSocket needs, and the refusals. Asked by http/app.ts and http/upgrade.ts before
 * anything else is done for a caller.
 */
import { SkepError } from '../../base/core/errors.ts';
import { mayDo, type Right, type Role, rightMeanings, rolesWith, userRoles } from '../../model/rights.ts';
import type { RouteName, StreamQuery } from './routes.ts';

export const routeRights: { readonly [N in RouteName]: Right } = {
  version: 'none',
  challenge: 'none',
  join: 'none',
  status: 'read',
  doctor: 'read',
  storeFigures: 'read',
  whoAmI: 'read',
  listLrps: 'read',
  desireLrp: 'change',
  getLrp: 'read',
  updateLrp: 'change',
  removeLrp: 'change',
  listInstances: 'read',
  retireInstance: 'change',
  why: 'read',
  plan: 'read',
  rebalance: 'change',
  stopRebalance: 'change',
  listTasks: 'read',
  desireTask: 'change',
  getTask: 'read',
  cancelTask: 'change',
  deleteTask: 'change',
  listCells: 'read',
  getCell: 'read',
  forgetCell: 'change',
  cordonCell: 'change',
  uncordonCell: 'change',
  drainCell: 'change',
  undrainCell: 'change',
  getDrain: 'read',
  getSettings: 'read',
  updateSettings: 'change',
  upsertDomain: 'change',
  listDomains: 'read',
  listEvents: 'read',
  view: 'read',
  debugState: 'read',
  listBackups: 'admin',
  saveBackup: 'admin',
  removeBackup: 'admin',
  listServers: 'read',
  addServer: 'admin',
  removeServer: 'admin',
  setAutoServers: 'admin',
  joinServer: 'server',
  promoteServer: 'server',
  renewCertificate: 'host',
  createToken: 'admin',
  listTokens: 'admin',
  revokeToken: 'admin',
  enter: 'read',
  addUser: 'admin',
  listUsers: 'admin',
  revokeUser: 'admin',
  listCertificates: 'admin',
  revokeCertificates: 'admin',
  renewUser: 'read',
  confirmTrust: 'host',
  getRotation: 'admin',
  startRotation: 'admin',
  finishRotation: 'admin',
  abortRotation: 'admin',
};

/** Streams that only look need less than those that enter. */
export const streamRights: { readonly [K in StreamQuery['kind']]: Right } = {
  logs: 'read',
  stats: 'read',
  consoles: 'read',
  doctor: 'read',
  exec: 'console',
  attach: 'console',
  console: 'console',
  upgrade: 'admin',
};

/** Who asks, as far as it is proved. */
export interface Caller {
  /** `alice`, `host-a`, `uid 0`; a peer's address where nobody is asked. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** `open`: without TLS, where everybody who can connect may do everything. */
  readonly how: 'certificate' | 'socket' | 'open' | 'nothing';
  /** Of the certificate. */
  readonly serial?: string | undefined;
  /** `10.0.0.5`; undefined on the local socket. */
  readonly address: string | undefined;
  /** For the journal. */
  readonly actor: string;
  /** Why it is nobody, when a certificate or a ticket was shown and does not count. */
  readonly refusal?: string | undefined;
  /** Why a host is not the server that its certificate names. */
  readonly lost?: string | undefined;
}

const howToBeKnown =
  'use a context (`skep ctx ls`), or the local socket on a server as root or in the group skep; ' +
  '`skep user add` on a server makes a context';

/** Throws `Unauthenticated` for who is nobody, `Unauthorized` for who may not do it. */
export function authorize(caller: Caller, right: Right): void {
  if (right === 'none' || caller.how === 'open' || mayDo(caller.roles, right)) return;
  if (caller.how === 'nothing') {
    const why = caller.refusal ?? 'this needs a certificate of the cluster, and none was shown';
    throw new SkepError('Unauthenticated', why, { hint: howToBeKnown });
  }
  if (caller.lost !== undefined && rolesWith(right).includes('server')) {
    throw new SkepError('Unauthorized', caller.lost, { hint: serverAgain(caller.name) });
  }
  const has = caller.roles.length === 0 ? 'no role' : caller.roles.join('+');
  const message = `${caller.name} (${has}) may not ${rightMeanings[right]}`;
  throw new SkepError('Unauthorized', message, { hint: hintFor(right) });
}

/** What the operator of a host does that was removed from the servers. */
export const serverAgain = (name: string): string =>
  `to be a server it joins again: \`skep server add ${name}\` on a server; where no cell runs, \`skep cert revoke ${name}\` and a new token`;

function hintFor(right: Right): string {
  const people = rolesWith(right).filter((role) => (userRoles as readonly Role[]).includes(role));
  const enough = (people.length > 0 ? people : rolesWith(right)).join(' or ');
  if (right === 'console') return 'needed: console; an admin gives it with `skep user add NAME --console`';
  if (right === 'host' || right === 'server' || right === 'cell')
    return `needed: a certificate of a ${enough}`;
  return `needed: ${enough}; an admin makes such a user with \`skep user add NAME --role ROLE\``;
}

/**
 * Whether the caller may have a shell on a cell's host: as admin who has `console` too. Where nobody is asked who they
 * are, on this machine only.
 */
export function mayEnterHost({ how, roles, address }: Caller): boolean {
  if (how === 'open') return isThisMachine(address);
  return mayDo(roles, 'admin') && mayDo(roles, 'console');
}

/** Throws what `authorize` does unless the caller may have a shell on a cell's host. */
export function authorizeHostShell(caller: Caller): void {
  if (mayEnterHost(caller)) return;
  if (caller.how === 'open') {
    throw new SkepError(
      'Unauthorized',
      `${caller.name} may not have a shell on a host of an insecure cluster`,
      {
        hint: 'this cluster knows nobody, so it is given on the machine of a server only: ask there',
      },
    );
  }
  if (caller.how === 'nothing') authorize(caller, 'console');
  const has = caller.roles.length === 0 ? 'no role' : caller.roles.join('+');
  throw new SkepError('Unauthorized', `${caller.name} (${has}) may not have a shell on a host`, {
    hint: 'needed: admin and console together; an admin makes such a user with `skep user add NAME --role admin --console`',
  });
}

function isThisMachine(address: string | undefined): boolean {
  return address === undefined || address === '::1' || /^(::ffff:)?127\./.test(address);
}

/** Throws `Unauthorized` unless the caller is that cell. */
export function authorizeCell(caller: Caller, cellId: string): void {
  if (caller.how === 'open') return;
  authorize(caller, 'cell');
  if (caller.name === cellId) return;
  const message = `the certificate of ${caller.name} speaks for cell ${caller.name}, not for ${cellId}`;
  throw new SkepError('Unauthorized', message, {
    field: 'cell',
    hint: `a cell's name is that in its certificate: set "name: ${caller.name}", or join again under the new name`,
  });
}
