/**
 * The server half of an agent: its etcd member (or an outside etcd), the replica, the API with the dispatcher,
 * and the candidacy for the brain. Starts in the background, so that the cell of a host without quorum works
 * meanwhile; the API answers, saying what is wrong, as soon as the cluster's id is known.
 */
import { createDispatcher } from '../../api/dispatcher.ts';
import { type ServerCertificates, serverCertificates } from '../../api/handlers/auth/leave.ts';
import { createApi } from '../../api/http/app.ts';
import { identifier } from '../../api/http/identify.ts';
import { groupIdOf, listenApi } from '../../api/http/listen.ts';
import { localTickets } from '../../api/http/local-tickets.ts';
import { meteredAccept, serveMetrics } from '../../api/http/metrics.ts';
import { readServer } from '../../api/server-metrics.ts';
import { type ServerOrders, serverOrders } from '../../api/server-orders.ts';
import { SkepError } from '../../base/core/errors.ts';
import { tcpProblem } from '../../base/node/tcp-probe.ts';
import { wsAccept } from '../../base/node/ws-socket.ts';
import { x509Maker } from '../../base/node/x509-maker.ts';
import { type Brain, createBrain } from '../../scheduler/brain.ts';
import { BrainMetrics, readBrain } from '../../scheduler/brain-metrics.ts';
import type { CellEar } from '../../scheduler/cell-ear.ts';
import { DecisionTrace } from '../../scheduler/decision-trace.ts';
import { createExplainer } from '../../scheduler/explainer.ts';
import { createPlanner } from '../../scheduler/planner.ts';
import { keepQuorum, type QuorumKeeperOptions } from '../../scheduler/quorum-keeper.ts';
import { createSurvivalWatch } from '../../scheduler/survival-watch.ts';
import type { Bbs } from '../../store/bbs.ts';
import type { LeaderTerm } from '../../store/election.ts';
import { createReplica } from '../../store/follow-replica.ts';
import type { Replica } from '../../store/replica.ts';
import { startBackups } from './backups.ts';
import { agreeClusterId, announceServer } from './cluster-records.ts';
import type { AgentContext } from './context.ts';
import { readClusterId, writeClusterId } from './data-folder.ts';
import type { HostCertificates } from './host-certificates.ts';
import { renewServer, settleTrust } from './pki.ts';
import { type Quorum, startQuorum } from './quorum.ts';
import { keepRenewed } from './renewal.ts';
import { ownEtcdFigures, serverDoctor } from './server-doctor.ts';
import type { StoreAccess } from './store-access.ts';
import { keepTrust } from './trust-keeper.ts';

export interface ServerHandle {
  /** Rejects when the server cannot go on; never resolves. */
  readonly failed: Promise<never>;
  /** Resolves when it votes and its API answers. */
  readonly ready: Promise<void>;
  /** Resolves, with how, when the cluster has removed this server's member. */
  readonly removed: Promise<string>;
  /** Gives up leadership, closes the API, ends etcd: in this order. */
  stop(): Promise<void>;
}

/** What a server stands for leadership with. */
interface Candidacy {
  readonly store: StoreAccess;
  readonly replica: Replica;
  readonly orders: ServerOrders;
  /** Absent without TLS. */
  readonly leaving: ServerCertificates | undefined;
  readonly ear: CellEar;
}

/** Starts in the background. The signal asks it to stop what it waits for; `stop` does the rest. */
export function startServer(context: AgentContext, signal: AbortSignal): ServerHandle {
  const serving = new Serving(context, signal);
  const { failed, ready, removed } = serving;
  return { failed, ready, removed, stop: () => serving.stop() };
}

class Serving {
  readonly #context: AgentContext;
  readonly #signal: AbortSignal;
  readonly #campaign = new AbortController();
  readonly #replica = new AbortController();
  readonly #closers: (() => Promise<void>)[] = [];
  readonly failed: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;
  readonly ready: Promise<void>;
  #becomeReady: () => void = () => undefined;
  readonly removed: Promise<string>;
  #beRemoved: (how: string) => void = () => undefined;
  #quorum: Quorum | undefined;
  #booting: Promise<void>;
  #leading: Promise<void> = Promise.resolve();
  #listening = false;

  constructor(context: AgentContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
    this.failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.ready = new Promise((resolve) => {
      this.#becomeReady = resolve;
    });
    this.removed = new Promise((resolve) => {
      this.#beRemoved = resolve;
    });
    // Whoever races on it sees the error; without a race there is nobody to tell.
    this.failed.catch(() => undefined);
    this.#booting = this.#guard(this.#boot());
  }

  async stop(): Promise<void> {
    this.#campaign.abort(new SkepError('Cancelled', 'the agent is stopping'));
    await this.#booting;
    await this.#leading;
    for (const close of this.#closers.reverse()) await close();
    this.#replica.abort(new SkepError('Cancelled', 'the agent is stopping'));
    await this.#quorum?.stop();
  }

  /** What runs in the background ends quietly when told to, and takes the agent with it otherwise. */
  async #guard(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!this.#signal.aborted) this.#fail(error);
    }
  }

  async #boot(): Promise<void> {
    const { config, log } = this.#context;
    this.#quorum = await startQuorum(this.#context, this.#signal);
    void this.#quorum.removed(this.#signal).then(this.#beRemoved, () => undefined);
    const store = this.#quorum.store;
    const known = readClusterId(config.dataDir);
    if (known !== undefined) await this.#serve(store, known);
    await this.#quorum.ready(this.#signal);
    const { certificates } = this.#context;
    const clusterId = await agreeClusterId(store.bbs, this.#context, this.#signal, certificates?.clusterId);
    if (certificates !== undefined) {
      await settleTrust(this.#context, certificates, store.bbs, this.#signal);
      this.#keepRenewed(certificates, store.bbs);
    }
    if (known !== undefined && known !== clusterId) {
      throw new SkepError(
        'InvalidConfig',
        `the store is of cluster ${clusterId}, this host was in ${known}`,
        {
          field: 'dataDir',
          hint: `use another data folder, or remove ${config.dataDir}/cluster.json if this host was meant to move`,
        },
      );
    }
    writeClusterId(config.dataDir, clusterId);
    await this.#serve(store, clusterId);
    await announceServer(store.bbs, this.#context, await this.#quorum.memberId(this.#signal), this.#signal);
    log.info('server.ready', { clusterId });
    this.#becomeReady();
  }

  #keepRenewed(certificates: HostCertificates, bbs: Bbs): void {
    const renew = (): Promise<void> => renewServer(this.#context, certificates, bbs, this.#signal);
    void this.#guard(keepRenewed(certificates, renew, this.#context, this.#signal));
  }

  #keepTrust(bbs: Bbs, replica: Replica): void {
    const { config, certificates, clock, rng, log } = this.#context;
    if (certificates === undefined) return;
    const keeping = { server: config.name, certificates, bbs, replica, clock, rng, log };
    void this.#guard(keepTrust({ ...keeping, etcd: this.#quorum?.trust }, this.#signal));
  }

  /** Opens the API and becomes a candidate, once. */
  async #serve(store: StoreAccess, clusterId: string): Promise<void> {
    if (this.#listening) return;
    this.#listening = true;
    const { config, clock, rng, log, version, metrics, certificates } = this.#context;
    const replica = createReplica({ bbs: store.bbs, clock, log });
    void this.#guard(replica.run(this.#replica.signal));
    this.#keepTrust(store.bbs, replica);
    const common = { replica, bbs: store.bbs, clusterId, server: config.name, clock, rng, log };
    const dispatcher = createDispatcher(common);
    const { members, memberStatuses } = store;
    const survival = createSurvivalWatch({ replica, clock, rng, log, signal: this.#replica.signal });
    const planning = {
      planner: createPlanner(),
      explainer: createExplainer(),
      survives: () => survival.current(),
    };
    // Once there has been a snapshot, reads go on without the store, saying how old they are.
    const ready = (): string | undefined =>
      replica.staleReason === undefined ? store.health() || 'the state is being read' : undefined;
    const socketGroup = 'skep';
    const folder = `${config.socket}.proof`;
    const tickets = localTickets({ folder, groupId: groupIdOf(socketGroup), clock, rng, log });
    const isOpen = certificates === undefined;
    const { socketRoles } = config;
    const backups = startBackups(this.#context, { store, replica, clusterId, signal: this.#signal });
    this.#closers.push(() => backups.done);
    const options = {
      ...common,
      backups: backups.keeper,
      doctor: serverDoctor({ context: this.#context, store, replica, backups: backups.keeper }),
      etcdFigures:
        members === undefined
          ? undefined
          : ({ signal }: { readonly signal: AbortSignal }) => ownEtcdFigures(config, signal),
      ...planning,
      tickets,
      certificates: isOpen ? undefined : x509Maker,
      identify: identifier({ ...common, isOpen, tickets, socketRoles }),
      dispatcher,
      version,
      members,
      memberStatuses,
      reach: tcpProblem,
      ready,
      accept: meteredAccept(wsAccept, metrics),
    };
    const api = createApi(options);
    serveMetrics(api, { metrics, log });
    readServer(metrics, { replica, dispatcher, health: () => store.health(), memberStatuses, clock });
    this.#closers.push(async () => dispatcher.close());
    const listening = await listenApi(api, {
      socketPath: config.socket,
      socketGroup,
      host: config.address,
      port: config.ports.api,
      log,
      tls: certificates && { source: certificates, replica, clock },
    });
    this.#closers.push(() => listening.close());
    const leaving = isOpen ? undefined : serverCertificates(common);
    this.#stand({ store, replica, orders: serverOrders(options), leaving, ear: dispatcher });
  }

  /** From now on this server may lead. */
  #stand({ store, replica, orders, leaving, ear }: Candidacy): void {
    const { config, clock, rng, log, metrics, explain } = this.#context;
    const brain = createBrain({
      bbs: store.bbs,
      replica,
      clock,
      rng,
      log,
      serverName: config.name,
      ear,
      servingSince: clock.now(),
      observers: [new DecisionTrace(explain), new BrainMetrics(metrics)],
    });
    readBrain(metrics, brain, replica);
    const { bbs, members, memberStatuses: statuses } = store;
    const ours = members === undefined || statuses === undefined ? undefined : { members, statuses };
    const keeping = ours && { ...ours, bbs, replica, orders, certificates: leaving, clock, rng, log };
    const lead = (term: LeaderTerm): Promise<void> => {
      metrics.count('skep_brain_leaderships_total', {});
      return withKeeper(brain, keeping, term);
    };
    const campaign = store.election.campaign(lead, { signal: this.#campaign.signal });
    this.#leading = this.#guard(campaign);
  }
}

/** The servers are looked after for as long as the brain leads. */
async function withKeeper(
  brain: Brain,
  keeping: QuorumKeeperOptions | undefined,
  term: LeaderTerm,
): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([term.signal, over.signal]);
  const kept = keeping === undefined ? undefined : keepQuorum(keeping, { ...term, signal });
  try {
    await brain.lead(term);
  } finally {
    over.abort(new SkepError('Cancelled', 'the term is over'));
    await kept;
  }
}
