/**
 * Leader killed → next placement, where a machine may not make hosts: three servers on loopback addresses. The
 * leader's agent and its etcd are killed with SIGKILL; at that moment a new LRP is asked for at a surviving server,
 * again and again until it is acknowledged. Clock: from the kill until the new LRP's instance is claimed, as a watch on
 * the other surviving server's store tells it. Used by bench/failover.bench.ts.
 */
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import { etcdBbs } from '../../src/store/etcd/etcd-bbs.ts';
import { type E2eCluster, e2eCluster, eventually, testImage } from '../../test/kit/e2e-cluster.ts';
import { type BenchOptions, type Measured, median } from '../report.ts';

export async function measureOnLoopback({ quick, say }: BenchOptions): Promise<Measured> {
  const samples = quick ? 3 : 10;
  const cluster = await e2eCluster({ cells: 3, servers: 3 });
  const seconds: number[] = [];
  try {
    for (let round = 0; round < samples; round++) {
      const took = await killLeader(cluster, `round-${round}`);
      say(`leader killed, next placement after ${took.toFixed(2)} s`);
      seconds.push(took);
    }
  } finally {
    await cluster.stop();
  }
  return { ours: { seconds: median(seconds), max_seconds: Math.max(...seconds) }, peers: {}, samples };
}

const call = (ms: number) => ({ signal: AbortSignal.timeout(ms), deadlineMs: ms });

async function killLeader(cluster: E2eCluster, guid: string): Promise<number> {
  const [leader, ...others] = await leaderFirst(cluster);
  const [asked, watched] = others as [LocalAgent, LocalAgent];
  const endpoint = `http://${watched.address}:${cluster.ports.etcdClient}`;
  const bbs = etcdBbs({ endpoints: [endpoint], clock: systemClock, log: silentLog, rng: seededRng(1) });
  const stop = new AbortController();
  try {
    const claimed = claimOf(bbs, guid, stop.signal);
    const etcdPid = cluster.etcdPid(leader);
    const killedAt = performance.now();
    if (etcdPid !== undefined) process.kill(etcdPid, 'SIGKILL');
    const ended = cluster.kill(leader, 'SIGKILL');
    await desire(cluster, asked, guid);
    const seconds = ((await claimed) - killedAt) / 1_000;
    await ended;
    return seconds;
  } finally {
    stop.abort();
    bbs.close();
    cluster.start(leader);
    await untilWhole(cluster);
  }
}

/** When the store first shows the instance as claimed. */
function claimOf(bbs: ReturnType<typeof etcdBbs>, guid: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const isClaim = (key: string, value: string | undefined): boolean =>
      key === `/skep/v1/actual/${guid}/0` && (value?.includes('"CLAIMED"') ?? false);
    const observer = {
      onSnapshot: () => undefined,
      onChanges(changes: readonly { key: string; record: { value: string } | undefined }[]) {
        if (changes.some((change) => isClaim(change.key, change.record?.value))) resolve(performance.now());
      },
      onStale: () => undefined,
    };
    bbs.follow(observer, { signal }).catch(reject);
  });
}

async function desire(cluster: E2eCluster, agent: LocalAgent, guid: string): Promise<void> {
  const body = {
    guid,
    image: testImage,
    memoryMb: 16,
    action: { kind: 'run' as const, args: ['sleep', '100000'] },
  };
  await eventually('the new LRP is acknowledged', 60_000, async () => {
    try {
      await cluster.client(agent).call('desireLrp', { body }, call(1_000));
    } catch (error) {
      // A write that timed out may have happened.
      if (!String(error).includes('exists')) throw error;
    }
  });
}

async function leaderFirst(cluster: E2eCluster): Promise<[LocalAgent, ...LocalAgent[]]> {
  const status = await cluster.client().call('status', {}, call(5_000));
  const leader = cluster.agentNamed(status.leader?.server ?? '');
  return [leader, ...cluster.agents.filter((agent) => agent !== leader)];
}

async function untilWhole(cluster: E2eCluster): Promise<void> {
  await eventually('all servers vote and all cells are present', 60_000, async () => {
    for (const agent of cluster.agents) {
      const status = await cluster.client(agent).call('status', {}, call(2_000));
      const voters = status.servers.filter(
        (server) => server.health === 'leader' || server.health === 'follower',
      );
      if (voters.length < 3 || status.cells.present < 3 || status.stale !== '') throw new Error('not yet');
    }
  });
}
