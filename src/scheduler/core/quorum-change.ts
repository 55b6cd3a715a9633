/**
 * How a change of the servers goes on: the next thing to do about the one that is under way, from what is seen now.
 * Every move may be made twice, so a leader that takes over simply goes on. Asked by scheduler/quorum-keeper.ts.
 */
import { defaults } from '../../model/defaults.ts';
import type { Millis } from '../../model/ids.ts';
import { automatic, type Quorum, type QuorumChange, withoutVoter } from '../../model/quorum.ts';
import type { HostView, MemberView } from './quorum.ts';

export type ChangeMove =
  | { readonly do: 'wait'; readonly why: string }
  /** Tell the host to become a server. */
  | { readonly do: 'order' }
  /** Raft's leadership goes to another server first. */
  | { readonly do: 'handOver'; readonly to: string }
  | { readonly do: 'remove' }
  | { readonly do: 'end'; readonly isDone: boolean; readonly outcome: string };

export interface ChangeInput {
  readonly change: QuorumChange;
  readonly members: readonly MemberView[];
  readonly hosts: readonly HostView[];
  readonly now: Millis;
}

export function nextMove(input: ChangeInput): ChangeMove {
  return input.change.kind === 'add' ? addMove(input) : removeMove(input);
}

const failed = (outcome: string): ChangeMove => ({ do: 'end', isDone: false, outcome });
const done = (outcome: string): ChangeMove => ({ do: 'end', isDone: true, outcome });

function addMove({ change, members, hosts, now }: ChangeInput): ChangeMove {
  const { server } = change;
  const member = members.find((one) => one.server === server);
  if (member !== undefined && !member.isLearner && member.isReachable) return done('it votes');
  const host = hosts.find(({ name }) => name === server);
  if (now - change.at >= defaults.serverChangeDeadlineMs) {
    if (member?.isLearner === true) return { do: 'remove' };
    if (member !== undefined) return done('it votes, and does not answer');
    return failed(host === undefined ? 'the host is not there' : 'the host did not join in time');
  }
  if (member?.isLearner === true) return { do: 'wait', why: 'it catches up' };
  if (host === undefined) return { do: 'wait', why: 'the host is not there' };
  if (!host.canServe) return failed('the host can be no server any more');
  return host.serves ? { do: 'wait', why: 'it starts' } : { do: 'order' };
}

function removeMove({ change, members, now }: ChangeInput): ChangeMove {
  const { server } = change;
  const member = members.find((one) => one.server === server);
  if (member === undefined) return done('it is no server any more');
  if (change.by === automatic && member.isReachable) return failed('it is back');
  if (member.isLearner) return { do: 'remove' };
  const voters = members.filter(({ isLearner }) => !isLearner);
  const { isSafe, left, reachable, needed } = withoutVoter(voters, server);
  const why = `${reachable} of the ${left} others answer, ${needed} must`;
  if (!isSafe && now - change.at >= defaults.serverChangeDeadlineMs) return failed(why);
  if (member.leads)
    return handOverMove(
      voters.filter((voter) => voter.server !== server),
      now,
    );
  return isSafe ? { do: 'remove' } : { do: 'wait', why };
}

/** An heir that did not take the lead is not asked for so long; longer than one call to etcd. */
const heirTurnMs = 10_000;

/**
 * Who is to go leads no further: the next leader judges whether it can be done without. Its own word would not do: one
 * whose certificate was revoked sees nobody, because the others' etcd refuses it. That it leads says that a majority
 * follows it, so when nobody answers it the others are tried in turn; Raft gives the lead to none that is away.
 */
function handOverMove(others: readonly MemberView[], now: Millis): ChangeMove {
  const seen = others.find(({ isReachable }) => isReachable);
  const heir = seen ?? others[Math.floor(now / heirTurnMs) % others.length];
  return heir === undefined
    ? { do: 'wait', why: 'nobody else can lead' }
    : { do: 'handOver', to: heir.server };
}

/** The record after a change has ended. */
export function endedChange(
  record: Quorum,
  change: QuorumChange,
  { isDone, outcome }: { readonly isDone: boolean; readonly outcome: string },
  now: Millis,
): Quorum {
  const { change: _over, ...kept } = record;
  return {
    ...kept,
    last: { ...change, endedAt: now, isDone, outcome },
    passedOver: { ...record.passedOver, ...passedOverAfter(change, isDone, outcome, now) },
  };
}

/** What failed is not tried again at once; what an operator removed stays out until one adds it. */
function passedOverAfter(
  { kind, server, by }: QuorumChange,
  isDone: boolean,
  outcome: string,
  now: Millis,
): Quorum['passedOver'] {
  if (kind === 'add') {
    if (isDone) return {};
    const until = now + defaults.serverRetryAfterMs;
    return { [server]: { until, why: `could not be added: ${outcome}` } };
  }
  return isDone && by !== automatic ? { [server]: { why: `removed by ${by}` } } : {};
}
