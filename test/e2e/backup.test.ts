/**
 * Backup, restore and the recovery from a lost majority on real Docker: the state comes back, cells come back by
 * themselves, and no container is stopped or started by it, also none that the state is too old to know.
 */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import {
  type DockerContainer,
  type E2eCluster,
  e2eCluster,
  eventually,
  testImage,
} from '../kit/e2e-cluster.ts';

let cluster: E2eCluster;
afterEach(() => cluster?.stop());

const limits = () => ({ signal: AbortSignal.timeout(10_000) });

async function run(name: string, instances: number, agent?: LocalAgent): Promise<void> {
  const args = ['run', name, testImage, '-n', String(instances), '--memory', '32M', '--', 'sleep', '100000'];
  const result = await cluster.skep(args, agent === undefined ? {} : { agent });
  expect(result.stderr + result.stdout).toContain(name);
  expect(result.code, result.stderr).toBe(0);
}

const untilRunning = (name: string, count: number, agent?: LocalAgent): Promise<void> =>
  eventually(`${count} instances of ${name} run`, 60_000, async () => {
    const view = await cluster.client(agent).call('getLrp', { params: { guid: name as never } }, limits());
    if (view.counts.running !== count) throw new Error(JSON.stringify(view.counts));
  });

const untilBack = (agent: LocalAgent, cells: number): Promise<void> =>
  eventually(`${agent.name} leads and ${cells} cells are back`, 60_000, async () => {
    const status = await cluster.client(agent).call('status', {}, limits());
    if (status.leader === undefined) throw new Error('nobody leads');
    if (status.cells.present < cells) throw new Error(`${status.cells.present} cells`);
    if (status.stale !== '') throw new Error(status.stale);
  });

const lives = (containers: readonly DockerContainer[]): string[] =>
  containers.map(({ id, startedAt, instance }) => `${instance} ${id} ${startedAt}`).sort();

/** Every cell of the cluster has said that it holds a session with a server of the new store. */
const eventsOf = async (agent: LocalAgent, type: string): Promise<readonly string[]> => {
  const { rows } = await cluster.client(agent).call('listEvents', { query: {} }, limits());
  return rows.filter((event) => event.type === type).map(({ subject }) => subject);
};

/** Each wait has its own deadline; on a machine with fifty processes for two cores a test of them takes 190 s. */
const unhurried = { timeout: 400_000 };

test('a restore restarts no container, not even one that the backup does not know', unhurried, async () => {
  cluster = await e2eCluster({ cells: 2, servers: 1 });
  const [first, second] = cluster.agents as [LocalAgent, LocalAgent];
  await run('web', 4);
  await untilRunning('web', 4);
  const file = join(cluster.folder, 'cluster.skep-backup');
  const saved = await cluster.skep(['backup', 'save', file]);
  expect(saved.code, saved.stderr).toBe(0);
  await run('late', 2);
  await untilRunning('late', 2);
  const before = lives(await cluster.containers());
  expect(before).toHaveLength(6);

  const flags = ['--config', first.configPath, '--yes'];
  const refused = await cluster.skep(['backup', 'restore', file, ...flags]);
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain('the agent of this host runs');

  await cluster.kill(first, 'SIGKILL');
  const restored = await cluster.skep(['backup', 'restore', file, ...flags]);
  expect(restored.code, restored.stderr).toBe(0);
  expect(restored.stdout).toMatch(/The store that was there: .*etcd\.before-restore-/);
  expect(
    readdirSync(join(first.folder, 'data')).some((name) => name.startsWith('etcd.before-restore-')),
  ).toBe(true);
  expect(existsSync(join(first.folder, 'data/etcd.restoring'))).toBe(false);

  cluster.start(first);
  await untilBack(first, 2);
  await untilRunning('web', 4);
  await eventually('both late containers are told', 60_000, async () => {
    const kept = await eventsOf(first, 'instance.kept');
    if (kept.length < 2) throw new Error(`told of ${kept.join(', ')}`);
    expect([...kept].sort()).toEqual(['late/0', 'late/1']);
  });
  expect(lives(await cluster.containers())).toEqual(before);
  expect((await cluster.skep(['ps', 'late'])).code).toBe(3);

  // The cell whose agent ran on takes the word of the new store, whose revisions are lower than those it knew.
  expect((await cluster.skep(['scale', 'web', '6'])).code).toBe(0);
  await untilRunning('web', 6);
  const after = await cluster.containers();
  expect(new Set(after.map(({ cell }) => cell))).toEqual(new Set([first.name, second.name]));
  expect(lives(after)).toEqual(expect.arrayContaining(before));
});

test('the loss of the majority: one command keeps everything, and others join again', unhurried, async () => {
  cluster = await e2eCluster({ cells: 3, servers: 3 });
  const [first, second, third] = cluster.agents as [LocalAgent, LocalAgent, LocalAgent];
  await run('web', 6);
  await untilRunning('web', 6);
  const before = lives(await cluster.containers());
  // Two hosts are gone for good: their agents, their etcd, their data.
  for (const lost of [first, second]) {
    const etcd = cluster.etcdPid(lost);
    await cluster.kill(lost, 'SIGKILL');
    if (etcd !== undefined) process.kill(etcd, 'SIGKILL');
    renameSync(join(lost.folder, 'data/etcd'), join(lost.folder, 'data/etcd.lost'));
  }
  await cluster.kill(third, 'SIGKILL');
  const recovered = await cluster.skep(['server', 'recover', '--config', third.configPath, '--yes']);
  expect(recovered.code, recovered.stderr).toBe(0);
  expect(recovered.stdout).toContain(`${third.name} is the only server now`);
  expect(recovered.stdout).toContain(`join: [${third.api}]`);

  cluster.start(third);
  await untilBack(third, 1);
  await untilRunning('web', 6, third);
  expect((await cluster.skep(['scale', 'web', '6'], { agent: third })).code).toBe(0);

  // A lost host comes again, with empty data, and becomes a server and a cell as before.
  const joined = { ...second, process: undefined };
  const settings = readFileSync(second.configPath, 'utf8').replace(
    /join:[\s\S]*?(?=\n\w)/,
    `join: [${third.api}]`,
  );
  writeFileSync(second.configPath, settings);
  cluster.start(joined);
  try {
    await untilBack(third, 2);
    await eventually('it votes', 60_000, async () => {
      const { servers } = await cluster.client(third).call('status', {}, limits());
      const health = servers.map(({ server, health: is }) => `${server} ${is}`).sort();
      expect(health).toEqual([`${second.name} follower`, `${third.name} leader`]);
    });
    await untilRunning('web', 6, third);
    expect(lives(await cluster.containers())).toEqual(before);
  } finally {
    second.process = joined.process;
  }
});
