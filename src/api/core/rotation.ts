/**
 * How the authorities of a cluster are changed without refusing anybody who is in order: which step follows which, who
 * is waited for, and what each host must do. Pure; api/handlers/auth/rotation.ts reads, decides here and writes in one
 * transaction, so a crash between any two steps leaves a record that anybody goes on from.
 */
import { SkepError } from '../../base/core/errors.ts';
import type { Authorities, AuthorityKeys } from '../../model/auth.ts';
import type { Trust, TrustPhase } from '../../model/trust.ts';

export interface AuthorityPair {
  readonly cluster: AuthorityKeys;
  readonly store: AuthorityKeys;
}

/** What is written together: the authorities with their keys, and what every server follows. */
export interface TrustStep {
  readonly authorities: Authorities;
  readonly trust: Trust;
}

export interface Asked {
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export const epochOf = (authorities: Pick<Authorities, 'trust'>): number => authorities.trust ?? 0;

/** Everything that counts, the authority that signs first; PEM, one after the other. */
export function trustedText(authorities: Authorities, which: 'cluster' | 'store'): string {
  const { other } = authorities;
  const second = other === undefined ? '' : other[which].certificate;
  return authorities[which].certificate + second;
}

/** New authorities beside the old. Throws `ResourceConflict` while another change is under way. */
export function beginRotation(
  authorities: Authorities,
  trust: Trust | undefined,
  fresh: AuthorityPair,
  { by, now }: Asked,
): TrustStep {
  if (trust !== undefined && trust.phase !== 'steady') {
    throw new SkepError('ResourceConflict', `the authorities are being changed already: ${trust.phase}`, {
      hint: '`skep cert rotate-ca status` says what it waits for; `finish` or `abort` ends it',
    });
  }
  const epoch = epochOf(authorities) + 1;
  return {
    authorities: { ...authorities, trust: epoch, other: fresh, otherIsOlder: false },
    trust: { v: 1, epoch, phase: 'spread', isBack: false, startedAt: now, startedBy: by, at: now },
  };
}

/** The new ones sign from now on; the old ones count on. Undefined when that is not the next step. */
export function beginReissue(authorities: Authorities, trust: Trust, now: number): TrustStep | undefined {
  if (trust.phase !== 'spread' || authorities.other === undefined) return undefined;
  return swap(authorities, trust, { phase: 'reissue', otherIsOlder: true, isBack: false }, now);
}

/** The others count no more. Undefined when that is not the next step. */
export function beginRetire(authorities: Authorities, trust: Trust, now: number): TrustStep | undefined {
  if (trust.phase !== 'reissue') return undefined;
  return dropOther(authorities, trust, now);
}

/**
 * Back to the old authorities: at once while nothing was signed by the new ones, else everything is signed by the old
 * ones again and `finish` drops the new. Throws `ResourceConflict` where there is nothing to give up any more.
 */
export function abortRotation(authorities: Authorities, trust: Trust | undefined, now: number): TrustStep {
  const { other } = authorities;
  if (trust === undefined || other === undefined || trust.isBack) {
    const why = trust?.isBack === true ? 'it is being given up already' : 'no authority is being changed';
    throw new SkepError('ResourceConflict', why, { hint: '`skep cert rotate-ca status` says how far it is' });
  }
  if (trust.phase === 'spread') return dropOther(authorities, { ...trust, isBack: true }, now);
  return swap(authorities, trust, { phase: 'reissue', otherIsOlder: false, isBack: true }, now);
}

/** Everybody has let go of what was dropped. Undefined when that is not the next step. */
export function endRotation(trust: Trust, now: number): Trust | undefined {
  return trust.phase === 'retire' ? { ...trust, phase: 'steady', at: now } : undefined;
}

function swap(
  authorities: Authorities,
  trust: Trust,
  {
    phase,
    otherIsOlder,
    isBack,
  }: { readonly phase: TrustPhase; readonly otherIsOlder: boolean; readonly isBack: boolean },
  now: number,
): TrustStep {
  const { cluster, store } = authorities;
  const other = authorities.other ?? { cluster, store };
  const epoch = epochOf(authorities) + 1;
  return {
    authorities: {
      ...authorities,
      cluster: other.cluster,
      store: other.store,
      other: { cluster, store },
      otherIsOlder,
      trust: epoch,
    },
    trust: { ...trust, epoch, phase, isBack, at: now },
  };
}

function dropOther(authorities: Authorities, trust: Trust, now: number): TrustStep {
  const { other: _other, otherIsOlder: _older, ...rest } = authorities;
  const epoch = epochOf(authorities) + 1;
  return {
    authorities: { ...rest, trust: epoch },
    trust: { ...trust, epoch, phase: 'retire', at: now },
  };
}

/** A host that counts in a change of the authorities. */
export interface TrustHost {
  readonly name: string;
  readonly isServer: boolean;
  /** A cell whose presence is there now; a server is waited for in any case. */
  readonly isAlive: boolean;
  /** What it has confirmed last; 0: nothing. */
  readonly epoch: number;
}

/**
 * Whom a step waits for: every server, because one that comes back with the old trust could not speak to the other
 * members of the store, and the cells that are there. A cell that is away learns of it when it comes back, for servers
 * show the older certificate until the end.
 */
export const lacking = (hosts: readonly TrustHost[], epoch: number): readonly TrustHost[] =>
  hosts.filter((host) => (host.isServer || host.isAlive) && host.epoch < epoch);

/** Hosts that are away: what was dropped is dropped for them as well, and they join again. */
export const left = (hosts: readonly TrustHost[], epoch: number): readonly TrustHost[] =>
  hosts.filter((host) => !host.isServer && !host.isAlive && host.epoch < epoch);

export type NextStep = 'wait' | 'reissue' | 'finish' | 'end' | 'nothing';

/** What follows now: `finish` is the operator's to say. */
export function nextStep(trust: Trust | undefined, hosts: readonly TrustHost[]): NextStep {
  if (trust === undefined || trust.phase === 'steady') return 'nothing';
  if (trust.phase === 'retire') {
    return lacking(
      hosts.filter(({ isServer }) => isServer),
      trust.epoch,
    ).length > 0
      ? 'wait'
      : 'end';
  }
  if (lacking(hosts, trust.epoch).length > 0) return 'wait';
  return trust.phase === 'spread' ? 'reissue' : 'finish';
}
