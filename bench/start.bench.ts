/**
 * 0 → 40 real containers on one host: Skep by one scale call, Docker by its own API at its best concurrency,
 * Swarm by `docker service scale`; all in turns on the same daemon. Clock: from the call until Docker itself
 * says that all 40 run, so that it is the same for all three.
 */
import { systemClock } from '../src/base/node/system-clock.ts';
import { type E2eCluster, e2eCluster, eventually, run, testImage } from '../test/kit/e2e-cluster.ts';
import { engine } from './engine.ts';
import { type BenchOptions, type Measured, median } from './report.ts';

export const ratioOf = { figure: 'rate_per_s', better: 'more' } as const;

const count = 40;

export async function measure({ quick, say }: BenchOptions): Promise<Measured> {
  const samples = quick ? 1 : 5;
  const concurrencies = quick ? [8] : [4, 8, 16, 40];
  const cluster = await e2eCluster({ cells: 1, servers: 1 });
  const swarm = await startSwarm(say);
  const ours: number[] = [];
  const docker = new Map<number, number[]>(concurrencies.map((width) => [width, []]));
  const swarms: number[] = [];
  try {
    await prepare(cluster);
    for (let round = 0; round < samples; round++) {
      ours.push(
        await rate(
          say,
          'skep',
          () => scaleSkep(cluster),
          () => scaleDownSkep(cluster),
        ),
      );
      for (const [width, rates] of docker) {
        rates.push(await rate(say, `docker ×${width}`, () => startByApi(width), removeByApi));
      }
      if (swarm)
        swarms.push(
          await rate(
            say,
            'swarm',
            () => scaleSwarm(count),
            () => scaleSwarm(0),
          ),
        );
    }
  } finally {
    if (swarm) await stopSwarm();
    await removeByApi();
    await cluster.stop();
  }
  const best = Math.max(...[...docker.values()].map(median));
  const peers = { docker: { rate_per_s: best }, ...(swarm ? { swarm: { rate_per_s: median(swarms) } } : {}) };
  return { ours: { rate_per_s: median(ours) }, peers, samples };
}

async function rate(
  say: (line: string) => void,
  who: string,
  up: () => Promise<void>,
  down: () => Promise<void>,
): Promise<number> {
  const startedAt = performance.now();
  await up();
  const seconds = (performance.now() - startedAt) / 1_000;
  say(`${who}: ${count} in ${seconds.toFixed(2)} s`);
  await down();
  return count / seconds;
}

/** Counts running containers with a label by asking Docker, every 50 ms. */
async function untilRunning(label: string, wanted: number): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [label], status: ['running'] }));
  for (;;) {
    const found = (await engine('GET', `/containers/json?filters=${filters}`)) as unknown[];
    if (found.length === wanted) return;
    await systemClock.sleep(50, AbortSignal.timeout(120_000));
  }
}

const call = () => ({ signal: AbortSignal.timeout(120_000), deadlineMs: 60_000 });

async function prepare(cluster: E2eCluster): Promise<void> {
  const action = { kind: 'run' as const, args: ['sleep', '100000'] };
  const body = { guid: 'bench', image: testImage, instances: 0, memoryMb: 16, action, stopGraceMs: 0 };
  await cluster.client().call('desireLrp', { body }, call());
}

async function scaleSkep(cluster: E2eCluster): Promise<void> {
  await cluster.client().call('updateLrp', { params: { guid: 'bench' }, body: { instances: count } }, call());
  await untilRunning(`skep.cluster=${cluster.clusterId}`, count);
}

async function scaleDownSkep(cluster: E2eCluster): Promise<void> {
  await cluster.client().call('updateLrp', { params: { guid: 'bench' }, body: { instances: 0 } }, call());
  await eventually('the containers and the records are gone', 120_000, async () => {
    const { rows } = await cluster.client().call('listInstances', { query: { guid: 'bench' } }, call());
    const containers = await cluster.containers();
    if (rows.length + containers.length > 0)
      throw new Error(`${rows.length} records, ${containers.length} containers`);
  });
}

/** Docker's own API, one create and one start a container, `width` at a time; the options are Skep's. */
async function startByApi(width: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const created = (await engine('POST', `/containers/create?name=skep-bench-${process.pid}-${index}`, {
        Image: testImage,
        Cmd: ['sleep', '100000'],
        Labels: { 'skep-bench': String(process.pid) },
        HostConfig: { Memory: 16 * 2 ** 20, MemorySwap: 16 * 2 ** 20, PidsLimit: 1024 },
      })) as { Id: string };
      await engine('POST', `/containers/${created.Id}/start`);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  await untilRunning(`skep-bench=${process.pid}`, count);
}

async function removeByApi(): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`skep-bench=${process.pid}`] }));
  const found = (await engine('GET', `/containers/json?all=true&filters=${filters}`)) as { Id: string }[];
  await Promise.all(found.map(({ Id }) => engine('DELETE', `/containers/${Id}?force=true`)));
}

const service = `skep-bench-${process.pid}`;

/** False, with the reason, where Swarm cannot run or somebody uses it. */
async function startSwarm(say: (line: string) => void): Promise<boolean> {
  const address = ['--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:23770'];
  const made = await run('docker', ['swarm', 'init', ...address], { deadlineMs: 60_000 });
  if (made.code !== 0) {
    say(`no swarm to compare with: ${made.stderr.trim()}`);
    return false;
  }
  const limits = ['--replicas', '0', '--limit-memory', '16M', '--detach', '--no-resolve-image'];
  const args = ['service', 'create', '--name', service, ...limits, testImage, 'sleep', '100000'];
  const created = await run('docker', args, { deadlineMs: 60_000 });
  if (created.code !== 0) throw new Error(`docker service create: ${created.stderr}`);
  return true;
}

async function scaleSwarm(replicas: number): Promise<void> {
  const scaled = await run('docker', ['service', 'scale', '--detach', `${service}=${replicas}`], {
    deadlineMs: 60_000,
  });
  if (scaled.code !== 0) throw new Error(`docker service scale: ${scaled.stderr}`);
  await untilRunning(`com.docker.swarm.service.name=${service}`, replicas);
}

async function stopSwarm(): Promise<void> {
  await run('docker', ['service', 'rm', service], { deadlineMs: 60_000 });
  await run('docker', ['swarm', 'leave', '--force'], { deadlineMs: 60_000 });
}
