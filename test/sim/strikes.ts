/**
 * How faults are done to servers, hosts and the network between them, and undone. Used by faults.ts, which says
 * when and to whom.
 */
import type { Cluster } from './cluster.ts';
import type { SimHost } from './host.ts';
import type { Path } from './network.ts';
import type { SimServer } from './server.ts';

/** What was struck and how it ends; nothing when there was nothing to strike. */
export type Strike = { readonly target: string; readonly end: () => void } | undefined;

export function pauseServer(server: SimServer): Strike {
  const process = server.running?.process;
  process?.pause();
  return process && { target: process.name, end: () => process.resume() };
}

export function endServer(server: SimServer, end: () => void): Strike {
  if (server.running === undefined) return undefined;
  end();
  return { target: server.name, end: () => server.start() };
}

export function endAgent(host: SimHost, end: () => void): Strike {
  if (host.agent === undefined) return undefined;
  end();
  return { target: host.name, end: () => host.startAgent() };
}

export function storeFault(servers: readonly SimServer[], change: Partial<SimServer['faults']>): Strike {
  const turn = (sign: 1 | -1): void => {
    for (const { faults } of servers) {
      faults.requests += sign * (change.requests ?? 0);
      faults.answers += sign * (change.answers ?? 0);
      faults.watch += sign * (change.watch ?? 0);
      faults.delayMs += sign * (change.delayMs ?? 0);
      faults.watchDelayMs += sign * (change.watchDelayMs ?? 0);
    }
    for (const server of servers) server.kick();
  };
  turn(1);
  return { target: servers.map(({ name }) => name).join(' '), end: () => turn(-1) };
}

/** To one server or all of them; there, back, or both ways. */
export function cutNetwork({ network, servers }: Cluster, hosts: readonly SimHost[], pick: number): Strike {
  const far = pick % 3 === 0 ? servers.slice(0, 1 + (pick % servers.length)) : servers;
  const way = ['both ways', 'to the servers', 'to the cells'][(pick >> 4) % 3] ?? '';
  const paths = hosts.flatMap((host) =>
    far.flatMap((server) => [
      ...(way === 'to the cells' ? [] : [network.path(host.name, server.name)]),
      ...(way === 'to the servers' ? [] : [network.path(server.name, host.name)]),
    ]),
  );
  for (const path of paths) network.cut(path);
  const names = (all: readonly { readonly name: string }[]): string => all.map(({ name }) => name).join(' ');
  return {
    target: `${names(hosts)} | ${names(far)} ${way}`,
    end: () => {
      for (const path of paths) network.heal(path);
    },
  };
}

export function slowNetwork({ network, servers }: Cluster, host: SimHost, delayMs: number): Strike {
  const paths = servers.flatMap((server) => [
    network.path(host.name, server.name),
    network.path(server.name, host.name),
  ]);
  for (const path of paths) path.delayMs += delayMs;
  return {
    target: `${host.name} by up to ${delayMs} ms`,
    end: () => {
      for (const path of paths) path.delayMs -= delayMs;
    },
  };
}

/** It dies after one of its next writes, so that a write is done and nobody knows. */
export function dieWriting(server: SimServer, pick: number): Strike {
  if (server.running === undefined) return undefined;
  server.dieAfterWrites(1 + (pick % 5));
  return {
    target: server.name,
    end: () => {
      server.dieAfterWrites(Number.POSITIVE_INFINITY);
      server.start();
    },
  };
}

/** The same for what its agent asks of the engine. */
export function dieActing(host: SimHost, calls: number): Strike {
  if (host.agent === undefined) return undefined;
  host.dieAfterEngineCalls(calls);
  return {
    target: host.name,
    end: () => {
      host.dieAfterEngineCalls(Number.POSITIVE_INFINITY);
      host.startAgent();
    },
  };
}

/** From half of the hosts to all but one lose their power at once. */
export function loseMany({ hosts }: Cluster, pick: number): Strike {
  const count = Math.min(hosts.length - 1, Math.ceil(hosts.length / 2) + (pick % 2));
  const lost = hosts.map((_, n) => hosts[(n + pick) % hosts.length] as SimHost).slice(0, count);
  for (const host of lost) host.lose();
  return {
    target: lost.map(({ name }) => name).join(' '),
    end: () => {
      for (const host of lost) host.startAgent();
    },
  };
}

/** Neither the store nor any cell hears of it, nor it of them. */
export function isolate(cluster: Cluster, server: SimServer): Strike {
  const { network, hosts } = cluster;
  const store = storeFault([server], { requests: 1, answers: 1, watch: 1 });
  const paths = hosts.flatMap((host) => [
    network.path(host.name, server.name),
    network.path(server.name, host.name),
  ]);
  for (const path of paths) network.cut(path);
  return {
    target: server.name,
    end: () => {
      for (const path of paths) network.heal(path);
      store?.end();
    },
  };
}

/** Cut and healed again and again, each for up to four seconds; whole in the end. */
export function flap(
  { network, servers, world }: Cluster,
  host: SimHost,
  { pick, forMs }: { readonly pick: number; readonly forMs: number },
): Strike {
  const everyMs = 200 + (pick % 3_800);
  const paths: Path[] = servers.flatMap((server) => [
    network.path(host.name, server.name),
    network.path(server.name, host.name),
  ]);
  const until = world.clock.now() + forMs;
  let isCut = false;
  const turn = (): void => {
    const shouldCut = !isCut && world.clock.now() < until;
    for (const path of paths) {
      if (shouldCut) network.cut(path);
      else if (isCut) network.heal(path);
    }
    isCut = shouldCut;
    if (world.clock.now() < until) world.clock.after(everyMs, turn);
  };
  turn();
  return {
    target: `${host.name} every ${everyMs} ms`,
    end: () => {
      if (isCut) turn();
    },
  };
}
