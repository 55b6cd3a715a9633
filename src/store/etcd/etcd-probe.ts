/** Asks one etcd member about its health, its figures and its alarms: for the doctor. */
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/core/errors.ts';
import { histogramQuantile, metricLabel, metricValue } from '../core/etcd-metrics.ts';
import type { EtcdFigures } from '../etcd-figures.ts';
import { callMember, memberClient } from './member-client.ts';

export interface EtcdProbeOptions {
  readonly clientUrl: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const deadlineMs = 3_000;

/** Throws `Unavailable` when the member does not even serve its figures. */
export async function probeEtcd({ clientUrl, clock, signal }: EtcdProbeOptions): Promise<EtcdFigures> {
  const client = memberClient(clientUrl);
  const call = { clock, signal, deadlineMs, what: `figures of the etcd member at ${clientUrl}` };
  try {
    const text = await callMember(call, () => getText(`${clientUrl}/metrics`, signal));
    const [unhealthy, alarms] = await Promise.all([
      askHealth(clientUrl, signal),
      callMember({ ...call, what: `alarms of the etcd member at ${clientUrl}` }, (grpc) =>
        client.maintenance.alarm({ action: 'Get' }, grpc),
      ),
    ]);
    const seconds = histogramQuantile(text, 'etcd_disk_wal_fsync_duration_seconds', 0.99);
    return {
      unhealthy,
      version: metricLabel(text, 'etcd_server_version', 'server_version') ?? 'unknown',
      hasLeader: metricValue(text, 'etcd_server_has_leader') === 1,
      dbBytes: metricValue(text, 'etcd_mvcc_db_total_size_in_bytes') ?? 0,
      dbBytesInUse: metricValue(text, 'etcd_mvcc_db_total_size_in_use_in_bytes') ?? 0,
      quotaBytes: metricValue(text, 'etcd_server_quota_backend_bytes') ?? 0,
      fsyncP99Ms: seconds === undefined ? undefined : seconds * 1_000,
      alarms: alarms.alarms.map(({ alarm }) => String(alarm)).filter((alarm) => alarm !== 'NONE'),
    };
  } finally {
    client.close();
  }
}

async function getText(url: string, signal: AbortSignal): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]) });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return await answer.text();
}

/** `/health` answers with status 503 and a reason when it is not well. */
async function askHealth(clientUrl: string, signal: AbortSignal): Promise<string> {
  try {
    const timeout = AbortSignal.timeout(deadlineMs);
    const answer = await fetch(`${clientUrl}/health`, { signal: AbortSignal.any([signal, timeout]) });
    return answer.ok ? '' : (await answer.text()).slice(0, 200);
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}
