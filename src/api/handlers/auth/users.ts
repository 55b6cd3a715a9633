/** Users: people with a certificate each. Adding one signs the key that the caller made; revoking acts at once. */
import { SkepError } from '../../../base/core/errors.ts';
import { type User, userSchema } from '../../../model/auth.ts';
import { authoritiesKey, userPrefix } from '../../../store/core/keys.ts';
import type { Handler } from '../../context.ts';
import { journal, write } from '../../write.ts';
import { byOf, issueCertificate, makerOf, personal } from './issue.ts';
import {
  allCertificates,
  assertUnchanged,
  certificateKey,
  expiredKeys,
  listRecords,
  parseUser,
  putJson,
  readAuthorities,
  userKey,
} from './records.ts';
import { isOfUser, revocationPuts } from './revoke.ts';
import { serversOf } from './tokens.ts';

export const addUser: Handler<'addUser'> = async (context, { body }, call) => {
  const { name, role, console, ttlMs } = body;
  const authorities = await readAuthorities(context, call.signal);
  const roles = console ? ([role, 'console'] as const) : ([role] as const);
  const { certificate, record } = await issueCertificate(context, makerOf(context), authorities, {
    name,
    roles,
    request: body.request,
    by: byOf(call),
    addresses: [],
    lifeMs: ttlMs,
  });
  const now = context.clock.now();
  const user: User = {
    v: 1,
    name,
    role,
    console,
    createdAt: now,
    createdBy: byOf(call),
    expiresAt: record.notAfter,
    renews: body.renews,
  };
  const old = await allCertificates(context, call.signal);
  const message = `added user ${name}: ${roles.join('+')}, certificate ${record.serial}`;
  await write(context, call, [userKey(name), authoritiesKey], ([found, current]) => {
    assertUnchanged(current, authorities);
    const known = parseUser(found);
    if (known !== undefined && known.expiresAt > now) {
      throw new SkepError('ResourceExists', `there is a user ${name} (${known.role})`, {
        field: 'name',
        hint: `take another name, or first: skep user revoke ${name}`,
      });
    }
    const line = journal(context, call, { type: 'auth.user', subject: name, message });
    return {
      puts: [putJson(userKey(name), user), putJson(certificateKey(record.serial), record), line],
      deletes: expiredKeys(old, now),
      result: undefined,
    };
  });
  return personal(authorities, { certificate, record }, { servers: serversOf(context), renews: body.renews });
};

export const listUsers: Handler<'listUsers'> = async (context, _input, call) => {
  const users = await listRecords(context, userPrefix, userSchema, call.signal);
  const certificates = await allCertificates(context, call.signal);
  return {
    rows: users.map((user) => ({
      ...user,
      serials: certificates.filter((one) => isOfUser(one, user.name)).map(({ serial }) => serial),
    })),
  };
};

export const revokeUser: Handler<'revokeUser'> = async (context, { params: { name } }, call) => {
  const certificates = (await allCertificates(context, call.signal)).filter((one) => isOfUser(one, name));
  const { revision } = await write(context, call, [userKey(name)], ([record]) => {
    if (record === undefined) {
      throw new SkepError('ResourceNotFound', `there is no user ${name}`, {
        hint: '`skep user ls` lists them',
      });
    }
    const line = journal(context, call, {
      type: 'auth.user',
      subject: name,
      message: `revoked user ${name}`,
    });
    return {
      puts: [...revocationPuts(context, call, certificates), line],
      deletes: [userKey(name)],
      result: undefined,
    };
  });
  return { revision };
};
