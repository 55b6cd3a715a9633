/**
 * Benchmarks on several hosts: brings the hosts of test/rig up, runs the benchmark again as a process that has the
 * network of their client, and takes the hosts down. Used by lost-host and failover.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../test/kit/e2e-cluster.ts';
import { buildBundle } from '../bundle.ts';
import type { BenchOptions, Measured } from '../report.ts';

const script = fileURLToPath(new URL('../../test/rig/rig.sh', import.meta.url));
const checkout = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
const upDeadlineMs = 180_000;
const downDeadlineMs = 120_000;
/** Set in the process that measures: where the bundle is. */
const programVariable = 'SKEP_BENCH_PROGRAM';

/** Runs one verb of rig.sh; throws what it says. */
export async function rig(args: readonly string[], deadlineMs = 60_000): Promise<string> {
  const { code, stdout, stderr } = await run('bash', [script, ...args], { deadlineMs });
  if (code !== 0) throw new Error(`rig.sh ${args.join(' ')}: ${stderr.trim() || `status ${code}`}`);
  return stdout;
}

/** Node and the bundle, as the hosts see them. Throws outside of `measureOnHosts`. */
export function programOnHosts(): readonly string[] {
  const bundle = process.env[programVariable];
  if (bundle === undefined) throw new Error('this process is not on the hosts of a rig');
  return [process.execPath, bundle];
}

export const isOnHosts = (): boolean => process.env[programVariable] !== undefined;

const hostFile = (host: string, name: string): string =>
  readFileSync(`${process.env['RIG_DIR']}/hosts/${host}/${name}`, 'utf8');

export const addressOf = (host: string): string => hostFile(host, 'address').trim();

/** A running host's root folder, as this machine sees it. */
export const rootOf = (host: string): string => `/proc/${hostFile(host, 'init.pid').split(' ')[0]}/root`;

/** Why this machine cannot have hosts; undefined when it can. */
export async function whyNoHosts(): Promise<string | undefined> {
  const { code, stderr } = await run('bash', [script, 'check'], { deadlineMs: 30_000 });
  return code === 0 ? undefined : stderr.trim();
}

/** Runs the benchmark `name` once more on `hosts` fresh hosts; nothing of them is left when it returns. */
export async function measureOnHosts(name: string, hosts: number, options: BenchOptions): Promise<Measured> {
  const reason = await whyNoHosts();
  if (reason !== undefined) throw new Error(`${name} needs several hosts on this machine: ${reason}`);
  const interrupt = interruption();
  const bundle = await buildBundle();
  const program = bundle.program[1] ?? '';
  const rigName = `b${process.pid % 100_000}`;
  process.env['RIG'] = rigName;
  process.env['RIG_DIR'] = `/var/tmp/skep-rig/${rigName}`;
  process.env['RIG_SHARE'] = `${checkout} ${dirname(program)}`;
  // Swarm refuses to work with it; it matters to neither when a host is lost.
  process.env['RIG_LIVE_RESTORE'] = 'false';
  try {
    interrupt.signal.throwIfAborted();
    options.say(`${hosts} hosts …`);
    await rig(['up', String(hosts)], upDeadlineMs);
    return await inClient(name, options, { ...process.env, [programVariable]: program }, interrupt.signal);
  } finally {
    await rig(['down'], downDeadlineMs);
    bundle.remove();
    interrupt.release();
    await rig(['leftovers']);
  }
}

/** The benchmark in the client's network; its last line is its report. */
async function inClient(
  name: string,
  options: BenchOptions,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Measured> {
  signal.throwIfAborted();
  const bench = fileURLToPath(new URL('../run.ts', import.meta.url));
  const flags = ['--json', ...(options.quick ? ['--quick'] : [])];
  const command = [script, 'net', 'client', process.execPath, bench, name, ...flags];
  const child = spawn('bash', command, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const end = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', end);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  signal.removeEventListener('abort', end);
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`${name} failed on the hosts`);
  const { ours, peers, samples } = JSON.parse(text.trim().split('\n').at(-1) ?? '') as Measured;
  return { ours, peers, samples };
}

/** Ctrl-C, TERM and HUP end the measuring; then the hosts are taken down before this process goes. */
function interruption(): { readonly signal: AbortSignal; release(): void } {
  const interrupt = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const end = (name: string): void => interrupt.abort(new Error(`ended by ${name}`));
  for (const name of names) process.on(name, end);
  return {
    signal: interrupt.signal,
    release: () => {
      for (const name of names) process.off(name, end);
    },
  };
}
