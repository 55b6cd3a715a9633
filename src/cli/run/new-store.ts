/**
 * The store of a host whose agent is stopped, opened for the time of a repair: what restore.ts and recover.ts share.
 * The etcd that the agent left running is ended first, the data folder is held, so that no agent starts meanwhile.
 */
import type { Server } from 'node:net';
import { join } from 'node:path';
import { SkepError } from '../../base/core/errors.ts';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import { systemRng } from '../../base/node/system-rng.ts';
import type { EtcdMemberConfig } from '../../store/core/etcd-args.ts';
import { type EtcdBbs, etcdBbs } from '../../store/etcd/etcd-bbs.ts';
import { endEtcd, findEtcd } from '../../store/etcd/etcd-process.ts';
import { startEtcd } from '../../store/etcd/supervisor.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import { lockDataFolder, prepareDataFolder } from './data-folder.ts';
import { repairCertificates } from './store-repair.ts';

const readyDeadlineMs = 60_000;

/**
 * Holds the data folder of a stopped agent; the caller closes it.
 * @throws SkepError `ResourceConflict` while an agent runs, `InvalidRequest` where there is no store of ours
 */
export async function holdServer(config: AgentConfig, verb: string): Promise<Server> {
  if (!config.server || config.etcdEndpoints.length > 0) {
    const why = config.server ? 'uses an etcd that is not ours' : 'is a cell only';
    throw new SkepError('InvalidRequest', `${config.name} ${why}: there is no store here to ${verb}`, {
      hint: 'run it on a host whose configuration has "server: true" and no "etcdEndpoints", and whose data folder has no serving.json that says otherwise',
    });
  }
  prepareDataFolder(config.dataDir);
  try {
    return await lockDataFolder(config.dataDir);
  } catch (error) {
    if (!(error instanceof SkepError) || error.code !== 'ResourceConflict') throw error;
    throw new SkepError('ResourceConflict', `the agent of this host runs: ${error.message}`, {
      hint: 'stop it first: systemctl stop skep; its containers run on',
      cause: error,
    });
  }
}

export const etcdFolderOf = (config: AgentConfig): string => join(config.dataDir, 'etcd');

/** Ends an etcd that outlived its agent. Returns whether there was one. */
export async function endLeftEtcd(config: AgentConfig, folder: string): Promise<boolean> {
  const living = await findEtcd(config.etcdBinary ?? 'etcd', folder);
  if (living === undefined) return false;
  await endEtcd(living, systemClock);
  return true;
}

/** Runs etcd on a folder, alone, while `work` runs; it has ended, in order, when this resolves. */
export async function withEtcd<T>(
  config: AgentConfig,
  how: Pick<EtcdMemberConfig, 'dataDir' | 'initialClusterState' | 'clusterToken' | 'forceNewCluster'>,
  signal: AbortSignal,
  work: (bbs: EtcdBbs) => Promise<T>,
): Promise<T> {
  const { name, address, ports, etcdBinary = 'etcd' } = config;
  const certificates = await repairCertificates(config);
  const scheme = certificates === undefined ? 'http' : 'https';
  const clientUrl = `${scheme}://${address}:${ports.etcdClient}`;
  const peerUrl = `${scheme}://${address}:${ports.etcdPeer}`;
  const credentials = certificates?.storeCredentials;
  const tls = certificates?.storeFiles;
  const common = { clock: systemClock, rng: systemRng, log: silentLog, credentials };
  const member = { name, clientUrl, peerUrl, binary: etcdBinary, initialCluster: `${name}=${peerUrl}` };
  const etcd = await startEtcd({ ...member, ...how, ...common, tls, signal: new AbortController().signal });
  const bbs = etcdBbs({ endpoints: [`${address}:${ports.etcdClient}`], ...common });
  try {
    await etcd.ready(readyDeadlineMs, signal);
    return await work(bbs);
  } finally {
    bbs.close();
    await etcd.stop();
  }
}
