/**
 * Supervised etcd members for tests: free ports, a data folder of their own, and an end to both. Whatever a
 * test leaves running is killed by `cleanUp`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { endEtcd, findEtcd, signalEtcd } from '../../src/store/etcd/etcd-process.ts';
import { type EtcdOptions, type EtcdSupervisor, startEtcd } from '../../src/store/etcd/supervisor.ts';
import { freePorts } from './ports.ts';

const binary = 'etcd';

export interface EtcdBed {
  /** The options of a member on an address; the first one made is a cluster of its own. */
  member(name: string, address?: string): EtcdOptions;
  start(options: EtcdOptions): Promise<EtcdSupervisor>;
  /** SIGKILL to whatever etcd runs on the folder. */
  kill(options: EtcdOptions): Promise<void>;
  /** Stops supervising, as an agent's death does, without touching etcd. */
  abandon(supervisor: EtcdSupervisor): Promise<void>;
  cleanUp(): Promise<void>;
}

/** A folder, two ports free on 127.0.0.1, .2 and .3, and the members made on them. */
export async function etcdBed(): Promise<EtcdBed> {
  const folder = await mkdtemp(join(tmpdir(), 'skep-etcd-'));
  const [clientPort, peerPort] = (await freePorts(2, ['127.0.0.1', '127.0.0.2', '127.0.0.3'])) as [
    number,
    number,
  ];
  const made: EtcdOptions[] = [];
  const running = new Map<EtcdSupervisor, AbortController>();

  return {
    member(name, address = '127.0.0.1') {
      const peerUrl = `http://${address}:${peerPort}`;
      const options: EtcdOptions = {
        binary,
        name,
        dataDir: join(folder, name),
        clientUrl: `http://${address}:${clientPort}`,
        peerUrl,
        initialCluster: `${name}=${peerUrl}`,
        initialClusterState: 'new',
        clusterToken: 'test',
        clock: systemClock,
        log: silentLog,
        rng: seededRng(1),
        signal: new AbortController().signal,
      };
      made.push(options);
      return options;
    },
    async start(options) {
      const stop = new AbortController();
      const supervisor = await startEtcd({ ...options, signal: stop.signal });
      running.set(supervisor, stop);
      return supervisor;
    },
    async kill(options) {
      const process = await findEtcd(binary, options.dataDir);
      if (process) signalEtcd(process, 'SIGKILL');
    },
    async abandon(supervisor) {
      running.get(supervisor)?.abort();
      await supervisor.done;
    },
    async cleanUp() {
      for (const [supervisor, stop] of running) {
        stop.abort();
        await supervisor.done;
      }
      for (const { dataDir } of made) {
        const process = await findEtcd(binary, dataDir);
        if (!process) continue;
        signalEtcd(process, 'SIGKILL');
        await endEtcd(process, systemClock);
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
