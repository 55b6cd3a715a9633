/**
 * One etcd member is restarted at a time: who restarts holds a record under a lease, which ends by itself when its
 * holder does, and begins only while the others are a majority without it. Called by trust-keeper.ts.
 */
import type { Clock } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Bbs } from '../../store/bbs.ts';
import { etcdTurnKey } from '../../store/core/keys.ts';

/** This server's own member, as far as whom it trusts is concerned. */
export interface EtcdTrust {
  /** Whether it runs with what this host trusts now. */
  isCurrent(): boolean;
  /** Resolves once it serves again. */
  restart(signal: AbortSignal): Promise<void>;
  /** Voters that there are, and those that answer, this one among them. */
  voters(signal: AbortSignal): Promise<{ readonly all: number; readonly answering: number }>;
}

interface Turn {
  readonly server: string;
  readonly bbs: Bbs;
  readonly clock: Clock;
  readonly log: Log;
}

/** Longer than a member takes to come back; a holder that died is waited for no longer. */
const turnMs = 60_000;

/** Throws `Busy` while it is another server's turn, `Unavailable` while the others are too few. */
export async function inTurn(
  { server, bbs, log }: Turn,
  etcd: EtcdTrust,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const { all, answering } = await etcd.voters(signal);
  if (!mayRestart(all, answering)) {
    throw new SkepError('Unavailable', `${answering} of ${all} etcd members answer: none is restarted now`);
  }
  const leaseId = await bbs.grantLease(turnMs, { signal });
  try {
    const [outcome] = await bbs.commit(
      [
        {
          compare: [{ key: etcdTurnKey, revision: 0 }],
          puts: [{ key: etcdTurnKey, value: server, leaseId }],
        },
      ],
      { signal },
    );
    if (outcome?.committed !== true) throw new SkepError('Busy', 'another server restarts its etcd now');
    await work();
  } finally {
    // When it cannot be said that the turn is over, the lease says it a minute later.
    await bbs.revokeLease(leaseId, { signal }).catch((error: unknown) => {
      if (!signal.aborted) log.info('trust.turn_not_ended', { reason: messageOf(error) });
    });
  }
}

/**
 * Whether one of the answering members may be away for a moment. With one or two voters no majority is left without it,
 * whatever is done; then at least all must be there.
 */
export function mayRestart(all: number, answering: number): boolean {
  if (all <= 2) return answering === all;
  return answering - 1 >= Math.floor(all / 2) + 1;
}
