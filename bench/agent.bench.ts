/**
 * An agent (a server and a cell, as installed) that looks after 50 idle containers: resident memory and CPU
 * time over a quiet minute, beside dockerd's own over the same minute. etcd is a process of its own and is
 * told apart.
 */
import { readFileSync } from 'node:fs';
import { systemClock } from '../src/base/node/system-clock.ts';
import type { LocalAgent } from '../src/cli/run/local-cluster.ts';
import { type E2eCluster, e2eCluster, eventually, run, testImage } from '../test/kit/e2e-cluster.ts';
import { buildBundle } from './bundle.ts';
import type { BenchOptions, Measured } from './report.ts';

export const ratioOf = { figure: 'rss_mb', better: 'less' } as const;

const containers = 50;
const call = () => ({ signal: AbortSignal.timeout(120_000), deadlineMs: 60_000 });

export async function measure({ quick, say }: BenchOptions): Promise<Measured> {
  const overMs = quick ? 15_000 : 60_000;
  const bundle = await buildBundle();
  const cluster = await e2eCluster({ cells: 1, servers: 1, program: bundle.program });
  try {
    await fill(cluster);
    await systemClock.sleep(quick ? 5_000 : 30_000, AbortSignal.timeout(60_000));
    const agent = cluster.agents[0] as LocalAgent;
    const pids = {
      agent: agent.process?.pid ?? 0,
      etcd: cluster.etcdPid(agent) ?? 0,
      dockerd: await pidOf('dockerd'),
    };
    const before = { agent: usage(pids.agent), etcd: usage(pids.etcd), dockerd: usage(pids.dockerd) };
    await systemClock.sleep(overMs, AbortSignal.timeout(overMs * 2));
    const percent = (name: keyof typeof pids): number =>
      ((usage(pids[name]).cpuMs - before[name].cpuMs) / overMs) * 100;
    say(`etcd beside it: ${usage(pids.etcd).rssMb.toFixed(0)} MB, ${percent('etcd').toFixed(2)} %`);
    return {
      ours: { rss_mb: usage(pids.agent).rssMb, cpu_percent: percent('agent') },
      peers: { docker: { rss_mb: usage(pids.dockerd).rssMb, cpu_percent: percent('dockerd') } },
      samples: 1,
    };
  } finally {
    await cluster.stop();
    bundle.remove();
  }
}

async function fill(cluster: E2eCluster): Promise<void> {
  const action = { kind: 'run' as const, args: ['sleep', '100000'] };
  const body = {
    guid: 'idle',
    image: testImage,
    instances: containers,
    memoryMb: 16,
    action,
    stopGraceMs: 0,
  };
  await cluster.client().call('desireLrp', { body }, call());
  await eventually(`${containers} containers run`, 120_000, async () => {
    const { rows } = await cluster.client().call('listInstances', { query: { guid: 'idle' } }, call());
    const running = rows.filter((row) => row.state === 'RUNNING').length;
    if (running < containers) throw new Error(`${running} do`);
  });
}

function usage(pid: number): { rssMb: number; cpuMs: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rssKb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  // Fields after the command's name, which may hold spaces; ticks are hundredths of a second on Linux.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return { rssMb: rssKb / 1_024, cpuMs: (Number(fields[11]) + Number(fields[12])) * 10 };
}

async function pidOf(name: string): Promise<number> {
  const found = await run('pgrep', ['-o', '-x', name], { deadlineMs: 10_000 });
  return Number(found.stdout.trim());
}
