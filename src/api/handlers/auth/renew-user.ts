/**
 * A person's certificate anew, asked for by the CLI with the one that still counts, when that is past two thirds of its
 * life or of an authority that is being replaced. Same name, same rights; access that was given for a time is not
 * prolonged by it.
 */
import { SkepError } from '../../../base/core/errors.ts';
import type { CellId } from '../../../model/ids.ts';
import type { StoredRecord } from '../../../store/bbs.ts';
import { authoritiesKey, revokedKey } from '../../../store/core/keys.ts';
import type { Handler } from '../../context.ts';
import { journal, write } from '../../write.ts';
import { byOf, issueCertificate, makerOf, personal } from './issue.ts';
import {
  allCertificates,
  assertUnchanged,
  certificateKey,
  expiredKeys,
  parseUser,
  putJson,
  readAuthorities,
  userKey,
} from './records.ts';
import { serversOf } from './tokens.ts';

export const renewUser: Handler<'renewUser'> = async (context, { body }, call) => {
  const { caller } = call;
  const serial = caller?.serial;
  const isHost = caller?.roles.some((role) => role === 'server' || role === 'cell');
  if (caller?.how !== 'certificate' || serial === undefined || isHost === true) {
    throw new SkepError('Unauthenticated', 'only a person with a certificate renews it');
  }
  const name = caller.name as CellId;
  const keys = [userKey(name), revokedKey(serial), authoritiesKey];
  const old = await allCertificates(context, call.signal);
  const held = old.find((one) => one.serial === serial);
  const authorities = await readAuthorities(context, call.signal);
  const { records } = await context.bbs.read(keys, { signal: call.signal });
  const user = checked(records, name);
  const now = context.clock.now();
  const end = held?.notAfter ?? user.expiresAt;
  const lifeMs = user.renews === true && held !== undefined ? end - held.issuedAt : end - now;
  const { certificate, record } = await issueCertificate(context, makerOf(context), authorities, {
    name,
    roles: caller.roles,
    request: body.request,
    by: byOf(call),
    addresses: [],
    lifeMs,
  });
  const message = `${name} renewed the certificate ${serial}: ${record.serial}`;
  await write(context, call, keys, (found) => {
    const known = checked(found, name);
    assertUnchanged(found[2], authorities);
    const expiresAt = Math.max(known.expiresAt, record.notAfter);
    return {
      puts: [
        putJson(userKey(name), { ...known, expiresAt }),
        putJson(certificateKey(record.serial), record),
        journal(context, call, { type: 'auth.certificate', subject: name, message }),
      ],
      deletes: expiredKeys(old, now),
      result: undefined,
    };
  });
  const renews = user.renews === true;
  return personal(authorities, { certificate, record }, { servers: serversOf(context), renews });
};

/** The user, who still is one. Hosts and sessions of the local socket are none. */
function checked([userRecord, revoked]: readonly (StoredRecord | undefined)[], name: string) {
  const user = parseUser(userRecord);
  if (user !== undefined && revoked === undefined) return user;
  throw new SkepError('Unauthorized', `${name} is no user of this cluster (any more)`, {
    hint: 'an admin lets you in again: `skep user add NAME --role ROLE --file FILE`, then `skep ctx add FILE`',
  });
}
