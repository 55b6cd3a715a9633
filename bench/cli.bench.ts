/**
 * `skep ps` from shell to prompt, as installed: the bundle, over the local socket with the proof of the user, beside
 * `docker ps`, in turns, with ten LRPs in the cluster. Beside the time that the shell saw, the processor time of both,
 * which other work on the machine disturbs least.
 */
import { e2eCluster, run, testImage } from '../test/kit/e2e-cluster.ts';
import { buildBundle } from './bundle.ts';
import { type BenchOptions, type Figures, type Measured, median } from './report.ts';

export const ratioOf = { figure: 'ps_ms', better: 'less' } as const;

const call = () => ({ signal: AbortSignal.timeout(60_000), deadlineMs: 30_000 });

export async function measure({ quick }: BenchOptions): Promise<Measured> {
  const samples = quick ? 5 : 30;
  const bundle = await buildBundle();
  const cluster = await e2eCluster({ cells: 1, servers: 1, program: bundle.program });
  const ours: Run[] = [];
  const docker: Run[] = [];
  const [node = '', main = ''] = bundle.program;
  const env = {
    ...process.env,
    SKEP_SERVER: cluster.agents[0]?.socket ?? '',
    NODE_COMPILE_CACHE: bundle.cacheFolder,
  };
  try {
    for (let index = 0; index < 10; index++) {
      const body = { guid: `bench-${index}`, image: testImage, instances: 0, memoryMb: 16 };
      await cluster.client().call('desireLrp', { body }, call());
    }
    const skep = (): Promise<Run> => timed(node, [main, 'ps'], env);
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
  return { ours: figures(ours), peers: { docker: figures(docker) }, samples };
}

interface Run {
  readonly wallMs: number;
  readonly cpuMs: number;
}

const figures = (runs: readonly Run[]): Figures => ({
  ps_ms: median(runs.map(({ wallMs }) => wallMs)),
  cpu_ms: median(runs.map(({ cpuMs }) => cpuMs)),
});

/** `times` of the shell around it counts what its children used, in hundredths of a second or better. */
async function timed(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Run> {
  const startedAt = performance.now();
  const result = await run('/bin/sh', ['-c', '"$@" && times >&2', 'sh', command, ...args], {
    env,
    deadlineMs: 30_000,
  });
  const wallMs = performance.now() - startedAt;
  const [, children] = result.stderr.trim().split('\n').slice(-2);
  const cpuMs = [...(children ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000,
    0,
  );
  if (result.code !== 0 || children === undefined)
    throw new Error(`${command} ${args.join(' ')}: ${result.stderr}`);
  return { wallMs, cpuMs };
}
