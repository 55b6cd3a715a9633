/** A quorum in a test's hands: members that are added, removed and led as it is told, and which of them answer. */
import { SkepError } from '../../src/base/core/errors.ts';
import type { Member, MemberStatus, Members } from '../../src/store/members.ts';

export interface FakeMembers extends Members {
  /** By server name. */
  readonly silent: Set<string>;
  leader: string;
  /** What was done to it: `remove h2`, `handOver h1 h2`. */
  readonly calls: string[];
  join(server: string, learner?: boolean): void;
  promoteNow(server: string): void;
  statuses(): Promise<ReadonlyMap<string, MemberStatus>>;
}

export function fakeMembers(...servers: readonly string[]): FakeMembers {
  let members: Member[] = [];
  const silent = new Set<string>();
  const calls: string[] = [];
  const join = (server: string, learner = false): void => {
    const urls = { peerUrls: [`http://${server}:7402`], clientUrls: [`http://${server}:7401`] };
    members = [...members, { id: `id-${server}`, server, learner, ...urls }];
  };
  for (const server of servers) join(server);
  const fake: FakeMembers = {
    silent,
    leader: servers[0] ?? '',
    calls,
    join,
    promoteNow(server) {
      members = members.map((member) => (member.server === server ? { ...member, learner: false } : member));
    },
    list: async () => members,
    add: async () => '',
    promote: async (server) => fake.promoteNow(server),
    async remove(server) {
      calls.push(`remove ${server}`);
      if (!members.some((member) => member.server === server))
        throw new SkepError('ResourceNotFound', `there is no server ${server}`);
      members = members.filter((member) => member.server !== server);
    },
    async handOver(from, to) {
      calls.push(`handOver ${from} ${to}`);
      fake.leader = to;
    },
    statuses: async () =>
      new Map(
        members
          .filter(({ server }) => !silent.has(server))
          .map(({ id, learner }): [string, MemberStatus] => [
            id,
            {
              memberId: id,
              leaderId: `id-${fake.leader}`,
              raftTerm: 7,
              learner,
              dbSizeBytes: 2 ** 20,
              raftIndex: learner ? 90 : 100,
            },
          ]),
      ),
  };
  return fake;
}
