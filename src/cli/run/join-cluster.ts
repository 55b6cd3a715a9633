/** How a host without a certificate gets one: with a join token, from any server of the cluster. */
import { readFileSync } from 'node:fs';
import { createClient } from '../../api/client.ts';
import { parseToken, type TokenText } from '../../api/core/join-token.ts';
import { authorityName } from '../../base/certificates.ts';
import { backoffMs } from '../../base/core/backoff.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { fetchAuthority } from '../../base/node/pinned-authority.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import { x509Maker } from '../../base/node/x509-maker.ts';
import type { BaseContext } from './context.ts';
import { hostAddresses } from './host-addresses.ts';
import type { HostPki, PkiFolder } from './pki-files.ts';

const tokenFileMaxChars = 4_096;

/** Asks the servers in turn until one answers; throws what no repetition can change. */
export async function joinCluster(
  context: BaseContext,
  folder: PkiFolder,
  signal: AbortSignal,
): Promise<HostPki> {
  const { config, clock, log, rng } = context;
  const token = readToken(config.tokenFile);
  // Kept before anybody is asked: when the answer is lost, asking again with the same key costs no use of the token.
  const keys = folder.readJoining() ?? (await newKeys(config.name));
  folder.writeJoining(keys);
  for (let tries = 1; ; tries++) {
    const address = config.join[(tries - 1) % config.join.length] ?? '';
    try {
      const host = await askToJoin(context, address, token, keys, signal);
      folder.writeHost(host);
      folder.forget('joining.json');
      log.info('agent.joined', { server: address, clusterId: host.clusterId });
      return host;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SkepError && !error.retryable) throw error;
      const waitMs = backoffMs({ firstMs: 200, maxMs: 5_000 }, tries, rng);
      log.warn('agent.join_waits', { server: address, reason: messageOf(error), waitMs });
      await clock.sleep(waitMs, signal);
    }
  }
}

/**
 * New certificates, those of a server, for a host that has some already: it shows that it is the same host by its key,
 * so its name is not taken. Asks the servers in turn; throws the last refusal.
 */
export async function joinAsServer(
  context: BaseContext,
  host: HostPki,
  { token, servers }: { readonly token: string; readonly servers: readonly string[] },
  signal: AbortSignal,
): Promise<HostPki> {
  const store = await x509Maker.request(context.config.name);
  const keys = { key: host.cluster.key, storeKey: store.key };
  const asServer = { ...context, config: { ...context.config, server: true } };
  let last: unknown = new SkepError('Unavailable', 'the order names no server to ask');
  for (const address of servers) {
    try {
      return await askToJoin(asServer, address, parseToken(token), keys, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SkepError && !error.retryable) throw error;
      last = error;
    }
  }
  throw last;
}

async function newKeys(name: string): Promise<{ readonly key: string; readonly storeKey: string }> {
  const [cluster, store] = [await x509Maker.request(name), await x509Maker.request(name)];
  return { key: cluster.key, storeKey: store.key };
}

async function askToJoin(
  { config, clock }: BaseContext,
  address: string,
  token: TokenText,
  { key, storeKey }: { readonly key: string; readonly storeKey: string },
  signal: AbortSignal,
): Promise<HostPki> {
  const ca = await fetchAuthority(address, token.pin, signal);
  const serverName = authorityName(token.pin);
  const tls = { current: () => ({ ca, serverName }) };
  const client = createClient({ servers: [address], tls, dial: wsDial, clock });
  const name = config.name;
  const body = {
    tokenId: token.id,
    secret: token.secret,
    role: config.server ? ('server' as const) : ('cell' as const),
    name,
    addresses: hostAddresses(config),
    request: await x509Maker.requestFor(name, key),
    ...(config.server ? { storeRequest: await x509Maker.requestFor(name, storeKey) } : {}),
  };
  const answer = await client.call('join', { body }, { signal });
  return {
    v: 1,
    clusterId: answer.clusterId,
    ...(answer.trust === undefined ? {} : { trust: answer.trust }),
    cluster: { ca: answer.ca, certificate: answer.certificate, key },
    ...(answer.store === undefined ? {} : { store: { ...answer.store, key: storeKey } }),
  };
}

/** Throws `InvalidConfig`; what the file holds is never repeated. */
function readToken(file: string | undefined): TokenText {
  const hint =
    'on a server: `skep token create --role cell` (or server); write what it prints to a file (0600) and give --token-file FILE, or pipe it to --token-file -';
  if (file === undefined) {
    throw new SkepError(
      'InvalidConfig',
      'this host has no certificate yet and no join token to get one with',
      {
        field: 'tokenFile',
        hint,
      },
    );
  }
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new SkepError('InvalidConfig', `the join token cannot be read: ${messageOf(error)}`, {
      field: 'tokenFile',
      hint,
      cause: error,
    });
  }
  return parseToken(text.slice(0, tokenFileMaxChars));
}
