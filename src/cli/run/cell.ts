/** The cell half of an agent, built on Docker, this host and WebSockets. */
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { startCell } from '../../agent/cell.ts';
import { readCell } from '../../agent/cell-metrics.ts';
import { dockerRuntime } from '../../agent/docker/docker-runtime.ts';
import { hostFacts } from '../../agent/host/host-facts.ts';
import { procMeter } from '../../agent/host/proc-meter.ts';
import { procWitness } from '../../agent/host/proc-witness.ts';
import { ptyShell } from '../../agent/host/pty-shell.ts';
import { releaseInstaller } from '../../agent/host/release-installer.ts';
import type { Installer } from '../../agent/installer.ts';
import { meteredRuntime } from '../../agent/metered-runtime.ts';
import { networkProber } from '../../agent/prober.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import type { Dial } from '../../base/socket.ts';
import { renewCell } from './cell-renewal.ts';
import type { AgentContext } from './context.ts';
import type { HostCertificates } from './host-certificates.ts';
import type { RestartNotice } from './restart-notice.ts';
import { cellDoctor } from './server-doctor.ts';
import type { ServerHalf } from './server-half.ts';
import { readServers, rememberServers } from './serving-file.ts';

/** Cells name servers by address alone: with certificates every connection is TLS. */
function cellDial(tls: HostCertificates | undefined): Dial {
  if (tls === undefined) return wsDial;
  return (url, options) => wsDial(url.replace(/^ws:/, 'wss:'), { ...options, tls });
}

/** Runs until the signal aborts; containers run on. */
export async function runCell(
  context: AgentContext,
  server: ServerHalf,
  restart: RestartNotice,
  signal: AbortSignal,
): Promise<void> {
  const { config, clock, rng, log, version, metrics, certificates } = context;
  const engine = dockerRuntime({
    clock,
    log,
    ...(config.dockerHost ? { dockerHost: config.dockerHost } : {}),
  });
  const own = config.server ? [`${config.address}:${config.ports.api}`] : [];
  const cell = startCell({
    config: {
      cellId: config.name,
      zone: config.cell.zone,
      labels: config.cell.labels,
      requiredTags: config.cell.requiredTags,
      optionalTags: config.cell.optionalTags,
      address: config.address,
      servers: [...new Set([...own, ...config.join, ...readServers(config.dataDir)])],
      version,
      capacity: {
        memoryMb: config.cell.memoryMb,
        diskMb: config.cell.diskMb,
        containers: config.cell.containers,
      },
      overheadMemoryMb: config.cell.overheadMemoryMb,
      portRange: config.cell.hostPorts,
      allowPrivileged: config.cell.allowPrivileged,
      maxCreations: creationsOf(availableParallelism()),
    },
    runtime: meteredRuntime({ runtime: engine, metrics, clock }),
    host: hostFacts({ clock }),
    dial: cellDial(certificates),
    prober: networkProber(),
    meter: procMeter({ clock }),
    witness: procWitness(),
    installer: installerOf(config.dataDir, clock),
    createEmulator: async (options) => {
      const { xtermEmulator } = await import('../../agent/terminal/xterm-emulator.ts');
      return await xtermEmulator(options);
    },
    hostShell: config.cell.hostShell ? ptyShell({ clock, log }) : undefined,
    doctor: cellDoctor(config),
    serverRole: server,
    onServers: rememberServers(config.dataDir, log),
    clock,
    rng,
    log,
    metrics,
    onTrust: (epoch) => {
      if (!server.isRunning) certificates?.want(epoch);
    },
    signal,
  });
  restart.concerns(cell);
  readCell(metrics, cell);
  const sessions = (): string[] => cell.status().sessions.map(({ address }) => address);
  const renewing = certificates && renewCell(context, certificates, server, sessions, signal);
  await Promise.all([cell.done, renewing]);
}

/** install.sh is beside the bundle of an installed release; `current` leads to it by the path that was started. */
function installerOf(dataDir: string, clock: AgentContext['clock']): Installer | undefined {
  const script = join(dirname(process.argv[1] ?? '/'), 'install.sh');
  return releaseInstaller({ script, folder: join(dataDir, 'upgrade'), clock });
}

/**
 * How many containers are made at once. Docker was fastest with two a core or fewer; more only keeps the host
 * from its other work.
 */
function creationsOf(cores: number): number {
  return Math.min(16, Math.max(4, 2 * cores));
}
