/**
 * Opens the API on a unix socket and on TCP: one application behind two node servers. Called by the agent's
 * composition root.
 */
import { chmodSync, chownSync, lstatSync, readFileSync, unlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket as NetSocket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Replica } from '../../store/replica.ts';
import type { Api } from './app.ts';
import { hasLapsed, isOfDropped } from './identify.ts';
import { markLocal } from './local-sockets.ts';
import { boundStrangers, refuseBadHttp, refuseBadTls } from './refuse-connection.ts';
import { answerServerName, authoritiesIn, type RenewedTls, tlsServerOptions } from './tls-options.ts';

export interface ListenOptions {
  readonly socketPath?: string | undefined;
  /** Members of this group may use the socket; where it does not exist, only root. */
  readonly socketGroup: string;
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly log: Log;
  /** Without it TCP is plain: loopback only. */
  readonly tls?: TlsListening | undefined;
}

export interface TlsListening {
  readonly source: RenewedTls;
  readonly replica: Replica;
  readonly clock: Clock;
}

export interface Listening {
  /** Where TCP answers: `host:port`. */
  readonly address: string;
  /** Stops taking connections, ends those that there are, and closes the API. */
  close(): Promise<void>;
}

const requestDeadlineMs = 30_000;

/**
 * Throws `ResourceConflict` when the port is taken or another agent answers on the socket, and
 * `InvalidConfig` when either cannot be opened. A socket that nobody answers on any more is replaced.
 */
export async function listenApi(api: Api, options: ListenOptions): Promise<Listening> {
  await api.app.ready();
  const servers: Server[] = [];
  const connections = new Set<NetSocket>();
  let stopGuard = (): void => undefined;
  const close = async (): Promise<void> => {
    stopGuard();
    const closing = servers.map(closeServer);
    await api.close();
    // What has not ended by now does not answer, and must not hold up the agent.
    for (const connection of connections) connection.destroy();
    await Promise.all(closing);
  };
  try {
    const tcp = options.tls === undefined ? plainServer(api) : tlsServer(api, options.tls.source);
    boundStrangers(tcp, api.refusals);
    serve(tcp, api, connections);
    if (options.tls !== undefined) stopGuard = guardConnections(connections, options.tls, options.log);
    await listenTcp(tcp, options);
    servers.push(tcp);
    if (options.socketPath !== undefined) {
      const unix = plainServer(api);
      unix.on('connection', markLocal);
      serve(unix, api, connections);
      await listenUnix(unix, options.socketPath, options);
      servers.push(unix);
    }
    const { port } = tcp.address() as AddressInfo;
    return { address: `${options.host}:${port}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const limits = {
  requestTimeout: requestDeadlineMs,
  headersTimeout: requestDeadlineMs / 2,
  connectionsCheckingInterval: 5_000,
};

function plainServer(api: Api): Server {
  return createServer(limits, (request, response) => api.app.routing(request, response));
}

function tlsServer(api: Api, source: RenewedTls): TlsServer {
  const handle: Parameters<typeof createTlsServer>[1] = (request, response) =>
    api.app.routing(request, response);
  const options = { ...tlsServerOptions(source.current()), SNICallback: answerServerName(source) };
  const server = createTlsServer({ ...limits, ...options }, handle);
  const stop = source.onChange(() => server.setSecureContext(tlsServerOptions(source.current())));
  server.once('close', stop);
  refuseBadTls(server, api.refusals);
  return server;
}

function serve(server: Server, api: Api, connections: Set<NetSocket>): void {
  for (const event of ['connection', 'secureConnection']) {
    server.on(event, (connection: NetSocket | TLSSocket) => {
      connections.add(connection);
      connection.once('close', () => connections.delete(connection));
    });
  }
  server.on('upgrade', (request, connection, head) => api.upgrade(request, connection, head));
  refuseBadHttp(server, api.refusals);
}

/** Certificates expire while connections live. */
const guardEveryMs = 30_000;

/** Ends connections whose certificate was revoked, at once, or has expired. Returns how to stop. */
function guardConnections(
  connections: ReadonlySet<NetSocket>,
  { source, replica, clock }: TlsListening,
  log: Log,
): () => void {
  let trusted = authoritiesIn(source.current().ca);
  const look = (): void => {
    for (const connection of connections) {
      if (!hasLapsed(replica.state, connection, clock.now()) && !isOfDropped(connection, trusted)) continue;
      log.warn('api.connection_ended', { from: connection.remoteAddress, reason: 'its certificate lapsed' });
      connection.destroy();
    }
  };
  let timer: Timer;
  const beat = (): void => {
    look();
    timer = clock.after(guardEveryMs, beat);
  };
  timer = clock.after(guardEveryMs, beat);
  const unsubscribe = replica.subscribe((touched) => {
    if (touched.revoked || touched.all) look();
  });
  const stopTrust = source.onChange(() => {
    trusted = authoritiesIn(source.current().ca);
    look();
  });
  return () => {
    timer.cancel();
    unsubscribe();
    stopTrust();
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

async function listenTcp(server: Server, { host, port }: ListenOptions): Promise<void> {
  try {
    await listening(server, () => server.listen(port, host));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new SkepError('ResourceConflict', `port ${port} on ${host} is taken by another program`, {
        field: 'port',
        hint: `\`ss -ltnp 'sport = :${port}'\` shows which; stop it, or give this agent another port`,
        cause: error,
      });
    }
    throw new SkepError('InvalidConfig', `cannot listen on ${host}:${port}: ${messageOf(error)}`, {
      field: 'host',
      hint: 'give an address that this host has: `ip address` lists them',
      cause: error,
    });
  }
}

/** Resolves when the server listens, rejects when it cannot. */
function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    listen();
  });
}

async function listenUnix(server: Server, path: string, options: ListenOptions): Promise<void> {
  await removeStaleSocket(path, options.log);
  try {
    // The socket is bound within the call: nobody else can open it before its mode is set below.
    await listening(server, () => {
      const before = process.umask(0o177);
      server.listen(path);
      process.umask(before);
    });
    const groupId = groupIdOf(options.socketGroup);
    if (groupId !== undefined) chownSync(path, 0, groupId);
    chmodSync(path, 0o660);
  } catch (error) {
    throw new SkepError('InvalidConfig', `cannot open the socket ${path}: ${messageOf(error)}`, {
      field: 'socketPath',
      hint: 'its folder must exist and be writable for the agent, which runs as root',
      cause: error,
    });
  }
}

/** Throws when somebody answers on it, or it is no socket: then it is not ours to remove. */
async function removeStaleSocket(path: string, log: Log): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) {
    throw new SkepError('InvalidConfig', `${path} exists and is not a socket`, {
      field: 'socketPath',
      hint: 'move it away, or choose another path for the socket',
    });
  }
  if (await answers(path)) {
    throw new SkepError('ResourceConflict', `another agent answers on ${path}`, {
      field: 'socketPath',
      hint: 'stop it first (`systemctl stop skep`), or give this agent another socket and data folder',
    });
  }
  unlinkSync(path);
  log.info('api.stale_socket_removed', { path });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** The group's number in /etc/group; undefined when there is no such group. */
export function groupIdOf(name: string): number | undefined {
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [group, , id] = line.split(':');
    if (group === name && id !== undefined) return Number(id);
  }
  return undefined;
}
