/**
 * Several agents as processes of this machine, each with its own loopback address and data folder, all with
 * the same ports: what `skep dev`, the end-to-end tests and the benchmarks run on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Clock, withDeadline } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { AgentConfigInput } from '../core/agent-config.ts';

export interface LocalClusterOptions {
  /** Holds one folder an agent; the caller makes and removes it. */
  readonly folder: string;
  readonly cells: number;
  readonly servers: number;
  readonly ports: { readonly api: number; readonly etcdClient: number; readonly etcdPeer: number };
  /** How to start this program: node and the path of main. */
  readonly program: readonly string[];
  readonly clock: Clock;
  /** Put over each agent's settings. */
  readonly settings?: Partial<AgentConfigInput>;
}

export interface LocalAgent {
  readonly index: number;
  readonly name: string;
  readonly address: string;
  readonly folder: string;
  readonly configPath: string;
  readonly socket: string;
  /** `address:port` of its API. */
  readonly api: string;
  readonly isServer: boolean;
  process: ChildProcess | undefined;
}

export interface LocalCluster {
  readonly agents: readonly LocalAgent[];
  start(agent: LocalAgent): void;
  /** Signals one agent and resolves when its process has ended. */
  kill(agent: LocalAgent, signal: NodeJS.Signals): Promise<void>;
  /** Pid of the agent's etcd, from its pid file; undefined if there is none. */
  etcdPid(agent: LocalAgent): number | undefined;
  /** The last lines of an agent's log. */
  logTail(agent: LocalAgent, lines?: number): string;
  /** SIGTERM to all, SIGKILL to what is left after `graceMs`, and to each etcd that remains. */
  stop(graceMs: number): Promise<void>;
}

export function localCluster(options: LocalClusterOptions): LocalCluster {
  const agents = Array.from({ length: options.cells }, (_, index) => layOut(options, index));
  const first = agents[0];
  if (first === undefined) throw new SkepError('InvalidRequest', 'a cluster needs at least one cell');
  for (const agent of agents) writeFileSync(agent.configPath, stringify(settingsOf(agent, first, options)));

  async function kill(agent: LocalAgent, signal: NodeJS.Signals): Promise<void> {
    const child = agent.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await ended;
    agent.process = undefined;
  }

  return {
    agents,
    start: (agent) => startAgent(agent, options.program),
    kill,
    etcdPid,
    logTail: (agent, lines = 20) => tail(join(agent.folder, 'agent.log'), lines),
    async stop(graceMs) {
      await Promise.all(agents.map((agent) => stopAgent(agent, kill, options.clock, graceMs)));
      for (const agent of agents) killEtcd(agent);
    },
  };
}

function layOut(options: LocalClusterOptions, index: number): LocalAgent {
  const name = `cell-${index + 1}`;
  const folder = join(options.folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const address = `127.0.0.${index + 1}`;
  return {
    index,
    name,
    address,
    folder,
    configPath: join(folder, 'agent.yaml'),
    socket: join(folder, 'skep.sock'),
    api: `${address}:${options.ports.api}`,
    isServer: index < options.servers,
    process: undefined,
  };
}

/** Cells of one machine share its memory, so each promises only its part. */
function settingsOf(agent: LocalAgent, first: LocalAgent, options: LocalClusterOptions): AgentConfigInput {
  const shareMb = Math.max(256, Math.floor(((totalmem() / 2 ** 20) * 0.8) / options.cells));
  return {
    name: agent.name,
    address: agent.address,
    dataDir: join(agent.folder, 'data'),
    socket: agent.socket,
    ports: options.ports,
    server: agent.isServer,
    join: agent === first ? [] : [first.api],
    // One machine, loopback: everybody who could connect may do everything anyway.
    insecure: true,
    ...options.settings,
    cell: { memoryMb: shareMb, ...options.settings?.cell },
  };
}

function startAgent(agent: LocalAgent, program: readonly string[]): void {
  const [command, ...args] = program;
  if (command === undefined) throw new SkepError('Internal', 'no program to start agents with');
  const log = openSync(join(agent.folder, 'agent.log'), 'a', 0o600);
  try {
    agent.process = spawn(command, [...args, 'agent', '--config', agent.configPath], {
      stdio: ['ignore', log, log],
      // Of its own, so that Ctrl-C in the terminal reaches only the parent, which stops agents in order.
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

async function stopAgent(
  agent: LocalAgent,
  kill: LocalCluster['kill'],
  clock: Clock,
  graceMs: number,
): Promise<void> {
  const slow = (): Error => new SkepError('Timeout', `${agent.name} did not stop within ${graceMs} ms`);
  try {
    await withDeadline(clock, graceMs, new AbortController().signal, slow, () => kill(agent, 'SIGTERM'));
  } catch {
    await kill(agent, 'SIGKILL');
  }
}

function etcdPid(agent: LocalAgent): number | undefined {
  try {
    const file = join(agent.folder, 'data', 'etcd', 'etcd.pid.json');
    const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid?: unknown };
    return typeof pid === 'number' && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('etcd')
      ? pid
      : undefined;
  } catch {
    return undefined;
  }
}

function killEtcd(agent: LocalAgent): void {
  const pid = etcdPid(agent);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

function tail(path: string, lines: number): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
}
