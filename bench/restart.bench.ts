/**
 * A container that dies is running again: from the kill of its process until Docker says that its successor
 * has started, less what Docker itself takes to create and start a container, measured in turns. Each LRP is
 * killed once, because the crash policy makes the third crash wait.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemClock } from '../src/base/node/system-clock.ts';
import { type E2eCluster, e2eCluster, eventually, testImage } from '../test/kit/e2e-cluster.ts';
import { engine } from './engine.ts';
import { type BenchOptions, type Measured, median } from './report.ts';

export const ratioOf = { figure: 'restart_ms', better: 'less' } as const;

const call = () => ({ signal: AbortSignal.timeout(60_000), deadlineMs: 30_000 });

export async function measure({ quick, say }: BenchOptions): Promise<Measured> {
  const samples = quick ? 3 : 15;
  const cluster = await e2eCluster({ cells: 1, servers: 1 });
  const starts = followStarts();
  const ours: number[] = [];
  const docker: number[] = [];
  try {
    await desire(cluster, samples);
    for (let index = 0; index < samples; index++) {
      ours.push(await killOne(cluster, starts, `bench-${index}`));
      docker.push(await startByDocker(starts, index));
      say(`restart ${ours.at(-1)?.toFixed(0)} ms, docker's own start ${docker.at(-1)?.toFixed(0)} ms`);
    }
  } finally {
    starts.stop();
    await cluster.stop();
  }
  const [restart, own] = [median(ours), median(docker)];
  return {
    ours: { overhead_ms: restart - own, restart_ms: restart },
    peers: { docker: { restart_ms: own } },
    samples,
  };
}

async function desire(cluster: E2eCluster, count: number): Promise<void> {
  const action = { kind: 'run' as const, args: ['sleep', '100000'] };
  for (let index = 0; index < count; index++) {
    const body = { guid: `bench-${index}`, image: testImage, memoryMb: 16, action, stopGraceMs: 0 };
    await cluster.client().call('desireLrp', { body }, call());
  }
  await eventually('all run', 60_000, async () => {
    const { rows } = await cluster.client().call('listInstances', { query: {} }, call());
    if (rows.filter((row) => row.state === 'RUNNING').length < count) throw new Error('not yet');
  });
}

interface Starts {
  /** When Docker next says that a container whose name holds `part` has started. */
  next(part: string): Promise<number>;
  stop(): void;
}

function followStarts(): Starts {
  const child = spawn('docker', [
    'events',
    '--filter',
    'event=start',
    '--format',
    '{{.Actor.Attributes.name}}',
  ]);
  const waiting = new Map<string, (at: number) => void>();
  createInterface({ input: child.stdout }).on('line', (name) => {
    for (const [part, resolve] of waiting) if (name.includes(part)) resolve(performance.now());
  });
  return {
    async next(part) {
      const { promise, resolve } = Promise.withResolvers<number>();
      waiting.set(part, resolve);
      const at = await promise;
      waiting.delete(part);
      return at;
    },
    stop: () => void child.kill(),
  };
}

async function killOne(cluster: E2eCluster, starts: Starts, guid: string): Promise<number> {
  const container = (await cluster.containers()).find((one) => one.instance === `${guid}/0`);
  if (container === undefined) throw new Error(`${guid} has no container`);
  const started = starts.next(`skep-${guid}-0-`);
  const killedAt = performance.now();
  process.kill(container.pid, 'SIGKILL');
  const tookMs = (await started) - killedAt;
  await systemClock.sleep(500, AbortSignal.timeout(5_000));
  return tookMs;
}

async function startByDocker(starts: Starts, index: number): Promise<number> {
  const name = `skep-bench-own-${process.pid}-${index}-`;
  const started = starts.next(name);
  const startedAt = performance.now();
  const HostConfig = { Memory: 16 * 2 ** 20, MemorySwap: 16 * 2 ** 20, PidsLimit: 1024 };
  const body = { Image: testImage, Cmd: ['sleep', '100000'], HostConfig };
  const { Id } = (await engine('POST', `/containers/create?name=${name}`, body)) as { Id: string };
  await engine('POST', `/containers/${Id}/start`);
  const tookMs = (await started) - startedAt;
  await engine('DELETE', `/containers/${Id}?force=true`);
  return tookMs;
}
