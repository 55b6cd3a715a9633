/**
 * How a server hears that it is none any more: from its own etcd, to which the others say so, or, once they refuse its
 * certificate, from any of their APIs. A host that was away when it was removed would otherwise wait for a quorum for
 * good. Asked by quorum.ts.
 */
import { createClient } from '../../api/client.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import type { EtcdHealth } from '../../store/etcd/supervisor.ts';
import type { AgentContext } from './context.ts';
import { readServers } from './serving-file.ts';

export interface RemovalSigns {
  /** Of this server's own etcd. */
  health(): EtcdHealth;
  /**
   * What the other servers hold this one for: resolves with why it is no server, with undefined when it is. Throws when
   * none says so. Absent without TLS: there etcd always hears it.
   */
  readonly standing: ((signal: AbortSignal) => Promise<string | undefined>) | undefined;
}

const lookMs = 500;
/** etcd serves some seconds after its start, or is told; the others are asked when it does not for so long, and again. */
export const askAfterMs = 5_000;

/** Resolves, with how it is said, when the cluster has removed this server. Rejects with the signal. */
export async function untilRemoved(
  { health, standing }: RemovalSigns,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<string> {
  let askAt = clock.now() + askAfterMs;
  let told = '';
  for (;;) {
    const { state, isRemoved } = health();
    if (isRemoved === true) return 'the cluster has removed it';
    if (state === 'running') askAt = clock.now() + askAfterMs;
    if (standing !== undefined && clock.now() >= askAt) {
      askAt = clock.now() + askAfterMs;
      try {
        const reason = await standing(signal);
        if (reason !== undefined) return reason;
      } catch (error) {
        signal.throwIfAborted();
        const reason = messageOf(error);
        if (reason !== told) log.info('server.standing_unknown', { reason });
        told = reason;
      }
    }
    await clock.sleep(lookMs, signal);
  }
}

const askDeadlineMs = 3_000;

/** Asks every other server that this host knows: one that was itself removed knows nothing. Undefined without TLS. */
export function standingAsker(context: AgentContext): RemovalSigns['standing'] {
  const { config, certificates, clock } = context;
  if (certificates === undefined) return undefined;
  const own = `${config.address}:${config.ports.api}`;
  return async (signal) => {
    const known = [...new Set([...readServers(config.dataDir), ...config.join])];
    const servers = known.filter((address) => address !== own);
    const answers = await Promise.allSettled(
      servers.map(async (address) => {
        const client = createClient({ servers: [address], tls: certificates, dial: wsDial, clock });
        return await client.call('whoAmI', {}, { signal, deadlineMs: askDeadlineMs });
      }),
    );
    const refusals: unknown[] = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    const removed = refusals.find((one) => one instanceof SkepError && one.code === 'Unauthorized');
    // Only a certificate that lost the role of a server may not ask who it is.
    if (removed !== undefined) return messageOf(removed);
    if (refusals.length > 0 && refusals.length === answers.length) throw refusals[0];
    return undefined;
  };
}
