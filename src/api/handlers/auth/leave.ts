/**
 * What becomes of the certificates of a host that is a server no more: those for etcd count for nothing, the others as
 * those of a cell, for its host runs containers still. Asked by the leader's keeper when it has removed a server
 * (scheduler/quorum-keeper.ts, through `ServerCertificates`), and by the renewal of a host that has stood down.
 */
import { messageOf, SkepError } from '../../../base/core/errors.ts';
import { type CertificateRecord, certificateSchema, lifeMs, type Revocation } from '../../../model/auth.ts';
import type { Comparison, Put, StoredRecord } from '../../../store/bbs.ts';
import { certificatePrefix, revokedKey } from '../../../store/core/keys.ts';
import type { ApiContext } from '../../context.ts';
import { nounOf, put } from '../../write.ts';
import { hostKey, read } from './records.ts';

/** What is written with the end of the removal, in one transaction. */
export interface Leaving {
  readonly compare: readonly Comparison[];
  readonly puts: readonly Put[];
  /** Of the certificates that speak for no server from then on. */
  readonly serials: readonly string[];
}

export interface ServerCertificates {
  /**
   * What to write so that nothing a removed server holds speaks for a server any more. `by` is who removed it. Throws
   * `Unavailable` without a quorum. Nothing when it has no such certificate, or all are revoked already.
   */
  leaving(server: string, options: { readonly by: string; readonly signal: AbortSignal }): Promise<Leaving>;
}

export function serverCertificates(context: Pick<ApiContext, 'bbs' | 'clock' | 'log'>): ServerCertificates {
  return {
    async leaving(server, { by, signal }) {
      const { bbs, clock } = context;
      const now = clock.now();
      // Before the certificates: one that is made in between changes it, and the transaction is off.
      const host = (await bbs.read([hostKey(server)], { signal })).records[0];
      const held = serversOwn(await readable(context, signal), server, now);
      const keys = held.map(({ serial }) => revokedKey(serial));
      const { records } = await bbs.read(keys, { signal });
      const fresh = held.filter((_, place) => records[place] === undefined);
      return {
        compare: [
          { key: hostKey(server), revision: host?.revision ?? 0 },
          // Whoever revokes them for good at this moment has the last word.
          ...fresh.map(({ serial }) => ({ key: revokedKey(serial), revision: 0 })),
        ],
        puts: fresh.map((record) => leavingPut(record, { at: now, by, cellUntil: record.notAfter })),
        serials: fresh.map(({ serial }) => serial),
      };
    },
  };
}

/** The certificates of a server by that name that have not expired. */
export const serversOwn = (
  certificates: readonly CertificateRecord[],
  name: string,
  now: number,
): CertificateRecord[] =>
  certificates.filter((one) => one.name === name && one.roles.includes('server') && one.notAfter > now);

/**
 * A host that was a server shows the certificate of one and asks for that of a cell: what it had as a server ends a day
 * later, which is for an answer that gets lost on its way. Revoked for good stays so.
 * @param records the revocations of `held`, in their order
 */
export function replacedPuts(
  held: readonly CertificateRecord[],
  records: readonly (StoredRecord | undefined)[],
  { by, now }: { readonly by: string; readonly now: number },
): Put[] {
  return held.flatMap((record, place) => {
    const before = nounOf('revoked', records[place]);
    if (before !== undefined && before.cellUntil === undefined) return [];
    const cellUntil = Math.min(now + lifeMs.replaced, before?.cellUntil ?? record.notAfter);
    return [leavingPut(record, { at: before?.at ?? now, by: before?.by ?? by, cellUntil })];
  });
}

function leavingPut(
  { serial, name, storeSerial }: CertificateRecord,
  how: Pick<Revocation, 'at' | 'by' | 'cellUntil'>,
): Put {
  const revocation: Revocation = { v: 1, serial, name, ...how };
  return put(revokedKey(serial), storeSerial === undefined ? revocation : { ...revocation, storeSerial });
}

/** A record that cannot be read must not keep a dead server among the members: it is told and left out. */
async function readable(
  { bbs, log }: Pick<ApiContext, 'bbs' | 'log'>,
  signal: AbortSignal,
): Promise<CertificateRecord[]> {
  const { records } = await bbs.list(certificatePrefix, { signal });
  return records.flatMap((record) => {
    try {
      return read(certificateSchema, record) ?? [];
    } catch (error) {
      if (!(error instanceof SkepError)) throw error;
      log.warn('auth.certificate_unreadable', { reason: messageOf(error) });
      return [];
    }
  });
}
