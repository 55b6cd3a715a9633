/**
 * Real agents with TLS on this machine, each with an address, a folder and a log of its own; the first one founds the
 * cluster. Everything that it made is gone after `close`. Used by the end-to-end tests about certificates.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type CliResult, eventually, run } from './e2e-cluster.ts';
import { freePorts } from './ports.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const node = [process.execPath, '--disable-warning=ExperimentalWarning', main] as const;
const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];

export interface TlsAgent {
  readonly name: string;
  readonly address: string;
  readonly folder: string;
  process: ChildProcess | undefined;
}

/** What lies in a host's `pki/host.json`. */
export interface TlsHost {
  readonly cluster: { readonly certificate: string; readonly key: string; readonly ca: string };
  readonly store?: { readonly ca: string; readonly certificate: string };
}

export class TlsCluster {
  readonly folder: string;
  readonly ports: { readonly api: number; readonly etcdClient: number; readonly etcdPeer: number };
  readonly agents: TlsAgent[] = [];

  constructor(folder: string, ports: TlsCluster['ports']) {
    this.folder = folder;
    this.ports = ports;
  }

  /** Starts a host, or starts it again with what it has. */
  start(name: string, address: string, more: readonly string[] = []): TlsAgent {
    const known = this.agents.find((agent) => agent.name === name);
    const agent = known ?? { name, address, folder: join(this.folder, name), process: undefined };
    if (known === undefined) this.agents.push(agent);
    mkdirSync(agent.folder, { recursive: true });
    const config = join(agent.folder, 'agent.yaml');
    const settings = {
      name,
      address,
      ports: this.ports,
      dataDir: join(agent.folder, 'data'),
      socket: join(agent.folder, 's.sock'),
    };
    writeFileSync(config, JSON.stringify({ ...settings, cell: { memoryMb: 512 } }));
    const log = openSync(join(agent.folder, 'agent.log'), 'a', 0o600);
    const [command, ...args] = node;
    agent.process = spawn(command, [...args, 'agent', '--config', config, ...more], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    return agent;
  }

  agent(name: string): TlsAgent {
    const found = this.agents.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no agent is called ${name}`);
    return found;
  }

  /** In order, and waits for its end. */
  async stop(agent: TlsAgent): Promise<void> {
    await ended(agent, 'SIGTERM');
  }

  /** As when the host loses power: agent and etcd are gone at once. */
  async kill(agent: TlsAgent): Promise<void> {
    const etcd = this.etcd(agent);
    await ended(agent, 'SIGKILL');
    try {
      process.kill(etcd.pid, 'SIGKILL');
    } catch (error) {
      // It was started anew or has ended meanwhile: the tests look at what comes back.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** This host's etcd, as its agent noted it. */
  etcd(agent: TlsAgent): { readonly pid: number; readonly args: readonly string[] } {
    return this.#json(agent, 'etcd/etcd.pid.json') as { pid: number; args: string[] };
  }

  host(agent: TlsAgent): TlsHost {
    return this.#json(agent, 'pki/host.json') as TlsHost;
  }

  /** Roles in the certificate that it shows: `server+cell`. */
  roles(agent: TlsAgent): string {
    const names = new X509Certificate(this.host(agent).cluster.certificate).subjectAltName ?? '';
    return /skep:\/\/[^/]+\/([a-z+]+)\//.exec(names)?.[1] ?? names;
  }

  log(agent: TlsAgent): string {
    return readFileSync(join(agent.folder, 'agent.log'), 'utf8');
  }

  /** By the local socket of one agent: the first, unless said. */
  skep(args: readonly string[], env: Readonly<Record<string, string>> = {}, by = 'a'): Promise<CliResult> {
    const [command, ...program] = node;
    const own = { SKEP_SERVER: join(this.folder, by, 's.sock'), HOME: this.folder, NO_COLOR: '1' };
    const { SKEP_CONTEXT: _context, XDG_CONFIG_HOME: _config, ...rest } = process.env;
    return run(command, [...program, ...args], { env: { ...rest, ...own, ...env }, deadlineMs: 60_000 });
  }

  /** A join token in a file of its own. */
  async token(role: 'server' | 'cell', file: string): Promise<string> {
    const { stdout } = await this.skep(['token', 'create', '--role', role]);
    const path = join(this.folder, file);
    writeFileSync(path, stdout, { mode: 0o600 });
    return path;
  }

  /** Its containers of one LRP, with when they were made. */
  async containers(guid: string): Promise<string> {
    const format = '{{.ID}} {{.Label "skep.cell"}} {{.CreatedAt}}';
    const filters = [...this.#filters(), '--filter', `label=skep.guid=${guid}`];
    const { stdout } = await run('docker', ['ps', '--no-trunc', ...filters, '--format', format], {
      deadlineMs: 30_000,
    });
    return stdout.split('\n').sort().join('\n');
  }

  /** What the agents said, for a test that failed: a run elsewhere leaves nothing else. */
  tell(): void {
    for (const agent of this.agents) {
      const lines = this.log(agent).trimEnd().split('\n');
      console.error(`--- ${agent.name}\n${lines.slice(-60).join('\n')}`);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.agents.map((agent) => this.stop(agent)));
    // Where the founder never started there is nothing else to take away.
    if (existsSync(join(this.folder, 'a/data/cluster.json'))) {
      const listed = await run('docker', ['ps', '-aq', ...this.#filters()], { deadlineMs: 30_000 });
      const ids = listed.stdout.split('\n').filter(Boolean);
      if (ids.length > 0) await run('docker', ['rm', '-f', ...ids], { deadlineMs: 60_000 });
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #filters(): string[] {
    const founded = readFileSync(join(this.folder, 'a/data/cluster.json'), 'utf8');
    const { clusterId } = JSON.parse(founded) as { clusterId: string };
    return ['--filter', `label=skep.cluster=${clusterId}`];
  }

  #json(agent: TlsAgent, path: string): unknown {
    return JSON.parse(readFileSync(join(agent.folder, 'data', path), 'utf8')) as unknown;
  }
}

/** Waits until the founder, `a`, leads. */
export async function tlsCluster(): Promise<TlsCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'skep-tls-e2e-'));
  const [api, etcdClient, etcdPeer] = (await freePorts(3, addresses)) as [number, number, number];
  const cluster = new TlsCluster(folder, { api, etcdClient, etcdPeer });
  cluster.start('a', '127.0.0.1');
  try {
    await eventually('the founder leads', 60_000, async () => {
      const { code, stdout, stderr } = await cluster.skep(['status']);
      if (code !== 0 || !stdout.includes('leader')) throw new Error(stdout + stderr);
    });
    return cluster;
  } catch (error) {
    cluster.tell();
    await cluster.close();
    throw error;
  }
}

/** How a TLS handshake and one request end: what came back, or the error. */
export function knock(
  port: number,
  holder: object,
  { path = '/health', host = '127.0.0.1' } = {},
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, ...holder });
    let text = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
    socket.on('secureConnect', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`),
    );
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve(text));
  });
}

async function ended({ process: child }: TlsAgent, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  // One that a test holds still hears nothing else.
  child.kill('SIGCONT');
  await over;
}
