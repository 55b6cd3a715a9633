/** The engine's description of a container as ours. Pure. */
import type Docker from 'dockerode';
import type { Container, ContainerIdentity, ContainerState } from '../runtime.ts';

/** Docker's words, then those that only Podman has. What is not listed runs, or may: it is not dead. */
const states: Readonly<Record<string, ContainerState>> = {
  created: 'created',
  exited: 'exited',
  dead: 'exited',
  removing: 'exited',
  configured: 'created',
  initialized: 'created',
  stopped: 'exited',
};

/** What to show of a container whose labels say who it is. */
export function containerFrom(info: Docker.ContainerInspectInfo, identity: ContainerIdentity): Container {
  const startedAt = millis(info.State.StartedAt);
  const said = states[info.State.Status] ?? 'running';
  // Podman prepares one that has ended anew when somebody attaches to it, and forgets how it ended.
  const isForgotten = said === 'created' && startedAt !== undefined;
  const state = isForgotten ? 'exited' : said;
  const finishedAt = millis(info.State.FinishedAt);
  return {
    id: info.Id,
    identity,
    state,
    exitCode: state === 'exited' && !isForgotten ? info.State.ExitCode : undefined,
    oomKilled: info.State.OOMKilled,
    startedAt,
    // The engine notes the start once it has been told of it: a short life can end, by its books, before.
    finishedAt:
      state === 'exited' && finishedAt !== undefined ? Math.max(finishedAt, startedAt ?? 0) : undefined,
    pid: state === 'running' ? info.State.Pid : 0,
    ipAddress: ipAddress(info),
    ports: ports(info),
  };
}

/** RFC 3339 to milliseconds; the engine's zero time, year 1, is no time. */
function millis(time: string): number | undefined {
  const parsed = Date.parse(time);
  return parsed > 0 ? parsed : undefined;
}

function ipAddress(info: Docker.ContainerInspectInfo): string {
  const networks = Object.values(info.NetworkSettings.Networks ?? {});
  return networks.find((network) => network.IPAddress)?.IPAddress ?? '';
}

/** As they were asked for: the engine forgets the bound ones when a container ends. */
function ports(info: Docker.ContainerInspectInfo): Container['ports'] {
  const bindings = (info.HostConfig.PortBindings ?? {}) as Record<string, { HostPort: string }[] | null>;
  return Object.entries(bindings).flatMap(([port, bound]) =>
    (bound ?? []).map(({ HostPort }) => ({
      containerPort: Number.parseInt(port, 10),
      hostPort: Number(HostPort),
    })),
  );
}
