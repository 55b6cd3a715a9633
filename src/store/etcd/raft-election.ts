/**
 * The election where the etcd members are ours: the brain runs where Raft's leader is. The agent asks its own
 * member five times a second; as soon as that leads, the agent takes `brain/leader` from whoever has it, and no
 * lease has to run out first. Who leads asks once a second. Built by the agent's composition root.
 *
 * One case needs the lease: an agent died while its etcd lives on and leads. Then the record vanishes, nobody
 * who leads Raft takes it, and any other server with a voting member does, until Raft's leader has an agent
 * again, which takes it back.
 */
import { type Clock, pause } from '../../base/clock.ts';
import { messageOf } from '../../base/core/errors.ts';
import { defaults } from '../../model/defaults.ts';
import type { Election } from '../election.ts';
import { type CandidateOptions, campaignBy, type Right, type Rule, readLeader } from '../leadership.ts';
import type { MemberStatus } from '../members.ts';

export interface RaftElectionOptions extends CandidateOptions {
  /** The status of this server's own member. */
  readonly status: (signal: AbortSignal) => Promise<MemberStatus>;
}

const leads = (status: MemberStatus): boolean => status.leaderId === status.memberId;

export function raftElection(options: RaftElectionOptions): Election {
  return {
    campaign: (lead, { signal }) => campaignBy(ruleOf(options), options, lead, signal),
  };
}

function ruleOf(options: RaftElectionOptions): Rule {
  const { bbs, clock } = options;
  const vacancy = vacancyWatch(options);
  return {
    pollMs: defaults.raftStatusPollMs,
    async mayClaim(signal) {
      const status = await options.status(signal);
      if (leads(status)) {
        vacancy.reset();
        const over = await readLeader(bbs, clock, signal);
        const { raftTerm } = status;
        const leaseMs = defaults.raftLeaderLeaseMs;
        return { over, raftTerm, leaseMs, ...raftWatch(options, raftTerm) };
      }
      const mayStandIn = !status.learner && status.leaderId !== '0';
      return mayStandIn && (await vacancy.lasts(signal)) ? standIn(status) : undefined;
    },
  };
}

const standIn = (status: MemberStatus): Right => ({
  over: undefined,
  raftTerm: status.raftTerm,
  leaseMs: defaults.leaderLeaseMs,
});

interface VacancyWatch {
  /** Looks at most once a second; true when there was no leader's record twice in a row. */
  lasts(signal: AbortSignal): Promise<boolean>;
  reset(): void;
}

function vacancyWatch({ bbs, clock, rng }: RaftElectionOptions): VacancyWatch {
  let vacantSinceMs: number | undefined;
  let lookAtMs = 0;
  return {
    reset() {
      vacantSinceMs = undefined;
    },
    async lasts(signal) {
      if (clock.now() < lookAtMs) return false;
      // Apart, so that not all servers claim at the same moment.
      lookAtMs = clock.now() + Math.round(defaults.leaderKeyPollMs * (0.75 + rng.next() / 2));
      const record = await readLeader(bbs, clock, signal);
      if (record !== undefined) {
        vacantSinceMs = undefined;
        return false;
      }
      const vacantBefore = vacantSinceMs !== undefined;
      vacantSinceMs ??= clock.now();
      return vacantBefore;
    },
  };
}

/**
 * What a leader knows by its member. As long as that has led since the claim, in the same Raft term, no other member
 * can have: nobody else may claim then, unless the record is gone, which its lease tells.
 */
function raftWatch(options: RaftElectionOptions, raftTerm: number): Pick<Right, 'isCertain' | 'lost'> {
  let isCertain = true;
  const heard = (status: MemberStatus | undefined): void => {
    isCertain = status !== undefined && leads(status) && status.raftTerm === raftTerm;
  };
  return { isCertain: () => isCertain, lost: (term) => raftLost(options, heard, term) };
}

/**
 * Ends when the own member no longer leads, or has not answered for fifteen seconds: one lost poll is nothing.
 * Less eager than the candidates, because the fence keeps an old leader from harm, not this.
 * @param heard is told each answer, and that there was none
 */
async function raftLost(
  options: RaftElectionOptions,
  heard: (status: MemberStatus | undefined) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { clock, log } = options;
  let seenAtMs = clock.now();
  while (await pause(clock, defaults.raftLeadingPollMs, signal)) {
    try {
      const status = await options.status(signal);
      heard(status);
      if (!leads(status)) return `the etcd member of this server no longer leads Raft (${whoLeads(status)})`;
      seenAtMs = clock.now();
    } catch (error) {
      if (signal.aborted) return undefined;
      heard(undefined);
      log.debug('election.status_unknown', { reason: messageOf(error) });
      if (clock.now() - seenAtMs >= defaults.leaderBlindMs) return blind(clock, seenAtMs, error);
    }
  }
  return undefined;
}

const whoLeads = (status: MemberStatus): string =>
  status.leaderId === '0' ? 'no member does' : `member ${status.leaderId} does`;

const blind = (clock: Clock, seenAtMs: number, error: unknown): string =>
  `its etcd member has not answered for ${clock.now() - seenAtMs} ms (${messageOf(error)})`;
