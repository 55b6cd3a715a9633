/**
 * A server with TLS for tests: in-memory store, real listener, real dispatcher, authorities of its own, and a virtual
 * clock that begins now, because OpenSSL looks at the real one as well. Everything is gone after `close`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '../../src/api/client.ts';
import { createDispatcher } from '../../src/api/dispatcher.ts';
import { issueCertificate } from '../../src/api/handlers/auth/issue.ts';
import { recordPuts } from '../../src/api/handlers/auth/join.ts';
import { type Api, createApi } from '../../src/api/http/app.ts';
import { identifier } from '../../src/api/http/identify.ts';
import { type Listening, listenApi } from '../../src/api/http/listen.ts';
import { localTickets } from '../../src/api/http/local-tickets.ts';
import type { ApiOptions } from '../../src/api/http/options.ts';
import type { TlsMaterial, TlsSource } from '../../src/base/certificates.ts';
import { type Log, silentLog } from '../../src/base/log.ts';
import { proveUser } from '../../src/base/node/prove-user.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { systemRng } from '../../src/base/node/system-rng.ts';
import { wsAccept, wsDial } from '../../src/base/node/ws-socket.ts';
import { x509Maker } from '../../src/base/node/x509-maker.ts';
import { type Authorities, lifeMs } from '../../src/model/auth.ts';
import type { CellId } from '../../src/model/ids.ts';
import type { Role } from '../../src/model/rights.ts';
import { authoritiesKey } from '../../src/store/core/keys.ts';
import { createReplica } from '../../src/store/follow-replica.ts';
import { type MemoryBbs, memoryBbs } from '../../src/store/memory/memory-bbs.ts';
import type { Replica } from '../../src/store/replica.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

export interface Holder extends TlsSource {
  readonly serial: string;
}

export interface TlsServer {
  readonly clusterId: string;
  readonly authorities: Authorities;
  readonly bbs: MemoryBbs;
  readonly replica: Replica;
  readonly clock: VirtualClock;
  readonly listening: Listening;
  readonly socketPath: string;
  /** A certificate of this cluster. */
  holder(name: string, roles: readonly Role[], life?: number): Promise<Holder>;
  /** Over TLS; without a holder as nobody. */
  client(holder?: TlsSource): Client;
  /** Over the local socket, proved or not. */
  local(isProved: boolean): Client;
  /** The server's own certificate from now on. */
  replace(material: TlsMaterial): void;
  close(): Promise<void>;
}

/** Two fresh authorities. */
export async function testAuthorities(clusterId: string, now: number): Promise<Authorities> {
  const validity = { notBefore: now - 60_000, notAfter: now + lifeMs.authority };
  const cluster = await x509Maker.authority(`Skep cluster ${clusterId}`, validity);
  const store = await x509Maker.authority(`Skep store ${clusterId}`, validity);
  return { v: 1, clusterId, cluster, store, at: now };
}

export async function holderOf(
  authorities: Authorities,
  now: number,
  name: string,
  roles: readonly Role[],
  life: number = lifeMs.host,
) {
  const { key, request } = await x509Maker.request(name);
  const { certificate, record } = await issueCertificate(
    { clock: { ...systemClock, now: () => now } },
    x509Maker,
    authorities,
    {
      name: name as CellId,
      roles,
      addresses: ['127.0.0.1'],
      request,
      lifeMs: life,
      by: 'the test',
    },
  );
  const material = { ca: authorities.cluster.certificate, certificate, key };
  return { serial: record.serial, record, current: () => material };
}

export interface TlsServerOptions {
  /** What the server tells; silent unless given. */
  readonly log?: Log | undefined;
  /** What a test composes itself: a planner, the doctor. */
  readonly more?: Partial<ApiOptions> | undefined;
  /** Before it listens. */
  readonly prepare?: ((api: Api) => void) | undefined;
}

export async function startTlsServer({
  log = silentLog,
  more = {},
  prepare = () => undefined,
}: TlsServerOptions = {}): Promise<TlsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'skep-tls-'));
  const abort = new AbortController();
  const clock = virtualClock(systemClock.now());
  const clusterId = 'skep-test';
  const authorities = await testAuthorities(clusterId, clock.now());
  const bbs = memoryBbs({ clock });
  await bbs.commit([{ compare: [], puts: [{ key: authoritiesKey, value: JSON.stringify(authorities) }] }], {
    signal: abort.signal,
  });
  const replica = createReplica({ bbs, clock, log });
  const following = replica.run(abort.signal);
  const common = { replica, bbs, clusterId, server: 'host-a', clock, rng: systemRng, log };
  const dispatcher = createDispatcher(common);
  const socketPath = join(folder, 'skep.sock');
  const folderOfProofs = `${socketPath}.proof`;
  const tickets = localTickets({
    folder: folderOfProofs,
    groupId: undefined,
    clock,
    rng: systemRng,
    log,
  });
  const api = createApi({
    ...common,
    dispatcher,
    tickets,
    certificates: x509Maker,
    identify: identifier({ ...common, isOpen: false, tickets, socketRoles: ['operator', 'console'] }),
    version: '0.0.0-test',
    ready: () => undefined,
    accept: wsAccept,
    ...more,
  });
  prepare(api);
  let own = (await holderOf(authorities, clock.now(), 'host-a', ['server', 'cell'])).current() as TlsMaterial;
  const listeners = new Set<() => void>();
  const source = {
    current: () => own,
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const listening = await listenApi(api, {
    socketPath,
    socketGroup: 'no-such-group',
    host: '127.0.0.1',
    port: 0,
    log,
    tls: {
      source,
      replica,
      clock,
    },
  });
  await replica.waitFor(1, 5_000, abort.signal);
  const nobody = { current: () => ({ ca: authorities.cluster.certificate }) };
  const dialling = { dial: wsDial, clock: systemClock };

  return {
    clusterId,
    authorities,
    bbs,
    replica,
    clock,
    listening,
    socketPath,
    async holder(name, roles, life) {
      const made = await holderOf(authorities, clock.now(), name, roles, life);
      await bbs.commit(
        [
          {
            compare: [],
            puts: recordPuts(made.record),
          },
        ],
        { signal: abort.signal },
      );
      return made;
    },
    client: (holder = nobody) =>
      createClient({
        ...dialling,
        servers: [listening.address],
        tls: holder,
      }),
    local: (isProved) =>
      createClient({
        ...dialling,
        socketPath,
        ...(isProved ? { prove: proveUser } : {}),
      }),
    replace(material) {
      own = material;
      for (const listener of listeners) listener();
    },
    async close() {
      dispatcher.close();
      await listening.close();
      abort.abort(new Error('the test is over'));
      await following;
      rmSync(folder, {
        recursive: true,
        force: true,
      });
    },
  };
}
