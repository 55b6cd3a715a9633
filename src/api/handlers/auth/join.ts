/** A host becomes a member: with a token for the first time, with its own certificate from then on. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { messageOf, SkepError } from '../../../base/core/errors.ts';
import {
  type CertificateRecord,
  type JoinToken,
  type Revocation,
  standingOf,
  type TokenRole,
} from '../../../model/auth.ts';
import type { CellId } from '../../../model/ids.ts';
import type { Role } from '../../../model/rights.ts';
import type { Put, StoredRecord } from '../../../store/bbs.ts';
import { authoritiesKey, revokedKey } from '../../../store/core/keys.ts';
import type { ApiContext, Call, Handler, HandlerInput } from '../../context.ts';
import { serverAgain } from '../../core/access.ts';
import type { HostCertificates } from '../../core/auth-shapes.ts';
import { journal, nounOf, write } from '../../write.ts';
import { Attempts } from './attempts.ts';
import { byOf, issueHost, makerOf } from './issue.ts';
import { replacedPuts, serversOwn } from './leave.ts';
import {
  allCertificates,
  assertUnchanged,
  certificateKey,
  expiredKeys,
  hostKey,
  parseHost,
  parseToken,
  putJson,
  readAuthorities,
  tokenKey,
} from './records.ts';

type JoinBody = HandlerInput<'join'>['body'];

/** A server's host runs containers as well. */
const rolesFor: Readonly<Record<TokenRole, readonly Role[]>> = {
  server: ['server', 'cell'],
  cell: ['cell'],
};

const attemptsOf = new WeakMap<object, Attempts>();

export const join: Handler<'join'> = async (context, { body }, call) => {
  makerOf(context);
  const attempts = attemptsOf.get(context.bbs) ?? new Attempts();
  attemptsOf.set(context.bbs, attempts);
  const from = call.caller?.address ?? 'unix socket';
  attempts.check(from, context.clock.now());
  // What is known of who asks is the token.
  const byToken: Call = { ...call, actor: `token ${body.tokenId.slice(0, 16)} from ${from}` };
  try {
    return await admit(context, body, byToken);
  } catch (error) {
    if (error instanceof SkepError && !error.retryable) {
      attempts.fail(from, context.clock.now());
      await tellRefusal(context, byToken, body, error);
    }
    throw error;
  }
};

async function admit(context: ApiContext, body: JoinBody, call: Call): Promise<HostCertificates> {
  const { signal } = call;
  const keys = [tokenKey(body.tokenId), hostKey(body.name), authoritiesKey];
  const { records } = await context.bbs.read(keys, { signal });
  const maker = makerOf(context);
  const keyHash = await maker.keyHash(body.request);
  const now = context.clock.now();
  checkJoin(records, body, keyHash, now);
  const authorities = await readAuthorities(context, signal);
  const old = await allCertificates(context, signal);
  const by = `token ${body.tokenId}`;
  const { answer, record } = await issueHost(context, maker, authorities, {
    ...body,
    roles: rolesFor[body.role],
    storeRequest: body.storeRequest,
    by,
  });
  const message = `${body.name} joined as a ${body.role} with token ${body.tokenId}, certificate ${record.serial}`;
  await write(context, call, keys, (found) => {
    assertUnchanged(found[2], authorities);
    const { token, isAgain } = checkJoin(found, body, keyHash, context.clock.now());
    const used = isAgain ? [] : [putJson(tokenKey(token.id), { ...token, usesLeft: token.usesLeft - 1 })];
    const line = journal(context, call, { type: 'auth.join', subject: body.name, message });
    return {
      puts: [...used, ...recordPuts(record), line],
      deletes: expiredKeys(old, context.clock.now()),
      result: undefined,
    };
  });
  return answer;
}

/** The record of a host's certificate, by its number and as the newest of its name. */
export const recordPuts = (record: CertificateRecord): Put[] => [
  putJson(certificateKey(record.serial), record),
  putJson(hostKey(record.name), record),
];

/** Throws the refusal. `isAgain`: the answer to the same request was lost, and this one costs no use. */
function checkJoin(
  [tokenRecord, hostRecord]: readonly (StoredRecord | undefined)[],
  body: JoinBody,
  keyHash: string,
  now: number,
): { readonly token: JoinToken; readonly isAgain: boolean } {
  const token = parseToken(tokenRecord);
  const ask = 'ask for a new one: `skep token create --role ' + body.role + '` on a server';
  if (token === undefined || !isSecretOf(token, body.secret)) {
    throw new SkepError(
      'Unauthenticated',
      'this join token is not known: it was revoked, or never made here',
      {
        hint: ask,
      },
    );
  }
  if (token.role !== body.role) {
    const message = `token ${token.id} is for a ${token.role}, and this host asks to be a ${body.role}`;
    throw new SkepError('Unauthorized', message, { field: 'role', hint: ask });
  }
  if (now >= token.expiresAt) {
    const when = new Date(token.expiresAt).toISOString();
    throw new SkepError('Unauthenticated', `token ${token.id} expired at ${when}`, { hint: ask });
  }
  const host = parseHost(hostRecord);
  const isAgain = host !== undefined && host.keyHash === keyHash;
  if (!isAgain && host !== undefined && host.notAfter > now) throw nameTaken(body.name, host);
  if (!isAgain && token.usesLeft === 0) {
    throw new SkepError('Unauthenticated', `token ${token.id} has been used as often as it may be`, {
      hint: ask,
    });
  }
  return { token, isAgain };
}

function nameTaken(name: CellId, host: CertificateRecord): SkepError {
  const until = new Date(host.notAfter).toISOString();
  const message = `a host ${name} is in the cluster: its certificate ${host.serial} is good until ${until}`;
  return new SkepError('ResourceExists', message, {
    field: 'name',
    hint: `give this host another name; if it was installed anew, first: skep cert revoke ${name}`,
  });
}

export const secretHash = (secret: string): string => createHash('sha256').update(secret).digest('hex');

function isSecretOf(token: JoinToken, secret: string): boolean {
  const [mine, theirs] = [Buffer.from(token.secretHash), Buffer.from(secretHash(secret))];
  return mine.length === theirs.length && timingSafeEqual(mine, theirs);
}

/** A refusal is told in the journal too; when that fails the refusal stands all the same. */
async function tellRefusal(
  context: ApiContext,
  call: Call,
  body: JoinBody,
  refusal: SkepError,
): Promise<void> {
  const message = `${body.name} was refused as a ${body.role}: ${refusal.message}`;
  context.log.warn('auth.join_refused', { name: body.name, from: call.actor, reason: refusal.message });
  try {
    const line = journal(context, call, { type: 'auth.join', subject: body.name, message });
    await write(context, call, [], () => ({ puts: [line], result: undefined }));
  } catch (error) {
    context.log.warn('api.journal_failed', { subject: body.name, reason: messageOf(error) });
  }
}

export const renewCertificate: Handler<'renewCertificate'> = async (context, { body }, call) => {
  const { caller } = call;
  const name = caller?.name as CellId | undefined;
  if (caller?.how !== 'certificate' || name === undefined) {
    throw new SkepError('Unauthenticated', 'only a host with a certificate renews it');
  }
  const authorities = await readAuthorities(context, call.signal);
  const old = await allCertificates(context, call.signal);
  const { answer, record } = await issueHost(context, makerOf(context), authorities, {
    ...body,
    name,
    // Who asks for nothing of the store is a server no more.
    roles: body.storeRequest === undefined ? caller.roles.filter((role) => role !== 'server') : caller.roles,
    storeRequest: body.storeRequest,
    by: byOf(call),
  });
  // Who shows the certificate of a server and asks for that of a cell has stood down.
  const own = serversOwn(old, name, context.clock.now());
  const isLeaving = body.storeRequest === undefined && own.some(({ serial }) => serial === caller.serial);
  const left = isLeaving ? own : [];
  const message = isLeaving
    ? `${name} has the certificate of a cell: ${record.serial}; of ${left.map(({ serial }) => serial).join(', ')}: no server's any more, its store refuses it`
    : `${name} renewed its certificate: ${record.serial}`;
  const fixed = [hostKey(name), revokedKey(caller.serial ?? ''), authoritiesKey];
  const keys = [...fixed, ...left.map(({ serial }) => revokedKey(serial))];
  await write(context, call, keys, ([, revoked, current, ...others]) => {
    assertUnchanged(current, authorities);
    const now = context.clock.now();
    refuseRevoked(name, nounOf('revoked', revoked), body.storeRequest !== undefined, now);
    const line = journal(context, call, { type: 'auth.certificate', subject: name, message });
    return {
      puts: [...recordPuts(record), ...replacedPuts(left, others, { by: byOf(call), now }), line],
      deletes: expiredKeys(old, now),
      result: undefined,
    };
  });
  return answer;
};

/** By the store's own word: this server's copy may not know of it yet. */
function refuseRevoked(
  name: CellId,
  revocation: Revocation | undefined,
  asServer: boolean,
  now: number,
): void {
  if (revocation === undefined) return;
  if (standingOf(revocation, now) === 'nothing') {
    throw new SkepError('Unauthorized', `the certificates of ${name} were revoked`, {
      hint: 'join again with a new token',
    });
  }
  if (!asServer) return;
  throw new SkepError('Unauthorized', `${name} was removed from the servers`, { hint: serverAgain(name) });
}
