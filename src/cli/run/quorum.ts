/**
 * The store that a server stands on: its own etcd member, made or joined or adopted, or an outside etcd.
 * Joining: the member is added as a learner through a server that exists, and promoted when it has caught up.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '../../api/client.ts';
import { withDeadline } from '../../base/clock.ts';
import { backoffMs } from '../../base/core/backoff.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { randomName } from '../../base/core/rng.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import { etcdDataFolder } from '../../store/core/etcd-args.ts';
import { etcdBbs } from '../../store/etcd/etcd-bbs.ts';
import { etcdMembers } from '../../store/etcd/etcd-members.ts';
import { leaseElection } from '../../store/etcd/lease-election.ts';
import { type MemberStatusReader, memberStatus } from '../../store/etcd/member-status.ts';
import { raftElection } from '../../store/etcd/raft-election.ts';
import { type EtcdSupervisor, startEtcd } from '../../store/etcd/supervisor.ts';
import type { Asking, MemberStatus, Members } from '../../store/members.ts';
import type { AgentContext } from './context.ts';
import type { EtcdTrust } from './etcd-turn.ts';
import type { HostCertificates } from './host-certificates.ts';
import { outsideCredentials } from './outside-etcd.ts';
import { standingAsker, untilRemoved } from './removal.ts';
import type { StoreAccess } from './store-access.ts';

export interface Quorum {
  readonly store: StoreAccess;
  /** Resolves once the store serves this server as a voter, however long that takes. */
  ready(signal: AbortSignal): Promise<void>;
  memberId(signal: AbortSignal): Promise<string>;
  /** Resolves, with how it is said, when the cluster has removed this server's member. Rejects with the signal. */
  removed(signal: AbortSignal): Promise<string>;
  /** Absent with an outside etcd, and without TLS. */
  readonly trust?: EtcdTrust | undefined;
  stop(): Promise<void>;
}

/** Throws what only an operator can change; everything else is waited for in `ready`. */
export async function startQuorum(context: AgentContext, signal: AbortSignal): Promise<Quorum> {
  return context.config.etcdEndpoints.length > 0 ? outsideEtcd(context) : ownMember(context, signal);
}

function outsideEtcd(context: AgentContext): Quorum {
  const { config, clock, rng, log } = context;
  const credentials = outsideCredentials(config, context);
  const bbs = etcdBbs({ endpoints: config.etcdEndpoints, credentials, clock, log, rng });
  const election = leaseElection({ bbs, server: config.name, clock, log, rng });
  return {
    store: {
      bbs,
      pages: bbs.pages,
      election,
      members: undefined,
      memberStatuses: undefined,
      health: () => '',
    },
    ready: async () => undefined,
    memberId: async () => 'outside',
    removed: untilAborted,
    stop: async () => bbs.close(),
  };
}

async function ownMember(context: AgentContext, signal: AbortSignal): Promise<Quorum> {
  const { config, clock, rng, log, certificates } = context;
  const url = (port: number): string => `${certificates ? 'https' : 'http'}://${config.address}:${port}`;
  const credentials = certificates?.storeCredentials;
  credentials?.();
  const clientUrl = url(config.ports.etcdClient);
  const peerUrl = url(config.ports.etcdPeer);
  const dataDir = join(config.dataDir, 'etcd');
  const bootstrap = await bootstrapOf(context, dataDir, peerUrl, signal);
  const binary = config.etcdBinary ?? 'etcd';
  const member = { name: config.name, dataDir, clientUrl, peerUrl, binary, ...bootstrap };
  const tls = certificates?.storeFiles;
  const unending = new AbortController().signal;
  const status = memberStatus({ clientUrl, credentials, clock });
  const etcd = await startEtcd({ ...member, tls, credentials, status, clock, rng, log, signal: unending });
  const bbs = etcdBbs({ endpoints: [clientUrl], credentials, clock, log, rng });
  const members = etcdMembers({ clientUrl, credentials, clock });
  const statuses = statusesOf(members, [clientUrl, status], context);
  const read = (): Promise<MemberStatus> => status.read(signal);
  return {
    store: {
      bbs,
      pages: bbs.pages,
      election: raftElection({ bbs, server: config.name, status: read, clock, log, rng }),
      members,
      memberStatuses: (options) => statuses.read(options),
      health: () => etcd.health.reason,
    },
    async ready(waiting) {
      await untilRunning(etcd, context, waiting);
      if ((await status.read(waiting)).learner) await untilPromoted(context, read, waiting);
      await statuses.learn(waiting);
    },
    memberId: async (waiting) => (await status.read(waiting)).memberId,
    trust: certificates && etcdTrust(etcd, certificates, members, statuses),
    removed: (waiting) =>
      untilRemoved({ health: () => etcd.health, standing: standingAsker(context) }, context, waiting),
    async stop() {
      status.close();
      statuses.close();
      members.close();
      bbs.close();
      await etcd.stop();
    },
  };
}

/** A member that comes back reads its log first. */
const restartDeadlineMs = 45_000;

/** What the trust of this server's etcd is kept by: trust-keeper.ts. */
function etcdTrust(
  etcd: EtcdSupervisor,
  certificates: HostCertificates,
  members: Members,
  statuses: Statuses,
): EtcdTrust {
  let inUse = certificates.storeFiles;
  return {
    isCurrent: () => {
      const { caFile, crlFile } = certificates.storeFiles;
      return inUse.caFile === caFile && inUse.crlFile === crlFile;
    },
    async restart(signal) {
      const files = certificates.storeFiles;
      await etcd.restart(files, restartDeadlineMs, signal);
      inUse = files;
    },
    async voters(signal) {
      const all = (await members.list({ signal })).filter(({ learner }) => !learner);
      const answering = await statuses.read({ signal });
      return { all: all.length, answering: all.filter(({ id }) => answering.has(id)).length };
    },
  };
}

interface Statuses {
  /** Notes who is there, for the time when this server's own member hangs. */
  learn(signal: AbortSignal): Promise<void>;
  read(options: Asking): Promise<ReadonlyMap<string, MemberStatus>>;
  close(): void;
}

/** Together less than what `skep status` waits for the answer. */
const listDeadlineMs = 300;
const readDeadlineMs = 500;

/**
 * Asks every member at once; who does not answer in time is left out. Whose own member hangs asks those that it
 * knew last.
 * @param own where this server's own member answers, and its reader, which stays the caller's
 */
function statusesOf(
  members: Members,
  own: readonly [string, MemberStatusReader],
  { clock, log, certificates }: Pick<AgentContext, 'clock' | 'log' | 'certificates'>,
): Statuses {
  const credentials = certificates?.storeCredentials;
  const readers = new Map<string, MemberStatusReader>([own]);
  const readerAt = (clientUrl: string): MemberStatusReader => {
    const reader = readers.get(clientUrl) ?? memberStatus({ clientUrl, credentials, clock });
    readers.set(clientUrl, reader);
    return reader;
  };
  let known: readonly string[] = [];
  const late = (): SkepError => new SkepError('Timeout', "this server's own etcd member does not answer");
  const list = async (signal: AbortSignal, maxAgeMs = 0): Promise<readonly string[]> => {
    try {
      const listed = await withDeadline(clock, listDeadlineMs, signal, late, (inner) =>
        members.list({ signal: inner, maxAgeMs }),
      );
      return listed.flatMap((member) => member.clientUrls.slice(0, 1));
    } catch (error) {
      if (signal.aborted || known.length === 0) throw error;
      return known;
    }
  };
  return {
    async learn(signal) {
      const urls = await list(signal).catch((error: unknown) => {
        signal.throwIfAborted();
        log.info('server.members_unknown', { reason: messageOf(error) });
        return known;
      });
      known = urls;
    },
    async read({ signal, maxAgeMs }) {
      known = await list(signal, maxAgeMs);
      const answers = await Promise.allSettled(
        known.map((url) =>
          withDeadline(clock, readDeadlineMs, signal, late, (inner) => readerAt(url).read(inner, maxAgeMs)),
        ),
      );
      const answered = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      return new Map(answered.map((status) => [status.memberId, status]));
    },
    close() {
      for (const reader of readers.values()) if (reader !== own[1]) reader.close();
    },
  };
}

interface Bootstrap {
  readonly initialCluster: string;
  readonly initialClusterState: 'new' | 'existing';
  readonly clusterToken: string;
}

/** How etcd is to begin; it reads this only while its folder is empty. */
async function bootstrapOf(
  context: AgentContext,
  dataDir: string,
  peerUrl: string,
  signal: AbortSignal,
): Promise<Bootstrap> {
  const { config, rng } = context;
  const alone = `${config.name}=${peerUrl}`;
  const hasData = existsSync(join(etcdDataFolder(dataDir), 'member'));
  if (hasData || config.join.length === 0) {
    return {
      initialCluster: alone,
      initialClusterState: hasData ? 'existing' : 'new',
      clusterToken: randomName(rng),
    };
  }
  const joined = await askServers(context, 'join', signal, (client, call) =>
    client.call('joinServer', { body: { server: config.name, peerUrl } }, call),
  );
  return {
    initialCluster: joined.initialCluster,
    initialClusterState: 'existing',
    clusterToken: joined.clusterId,
  };
}

async function untilRunning(etcd: EtcdSupervisor, context: AgentContext, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await etcd.ready(10_000, signal);
    } catch (error) {
      signal.throwIfAborted();
      // That is told by `removed`, and nothing else comes of it.
      if (etcd.health.isRemoved === true) await untilAborted(signal);
      if (error instanceof SkepError && error.code === 'InvalidConfig') throw error;
      context.log.warn('server.waits_for_etcd', { reason: messageOf(error) });
    }
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Asks for promotion until this member votes; a learner that has not caught up is told so and asks again. */
async function untilPromoted(
  context: AgentContext,
  status: () => Promise<{ readonly learner: boolean }>,
  signal: AbortSignal,
): Promise<void> {
  const params = { server: context.config.name };
  while ((await status()).learner) {
    await askServers(context, 'promote', signal, (client, call) =>
      client.call('promoteServer', { params }, call),
    );
    await context.clock.sleep(100, signal);
  }
  context.log.info('server.promoted');
}

/** Servers join one by one, some seconds each: so many refusals are no warning. */
const patience = 10;

type Client = ReturnType<typeof createClient>;

/** Asks the servers in turn until one says yes; gives up only on what no repetition can change. */
async function askServers<T>(
  context: AgentContext,
  what: string,
  signal: AbortSignal,
  ask: (client: Client, options: { signal: AbortSignal; deadlineMs: number }) => Promise<T>,
): Promise<T> {
  const { config, clock, log, rng, certificates } = context;
  for (let tries = 1; ; tries++) {
    const address = config.join[(tries - 1) % config.join.length];
    const client = createClient({ servers: [address ?? ''], tls: certificates, dial: wsDial, clock });
    try {
      return await ask(client, { signal, deadlineMs: 10_000 });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SkepError && !error.retryable) throw error;
      const waitMs = backoffMs({ firstMs: 100, maxMs: 2_000 }, tries, rng);
      const said = { what, address, reason: messageOf(error), waitMs };
      if (tries < patience) log.info('server.asks_again', said);
      else log.warn('server.asks_again', said);
      await clock.sleep(waitMs, signal);
    }
  }
}
