/**
 * A task runs at most once, whatever dies. Every task here tells a counter outside the cluster that it ran,
 * so that what is counted is what really happened.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SkepError } from '../../src/base/core/errors.ts';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import type { Task } from '../../src/model/task.ts';
import { type E2eCluster, e2eCluster, eventually, run, testImage } from '../kit/e2e-cluster.ts';

let cluster: E2eCluster;
let counter: Server;
let counterUrl: string;
const ran = new Map<string, number>();

beforeAll(async () => {
  cluster = await e2eCluster({ cells: 3, servers: 3 });
  // Containers reach this machine at the address of Docker's own bridge, which is their gateway.
  const route = await run('docker', ['run', '--rm', testImage, 'ip', 'route'], { deadlineMs: 60_000 });
  const address = /default via (\S+)/.exec(route.stdout)?.[1];
  if (address === undefined) throw new Error(`containers have no gateway: ${route.stdout}${route.stderr}`);
  counter = createServer((request, response) => {
    const name = request.url?.split('/').at(-1) ?? '';
    ran.set(name, (ran.get(name) ?? 0) + 1);
    response.end('counted\n');
  });
  counter.listen(0, address);
  await once(counter, 'listening');
  counterUrl = `http://${address}:${(counter.address() as { port: number }).port}/ran`;
}, 180_000);

afterAll(async () => {
  counter?.closeAllConnections();
  counter?.close();
  await cluster?.stop();
}, 120_000);

const call = () => ({ signal: AbortSignal.timeout(20_000), deadlineMs: 15_000 });

async function desire(guid: string, script: string): Promise<void> {
  const body = {
    guid,
    image: testImage,
    memoryMb: 16,
    action: { kind: 'run' as const, args: ['sh', '-c', script] },
  };
  await eventually(`${guid} is acknowledged`, 60_000, async () => {
    try {
      await cluster.client().call('desireTask', { body }, call());
    } catch (error) {
      // A write that was not confirmed in time may have been made: then it exists.
      if (!(error instanceof SkepError && error.code === 'ResourceExists')) throw error;
    }
  });
}

async function tasksNamed(prefix: string): Promise<Task[]> {
  const { rows } = await cluster.client().call('listTasks', { query: {} }, call());
  return rows.filter((task) => task.guid.startsWith(prefix));
}

const skep = (...args: string[]) => cluster.skep(args);

describe('tasks', () => {
  it('[diego 1] run to their end, and their output and result can be had', async () => {
    const started = await skep(
      'task',
      'run',
      'hello',
      testImage,
      '--',
      'sh',
      '-c',
      'echo out; echo err >&2; exit 3',
    );
    expect(started.code, started.stderr).not.toBe(0);
    const shown = await skep('task', 'show', 'hello', '-o', 'json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ state: 'COMPLETED', failed: true, exitCode: 3 });
    const logs = await skep('task', 'logs', 'hello');
    expect(logs.stdout).toContain('out');
    await skep('task', 'rm', 'hello', '--yes');
    expect((await skep('task', 'show', 'hello')).code).toBe(3);
  });

  it('[diego 42] are cancelled at once and stop soon', async () => {
    await desire('cancelled', 'sleep 1000');
    await eventually('it runs', 30_000, async () =>
      expect((await tasksNamed('cancelled'))[0]?.state).toBe('RUNNING'),
    );
    expect((await skep('task', 'cancel', 'cancelled')).code).toBe(0);
    expect((await tasksNamed('cancelled'))[0]).toMatchObject({
      state: 'COMPLETED',
      failureReason: 'task was cancelled',
    });
    await eventually('its container has stopped', 30_000, async () => {
      const running = (await cluster.containers()).filter((one) => one.instance === 'cancelled/0');
      expect(running).toEqual([]);
    });
  });

  it('[diego 54] run at most once each while a cell and its containers are killed, and all end', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `many-${index}`);
    const script = (name: string): string =>
      `wget -q -O- ${counterUrl}/${name} && sleep 4 && echo ${name} done`;
    await Promise.all(names.map((name) => desire(name, script(name))));
    const victim = cluster.agents[2] as LocalAgent;
    await eventually('some run on the cell that is to die', 60_000, async () => {
      const running = (await tasksNamed('many-')).filter((task) => task.state === 'RUNNING');
      expect(running.filter((task) => task.cellId === victim.name).length).toBeGreaterThan(2);
    });
    await cluster.kill(victim, 'SIGKILL');
    const doomed = (await cluster.containers({ cell: victim.name })).map((one) => one.id);
    if (doomed.length > 0) await run('docker', ['kill', ...doomed], { deadlineMs: 60_000 });
    // On a busy machine the engine starts less than one container a second.
    const ended = await eventually('all have ended', 300_000, async () => {
      const tasks = await tasksNamed('many-');
      expect(tasks.filter((task) => task.state === 'COMPLETED')).toHaveLength(100);
      return tasks;
    });
    expect([...ran.values()].filter((times) => times > 1)).toEqual([]);
    const failed = ended.filter((task) => task.failed);
    expect(failed.length).toBeGreaterThan(0);
    expect(new Set(failed.map((task) => `${task.cellId}: ${task.failureReason}`))).toEqual(
      new Set([`${victim.name}: cell disappeared before completion`]),
    );
    for (const task of ended.filter((one) => !one.failed)) expect(ran.get(task.guid), task.guid).toBe(1);
    cluster.start(victim);
    await eventually('the cell is back and has cleaned up', 60_000, async () => {
      expect((await cluster.containers({ cell: victim.name })).filter((one) => one.running)).toEqual([]);
      expect((await cluster.client(victim).call('status', {}, call())).cells.present).toBe(3);
    });
    expect([...ran.values()].filter((times) => times > 1)).toEqual([]);
  }, 600_000);
});
