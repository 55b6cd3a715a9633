/**
 * What goes wrong in a simulation: a script drawn from the seed, and how each fault is done and undone. Which
 * kinds a run has is drawn too, because faults that are rare together are found apart.
 */

import { SkepError } from '../../src/base/core/errors.ts';
import { intBetween, type Rng } from '../../src/base/core/rng.ts';
import type { Cluster } from './cluster.ts';
import type { SimHost } from './host.ts';
import {
  cutNetwork,
  dieActing,
  dieWriting,
  endAgent,
  endServer,
  flap,
  isolate,
  loseMany,
  pauseServer,
  type Strike,
  slowNetwork,
  storeFault,
} from './strikes.ts';

export const faultKinds = [
  'leader-paused',
  'leader-killed',
  'leader-deposed',
  'leader-dies-writing',
  'server-dies-writing',
  'server-isolated',
  'server-killed',
  'server-stopped',
  'store-cut',
  'store-answers-lost',
  'store-slow',
  'watch-cut',
  'watch-slow',
  'quorum-lost',
  'log-compacted',
  'agent-killed',
  'agent-stopped',
  'agent-paused',
  'agent-dies-acting',
  'host-lost',
  'hosts-lost',
  'network-cut',
  'network-flaps',
  'zone-cut',
  'network-slow',
  'all-cells-cut',
  'container-killed',
  'container-gone',
  'engine-down',
  'engine-hung',
  'engine-refuses',
  'engine-events-lost',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  /** Since the beginning. */
  readonly atMs: number;
  readonly forMs: number;
  readonly kind: FaultKind;
  /** Decides what exactly it strikes; taken modulo whatever there is. */
  readonly pick: number;
}

export interface ScriptOptions {
  readonly rng: Rng;
  /** Every fault is over by then. */
  readonly untilMs: number;
  /** The kinds to draw from. */
  readonly kinds: readonly FaultKind[];
}

/** Faults in the order in which they begin. */
export function faultScript({ rng, untilMs, kinds }: ScriptOptions): Fault[] {
  const enabled = kinds.filter(() => rng.next() < 0.5);
  const drawn = enabled.length > 0 ? enabled : kinds;
  const everyMs = Math.round(800 * 30 ** rng.next());
  const script: Fault[] = [];
  for (
    let atMs = intBetween(rng, 2_000, 10_000);
    drawn.length > 0;
    atMs += 1 + Math.floor(rng.next() * 2 * everyMs)
  ) {
    const forMs = Math.round(300 * 120 ** rng.next());
    if (atMs + forMs >= untilMs) return script;
    const kind = drawn[intBetween(rng, 0, drawn.length - 1)] as FaultKind;
    script.push({ atMs, forMs, kind, pick: intBetween(rng, 0, 1_000_000) });
  }
  return script;
}

export function tellFault({ atMs, forMs, kind, pick }: Fault): string {
  return `${(atMs / 1_000).toFixed(3).padStart(8)} ${kind} for ${(forMs / 1_000).toFixed(3)} s (pick ${pick})`;
}

const once = (target: string): Strike => ({ target, end: () => undefined });
const chosen = <T>(all: readonly T[], pick: number): T | undefined => all[pick % Math.max(1, all.length)];

/** Does it; returns what it struck and how it ends, or nothing when there is nothing to strike. */
export function strike(cluster: Cluster, { kind, pick, forMs }: Fault): Strike {
  const server = chosen(cluster.servers, pick);
  const host = chosen(cluster.hosts, pick);
  if (server === undefined || host === undefined) return undefined;
  const leader = cluster.servers.find((one) => one.isLeading);
  switch (kind) {
    case 'leader-paused':
      return leader && pauseServer(leader);
    case 'leader-killed':
      return leader && endServer(leader, () => leader.kill());
    case 'leader-deposed': {
      const other = cluster.servers.find((one) => one !== leader && one.running !== undefined);
      other?.running?.election.steal();
      return other && once(`${other.name} takes over`);
    }
    case 'leader-dies-writing':
      return leader && dieWriting(leader, pick);
    case 'server-dies-writing':
      return dieWriting(server, pick);
    case 'server-isolated':
      return isolate(cluster, server);
    case 'server-killed':
      return endServer(server, () => server.kill());
    case 'server-stopped':
      return endServer(server, () => server.stop());
    case 'store-cut':
      return storeFault([server], { requests: 1, answers: 1, watch: 1 });
    case 'store-answers-lost':
      return storeFault([server], { answers: 1 });
    case 'store-slow':
      return storeFault([server], { delayMs: 200 + (pick % 3_000) });
    case 'watch-cut':
      return storeFault([server], { watch: 1 });
    case 'watch-slow':
      return storeFault([server], { watchDelayMs: 200 + (pick % 6_000) });
    case 'quorum-lost':
      return { target: 'the store', end: cluster.loseQuorum() };
    case 'log-compacted':
      cluster.store.compact();
      return storeFault([server], { watch: 1 });
    default:
      return strikeHost(cluster, host, kind, { pick, forMs });
  }
}

type HostFault = Exclude<
  FaultKind,
  | `leader-${string}`
  | `server-${string}`
  | `store-${string}`
  | `watch-${string}`
  | 'quorum-lost'
  | 'log-compacted'
>;

interface Aim {
  readonly pick: number;
  readonly forMs: number;
}

function strikeHost(cluster: Cluster, host: SimHost, kind: HostFault, { pick, forMs }: Aim): Strike {
  switch (kind) {
    case 'agent-killed':
      return endAgent(host, () => host.killAgent());
    case 'agent-stopped':
      return endAgent(host, () => host.stopAgent());
    case 'host-lost':
      return endAgent(host, () => host.lose());
    case 'agent-paused': {
      const process = host.agent?.process;
      process?.pause();
      return process && { target: process.name, end: () => process.resume() };
    }
    case 'agent-dies-acting':
      return dieActing(host, 1 + (pick % 7));
    case 'hosts-lost':
      return loseMany(cluster, pick);
    case 'network-cut':
      return cutNetwork(cluster, [host], pick);
    case 'network-flaps':
      return flap(cluster, host, { pick, forMs });
    case 'zone-cut':
      return cutNetwork(
        cluster,
        cluster.hosts.filter(({ zone }) => zone === host.zone),
        pick,
      );
    case 'all-cells-cut':
      return cutNetwork(cluster, cluster.hosts, pick);
    case 'network-slow':
      return slowNetwork(cluster, host, 100 + (pick % 4_000));
    default:
      return strikeEngine(host, kind, pick);
  }
}

type EngineFault = Extract<HostFault, `container-${string}` | `engine-${string}`>;

function strikeEngine(host: SimHost, kind: EngineFault, pick: number): Strike {
  const { engine, name } = host;
  switch (kind) {
    case 'container-killed': {
      const container = chosen(engine.running(), pick);
      if (container !== undefined) engine.exit(container.id, 137, { oom: pick % 3 === 0 });
      return container && once(`${name} ${container.id}`);
    }
    case 'container-gone': {
      const container = chosen([...engine.containers.values()], pick);
      if (container !== undefined) engine.vanish(container.id);
      return container && once(`${name} ${container.id}`);
    }
    case 'engine-down':
    case 'engine-hung':
      engine.fault(kind === 'engine-down' ? 'down' : 'hung');
      return { target: name, end: () => engine.fault('none') };
    case 'engine-refuses': {
      const methods = ['create', 'start', 'stop', 'list', 'remove'] as const;
      const method = chosen(methods, pick) ?? 'create';
      engine.failNext(
        method,
        new SkepError('Internal', `the engine cannot ${method}: no space left on device`),
      );
      return once(`${name} ${method}`);
    }
    case 'engine-events-lost':
      engine.dropEvents();
      return once(name);
  }
}
