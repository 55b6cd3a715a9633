/**
 * The election over an outside etcd, where no member is ours to follow: whoever finds no leader's record takes
 * it, under a lease. A record that names this very server is one of its earlier life and is taken at once.
 * Built by the agent's composition root.
 */
import { defaults } from '../../model/defaults.ts';
import type { Election } from '../election.ts';
import { type CandidateOptions, campaignBy, leaderOf, type Rule, readLeader } from '../leadership.ts';

export function leaseElection(options: CandidateOptions): Election {
  const { bbs, clock, server } = options;
  const rule: Rule = {
    pollMs: defaults.leaderLeaseMs / 6,
    async mayClaim(signal) {
      const over = await readLeader(bbs, clock, signal);
      if (over !== undefined && leaderOf(over) !== server) return undefined;
      return { over, raftTerm: 0, leaseMs: defaults.leaderLeaseMs };
    },
  };
  return { campaign: (lead, { signal }) => campaignBy(rule, options, lead, signal) };
}
