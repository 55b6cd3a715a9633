/**
 * Which certificates of etcd's this server's member is to refuse: those that were revoked. The member is started anew for
 * it, so a server that is being removed goes first: refused by the others it could not give up the lead to one of them
 * that it sees, and with two servers nothing could be written meanwhile. Pure; asked by cli/run/trust-keeper.ts.
 */
import type { Revocation } from '../../model/auth.ts';
import type { Millis } from '../../model/ids.ts';
import type { QuorumChange } from '../../model/quorum.ts';

/** Whoever holds a revoked certificate could write into the store that the removal is off: it is not waited for longer. */
export const leavesFirstMs = 10_000;

export interface RefusalInput {
  readonly revoked: Iterable<Revocation>;
  /** The change of the servers that is under way. */
  readonly change: QuorumChange | undefined;
  /** Of this server's own certificate: it would lock itself out. */
  readonly own: string;
  /** Refused already. */
  readonly known: readonly string[];
  /** Since when this server knows of a revocation it has not acted upon; by its own clock. */
  readonly waitsSince: Millis | undefined;
  readonly now: Millis;
}

export interface Refusals {
  /** To be refused from now on; empty when there is nothing new. */
  readonly more: readonly string[];
  /** There are others, which wait until their server is removed. */
  readonly isWaiting: boolean;
}

/** Numbers stay on the list for good: they are few, and a restart to take one away would help nobody. */
export function refusalsDue({ revoked, change, own, known, waitsSince, now }: RefusalInput): Refusals {
  const leaving = change?.kind === 'remove' ? change.server : undefined;
  const isPatient = waitsSince === undefined || now - waitsSince < leavesFirstMs;
  const more: string[] = [];
  let isWaiting = false;
  for (const { name, storeSerial, cellUntil } of revoked) {
    if (storeSerial === undefined || storeSerial === own || known.includes(storeSerial)) continue;
    // One that was removed hears of it from the others' etcd, and a server may just be joining in its place.
    if (isPatient && (name === leaving || cellUntil !== undefined)) isWaiting = true;
    else more.push(storeSerial);
  }
  return { more, isWaiting };
}
