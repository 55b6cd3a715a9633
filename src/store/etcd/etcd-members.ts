/**
 * The members of the quorum over etcd's cluster API. Used by the server that lets another one join, and by the
 * commands that show and remove servers. Any voting member answers; a learner refuses all of them.
 */
import type { Etcd3, IMember } from 'etcd3';
import type { Clock } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import { defaults } from '../../model/defaults.ts';
import type { Asking, Member, Members } from '../members.ts';
import type { StoreCredentials } from './credentials.ts';
import { callMember, decimalId, hexId, type MemberClient, memberClient } from './member-client.ts';

export interface EtcdMembersOptions {
  /** Of a voting member: this server's own. */
  readonly clientUrl: string;
  readonly credentials?: StoreCredentials | undefined;
  readonly clock: Clock;
}

type Grpc = { deadline: number };

export function etcdMembers(options: EtcdMembersOptions): Members & { close(): void } {
  return new EtcdMembers(options);
}

class EtcdMembers implements Members {
  readonly #client: MemberClient;
  readonly #clock: Clock;
  readonly #credentials: StoreCredentials | undefined;
  #changes = 0;
  #last: { readonly askedAtMs: number; readonly members: readonly Member[] } | undefined;

  constructor({ clientUrl, credentials, clock }: EtcdMembersOptions) {
    this.#client = memberClient(clientUrl, credentials);
    this.#clock = clock;
    this.#credentials = credentials;
  }

  close(): void {
    this.#client.close();
  }

  async list({ signal, maxAgeMs = 0 }: Asking): Promise<readonly Member[]> {
    const [askedAtMs, changes] = [this.#clock.now(), this.#changes];
    if (this.#last !== undefined && askedAtMs - this.#last.askedAtMs < maxAgeMs) return this.#last.members;
    const told = await this.#call('list the members', signal, (client, grpc) =>
      client.cluster.memberList({}, grpc),
    );
    const members = told.members.map(memberFrom).toSorted((a, b) => (a.server < b.server ? -1 : 1));
    if (changes === this.#changes) this.#last = { askedAtMs, members };
    return members;
  }

  async add(server: string, peerUrl: string, options: { readonly signal: AbortSignal }): Promise<string> {
    const members = await this.list(options);
    const there = members.find((member) => member.peerUrls.includes(peerUrl));
    if (there && (there.server === '' || there.server === server)) {
      return clusterOf(members, server, peerUrl);
    }
    refuseAdd(members, server, peerUrl);
    try {
      await this.#change(`add server ${server}`, options.signal, (client, grpc) =>
        client.cluster.memberAdd({ peerURLs: [peerUrl], isLearner: true }, grpc),
      );
    } catch (error) {
      // Added by an earlier try whose answer was lost: that is what was asked for.
      if (!/Peer URLs already exists/i.test(String(error))) throw error;
    }
    return clusterOf(await this.list(options), server, peerUrl);
  }

  async promote(server: string, options: { readonly signal: AbortSignal }): Promise<void> {
    const member = await this.#find(server, options.signal);
    if (!member.learner) return;
    await this.#change(`promote server ${server}`, options.signal, (client, grpc) =>
      client.cluster.memberPromote({ ID: decimalId(member.id) }, grpc),
    );
  }

  async remove(server: string, options: { readonly signal: AbortSignal }): Promise<void> {
    const member = await this.#find(server, options.signal);
    await this.#change(`remove server ${server}`, options.signal, (client, grpc) =>
      client.cluster.memberRemove({ ID: decimalId(member.id) }, grpc),
    );
  }

  /** Only the member that leads may give the lead away, so it is asked itself. */
  async handOver(from: string, to: string, options: { readonly signal: AbortSignal }): Promise<void> {
    const [giver, taker] = [await this.#find(from, options.signal), await this.#find(to, options.signal)];
    const [clientUrl = ''] = giver.clientUrls;
    const client = memberClient(clientUrl, this.#credentials);
    const what = `cannot hand over the lead from ${from} to ${to}`;
    const call = { clock: this.#clock, signal: options.signal, deadlineMs: defaults.etcdCallMs, what };
    try {
      await callMember(call, (grpc) =>
        client.etcd.maintenance.moveLeader({ targetID: decimalId(taker.id) }, grpc),
      );
    } finally {
      client.close();
    }
  }

  async #find(server: string, signal: AbortSignal): Promise<Member> {
    const members = await this.list({ signal });
    const found = members.find((member) => member.server === server || member.peerUrls.includes(server));
    if (found) return found;
    const names = members.map((member) => member.server || 'a learner that has not started').join(', ');
    throw new SkepError('ResourceNotFound', `there is no server ${server}`, { hint: `there are: ${names}` });
  }

  /** A change, after which nothing counts that was heard before or while it was made. */
  async #change(
    what: string,
    signal: AbortSignal,
    run: (client: Etcd3, grpc: Grpc) => Promise<unknown>,
  ): Promise<void> {
    try {
      await this.#call(what, signal, run);
    } finally {
      this.#changes++;
      this.#last = undefined;
    }
  }

  async #call<T>(
    what: string,
    signal: AbortSignal,
    run: (client: Etcd3, grpc: Grpc) => Promise<T>,
  ): Promise<T> {
    const call = { clock: this.#clock, signal, deadlineMs: defaults.etcdCallMs, what: `cannot ${what}` };
    try {
      return await callMember(call, (grpc) => run(this.#client.etcd, grpc));
    } catch (error) {
      throw signal.aborted ? error : (refusalOf(error, what) ?? error);
    }
  }
}

function memberFrom(member: IMember): Member {
  return {
    id: hexId(member.ID),
    server: member.name,
    peerUrls: member.peerURLs,
    clientUrls: member.clientURLs,
    learner: member.isLearner,
  };
}

/** Throws what etcd would say less clearly, or not at all. */
function refuseAdd(members: readonly Member[], server: string, peerUrl: string): void {
  const there = members.find((member) => member.peerUrls.includes(peerUrl));
  if (there) {
    throw new SkepError('ResourceExists', `server ${there.server} is at ${peerUrl} already`, {
      hint: `use its name, or remove ${there.server} first`,
    });
  }
  if (members.some((member) => member.server === server)) {
    throw new SkepError(
      'ResourceExists',
      `a server ${server} is in the cluster, at another address than ${peerUrl}`,
      {
        hint: 'give the new server another name, or remove the old one first',
      },
    );
  }
  const learner = members.find((member) => member.learner);
  if (learner) {
    throw new SkepError(
      'Busy',
      `${learner.server || learner.peerUrls[0]} is still joining; servers join one by one`,
      {
        hint: 'try again when it has joined; if it never will, remove it by that name',
      },
    );
  }
  if (members.length >= defaults.serversMax) {
    throw new SkepError(
      'InvalidRequest',
      `the cluster has ${members.length} servers, which is the most there may be`,
      {
        hint: 'join as a cell (--server=false), or remove a server first',
      },
    );
  }
}

/**
 * What must be `--initial-cluster` on the new member: everybody, itself included. etcd compares only the
 * addresses, so the id does for a member that has not told its name yet.
 */
function clusterOf(members: readonly Member[], server: string, peerUrl: string): string {
  return members
    .flatMap((member) => {
      const name = member.peerUrls.includes(peerUrl) ? server : member.server || member.id;
      return member.peerUrls.map((url) => `${name}=${url}`);
    })
    .join(',');
}

interface Refusal {
  readonly pattern: RegExp;
  readonly code: 'Busy' | 'Unavailable' | 'ResourceNotFound' | 'ResourceConflict';
  readonly says: string;
  readonly hint: string;
}

/** etcd 3.4's refusals, in an operator's words. */
const refusals: readonly Refusal[] = [
  {
    pattern: /too many learner members/,
    code: 'Busy',
    says: 'another server is still joining; servers join one by one',
    hint: 'try again when it has joined',
  },
  {
    pattern: /can only promote a learner member which is in sync/,
    code: 'Unavailable',
    says: 'it has not caught up with the leader yet',
    hint: 'try again in a moment; if it lasts, look at etcd.log of that server',
  },
  {
    pattern: /unhealthy cluster/,
    code: 'Unavailable',
    says: 'not every server has been connected for the last five seconds',
    hint: 'try again in a few seconds; if it lasts, start the server that is down, or remove it',
  },
  {
    pattern: /not enough started members/,
    code: 'ResourceConflict',
    says: 'it would leave the cluster without a majority of running servers',
    hint: 'start the servers that are down first',
  },
  {
    pattern: /member not found/,
    code: 'ResourceNotFound',
    says: 'it is not in the cluster any more',
    hint: '`skep status` shows the servers',
  },
];

function refusalOf(error: unknown, what: string): SkepError | undefined {
  const text = String(error);
  const known = refusals.find(({ pattern }) => pattern.test(text));
  return (
    known && new SkepError(known.code, `cannot ${what}: ${known.says}`, { hint: known.hint, cause: error })
  );
}
