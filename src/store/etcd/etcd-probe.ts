/** Asks one etcd member about its health, its figures and its alarms: for the doctor. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/core/errors.ts';
import { histogramQuantile, metricLabel, metricValue } from '../core/etcd-metrics.ts';
import type { EtcdFigures } from '../etcd-figures.ts';
import type { StoreCredentials } from './credentials.ts';
import { callMember, memberClient } from './member-client.ts';

export interface EtcdProbeOptions {
  readonly clientUrl: string;
  readonly credentials?: StoreCredentials | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const deadlineMs = 3_000;

/** Throws `Unavailable` when the member does not even serve its figures. */
export async function probeEtcd(options: EtcdProbeOptions): Promise<EtcdFigures> {
  const { clientUrl, credentials, clock, signal } = options;
  const client = memberClient(clientUrl, credentials);
  const call = { clock, signal, deadlineMs, what: `figures of the etcd member at ${clientUrl}` };
  try {
    const text = await callMember(call, () => metricsOf(options));
    const [unhealthy, alarms] = await Promise.all([
      askHealth(options),
      callMember({ ...call, what: `alarms of the etcd member at ${clientUrl}` }, (grpc) =>
        client.etcd.maintenance.alarm({ action: 'Get' }, grpc),
      ),
    ]);
    const p99Ms = (name: string): number | undefined => {
      const seconds = histogramQuantile(text, name, 0.99);
      return seconds === undefined ? undefined : seconds * 1_000;
    };
    return {
      unhealthy,
      version: metricLabel(text, 'etcd_server_version', 'server_version') ?? 'unknown',
      hasLeader: metricValue(text, 'etcd_server_has_leader') === 1,
      dbBytes: metricValue(text, 'etcd_mvcc_db_total_size_in_bytes') ?? 0,
      dbBytesInUse: metricValue(text, 'etcd_mvcc_db_total_size_in_use_in_bytes') ?? 0,
      quotaBytes: metricValue(text, 'etcd_server_quota_backend_bytes') ?? 0,
      fsyncP99Ms: p99Ms('etcd_disk_wal_fsync_duration_seconds'),
      commitP99Ms: p99Ms('etcd_disk_backend_commit_duration_seconds'),
      alarms: alarms.alarms.map(({ alarm }) => String(alarm)).filter((alarm) => alarm !== 'NONE'),
    };
  } finally {
    client.close();
  }
}

async function metricsOf(options: EtcdProbeOptions): Promise<string> {
  const { status, text } = await get(options, '/metrics');
  if (status !== 200) throw new Error(`status ${status}`);
  return text;
}

/** `/health` answers with status 503 and a reason when it is not well. */
async function askHealth(options: EtcdProbeOptions): Promise<string> {
  try {
    const { status, text } = await get(options, '/health');
    return status === 200 ? '' : text.slice(0, 200);
  } catch (error) {
    options.signal.throwIfAborted();
    return messageOf(error);
  }
}

function get(
  { clientUrl, credentials, signal }: EtcdProbeOptions,
  path: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const material = credentials?.();
  const secured = material && {
    ca: material.rootCertificate,
    cert: material.certChain,
    key: material.privateKey,
    servername: 'localhost',
  };
  const start = secured === undefined ? httpRequest : httpsRequest;
  const within = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  return new Promise((resolve, reject) => {
    const asked = start(`${clientUrl}${path}`, { ...secured, agent: false, signal: within }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}
