/**
 * A real etcd of one member on loopback, for tests and benchmarks: free ports, a temporary data folder, both
 * gone after `stop`. Starts in a fraction of a second.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.ts';

const startDeadlineMs = 20_000;

export interface TestEtcd {
  /** As `host:port`, for clients. */
  readonly endpoints: readonly string[];
  readonly port: number;
  /** Throws away the log up to the present revision. */
  compact(): Promise<void>;
  /** Ends the process at once and removes its data. */
  stop(): Promise<void>;
}

/** @param flags further flags of etcd */
export async function startEtcd(flags: readonly string[] = []): Promise<TestEtcd> {
  const folder = await mkdtemp(join(tmpdir(), 'skep-etcd-'));
  const [port, peerPort] = await freePorts(2);
  if (port === undefined || peerPort === undefined) throw new Error('no free ports on loopback');
  const url = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const args = ['--name', 'test', '--data-dir', join(folder, 'data'), '--log-level', 'error'];
  args.push('--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peerUrl);
  args.push('--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `test=${peerUrl}`);
  // Durability is not what these tests are about, and two cores are shared by all of them.
  args.push('--max-txn-ops', '20000', '--unsafe-no-fsync', ...flags);
  const child = spawn('etcd', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said = `${said}${data.toString('utf8')}`.slice(-4_000);
  });
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answers(url, child);
  } catch (error) {
    await stop();
    throw new Error(`etcd did not start: ${String(error)}\n${said}`);
  }
  return { endpoints: [`127.0.0.1:${port}`], port, compact: () => compact(url), stop };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  let failed: Error | undefined;
  child.once('error', (error) => {
    failed = error;
  });
  const untilMs = Date.now() + startDeadlineMs;
  while (Date.now() < untilMs) {
    if (failed !== undefined) throw failed;
    if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`);
    if (await healthy(url)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url}/health did not answer in ${startDeadlineMs} ms`);
}

async function healthy(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) });
    return answer.ok;
  } catch {
    return false;
  }
}

/** By etcd's JSON gateway, so that the kit needs no client of its own. */
async function compact(url: string): Promise<void> {
  const ask = async (path: string, body: object): Promise<{ header: { revision: string } }> => {
    const answer = await fetch(`${url}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`etcd ${path}: ${await answer.text()}`);
    return (await answer.json()) as { header: { revision: string } };
  };
  const { header } = await ask('range', { key: Buffer.from('x').toString('base64') });
  await ask('compaction', { revision: header.revision });
}
