/** The two records that a server writes of itself: the cluster's id, once, and where its API answers. */
import { backoffMs } from '../../base/core/backoff.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { randomName } from '../../base/core/rng.ts';
import type { JournalEvent } from '../../model/event.ts';
import type { Bbs } from '../../store/bbs.ts';
import { encode } from '../../store/core/codec.ts';
import { eventKey, root, serverKey } from '../../store/core/keys.ts';
import type { BaseContext } from './context.ts';

const clusterKey = `${root}cluster`;

/** The cluster's id; the first server to ask draws it, or offers the one its certificates name. Waits for the store as long as it takes. */
export function agreeClusterId(
  bbs: Bbs,
  context: BaseContext,
  signal: AbortSignal,
  offered?: string,
): Promise<string> {
  return persist(context, signal, async () => {
    const drawn = offered ?? `skep-${randomName(context.rng, 10)}`;
    await bbs.commit(
      [{ compare: [{ key: clusterKey, revision: 0 }], puts: [{ key: clusterKey, value: drawn }] }],
      {
        signal,
      },
    );
    const stored = (await bbs.read([clusterKey], { signal })).records[0]?.value;
    if (stored === undefined) throw new SkepError('Unavailable', 'the cluster record is missing');
    return stored;
  });
}

/** Tells the cells where this server answers. */
export function announceServer(
  bbs: Bbs,
  context: BaseContext,
  memberId: string,
  signal: AbortSignal,
): Promise<void> {
  const { config, clock, rng, version } = context;
  const key = serverKey(config.name);
  return persist(context, signal, async () => {
    const now = clock.now();
    const apiAddress = `${config.address}:${config.ports.api}`;
    const record = { v: 1, server: config.name, apiAddress, memberId, version, startedAt: now } as const;
    const revision = (await bbs.read([key], { signal })).records[0]?.revision ?? 0;
    const puts = [{ key, value: encode(record) }];
    if (revision === 0) {
      const message = `server ${config.name} joined, its API answers at ${apiAddress}`;
      const event: JournalEvent = { v: 1, type: 'server.joined', at: now, subject: config.name, message };
      puts.push({ key: eventKey(now, randomName(rng)), value: encode(event) });
    }
    const [outcome] = await bbs.commit([{ compare: [{ key, revision }], puts }], { signal });
    if (!outcome?.committed) throw new SkepError('ResourceConflict', `${key} changed while it was written`);
  });
}

/** Tries until it works: the store may be without a quorum for long. */
export async function persist<T>(
  context: BaseContext,
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SkepError && error.code === 'InvalidConfig') throw error;
      const waitMs = backoffMs({ firstMs: 100, maxMs: 2_000 }, failures, context.rng);
      context.log.warn('server.store_unavailable', { reason: messageOf(error), waitMs });
      await context.clock.sleep(waitMs, signal);
    }
  }
}
