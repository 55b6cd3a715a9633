/**
 * What a server does while the authorities of its cluster are changed (model/trust.ts): has its certificates renewed at
 * each epoch, restarts its etcd when that is to trust others, in turn with the other servers, says when it is done, and
 * goes on with the change when everybody is. Compares what should be with what is: it may begin again at any point.
 */
import { advanceRotation } from '../../api/handlers/auth/rotation.ts';
import { type Clock, pause } from '../../base/clock.ts';
import { messageOf } from '../../base/core/errors.ts';
import type { Rng } from '../../base/core/rng.ts';
import type { Log } from '../../base/log.ts';
import { certificateFacts } from '../../base/node/x509-facts.ts';
import { x509Maker } from '../../base/node/x509-maker.ts';
import type { Millis } from '../../model/ids.ts';
import type { Bbs } from '../../store/bbs.ts';
import { trustConfirmationPrefix } from '../../store/core/keys.ts';
import type { Replica } from '../../store/replica.ts';
import { refusalsDue } from '../core/refused-serials.ts';
import { type EtcdTrust, inTurn } from './etcd-turn.ts';
import type { HostCertificates } from './host-certificates.ts';

export interface TrustKeeping {
  readonly server: string;
  readonly certificates: HostCertificates;
  readonly bbs: Bbs;
  readonly replica: Replica;
  /** Absent with an outside etcd: whom that trusts is its operator's matter. */
  readonly etcd: EtcdTrust | undefined;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
}

/** While something is under way; what the replica learns is looked at on the next beat. */
const busyMs = 500;
const idleMs = 2_000;

/** What this server remembers from one look to the next. */
interface Told {
  /** The epoch that it has confirmed. */
  epoch: number;
  /** Since when a certificate is to be refused whose server is being removed first. */
  waitsSince: Millis | undefined;
}

/** Until the signal aborts. What fails is said and tried again. */
export async function keepTrust(keeping: TrustKeeping, signal: AbortSignal): Promise<void> {
  const { replica, clock, log } = keeping;
  const told: Told = { epoch: -1, waitsSince: undefined };
  let lastReason = '';
  while (!signal.aborted) {
    try {
      await step(keeping, told, signal);
      lastReason = '';
    } catch (error) {
      if (signal.aborted) return;
      const reason = messageOf(error);
      if (reason !== lastReason) log.warn('trust.waits', { reason });
      lastReason = reason;
    }
    const trust = replica.state.trust?.value;
    const isChanging = trust !== undefined && (trust.phase !== 'steady' || told.epoch < trust.epoch);
    const isBusy = isChanging || told.waitsSince !== undefined;
    await pause(clock, isBusy ? busyMs : idleMs, signal);
  }
}

async function step(keeping: TrustKeeping, told: Told, signal: AbortSignal): Promise<void> {
  const { certificates, replica, etcd, log } = keeping;
  const trust = replica.state.trust?.value;
  if (trust !== undefined) certificates.want(trust.epoch);
  // The renewal is renewal.ts's: it was woken by this, and the next look finds what it did.
  if (trust !== undefined && certificates.trust < trust.epoch) return;
  if (etcd !== undefined) await refuseRevoked(keeping, told);
  if (etcd !== undefined && !etcd.isCurrent()) {
    await inTurn(keeping, etcd, signal, async () => {
      log.info('trust.etcd_restarts', { epoch: trust?.epoch ?? 0, refused: certificates.refusedSerials });
      await etcd.restart(signal);
    });
  }
  if (trust === undefined) return;
  if (told.epoch !== certificates.trust) {
    await confirm(keeping, certificates.trust, signal);
    told.epoch = certificates.trust;
  }
  if (trust.phase !== 'steady' && (await advanceRotation(keeping, replica.state, keeping.server, signal)))
    log.info('trust.advanced', { from: trust.phase });
}

/**
 * etcd knows nothing of what was revoked: it is given a list, and started anew, which ends the connections of whoever
 * is on it.
 */
async function refuseRevoked({ certificates, replica, clock }: TrustKeeping, told: Told): Promise<void> {
  const { store, storeAuthority } = certificates.host;
  if (store === undefined || storeAuthority === undefined) return;
  const { revoked, quorum } = replica.state;
  const now = clock.now();
  const { more, isWaiting } = refusalsDue({
    revoked: [...revoked.values()].map(({ value }) => value),
    change: quorum?.value.change,
    own: certificateFacts(store.certificate).serial,
    known: certificates.refusedSerials,
    waitsSince: told.waitsSince,
    now,
  });
  told.waitsSince = isWaiting ? (told.waitsSince ?? now) : undefined;
  if (more.length === 0) return;
  const serials = [...certificates.refusedSerials, ...more].sort();
  certificates.refuse(serials, await x509Maker.revocationList(storeAuthority, serials, now));
}

async function confirm({ bbs, server, clock }: TrustKeeping, epoch: number, signal: AbortSignal) {
  const confirmation = { v: 1, name: server, epoch, at: clock.now() };
  const puts = [{ key: `${trustConfirmationPrefix}${server}`, value: JSON.stringify(confirmation) }];
  await bbs.commit([{ compare: [], puts }], { signal });
}
