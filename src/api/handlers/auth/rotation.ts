/**
 * Changing the authorities of the cluster: asked for by an admin, gone on with by any server. Every step writes the
 * authorities, what servers follow and a line of the journal in one transaction that compares both records, so two
 * servers, or one that crashed and came back, cannot take a step twice.
 */
import { SkepError } from '../../../base/core/errors.ts';
import { type Authorities, authoritiesSchema, lifeMs, tokenSchema } from '../../../model/auth.ts';
import { type Trust, trustConfirmationSchema, trustSchema } from '../../../model/trust.ts';
import type { StoredRecord } from '../../../store/bbs.ts';
import { authoritiesKey, tokenPrefix, trustConfirmationPrefix, trustKey } from '../../../store/core/keys.ts';
import type { ClusterState } from '../../../store/core/state.ts';
import { type ApiContext, type Call, currentState, type Handler } from '../../context.ts';
import {
  abortRotation,
  beginReissue,
  beginRetire,
  beginRotation,
  endRotation,
  lacking,
  left,
  nextStep,
  type TrustHost,
  type TrustStep,
} from '../../core/rotation.ts';
import { journal, put, write } from '../../write.ts';
import { byOf, makerOf } from './issue.ts';
import { allCertificates, listRecords, putJson, read, readAuthorities, tokenKey } from './records.ts';
import { userCertificatesOf } from './revoke.ts';

const backdateMs = 5 * 60_000;
const stepKeys = [authoritiesKey, trustKey];

/** What a step is decided from: the two records as they were read. */
function decided([authorities, trust]: readonly (StoredRecord | undefined)[]): {
  readonly authorities: Authorities;
  readonly trust: Trust | undefined;
} {
  const found = read(authoritiesSchema, authorities);
  if (found !== undefined) return { authorities: found, trust: read(trustSchema, trust) };
  throw new SkepError('ResourceNotFound', 'the store holds no authorities', {
    hint: 'this cluster runs without TLS',
  });
}

const stepPuts = ({ authorities, trust }: TrustStep) => [
  putJson(authoritiesKey, authorities),
  put(trustKey, trust),
];

/** Who takes part: servers that are members, and every host that has a presence or has confirmed something. */
export async function trustHosts(
  { bbs }: Pick<ApiContext, 'bbs'>,
  state: ClusterState,
  signal: AbortSignal,
): Promise<TrustHost[]> {
  const confirmed = await listRecords({ bbs }, trustConfirmationPrefix, trustConfirmationSchema, signal);
  const epochs = new Map(confirmed.map(({ name, epoch }) => [name, epoch]));
  const names = new Set<string>([...state.servers.keys(), ...state.cells.keys(), ...epochs.keys()]);
  return [...names].sort().map((name) => ({
    name,
    isServer: state.servers.has(name),
    isAlive: (state.cells as ReadonlyMap<string, unknown>).has(name),
    epoch: epochs.get(name) ?? 0,
  }));
}

export const startRotation: Handler<'startRotation'> = async (context, _input, call) => {
  const maker = makerOf(context);
  const now = context.clock.now();
  const validity = { notBefore: now - backdateMs, notAfter: now + lifeMs.authority };
  const { clusterId } = context;
  const mark = new Date(now).toISOString().slice(0, 16);
  const fresh = {
    cluster: await maker.authority(`Skep cluster ${clusterId} ${mark}`, validity),
    store: await maker.authority(`Skep store ${clusterId} ${mark}`, validity),
  };
  const { revision } = await write(context, call, stepKeys, (records) => {
    const { authorities, trust } = decided(records);
    const step = beginRotation(authorities, trust, fresh, { by: byOf(call), now });
    const message = 'new authorities were made; every host learns to trust them beside the old ones';
    return { puts: [...stepPuts(step), line(context, call, message)], result: undefined };
  });
  return { revision };
};

export const abortRotationHandler: Handler<'abortRotation'> = async (context, _input, call) => {
  makerOf(context);
  const { revision } = await write(context, call, stepKeys, (records) => {
    const { authorities, trust } = decided(records);
    const step = abortRotation(authorities, trust, context.clock.now());
    const message =
      step.trust.phase === 'retire'
        ? 'the change of the authorities was given up before anything was signed by the new ones'
        : 'the change of the authorities is given up: everything is signed by the old ones again';
    return { puts: [...stepPuts(step), line(context, call, message)], result: undefined };
  });
  return { revision };
};

export const finishRotation: Handler<'finishRotation'> = async (context, { body: { force } }, call) => {
  const state = await currentState(context, call.signal);
  const hosts = await trustHosts(context, state, call.signal);
  const pin = pinOf(context, (await readAuthorities(context, call.signal)).cluster.certificate);
  const tokens = (await listRecords(context, tokenPrefix, tokenSchema, call.signal)).filter(
    (token) => token.pin !== pin,
  );
  const { revision } = await write(context, call, stepKeys, (records) => {
    const { authorities, trust } = decided(records);
    const step = trust && beginRetire(authorities, trust, context.clock.now());
    if (trust === undefined || step === undefined) throw notYet(trust);
    const waiting = lacking(hosts, trust.epoch);
    if (waiting.length > 0 && !force) throw stillUsed(waiting.map(({ name }) => name));
    const forced = waiting.length === 0 ? '' : ` although ${namesOf(waiting)} used it still`;
    const message = `the ${trust.isBack ? 'new' : 'old'} authorities count no more${forced}; ${tokens.length} join tokens went with them`;
    return {
      puts: [...stepPuts(step), line(context, call, message)],
      deletes: tokens.map(({ id }) => tokenKey(id)),
      result: undefined,
    };
  });
  return { revision, tokens: tokens.map(({ id }) => id) };
};

export const getRotation: Handler<'getRotation'> = async (context, _input, call) => {
  makerOf(context);
  const state = await currentState(context, call.signal);
  const { records } = await context.bbs.read(stepKeys, { signal: call.signal });
  const { authorities, trust } = decided(records);
  const hosts = await trustHosts(context, state, call.signal);
  const epoch = trust?.epoch ?? 0;
  const pin = pinOf(context, authorities.cluster.certificate);
  const users = trust?.phase === 'reissue' ? await usersOfOther(context, pin, call.signal) : [];
  const tokens = await listRecords(context, tokenPrefix, tokenSchema, call.signal);
  const isOpen = trust !== undefined && trust.phase !== 'steady';
  return {
    phase: trust?.phase ?? 'steady',
    isBack: trust?.isBack ?? false,
    epoch,
    ...(trust === undefined ? {} : { startedAt: trust.startedAt, startedBy: trust.startedBy, at: trust.at }),
    authority: pin,
    next: nextStep(trust, hosts),
    waitsFor: isOpen ? lacking(hosts, epoch).map(({ name }) => name) : [],
    away: isOpen ? left(hosts, epoch).map(({ name }) => name) : [],
    users,
    tokens: isOpen ? tokens.filter((token) => token.pin !== pin).map(({ id }) => id) : [],
  };
};

/** Users whose newest certificate is not of the authority that signs: their contexts have not been used since. */
async function usersOfOther(context: ApiContext, pin: string, signal: AbortSignal): Promise<string[]> {
  const now = context.clock.now();
  const { revoked } = await currentState(context, signal);
  const newest = new Map<string, string | undefined>();
  const certificates = userCertificatesOf(await allCertificates(context, signal));
  for (const one of certificates.toSorted((a, b) => a.issuedAt - b.issuedAt)) {
    if (one.notAfter > now && !revoked.has(one.serial)) newest.set(one.name, one.authority);
  }
  return [...newest].flatMap(([name, authority]) => (authority === pin ? [] : [name])).sort();
}

/** Goes on by what the hosts have confirmed. Called by every server's trust keeper; returns whether it wrote. */
export async function advanceRotation(
  context: Pick<ApiContext, 'bbs' | 'clock' | 'rng'>,
  state: ClusterState,
  server: string,
  signal: AbortSignal,
): Promise<boolean> {
  const hosts = await trustHosts(context, state, signal);
  const { records } = await context.bbs.read(stepKeys, { signal });
  const { authorities, trust } = decided(records);
  const step = nextStep(trust, hosts);
  if (trust === undefined || (step !== 'reissue' && step !== 'end')) return false;
  const now = context.clock.now();
  const next = step === 'reissue' ? beginReissue(authorities, trust, now) : undefined;
  const ended = step === 'end' ? endRotation(trust, now) : undefined;
  const puts = next !== undefined ? stepPuts(next) : ended !== undefined ? [put(trustKey, ended)] : [];
  if (puts.length === 0) return false;
  const message =
    next !== undefined
      ? 'every host trusts the new authorities: they sign from now on'
      : 'the authorities are changed: every server has let go of the ones before';
  const compare = stepKeys.map((key, place) => ({ key, revision: records[place]?.revision ?? 0 }));
  const actor = { actor: `server ${server}`, signal };
  const told = line(context as ApiContext, actor, message);
  const [outcome] = await context.bbs.commit([{ compare, puts: [...puts, told] }], { signal });
  return outcome?.committed === true;
}

export const confirmTrust: Handler<'confirmTrust'> = async (context, { body: { epoch } }, call) => {
  const { caller } = call;
  if (caller?.how !== 'certificate') {
    throw new SkepError('Unauthenticated', 'only a host with a certificate confirms what it trusts');
  }
  const name = caller.name;
  const confirmation = { v: 1, name, epoch, at: context.clock.now() };
  const key = `${trustConfirmationPrefix}${name}`;
  const { revision } = await write(context, call, [key], () => ({
    puts: [putJson(key, confirmation)],
    result: undefined,
  }));
  return { revision };
};

/** As tokens and records of certificates name an authority. */
export const pinOf = (context: ApiContext, certificate: string): string =>
  Buffer.from(makerOf(context).certificateHash(certificate)).toString('hex');

const namesOf = (hosts: readonly TrustHost[]): string => hosts.map(({ name }) => name).join(', ');

const line = (context: ApiContext, call: Call, message: string) =>
  journal(context, call, { type: 'auth.rotation', subject: 'authorities', message });

function notYet(trust: Trust | undefined): SkepError {
  const why =
    trust === undefined || trust.phase === 'steady'
      ? 'no authority is being changed'
      : trust.phase === 'spread'
        ? 'not every host trusts the new authorities yet'
        : 'the old authorities count no more already';
  return new SkepError('ResourceConflict', why, { hint: '`skep cert rotate-ca status` says how far it is' });
}

function stillUsed(names: readonly string[]): SkepError {
  const shown = names.slice(0, 10).join(', ');
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return new SkepError('ResourceConflict', `the authorities to drop are still used by ${shown}${more}`, {
    hint: 'wait until they have renewed (`skep cert rotate-ca status`); --force locks them out: they join again with a token',
  });
}
