/**
 * The proof of the first cluster: three servers, real etcd, real containers. The tests build on each other's
 * cluster but not on each other's LRPs. Throughout, a checker that reads the store by itself holds it to its
 * promises.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import { etcdBbs } from '../../src/store/etcd/etcd-bbs.ts';
import { type ClaimsChecker, claimsChecker } from '../kit/claims-checker.ts';
import { type E2eCluster, e2eCluster, eventually, testImage } from '../kit/e2e-cluster.ts';

let cluster: E2eCluster;
let checker: ClaimsChecker;
let closeBbs: () => void;

beforeAll(async () => {
  cluster = await e2eCluster({ cells: 3, servers: 3 });
  const endpoints = cluster.agents.map((agent) => `http://${agent.address}:${cluster.ports.etcdClient}`);
  const bbs = etcdBbs({ endpoints, clock: systemClock, log: silentLog, rng: seededRng(1) });
  closeBbs = () => bbs.close();
  checker = claimsChecker(bbs);
}, 180_000);

afterAll(async () => {
  await checker?.stop();
  closeBbs?.();
  await cluster?.stop();
}, 120_000);

const sleeper = ['--', 'sleep', '100000'];

/** Some server that answers, whoever was killed. */
async function anyServer(): Promise<LocalAgent> {
  return eventually('a server answers', 30_000, async () => {
    for (const agent of cluster.agents) {
      if (agent.process === undefined) continue;
      try {
        const status = await cluster.client(agent).call('status', {}, call());
        if (status.leader !== undefined && status.stale === '') return agent;
      } catch {
        continue;
      }
    }
    throw new Error('none does');
  });
}

const call = (): { signal: AbortSignal; deadlineMs: number } => ({
  signal: AbortSignal.timeout(10_000),
  deadlineMs: 5_000,
});

async function instancesOf(guid: string) {
  const answer = await cluster.client(await anyServer()).call('listInstances', { query: { guid } }, call());
  return answer.rows;
}

async function untilRunning(guid: string, count: number, withinMs = 60_000) {
  return eventually(`${count} instances of ${guid} run`, withinMs, async () => {
    const rows = await instancesOf(guid);
    const running = rows.filter(
      (row) => row.state === 'RUNNING' && row.presence === 'ORDINARY' && !row.retire,
    );
    if (running.length !== count || rows.length !== count) {
      throw new Error(rows.map((row) => `${row.index}:${row.state}:${row.presence}`).join(' ') || 'none');
    }
    return running;
  });
}

/**
 * Runs a command until the cluster acknowledges it. 7 is "cannot reach the cluster": the change was made or
 * not, as the command itself says, so it is asked for again; `done` is how a repetition is told that it was.
 */
async function insist(args: readonly string[], done: number): Promise<void> {
  let unsure = false;
  const result = await eventually(`skep ${args.join(' ')} is answered`, 120_000, async () => {
    const answer = await cluster.skep(args, { agent: await anyServer() });
    if (answer.code !== 7) return answer;
    unsure = true;
    throw new Error(answer.stderr);
  });
  expect(result.code, result.stderr).toBe(unsure && result.code === done ? done : 0);
}

async function run(guid: string, instances: number): Promise<void> {
  const options = ['-n', String(instances), '--stop-grace', '1s'];
  await insist(['run', guid, testImage, ...options, ...sleeper], 4);
  checker.acknowledged(guid, instances);
}

async function scale(guid: string, instances: number): Promise<void> {
  await insist(['scale', guid, String(instances)], 0);
  checker.acknowledged(guid, instances);
}

async function remove(guid: string): Promise<void> {
  await insist(['rm', guid, '--yes'], 3);
  checker.acknowledged(guid, undefined);
}

function perCell(rows: readonly { cellId?: string | undefined }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[row.cellId ?? 'none'] = (counts[row.cellId ?? 'none'] ?? 0) + 1;
  return counts;
}

async function leaderAgent(): Promise<LocalAgent> {
  const agent = await anyServer();
  const status = await cluster.client(agent).call('status', {}, call());
  return cluster.agentNamed(status.leader?.server ?? '');
}

async function untilAllPresent(): Promise<void> {
  await eventually('all cells are present', 60_000, async () => {
    const status = await cluster.client(await anyServer()).call('status', {}, call());
    if (status.cells.present !== 3) throw new Error(`${status.cells.present} are`);
  });
}

describe('a cluster of three servers', () => {
  it('spreads six instances 2-2-2, and they are what Docker runs', async () => {
    await run('spread', 6);
    const rows = await untilRunning('spread', 6);
    expect(perCell(rows)).toEqual({ 'cell-1': 2, 'cell-2': 2, 'cell-3': 2 });
    const containers = (await cluster.containers()).filter((one) => one.instance.startsWith('spread/'));
    expect(containers.map((one) => one.instance).sort()).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => `spread/${i}`),
    );
    await remove('spread');
    await eventually('its containers are gone', 30_000, async () => {
      const left = (await cluster.containers({ all: true })).filter((one) =>
        one.instance.startsWith('spread/'),
      );
      expect(left).toEqual([]);
    });
  });

  it('[diego 137] restarts a container that was killed behind its back', async () => {
    await run('killed', 2);
    const [victim] = await untilRunning('killed', 2);
    process.kill(
      (await cluster.containers()).find((one) => one.id === victim?.containerId)?.pid ?? 0,
      'SIGKILL',
    );
    await eventually('it runs again in another container', 30_000, async () => {
      const again = (await instancesOf('killed')).find((row) => row.index === victim?.index);
      expect(again).toMatchObject({ state: 'RUNNING', crashCount: 1 });
      expect(again?.containerId).not.toBe(victim?.containerId);
      expect(again?.crashReason).toContain('Exited with status 137');
    });
    await remove('killed');
  });

  it('[diego 111-112] scales to 30 and to 0', async () => {
    await run('wide', 3);
    await scale('wide', 30);
    const rows = await untilRunning('wide', 30, 120_000);
    expect(perCell(rows)).toEqual({ 'cell-1': 10, 'cell-2': 10, 'cell-3': 10 });
    await scale('wide', 0);
    await untilRunning('wide', 0);
    expect((await cluster.containers()).filter((one) => one.instance.startsWith('wide/'))).toEqual([]);
    await remove('wide');
  });

  it('elects another leader when the leader dies with its etcd, and places new work', async () => {
    await run('before', 3);
    const kept = await cluster.containers();
    const leader = await leaderAgent();
    const etcdPid = cluster.etcdPid(leader);
    expect(etcdPid).toBeDefined();
    const killedAt = systemClock.now();
    process.kill(etcdPid ?? 0, 'SIGKILL');
    await cluster.kill(leader, 'SIGKILL');
    await run('after', 1);
    const tookMs = systemClock.now() - killedAt;
    console.log(`leader killed → new work runs, through the CLI: ${tookMs} ms`);
    expect((await leaderAgent()).name).not.toBe(leader.name);
    const now = new Map((await cluster.containers()).map((one) => [one.id, one.startedAt]));
    for (const container of kept) expect(now.get(container.id)).toBe(container.startedAt);
    cluster.start(leader);
    await untilAllPresent();
    await remove('before');
    await remove('after');
  });

  it('[diego 202] adopts the containers of an agent that was killed: same ids, same pids, no restart', async () => {
    await run('adopted', 3);
    await untilRunning('adopted', 3);
    const agent = cluster.agents[1] as LocalAgent;
    const before = await cluster.containers({ cell: agent.name });
    expect(before.length).toBeGreaterThan(0);
    await cluster.kill(agent, 'SIGKILL');
    expect(await cluster.containers({ cell: agent.name })).toEqual(before);
    cluster.start(agent);
    await untilAllPresent();
    await eventually('the agent answers again', 30_000, () =>
      cluster.client(agent).call('status', {}, call()),
    );
    const rows = await untilRunning('adopted', 3);
    expect(rows.map((row) => row.crashCount)).toEqual([0, 0, 0]);
    expect(await cluster.containers({ cell: agent.name })).toEqual(before);
    await remove('adopted');
  });

  it('[diego 255, 260] replaces the instances of a lost cell, and keeps one an index when it returns', async () => {
    await run('lost', 6);
    await untilRunning('lost', 6);
    const agent = cluster.agents[2] as LocalAgent;
    await cluster.kill(agent, 'SIGKILL');
    await eventually('all six run on the other two cells', 60_000, async () => {
      const running = (await instancesOf('lost')).filter(
        (row) => row.state === 'RUNNING' && row.presence === 'ORDINARY',
      );
      expect(running.filter((row) => row.cellId !== agent.name)).toHaveLength(6);
    });
    cluster.start(agent);
    await untilAllPresent();
    await eventually('one container an index remains', 60_000, async () => {
      const names = (await cluster.containers())
        .map((one) => one.instance)
        .filter((name) => name.startsWith('lost/'));
      expect(names.sort()).toEqual([0, 1, 2, 3, 4, 5].map((index) => `lost/${index}`));
    });
    await untilRunning('lost', 6);
    await remove('lost');
  });

  it('restarts everything at once: the state is the last acknowledged, containers are adopted', async () => {
    await run('all', 6);
    await scale('all', 4);
    await untilRunning('all', 4);
    const before = await cluster.containers();
    const pids = cluster.agents.map((agent) => cluster.etcdPid(agent));
    await Promise.all(cluster.agents.map((agent) => cluster.kill(agent, 'SIGKILL')));
    for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGKILL');
    expect(await cluster.containers()).toEqual(before);
    for (const agent of cluster.agents) cluster.start(agent);
    await untilAllPresent();
    const rows = await untilRunning('all', 4);
    expect(rows.map((row) => row.crashCount)).toEqual([0, 0, 0, 0]);
    const now = new Map((await cluster.containers()).map((one) => [one.id, one.startedAt]));
    for (const container of before) expect(now.get(container.id)).toBe(container.startedAt);
    await remove('all');
  });

  it('lost no acknowledged write and never had two claims an index', async () => {
    await eventually('the checker has seen the last write', 10_000, async () =>
      expect(checker.lost()).toEqual([]),
    );
    expect(checker.violations).toEqual([]);
    expect(checker.checkedRevisions).toBeGreaterThan(50);
  });
});
