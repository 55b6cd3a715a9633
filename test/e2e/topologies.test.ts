/**
 * The shapes that a cluster may have beside three servers: a host that is a cell only, and servers on an etcd of the
 * operator's own. And a server that is stopped in order, or whose agent alone is lost.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import type { CellId } from '../../src/model/ids.ts';
import { presenceKey } from '../../src/store/core/keys.ts';
import { etcdBbs } from '../../src/store/etcd/etcd-bbs.ts';
import { type E2eCluster, e2eCluster, eventually, testImage } from '../kit/e2e-cluster.ts';
import { startEtcd, type TestEtcd } from '../kit/etcd.ts';

const call = () => ({ signal: AbortSignal.timeout(20_000), deadlineMs: 15_000 });
const program = ['--', 'sh', '-c', 'trap "exit 0" TERM; sleep 100000 & wait'];

async function run(cluster: E2eCluster, agent: LocalAgent, name: string, instances: number): Promise<void> {
  const flags = ['-n', String(instances), '-m', '32', '--stop-grace', '1s'];
  const result = await cluster.skep(['run', name, testImage, ...flags, ...program], { agent });
  expect(result, result.stderr).toMatchObject({ code: 0 });
}

const statusFrom = (cluster: E2eCluster, agent: LocalAgent) =>
  cluster.client(agent).call('status', {}, call());

async function untilAllPresent(cluster: E2eCluster, agent: LocalAgent): Promise<void> {
  await eventually('all cells are present', 60_000, async () => {
    const { cells, leader, stale } = await statusFrom(cluster, agent);
    expect({ present: cells.present, stale, led: leader !== undefined }).toEqual({
      present: 2,
      stale: '',
      led: true,
    });
  });
}

/** Whether a process runs. One that has ended and that nobody has asked for does not. */
function isRunning(pid: number | undefined): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('one server and a host that is a cell only', () => {
  let cluster: E2eCluster;
  let server: LocalAgent;
  let cell: LocalAgent;
  beforeAll(async () => {
    cluster = await e2eCluster({ cells: 2, servers: 1 });
    [server, cell] = cluster.agents as [LocalAgent, LocalAgent];
  }, 120_000);
  afterAll(() => cluster?.stop(), 60_000);

  const containersOf = async (name: string) =>
    (await cluster.containers())
      .filter((one) => one.instance.startsWith(`${name}/`))
      .sort((a, b) => a.instance.localeCompare(b.instance));

  it('run instances on both, with one etcd', async () => {
    await run(cluster, server, 'web', 4);
    const cells = (await cluster.containers()).map((one) => one.cell).sort();
    expect(cells).toEqual(['cell-1', 'cell-1', 'cell-2', 'cell-2']);
    expect(cluster.etcdPid(server)).toBeTypeOf('number');
    expect(cluster.etcdPid(cell)).toBeUndefined();
    expect((await statusFrom(cluster, server)).servers.map((one) => one.server)).toEqual(['cell-1']);
  });

  /** While no server runs nobody can renew a lease: waits until etcd, which goes on, has ended that of the cell. */
  async function untilLeaseHasEnded(): Promise<void> {
    const endpoints = [`http://${server.address}:${cluster.ports.etcdClient}`];
    const bbs = etcdBbs({ endpoints, clock: systemClock, log: silentLog, rng: seededRng(1) });
    try {
      await eventually('the lease of the cell has ended', 30_000, async () => {
        const { records } = await bbs.read([presenceKey(cell.name as CellId)], { signal: call().signal });
        expect(records).toEqual([undefined]);
      });
    } finally {
      bbs.close();
    }
  }

  it('adopt the etcd and the containers of an agent that was killed alone, and lose no cell meanwhile', async () => {
    const before = await containersOf('web');
    const etcd = cluster.etcdPid(server);
    await cluster.kill(server, 'SIGKILL');
    expect(isRunning(etcd)).toBe(true);
    await untilLeaseHasEnded();
    cluster.start(server);
    await untilAllPresent(cluster, server);
    expect(cluster.etcdPid(server)).toBe(etcd);
    await run(cluster, server, 'after', 1);
    expect(await containersOf('web')).toEqual(before);
    const { rows } = await cluster.client().call('listInstances', { query: { guid: 'web' } }, call());
    expect(rows.map((row) => row.crashCount)).toEqual([0, 0, 0, 0]);
  });

  it('stop a server in order, leave its containers alone, and take it back', async () => {
    const before = await containersOf('web');
    const etcd = cluster.etcdPid(server);
    const agent = server.process;
    await cluster.kill(server, 'SIGTERM');
    expect(agent?.exitCode, cluster.logTail(server)).toBe(0);
    expect(isRunning(etcd)).toBe(false);
    expect(await containersOf('web')).toEqual(before);
    const without = await cluster.skep(['ps']);
    expect(without.code).toBe(7);
    cluster.start(server);
    await untilAllPresent(cluster, server);
    expect(await containersOf('web')).toEqual(before);
    expect((await cluster.skep(['scale', 'web', '6'])).code).toBe(0);
    expect((await cluster.skep(['rm', 'web', '--yes'])).code).toBe(0);
  });

  it('stop a cell in order, leave its containers alone, and take it back', async () => {
    await run(cluster, server, 'kept', 2);
    const before = await containersOf('kept');
    expect(before.map((one) => one.cell).sort()).toEqual(['cell-1', 'cell-2']);
    const agent = cell.process;
    await cluster.kill(cell, 'SIGTERM');
    expect(agent?.exitCode, cluster.logTail(cell)).toBe(0);
    cluster.start(cell);
    await untilAllPresent(cluster, server);
    expect(await containersOf('kept')).toEqual(before);
  });
});

describe('two servers on an etcd of the operator’s own', () => {
  let etcd: TestEtcd;
  let cluster: E2eCluster;
  beforeAll(async () => {
    etcd = await startEtcd();
    const etcdEndpoints = etcd.endpoints.map((endpoint) => `http://${endpoint}`);
    cluster = await e2eCluster({ cells: 2, servers: 2, settings: { etcdEndpoints } });
  }, 120_000);
  afterAll(async () => {
    await cluster?.stop();
    await etcd?.stop();
  }, 60_000);

  const leaderOf = async (agent: LocalAgent): Promise<string> =>
    (await statusFrom(cluster, agent)).leader?.server ?? '';

  it('start no etcd, elect one of them by lease, and the other when it is killed', async () => {
    const [first, second] = cluster.agents as [LocalAgent, LocalAgent];
    expect([cluster.etcdPid(first), cluster.etcdPid(second)]).toEqual([undefined, undefined]);
    await run(cluster, second, 'web', 2);
    const leader = cluster.agentNamed(await leaderOf(first));
    const other = leader === first ? second : first;
    await cluster.kill(leader, 'SIGKILL');
    await eventually('the other leads', 30_000, async () => expect(await leaderOf(other)).toBe(other.name));
    await run(cluster, other, 'more', 1);
    cluster.start(leader);
    await untilAllPresent(cluster, leader);
    expect(await leaderOf(leader)).toBe(other.name);
  });

  it('hand over at once when the leader is stopped in order', async () => {
    const [first] = cluster.agents as [LocalAgent];
    const leader = cluster.agentNamed(await leaderOf(first));
    const other = cluster.agents.find((agent) => agent !== leader) as LocalAgent;
    const { process } = leader;
    await cluster.kill(leader, 'SIGTERM');
    expect(process?.exitCode, cluster.logTail(leader)).toBe(0);
    await eventually('the other leads', 30_000, async () => expect(await leaderOf(other)).toBe(other.name));
    cluster.start(leader);
    await untilAllPresent(cluster, leader);
  });
});
