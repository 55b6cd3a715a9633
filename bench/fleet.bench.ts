/**
 * One real server (an agent without its cell half, with its own supervised etcd) and 1,250 simulated cells over
 * real WebSockets in one other process. The LRPs of the A.9 mix are put into etcd in bulk, as 200,000 calls of
 * the API would measure HTTP; from the first put on: time until all are claimed and until all run. Then a tenth
 * of the cells vanish without a word: time until all run again, the 6 s of the lease included. Cells, server,
 * etcd and this process share the machine's cores.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '../src/api/client.ts';
import { silentLog } from '../src/base/log.ts';
import { systemClock } from '../src/base/node/system-clock.ts';
import { systemRng } from '../src/base/node/system-rng.ts';
import { wsDial } from '../src/base/node/ws-socket.ts';
import { type LocalAgent, type LocalCluster, localCluster } from '../src/cli/run/local-cluster.ts';
import { encode } from '../src/store/core/codec.ts';
import { desiredKey } from '../src/store/core/keys.ts';
import { etcdBbs } from '../src/store/etcd/etcd-bbs.ts';
import { eventually } from '../test/kit/e2e-cluster.ts';
import { freePorts } from '../test/kit/ports.ts';
import { type Fleet, startFleet } from './fleet/child.ts';
import { fullUnits, instancesPerUnit, mixCells, mixLrps } from './mix.ts';
import type { BenchOptions, Figures, Measured } from './report.ts';

export const ratioOf = { figure: 'running_s', better: 'less' } as const;

const mainPath = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const deadlineMs = 600_000;
const pages = 200;
const putsAtOnce = 4_000;

interface Server {
  readonly cluster: LocalCluster;
  readonly agent: LocalAgent;
  readonly etcdEndpoint: string;
  readonly folder: string;
}

export async function measure({ quick, say }: BenchOptions): Promise<Measured> {
  const units = quick ? fullUnits / 10 : fullUnits;
  const server = await startServer();
  const fleet = startFleet(say);
  try {
    const client = createClient({ baseUrl: `http://${server.agent.api}`, dial: wsDial, clock: systemClock });
    await eventually('somebody leads', 60_000, async () => {
      const { leader } = await client.call('status', {}, { signal: AbortSignal.timeout(5_000) });
      if (leader === undefined) throw new Error('nobody does');
    });
    const cells = mixCells(units);
    fleet.order({ kind: 'start', server: server.agent.api, cells });
    await fleet.until('cells registered', 120_000, (count) => count.cells === cells.length);
    say(`${cells.length} cells are registered; the server has ${rssMb(server.agent).toFixed(0)} MB`);
    const ours = { ...(await run(server, fleet, units, say)), ...(await sizes(server, client)) };
    return { ours, peers: {}, samples: 1 };
  } catch (error) {
    say(server.cluster.logTail(server.agent, 30));
    throw error;
  } finally {
    fleet.stop();
    await server.cluster.stop(15_000);
    rmSync(server.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function startServer(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'skep-fleet-'));
  const [api, etcdClient, etcdPeer] = (await freePorts(3)) as [number, number, number];
  const cluster = localCluster({
    folder,
    cells: 1,
    servers: 1,
    ports: { api, etcdClient, etcdPeer },
    program: [process.execPath, '--disable-warning=ExperimentalWarning', mainPath],
    clock: systemClock,
    settings: { cell: { enabled: false }, logLevel: 'warn' },
  });
  const agent = cluster.agents[0] as LocalAgent;
  cluster.start(agent);
  return { cluster, agent, etcdEndpoint: `${agent.address}:${etcdClient}`, folder };
}

async function run(server: Server, fleet: Fleet, units: number, say: BenchOptions['say']): Promise<Figures> {
  const instances = units * instancesPerUnit;
  const startedAt = performance.now();
  const claimed = fleet
    .until('claimed', deadlineMs, (count) => count.claimed >= instances)
    .then(seconds(startedAt));
  const running = fleet
    .until('running', deadlineMs, (count) => count.running >= instances)
    .then(seconds(startedAt));
  await Promise.all([
    claimed,
    running,
    desireAll(server.etcdEndpoint, units).then(() => {
      say(`desired after ${seconds(startedAt)().toFixed(1)} s`);
    }),
  ]);
  say(`running after ${(await running).toFixed(1)} s; the server has ${rssMb(server.agent).toFixed(0)} MB`);
  const lostAt = performance.now();
  const lost = Math.floor(units / 8);
  fleet.order({ kind: 'vanish', count: lost });
  const left = mixCells(units).length - lost;
  await fleet.until('vanished', 10_000, (count) => count.cells <= left && count.running < instances);
  const again = await fleet.until('running again', deadlineMs, (count) => count.running >= instances);
  say(`all run again; asked again: ${JSON.stringify(again.refusals)}`);
  return { claimed_s: await claimed, running_s: await running, replaced_s: seconds(lostAt)() };
}

const seconds = (since: number) => (): number => (performance.now() - since) / 1_000;

/** The desired records, straight into etcd. */
async function desireAll(endpoint: string, units: number): Promise<void> {
  const bbs = etcdBbs({ endpoints: [endpoint], clock: systemClock, log: silentLog, rng: systemRng });
  const lrps = mixLrps(units);
  try {
    for (let from = 0; from < lrps.length; from += putsAtOnce) {
      const part = lrps.slice(from, from + putsAtOnce);
      const mutations = part.map((lrp) => {
        const key = desiredKey(lrp.guid);
        return { compare: [{ key, revision: 0 }], puts: [{ key, value: encode(lrp) }] };
      });
      await bbs.commit(mutations, { signal: AbortSignal.timeout(deadlineMs) });
    }
  } finally {
    bbs.close();
  }
}

async function sizes(server: Server, client: Client): Promise<Figures> {
  const times: number[] = [];
  let after: string | undefined;
  for (let page = 0; page < pages; page++) {
    const startedAt = performance.now();
    const query = { limit: 100, ...(after === undefined ? {} : { after }) };
    const { next } = await client.call('listInstances', { query }, { signal: AbortSignal.timeout(60_000) });
    times.push(performance.now() - startedAt);
    after = next;
  }
  times.sort((a, b) => a - b);
  const db = join(server.agent.folder, 'data', 'etcd', 'data', 'member', 'snap', 'db');
  return {
    server_rss_mb: rssMb(server.agent),
    etcd_mb: statSync(db).size / 2 ** 20,
    api_p99_ms: times[Math.floor(times.length * 0.99)] ?? 0,
  };
}

/** The most that the server ever had in memory. */
function rssMb(agent: LocalAgent): number {
  const status = readFileSync(`/proc/${agent.process?.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
}
