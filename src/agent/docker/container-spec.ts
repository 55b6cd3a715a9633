/**
 * A container spec as the engine's create options: limits, ports, and what a container may do. Pure.
 *
 * Two decisions. No init process is put before the workload's: images that bring one (s6, systemd) insist on
 * being process 1, and a command that is missing would become a late exit 127 instead of an error. And the
 * image's own HEALTHCHECK is off: the cell's checks judge, and an engine's would only cost.
 */
import type Docker from 'dockerode';
import type { ContainerSpec } from '../runtime.ts';
import { containerName, labelsOf } from './container-labels.ts';

/** What the engine can do, as far as a container's options depend on it. */
export interface EngineAbility {
  readonly cpus: number;
  readonly canLimitDisk: boolean;
}

/**
 * Docker's default set without NET_RAW (forging packets on the shared bridge), MKNOD (devices) and
 * AUDIT_WRITE (the host's audit log). The rest is what ordinary images need to drop root and serve port 80.
 */
const grantedCapabilities = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

const bytesPerMb = 1_048_576;
/** The kernel refuses a smaller share, the engine a smaller quota. */
const minCpuShares = 2;
const minCpuMilli = 10;

export function createOptions(spec: ContainerSpec, ability: EngineAbility): Docker.ContainerCreateOptions {
  const { identity } = spec;
  return {
    name: containerName(identity),
    Image: spec.image,
    ...(spec.args.length > 0 ? { Cmd: [...spec.args] } : {}),
    ...(spec.dir === undefined ? {} : { WorkingDir: spec.dir }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    Env: environment(spec),
    Labels: labelsOf(identity),
    ExposedPorts: Object.fromEntries(spec.ports.map((port) => [`${port.containerPort}/tcp`, {}])),
    Healthcheck: { Test: ['NONE'] },
    Tty: false,
    // A task reads end of file, as a job of cron does; a service's input stays open for `skep attach`.
    OpenStdin: identity.kind === 'lrp',
    StdinOnce: false,
    HostConfig: hostConfig(spec, ability),
  };
}

function hostConfig(spec: ContainerSpec, ability: EngineAbility): Docker.HostConfig {
  const memory = spec.memoryMb * bytesPerMb;
  return {
    // No swap above it: a limit that spills to disk is noticed as slowness, not as the crash that it is.
    ...(memory > 0 ? { Memory: memory, MemorySwap: memory } : {}),
    CpuShares: Math.max(minCpuShares, Math.round((spec.cpuWeight * 1_024) / 100)),
    ...(spec.cpuMilli > 0 ? { NanoCpus: nanoCpus(spec.cpuMilli, ability.cpus) } : {}),
    // 0 is none. Left out, Podman sets one of its own (2,048); -1 its API hands on to crun, which fails (cgroup v1).
    PidsLimit: spec.maxPids,
    ...(ability.canLimitDisk && spec.diskMb > 0 ? { StorageOpt: { size: `${spec.diskMb}M` } } : {}),
    ...privileges(spec.privileged),
    ...(spec.runtime === undefined ? {} : { Runtime: spec.runtime }),
    PortBindings: portBindings(spec),
    // The cell restarts by policy; an engine that did so too would race with it.
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
  };
}

function privileges(privileged: boolean): Docker.HostConfig {
  if (privileged) return { Privileged: true };
  return { CapDrop: ['ALL'], CapAdd: grantedCapabilities, SecurityOpt: ['no-new-privileges'] };
}

/** A limit above the host's processors is none there, and the engine would refuse it. */
function nanoCpus(cpuMilli: number, cpus: number): number {
  return Math.min(Math.max(cpuMilli, minCpuMilli), cpus * 1_000) * 1_000_000;
}

/** The last value of a name wins: reference/diego.md 1.11. */
function environment(spec: ContainerSpec): string[] {
  const values = new Map(spec.env.map(({ name, value }) => [name, value]));
  return [...values].map(([name, value]) => `${name}=${value}`);
}

function portBindings(spec: ContainerSpec): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { containerPort, hostPort } of spec.ports) {
    const list = (bindings[`${containerPort}/tcp`] ??= []);
    list.push({ HostIp: spec.hostAddress, HostPort: String(hostPort) });
  }
  return bindings;
}
