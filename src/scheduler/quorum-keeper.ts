/**
 * Looks after the servers while this one leads: every two seconds it asks every member, lets core/quorum.ts decide,
 * and does the next thing about the change that is under way. What it remembers is in the record `brain/quorum`, so
 * the next leader goes on. Run beside the brain for one term by the agent's composition root; not with an outside etcd.
 */
import { type Clock, pause } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import { type Rng, randomName } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import { defaultBrainSettings } from '../model/cell-spec.ts';
import { defaults } from '../model/defaults.ts';
import type { EventType } from '../model/event.ts';
import type { CellId, Millis } from '../model/ids.ts';
import { automatic, emptyQuorum, type Quorum, type QuorumChange, quorumSchema } from '../model/quorum.ts';
import type { Bbs, Comparison, Mutation, Put } from '../store/bbs.ts';
import { encode } from '../store/core/codec.ts';
import { eventKey, quorumKey, serverKey } from '../store/core/keys.ts';
import type { ClusterState } from '../store/core/state.ts';
import type { LeaderTerm } from '../store/election.ts';
import type { Asking, Member, MemberStatus, Members } from '../store/members.ts';
import type { Replica } from '../store/replica.ts';
import { type HostView, type MemberView, planQuorum } from './core/quorum.ts';
import { type ChangeMove, endedChange, nextMove } from './core/quorum-change.ts';

/** Tells a host to become a server. Implemented by api/server-orders.ts. */
export interface ServerOrders {
  /**
   * Resolves when the host has begun; done already is fine. Throws the host's refusal, or `Unavailable` when it has no
   * session here or does not answer.
   */
  serve(host: string, options: { readonly signal: AbortSignal; readonly by: string }): Promise<void>;
}

/** What a removed server may still show is revoked. Implemented by api/handlers/auth/leave.ts. */
export interface ServerCertificates {
  /** What to write, together with the end of the removal; throws `Unavailable`. */
  leaving(
    server: string,
    options: { readonly by: string; readonly signal: AbortSignal },
  ): Promise<{
    readonly compare: readonly Comparison[];
    readonly puts: readonly Put[];
    readonly serials: readonly string[];
  }>;
}

export interface QuorumKeeperOptions {
  readonly bbs: Bbs;
  readonly replica: Replica;
  readonly members: Members;
  readonly statuses: (options: Asking) => Promise<ReadonlyMap<string, MemberStatus>>;
  readonly orders: ServerOrders;
  /** Absent without TLS. */
  readonly certificates?: ServerCertificates | undefined;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
}

/** An order that failed is given again after this. */
const orderAgainMs = 3_000;

/** Until the term's signal aborts. Whatever fails is logged and looked at again; it never ends the term. */
export async function keepQuorum(options: QuorumKeeperOptions, term: LeaderTerm): Promise<void> {
  await new Keeper(options, term).run();
}

class Keeper {
  readonly #options: QuorumKeeperOptions;
  readonly #term: LeaderTerm;
  /** Since when this leader has seen each host. */
  readonly #seenSince = new Map<CellId, Millis>();
  #orderAt = 0;
  #failure = '';

  constructor(options: QuorumKeeperOptions, term: LeaderTerm) {
    this.#options = options;
    this.#term = term;
  }

  async run(): Promise<void> {
    const { clock, log, replica } = this.#options;
    const { signal } = this.#term;
    while (!signal.aborted) {
      try {
        await replica.waitFor(this.#term.fence.revision, defaults.apiDeadlineMs, signal);
        await this.#look(replica.state);
        this.#failure = '';
      } catch (error) {
        if (signal.aborted || (error instanceof SkepError && error.code === 'Fenced')) return;
        const reason = messageOf(error);
        if (reason !== this.#failure) log.warn('quorum.look_failed', { reason });
        this.#failure = reason;
      }
      const isBusy = replica.state.quorum?.value.change !== undefined;
      const pauseMs = isBusy ? defaults.serverChangeLookMs : defaults.serverLookMs;
      await pause(clock, pauseMs, signal);
    }
  }

  async #look(state: ClusterState): Promise<void> {
    if (state.corrupt.has(quorumKey)) return;
    const now = this.#options.clock.now();
    const record = state.quorum?.value ?? emptyQuorum;
    const members = await this.#members(record.change !== undefined);
    const hosts = this.#hosts(state, now);
    const settings = state.settings?.value ?? defaultBrainSettings;
    const planned = planQuorum({ members, hosts, record, settings, now });
    if (!(await this.#keep(state, planned, now)) || planned.change === undefined) return;
    const { change } = planned;
    const move = nextMove({ change, members, hosts, now });
    await this.#make(move, planned, now);
  }

  async #members(isChanging: boolean): Promise<MemberView[]> {
    const { members, statuses } = this.#options;
    const { signal } = this.#term;
    const listed = await members.list({ signal });
    // While nothing changes, the list that was just read does, and what this server's own member told this second.
    const maxAgeMs = isChanging ? 0 : defaults.etcdProbeMs;
    const answered = await statuses({ signal, maxAgeMs });
    const leaders = new Set([...answered.values()].map(({ leaderId }) => leaderId));
    return listed.map((member) => {
      const { id, learner } = member;
      const isReachable = answered.has(id);
      return { server: nameOf(member), isLearner: learner, isReachable, leads: leaders.has(id) };
    });
  }

  #hosts(state: ClusterState, now: Millis): HostView[] {
    for (const name of this.#seenSince.keys()) if (!state.cells.has(name)) this.#seenSince.delete(name);
    return [...state.cells.values()].map(({ value }) => {
      const { cellId, zone, version, registeredAt, serving } = value;
      const seenSince = this.#seenSince.get(cellId) ?? now;
      this.#seenSince.set(cellId, seenSince);
      const spec = state.cellSpecs.get(cellId)?.value;
      const isCordoned = spec?.cordon !== undefined || spec?.drain !== undefined;
      const [canServe, serves] = [serving?.can === true, serving?.is === true];
      return { name: cellId, zone, canServe, serves, isCordoned, version, seenSince, registeredAt };
    });
  }

  /** Writes the plan when it differs; false when somebody else changed the record meanwhile. */
  async #keep(state: ClusterState, planned: Quorum, now: Millis): Promise<boolean> {
    const before = state.quorum;
    // In the order of the schema, as what was read is.
    if (before !== undefined && encode(before.value) === encode(quorumSchema.parse(planned))) return true;
    const begun =
      planned.change !== undefined && before?.value.change === undefined ? planned.change : undefined;
    const puts = begun === undefined ? [] : [this.#begun(begun, now)];
    return await this.#write(before?.revision ?? 0, planned, { puts });
  }

  #begun({ kind, server, reason }: QuorumChange, now: Millis): Put {
    const [type, what] =
      kind === 'add'
        ? (['server.adding', `becomes a server: ${reason}`] as const)
        : (['server.removing', `is removed from the servers: ${reason}`] as const);
    this.#options.log.info('quorum.change_begins', { kind, server, reason });
    return this.#line(type, server, what, now);
  }

  #line(type: EventType, subject: string, message: string, at: Millis, actor?: string): Put {
    const who = actor === undefined || actor === automatic ? {} : { actor };
    const event = { v: 1, type, at, subject, message, ...who } as const;
    return { key: eventKey(at, randomName(this.#options.rng)), value: encode(event) };
  }

  /** False, and nothing is written, when the record or what `more` compares has changed. */
  async #write(revision: number, record: Quorum, more: Partial<Mutation>): Promise<boolean> {
    const { bbs, replica } = this.#options;
    const { fence, signal } = this.#term;
    const mutation = {
      compare: [{ key: quorumKey, revision }, ...(more.compare ?? [])],
      puts: [{ key: quorumKey, value: encode(record) }, ...(more.puts ?? [])],
      deletes: more.deletes ?? [],
    };
    const [outcome] = await bbs.commit([mutation], { fence, signal });
    if (outcome?.committed !== true) return false;
    await replica.waitFor(outcome.revision, defaults.apiDeadlineMs, signal);
    return true;
  }

  async #make(move: ChangeMove, record: Quorum, now: Millis): Promise<void> {
    const { members, log } = this.#options;
    const { change } = record;
    if (change === undefined) return;
    const { server } = change;
    const options = { signal: this.#term.signal };
    switch (move.do) {
      case 'wait':
        return;
      case 'order':
        return await this.#order(change, record, now);
      case 'handOver':
        log.info('quorum.hands_over', { from: server, to: move.to });
        return await members.handOver(server, move.to, options);
      case 'remove':
        log.info('quorum.removes', { server, reason: change.reason });
        return await members.remove(server, options);
      case 'end':
        return await this.#end(record, change, move, now);
    }
  }

  async #order(change: QuorumChange, record: Quorum, now: Millis): Promise<void> {
    const { orders, log } = this.#options;
    if (now < this.#orderAt) return;
    this.#orderAt = now + orderAgainMs;
    const { server, by } = change;
    try {
      await orders.serve(server, { signal: this.#term.signal, by });
      log.info('quorum.ordered', { server });
    } catch (error) {
      if (this.#term.signal.aborted) throw error;
      const isFinal = error instanceof SkepError && !error.retryable;
      log.warn('quorum.order_failed', { server, reason: messageOf(error), isFinal });
      if (isFinal) await this.#end(record, change, { isDone: false, outcome: messageOf(error) }, now);
    }
  }

  async #end(
    record: Quorum,
    change: QuorumChange,
    how: { readonly isDone: boolean; readonly outcome: string },
    now: Millis,
  ): Promise<void> {
    const revision = this.#options.replica.state.quorum?.revision ?? 0;
    const { kind, server, by } = change;
    this.#options.log.info('quorum.change_ended', { kind, server, ...how });
    const line = this.#line(...told(change, how), now, by);
    const isGone = kind === 'remove' && how.isDone;
    const left = isGone ? await this.#leaving(server, by, now) : { compare: [], puts: [] };
    await this.#write(revision, endedChange(record, change, how, now), {
      compare: left.compare,
      puts: [...left.puts, line],
      deletes: isGone ? [serverKey(server)] : [],
    });
  }

  /**
   * Its member is gone, and in the same step its certificates are no server's any more: a leader that dies before it
   * leaves the change under way, and the next one ends it.
   */
  async #leaving(
    server: string,
    by: string,
    now: Millis,
  ): Promise<{ readonly compare: readonly Comparison[]; readonly puts: readonly Put[] }> {
    const { certificates } = this.#options;
    if (certificates === undefined) return { compare: [], puts: [] };
    const { compare, puts, serials } = await certificates.leaving(server, { by, signal: this.#term.signal });
    if (serials.length === 0) return { compare, puts };
    const which = `${serials.length === 1 ? 'certificate' : 'certificates'} ${serials.join(', ')}`;
    const what = `${which} of ${server}: no server's any more, its store refuses it; good as a cell's until it has one`;
    return { compare, puts: [...puts, this.#line('auth.certificate', server, what, now, by)] };
  }
}

function told(
  { kind, server, reason }: QuorumChange,
  { isDone, outcome }: { readonly isDone: boolean; readonly outcome: string },
): [EventType, string, string] {
  if (!isDone) {
    const what = kind === 'add' ? 'could not be made a server' : 'stays a server';
    return ['server.unchanged', server, `${what}: ${outcome}`];
  }
  return kind === 'add'
    ? ['server.added', server, `is a server: ${reason}`]
    : ['server.removed', server, `is no server any more: ${reason}`];
}

/** Members that never started have no name: they go by their address. */
const nameOf = ({ server, peerUrls, id }: Member): string => server || peerUrls[0] || id;
