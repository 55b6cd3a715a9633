/** Which changes of the servers are refused, with the numbers and what to do. Asked by handlers/servers.ts. */
import { SkepError } from '../../base/core/errors.ts';
import { defaults } from '../../model/defaults.ts';
import {
  lossesSurvived,
  majorityOf,
  type QuorumChange,
  type Voter,
  withoutVoter,
} from '../../model/quorum.ts';

/** A host as its presence tells of it. */
export interface Candidate {
  readonly isServer: boolean;
  readonly serving: { readonly can: boolean; readonly reason?: string | undefined } | undefined;
}

/** One change at a time. Throws `ResourceConflict`. */
export function refuseWhileChanging(change: QuorumChange | undefined): void {
  if (change === undefined) return;
  const { kind, server, by } = change;
  const what = kind === 'add' ? 'added' : 'removed';
  throw new SkepError('ResourceConflict', `server ${server} is being ${what} (${by})`, {
    hint: 'servers change one by one: skep server ls shows when it is over',
  });
}

/** Throws unless the host can become a server now. */
export function refuseAdding(host: string, candidate: Candidate | undefined, memberCount: number): void {
  if (candidate?.isServer === true) {
    throw new SkepError('ResourceExists', `${host} is a server already`, {
      hint: 'skep server ls shows all',
    });
  }
  if (candidate === undefined) {
    throw new SkepError('ResourceNotFound', `host ${host} is not there`, {
      hint: 'it must be a cell that is present: skep cells lists them',
    });
  }
  if (candidate.serving?.can !== true) {
    const why = candidate.serving?.reason ?? 'its agent is older and cannot be told';
    throw new SkepError('InvalidRequest', `${host} cannot be a server: ${why}`, {
      hint: 'change that on the host ("server: auto" in its settings, restart its agent), then add it again',
    });
  }
  if (memberCount >= defaults.serversMax) {
    throw new SkepError(
      'InvalidRequest',
      `there are ${memberCount} servers, which is the most there may be`,
      {
        hint: 'remove one first: skep server remove NAME',
      },
    );
  }
}

export interface Removal {
  readonly server: string;
  readonly voters: readonly Voter[];
  readonly isLearner: boolean;
  /** Also when fewer losses would be survived; never when no majority would be left. */
  readonly force: boolean;
  /** The automatic quorum puts another host in its place. */
  readonly hasHeir: boolean;
}

/** Throws when the removal would break the quorum, or lower what it survives without `force`. */
export function refuseRemoving({ server, voters, isLearner, force, hasHeir }: Removal): void {
  if (isLearner) return;
  const { left, reachable, needed, isSafe } = withoutVoter(voters, server);
  if (left === 0) {
    throw new SkepError('InvalidRequest', `${server} is the only server: without it there is no cluster`, {
      hint: 'add another one first: skep server add HOST',
    });
  }
  if (!isSafe) {
    const message = `without ${server}, ${reachable} of ${left} servers would answer, and ${needed} must`;
    throw new SkepError('InsufficientResources', message, {
      hint: 'start the servers that are silent, or remove those first; most of them gone for good: skep server recover',
    });
  }
  const after = lossesSurvived(left) - (left - reachable);
  const before = lossesNow(voters);
  if (force || hasHeir || after >= before) return;
  const message = `with ${left} instead of ${voters.length} servers the loss of ${after} would be survived, now of ${before}`;
  throw new SkepError('InsufficientResources', message, {
    hint: 'add another one first: skep server add HOST; or remove it all the same: --force',
  });
}

/** How many more servers may be lost while the rest is a majority. */
export function lossesNow(voters: readonly Voter[]): number {
  const reachable = voters.filter(({ isReachable }) => isReachable).length;
  return Math.max(0, reachable - majorityOf(voters.length));
}
