/** `skep ps` from shell to prompt, as installed, beside `docker ps`, in turns, with ten LRPs in the cluster. */
import { e2eCluster, run, testImage } from '../test/kit/e2e-cluster.ts';
import { buildBundle } from './bundle.ts';
import { type BenchOptions, type Measured, median } from './report.ts';

export const ratioOf = { figure: 'ps_ms', better: 'less' } as const;

const call = () => ({ signal: AbortSignal.timeout(60_000), deadlineMs: 30_000 });

export async function measure({ quick }: BenchOptions): Promise<Measured> {
  const samples = quick ? 5 : 30;
  const bundle = await buildBundle();
  const cluster = await e2eCluster({ cells: 1, servers: 1, program: bundle.program });
  const ours: number[] = [];
  const docker: number[] = [];
  const [node = '', main = ''] = bundle.program;
  const server = cluster.agents[0]?.api ?? '';
  const env = { ...process.env, SKEP_SERVER: server, NODE_COMPILE_CACHE: bundle.cacheFolder };
  try {
    for (let index = 0; index < 10; index++) {
      const body = { guid: `bench-${index}`, image: testImage, instances: 0, memoryMb: 16 };
      await cluster.client().call('desireLrp', { body }, call());
    }
    const skep = (): Promise<number> => timed(node, [main, 'ps'], env);
    // The first run fills the cache of compiled code, as the first run after an installation does.
    await skep();
    for (let round = 0; round < samples; round++) {
      ours.push(await skep());
      docker.push(await timed('docker', ['ps'], process.env));
    }
  } finally {
    await cluster.stop();
    bundle.remove();
  }
  return { ours: { ps_ms: median(ours) }, peers: { docker: { ps_ms: median(docker) } }, samples };
}

async function timed(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const startedAt = performance.now();
  const result = await run(command, args, { env, deadlineMs: 30_000 });
  if (result.code !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr}`);
  return performance.now() - startedAt;
}
