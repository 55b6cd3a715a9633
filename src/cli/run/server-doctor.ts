/** `GET /v1/doctor` of a server: its host, its etcd member, its backups, its ways to the other servers. Built by server.ts. */

import { type HostProbe, hostChecks } from '../../agent/core/host-doctor.ts';
import { findEngine } from '../../agent/docker/engine-address.ts';
import { probeHost } from '../../agent/host/host-probe.ts';
import { certificateChecks, trustChecks } from '../../api/core/doctor-certificate.ts';
import { type Check, check, type Doctor } from '../../api/core/doctor-shapes.ts';
import { backupChecks, etcdChecks, type Reach, reachChecks } from '../../api/core/doctor-store.ts';
import { messageOf } from '../../base/core/errors.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import { tcpProblem } from '../../base/node/tcp-probe.ts';
import type { Backups } from '../../store/backup-keeper.ts';
import type { EtcdFigures } from '../../store/etcd-figures.ts';
import type { Replica } from '../../store/replica.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import { backupFolderOf } from './backups.ts';
import { hostCertificateFacts } from './certificate-facts.ts';
import type { AgentContext } from './context.ts';
import { hostCertificates } from './host-certificates.ts';
import type { StoreAccess } from './store-access.ts';

export interface ServerDoctorOptions {
  readonly context: AgentContext;
  readonly store: StoreAccess;
  readonly replica: Replica;
  readonly backups: Backups;
}

/** Whoever asks while it looks gets the same answer: looking writes to the disk. */
function onceAtATime<T>(look: () => Promise<T>): () => Promise<T> {
  let looking: Promise<T> | undefined;
  return async () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return await looking;
  };
}

/** Not under its callers' signals: another one may wait for the same. Everything in it has a deadline. */
export function serverDoctor(options: ServerDoctorOptions): () => Promise<Doctor> {
  return onceAtATime(() => examine(options, new AbortController().signal));
}

/** What a cell answers to a `doctor` stream. */
export function cellDoctor(config: AgentConfig): () => Promise<readonly Check[]> {
  return onceAtATime(async () => [
    ...ownCertificates(config),
    ...hostChecks(await probeThisHost(config, process.pid, new AbortController().signal)),
  ]);
}

function ownCertificates(config: AgentConfig): Check[] {
  try {
    return certificateChecks(hostCertificateFacts(config), systemClock.now());
  } catch (error) {
    const remedy = `ls -l ${config.dataDir}/pki; restore it, or move it away and join again with a token`;
    return [check('certificate.files', 'bad', messageOf(error), remedy)];
  }
}

async function examine(options: ServerDoctorOptions, signal: AbortSignal): Promise<Doctor> {
  const { config, version, clock } = options.context;
  const [host, etcd, backups, ways] = await Promise.all([
    probeThisHost(config, process.pid, signal).then(hostChecks),
    config.etcdEndpoints.length > 0 ? [] : memberChecks(config, signal),
    keptChecks(options),
    waysToOthers(options, signal),
  ]);
  const trust = trustChecks(options.replica.state.trust?.value, clock.now());
  const checks = [...etcd, ...backups, ...ownCertificates(config), ...trust, ...reachChecks(ways), ...host];
  return { server: config.name, version, now: clock.now(), checks };
}

/** @param agentPid whose limits count; undefined: this process's */
export function probeThisHost(
  { dataDir, dockerHost }: AgentConfig,
  agentPid: number | undefined,
  signal: AbortSignal,
): Promise<HostProbe> {
  const address = findEngine(dockerHost);
  const engine =
    address.kind === 'socket' ? { socketPath: address.path } : { host: address.host, port: address.port };
  return probeHost({ dataDir, engine, agentPid, clock: systemClock, signal });
}

/** What the member on this host tells of itself. Throws `Unavailable` when it tells nothing. */
export async function ownEtcdFigures(config: AgentConfig, signal: AbortSignal): Promise<EtcdFigures> {
  const { address, ports } = config;
  const credentials = hostCertificates(config)?.storeCredentials;
  const clientUrl = `${credentials === undefined ? 'http' : 'https'}://${address}:${ports.etcdClient}`;
  // A host that is only a cell has no use for the client of etcd, which is megabytes.
  const { probeEtcd } = await import('../../store/etcd/etcd-probe.ts');
  return await probeEtcd({ clientUrl, credentials, clock: systemClock, signal });
}

/** Of the member on this host; also while the agent is down and its etcd runs on. */
export async function memberChecks(config: AgentConfig, signal: AbortSignal): Promise<Check[]> {
  try {
    return etcdChecks(await ownEtcdFigures(config, signal));
  } catch (error) {
    signal.throwIfAborted();
    const remedy = 'tail -n 50 /var/lib/skep/etcd/etcd.log; systemctl restart skep';
    return [check('etcd', 'bad', messageOf(error), remedy)];
  }
}

async function keptChecks({ context, backups }: ServerDoctorOptions): Promise<Check[]> {
  const { config, clock } = context;
  try {
    const kept = await backups.list();
    const whole = kept.filter(({ header }) => header !== undefined);
    const facts = {
      folder: backupFolderOf(config.dataDir),
      everyMs: config.backups.everyMinutes * 60_000,
      newestAt: whole[0]?.header?.at,
      count: whole.length,
      broken: kept.filter(({ header }) => header === undefined).map(({ name }) => name),
    };
    return backupChecks(facts, clock.now());
  } catch (error) {
    return [check('backups', 'bad', messageOf(error), `ls -l ${backupFolderOf(config.dataDir)}`)];
  }
}

async function waysToOthers(
  { context, store, replica }: ServerDoctorOptions,
  signal: AbortSignal,
): Promise<Reach[]> {
  const { name } = context.config;
  const ways: Omit<Reach, 'problem'>[] = [];
  for (const { value } of replica.state.servers.values()) {
    if (value.server !== name) ways.push({ what: `${value.server} api`, address: value.apiAddress });
  }
  const members = await (store.members?.list({ signal }) ?? Promise.resolve([])).catch(() => []);
  for (const { server, peerUrls } of members) {
    const [url] = peerUrls;
    if (server !== name && url !== undefined)
      ways.push({ what: `${server} etcd peer`, address: new URL(url).host });
  }
  return await Promise.all(ways.map(async (way) => ({ ...way, problem: await tcpProblem(way.address) })));
}
