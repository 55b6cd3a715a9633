/** Join tokens: made, listed, revoked. A secret is answered once and kept as a hash. */
import { SkepError } from '../../../base/core/errors.ts';
import { type JoinToken, tokenSchema } from '../../../model/auth.ts';
import { tokenPrefix } from '../../../store/core/keys.ts';
import type { ApiContext, Handler } from '../../context.ts';
import { formatToken, newTokenId, newTokenSecret } from '../../core/join-token.ts';
import { journal, write } from '../../write.ts';
import { byOf, makerOf } from './issue.ts';
import { secretHash } from './join.ts';
import { listRecords, putJson, readAuthorities, tokenKey } from './records.ts';

export const createToken: Handler<'createToken'> = async (context, { body }, call) => {
  const pin = makerOf(context).certificateHash(
    (await readAuthorities(context, call.signal)).cluster.certificate,
  );
  const { clock, rng } = context;
  const secret = newTokenSecret(rng);
  const now = clock.now();
  const token: JoinToken = {
    v: 1,
    id: newTokenId(rng),
    secretHash: secretHash(secret),
    role: body.role,
    createdAt: now,
    createdBy: byOf(call),
    expiresAt: now + body.ttlMs,
    usesLeft: body.uses,
    pin: Buffer.from(pin).toString('hex'),
  };
  const expired = (await listRecords(context, tokenPrefix, tokenSchema, call.signal))
    .filter(({ expiresAt }) => expiresAt < now)
    .map(({ id }) => tokenKey(id));
  const message = `made token ${token.id} for ${body.uses === 1 ? 'one' : body.uses} ${body.role}, good until ${new Date(token.expiresAt).toISOString()}`;
  await write(context, call, [tokenKey(token.id)], () => ({
    puts: [
      putJson(tokenKey(token.id), token),
      journal(context, call, { type: 'auth.token', subject: token.id, message }),
    ],
    deletes: expired,
    result: undefined,
  }));
  const { secretHash: _hash, ...record } = token;
  return { token: formatToken({ pin, id: token.id, secret }), record, servers: serversOf(context) };
};

export const listTokens: Handler<'listTokens'> = async (context, _input, call) => {
  const tokens = await listRecords(context, tokenPrefix, tokenSchema, call.signal);
  return { rows: tokens.map(({ secretHash: _hash, ...row }) => row) };
};

export const revokeToken: Handler<'revokeToken'> = async (context, { params: { id } }, call) => {
  const { revision } = await write(context, call, [tokenKey(id)], ([record]) => {
    if (record === undefined) {
      throw new SkepError('ResourceNotFound', `there is no token ${id}`, {
        hint: '`skep token ls` lists them',
      });
    }
    const line = journal(context, call, { type: 'auth.token', subject: id, message: `revoked token ${id}` });
    return { puts: [line], deletes: [tokenKey(id)], result: undefined };
  });
  return { revision };
};

/** Where the cluster's API answers. */
export function serversOf({ replica }: ApiContext): string[] {
  return [...replica.state.servers.values()].map(({ value }) => value.apiAddress).sort();
}
