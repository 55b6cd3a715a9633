/** The cluster behind `skep dev`: starts agents as children, waits until they answer, cleans up at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { dockerRuntime } from '../../agent/docker/docker-runtime.ts';
import { createClient } from '../../api/client.ts';
import type { Status } from '../../api/core/routes.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { silentLog } from '../../base/log.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import { type LocalAgent, type LocalCluster, localCluster } from './local-cluster.ts';

export interface DevOptions {
  readonly cells: number;
  readonly servers: number;
  /** The API's; etcd takes the two after it. */
  readonly port: number;
}

const readyWithinMs = 60_000;
const stopGraceMs = 15_000;

/** Runs until SIGINT or SIGTERM; the exit status. */
export async function runDev(options: DevOptions): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => askToStop(stop));
  const folder = mkdtempSync(join(tmpdir(), 'skep-dev-'));
  const cluster = localCluster({
    folder,
    cells: options.cells,
    servers: options.servers,
    ports: { api: options.port, etcdClient: options.port + 1, etcdPeer: options.port + 2 },
    program: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    clock: systemClock,
  });
  let clusterId: string | undefined;
  try {
    say(`Starting ${count(options.cells, 'agent')} (${count(options.servers, 'server')}), data in ${folder}`);
    for (const agent of cluster.agents) cluster.start(agent);
    clusterId = await untilReady(cluster, stop.signal);
    announce(cluster, options);
    await untilEnd(cluster, stop.signal);
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 0;
    say(`skep dev: ${messageOf(error)}`);
    return 1;
  } finally {
    await cleanUp(cluster, folder, clusterId);
  }
}

/** Ending at a second Ctrl-C would leave agents and containers behind: it is answered instead. */
function askToStop(stop: AbortController): void {
  if (stop.signal.aborted) say(`Still stopping; it takes ${stopGraceMs / 1_000} s at most.`);
  stop.abort();
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Resolves with the cluster's id once every cell is present and somebody leads. */
async function untilReady(cluster: LocalCluster, signal: AbortSignal): Promise<string> {
  const deadline = systemClock.now() + readyWithinMs;
  let reason = 'no answer yet';
  while (systemClock.now() < deadline) {
    signal.throwIfAborted();
    throwIfEnded(cluster);
    const seen = await statusOf(cluster.agents[0] as LocalAgent, signal);
    if (typeof seen !== 'string') {
      const missing = missingOf(cluster, seen);
      if (missing === undefined) return seen.clusterId;
      if (missing !== reason) say(`Waiting: ${missing}`);
      reason = missing;
    } else {
      reason = seen;
    }
    await systemClock.sleep(200, signal);
  }
  throw new SkepError('Timeout', `the cluster did not come up within ${readyWithinMs / 1000} s: ${reason}`);
}

/** What is not there yet; undefined when everything is. Who is told "ready" may kill the leader at once. */
function missingOf(cluster: LocalCluster, { leader, cells, servers, problems }: Status): string | undefined {
  const wanted = cluster.agents.filter((agent) => agent.isServer).length;
  const votes = servers.filter(({ health }) => health === 'leader' || health === 'follower').length;
  if (votes < wanted) return `${votes} of ${wanted} servers vote; they join one by one, some seconds each`;
  if (leader === undefined) return problems[0] ?? 'no server leads yet';
  if (cells.present < cluster.agents.length) {
    return `${cells.present} of ${cluster.agents.length} cells are present`;
  }
  return undefined;
}

async function statusOf(agent: LocalAgent, signal: AbortSignal) {
  try {
    const client = createClient({ baseUrl: `http://${agent.api}`, dial: wsDial, clock: systemClock });
    return await client.call('status', {}, { signal, deadlineMs: 2_000 });
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}

/** An agent that ended by itself is the reason that people look for. */
function throwIfEnded(cluster: LocalCluster): void {
  for (const agent of cluster.agents) {
    const child = agent.process;
    if (child === undefined || (child.exitCode === null && child.signalCode === null)) continue;
    throw new SkepError(
      'Unavailable',
      `${agent.name} ended (${child.exitCode ?? child.signalCode}):\n${cluster.logTail(agent)}`,
    );
  }
}

function announce(cluster: LocalCluster, options: DevOptions): void {
  const cells = cluster.agents.map((agent) => `${agent.name} ${agent.api}`).join(', ');
  say(`Ready: ${cells}`);
  say('In another terminal:');
  say(`  export SKEP_SERVER=127.0.0.1:${options.port}`);
  say(`  ${commandOf(process.argv[1] ?? '')} cells`);
  say('Ctrl-C stops the cluster and removes its containers.');
}

/** How this program is called again: from a checkout it is on nobody's PATH. */
function commandOf(main: string): string {
  return main.endsWith('/src/cli/main.ts') ? join(dirname(main), '../../bin/skep') : 'skep';
}

/** Until the signal; an agent that dies meanwhile is reported once, the others go on. */
async function untilEnd(cluster: LocalCluster, signal: AbortSignal): Promise<void> {
  for (const agent of cluster.agents) {
    agent.process?.once('exit', (code, name) => {
      if (!signal.aborted)
        say(`${agent.name} ended (${code ?? name}); its log: ${join(agent.folder, 'agent.log')}`);
    });
  }
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

async function cleanUp(cluster: LocalCluster, folder: string, clusterId: string | undefined): Promise<void> {
  say('Stopping.');
  await cluster.stop(stopGraceMs);
  if (clusterId !== undefined) await removeContainers(cluster, clusterId);
  rmSync(folder, { recursive: true, force: true });
}

async function removeContainers(cluster: LocalCluster, clusterId: string): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const runtime = dockerRuntime({ clock: systemClock, log: silentLog });
  try {
    for (const agent of cluster.agents) {
      const containers = await runtime.list({ clusterId, cellId: agent.name, signal });
      await Promise.all(containers.map((container) => runtime.remove(container.id, { signal })));
    }
  } catch (error) {
    say(`Containers labelled skep.cluster=${clusterId} could not be removed: ${messageOf(error)}`);
  }
}
