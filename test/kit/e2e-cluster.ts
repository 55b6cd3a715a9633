/**
 * A real cluster for end-to-end tests and benchmarks: agents as processes, real etcd, real Docker, and the
 * real CLI beside it. Everything that it made is gone after `stop`, also when the test failed.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '../../src/api/client.ts';
import { messageOf } from '../../src/base/core/errors.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { wsDial } from '../../src/base/node/ws-socket.ts';
import type { AgentConfigInput } from '../../src/cli/core/agent-config.ts';
import { type LocalAgent, type LocalCluster, localCluster } from '../../src/cli/run/local-cluster.ts';
import { freePorts } from './ports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const mainPath = join(root, 'src/cli/main.ts');
export const testImage = 'skep-test/busybox:1';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface DockerContainer {
  readonly id: string;
  readonly cell: string;
  readonly name: string;
  /** `web/2`. */
  readonly instance: string;
  readonly running: boolean;
  readonly startedAt: string;
  readonly pid: number;
}

export type Client = ReturnType<typeof createClient>;

export interface E2eCluster extends Omit<LocalCluster, 'stop'> {
  readonly clusterId: string;
  readonly folder: string;
  readonly ports: { readonly api: number; readonly etcdClient: number; readonly etcdPeer: number };
  client(agent?: LocalAgent): Client;
  /** Runs the CLI against one agent's API. Never throws for an exit status. */
  skep(
    args: readonly string[],
    options?: { agent?: LocalAgent; input?: string; deadlineMs?: number },
  ): Promise<CliResult>;
  /** This cluster's containers, as Docker tells them. */
  containers(filter?: { cell?: string; all?: boolean }): Promise<DockerContainer[]>;
  agentNamed(name: string): LocalAgent;
  /** Ends every process and removes every container and folder of this cluster. */
  stop(): Promise<void>;
}

export interface E2eOptions {
  readonly cells: number;
  readonly servers: number;
  readonly settings?: Partial<AgentConfigInput>;
  /** What to run as skep instead of the checkout's sources: node and a bundle. */
  readonly program?: readonly string[];
}

/** Starts the cluster and waits until somebody leads and every cell is present. */
export async function e2eCluster(options: E2eOptions): Promise<E2eCluster> {
  await ensureTestImage();
  const folder = mkdtempSync(join(tmpdir(), 'skep-e2e-'));
  const addresses = Array.from({ length: options.cells }, (_, index) => `127.0.0.${index + 1}`);
  const [api, etcdClient, etcdPeer] = (await freePorts(3, addresses)) as [number, number, number];
  const ports = { api, etcdClient, etcdPeer };
  const cluster = localCluster({
    folder,
    cells: options.cells,
    servers: options.servers,
    ports,
    program: options.program ?? [process.execPath, '--disable-warning=ExperimentalWarning', mainPath],
    clock: systemClock,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  });
  const stop = async (): Promise<void> => {
    await cluster.stop(15_000);
    for (const agent of cluster.agents) await removeContainers(agent, folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    for (const agent of cluster.agents) cluster.start(agent);
    const outside = (options.settings?.etcdEndpoints ?? []).length > 0;
    const clusterId = await untilReady(cluster, options.cells, outside);
    return { ...cluster, ...tools(cluster, clusterId), clusterId, folder, ports, stop };
  } catch (error) {
    const logs = cluster.agents.map((agent) => `--- ${agent.name}\n${cluster.logTail(agent, 40)}`).join('\n');
    await stop();
    throw new Error(`${messageOf(error)}\n${logs}`, { cause: error });
  }
}

const clientOf = (agent: LocalAgent): Client =>
  createClient({ baseUrl: `http://${agent.api}`, dial: wsDial, clock: systemClock });

function tools(
  cluster: LocalCluster,
  clusterId: string,
): Omit<E2eCluster, keyof LocalCluster | 'clusterId' | 'folder' | 'ports' | 'stop'> {
  const first = cluster.agents[0] as LocalAgent;
  return {
    client: (agent = first) => clientOf(agent),
    skep: (args, given = {}) =>
      run(process.execPath, ['--disable-warning=ExperimentalWarning', mainPath, ...args], {
        env: { ...process.env, SKEP_SERVER: (given.agent ?? first).api, NO_COLOR: '1' },
        ...(given.input === undefined ? {} : { input: given.input }),
        deadlineMs: given.deadlineMs ?? 120_000,
      }),
    containers: (filter = {}) => listContainers(clusterId, filter),
    agentNamed(name) {
      const found = cluster.agents.find((agent) => agent.name === name);
      if (found === undefined) throw new Error(`no agent is called ${name}`);
      return found;
    },
  };
}

/** @param outside with an outside etcd no server is a voter */
async function untilReady(cluster: LocalCluster, cells: number, outside: boolean): Promise<string> {
  return eventually('the cluster is ready', 90_000, async () => {
    for (const agent of cluster.agents) {
      if (agent.process?.exitCode != null)
        throw new Error(`${agent.name} ended with ${agent.process.exitCode}`);
    }
    const signal = AbortSignal.timeout(2_000);
    const status = await clientOf(cluster.agents[0] as LocalAgent).call(
      'status',
      {},
      { signal, deadlineMs: 2_000 },
    );
    if (status.leader === undefined) throw new Error('nobody leads');
    if (status.cells.present < cells)
      throw new Error(`${status.cells.present} of ${cells} cells are present`);
    const servers = cluster.agents.filter((agent) => agent.isServer).length;
    const voters = status.servers.filter(
      (server) => server.health === 'leader' || server.health === 'follower',
    );
    const known = outside ? status.servers : voters;
    if (known.length < servers) throw new Error(`${known.length} of ${servers} servers are there`);
    return status.clusterId;
  });
}

/**
 * Tries until `attempt` does not throw; the last reason is the failure. For what must become true, at a pace
 * that a slow machine can keep.
 */
export async function eventually<T>(what: string, withinMs: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = systemClock.now() + withinMs;
  let reason: unknown;
  do {
    try {
      return await attempt();
    } catch (error) {
      reason = error;
      await systemClock.sleep(100, new AbortController().signal);
    }
  } while (systemClock.now() < deadline);
  throw new Error(`not within ${withinMs / 1000} s: ${what}: ${messageOf(reason)}`, { cause: reason });
}

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly deadlineMs: number;
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<CliResult> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      {
        env: options.env ?? process.env,
        timeout: options.deadlineMs,
        maxBuffer: 64 * 2 ** 20,
        killSignal: 'SIGKILL',
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

async function docker(args: readonly string[]): Promise<string> {
  const result = await run('docker', args, { deadlineMs: 60_000 });
  if (result.code !== 0) throw new Error(`docker ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

async function ensureTestImage(): Promise<void> {
  const found = await run('docker', ['image', 'inspect', testImage], { deadlineMs: 30_000 });
  if (found.code === 0) return;
  const made = await run('sh', [join(root, 'scripts/test-image.sh'), testImage], { deadlineMs: 60_000 });
  if (made.code !== 0) throw new Error(`the test image could not be made: ${made.stderr}`);
}

async function listContainers(
  clusterId: string,
  filter: { cell?: string; all?: boolean },
): Promise<DockerContainer[]> {
  const labels = [
    `label=skep.cluster=${clusterId}`,
    ...(filter.cell ? [`label=skep.cell=${filter.cell}`] : []),
  ];
  const filters = labels.flatMap((label) => ['--filter', label]);
  const ids = (await docker(['ps', '-q', '--no-trunc', ...(filter.all ? ['-a'] : []), ...filters]))
    .split('\n')
    .filter(Boolean);
  if (ids.length === 0) return [];
  const result = await run('docker', ['inspect', ...ids], { deadlineMs: 60_000 });
  // A container that went in between is left out; the others are still listed.
  const inspected = JSON.parse(result.stdout || '[]') as InspectedContainer[];
  return inspected.map((container) => ({
    id: container.Id,
    name: container.Name,
    cell: container.Config.Labels['skep.cell'] ?? '',
    instance: `${container.Config.Labels['skep.guid']}/${container.Config.Labels['skep.index']}`,
    running: container.State.Running,
    startedAt: container.State.StartedAt,
    pid: container.State.Pid,
  }));
}

interface InspectedContainer {
  readonly Id: string;
  readonly Name: string;
  readonly Config: { readonly Labels: Record<string, string> };
  readonly State: { readonly Running: boolean; readonly StartedAt: string; readonly Pid: number };
}

/** By the cluster's id as this agent's data folder has it, so that it also works after a failed start. */
async function removeContainers(agent: LocalAgent, folder: string): Promise<void> {
  const { readFileSync } = await import('node:fs');
  let clusterId: string;
  try {
    clusterId = JSON.parse(readFileSync(join(folder, agent.name, 'data/cluster.json'), 'utf8')).clusterId;
  } catch {
    return;
  }
  const ids = (await docker(['ps', '-aq', '--filter', `label=skep.cluster=${clusterId}`]))
    .split('\n')
    .filter(Boolean);
  if (ids.length > 0) await run('docker', ['rm', '-f', ...ids], { deadlineMs: 120_000 });
}
