/** What every part of a cell is given: its settings, its ports to the world, and the parts they share. */
import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../base/core/metrics.ts';
import type { Rng } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import type { CellId } from '../model/ids.ts';
import type { CapacitySettings } from './core/capacity.ts';
import type { SpecOwner } from './core/container-spec.ts';
import type { PortRange } from './core/ports.ts';
import type { Engine } from './engine.ts';
import type { HealthChecks } from './health-monitor.ts';
import type { HostPorts } from './host-ports.ts';
import type { Images } from './images.ts';
import type { Limit } from './limit.ts';
import type { Runtime } from './runtime.ts';
import type { Links } from './session/links.ts';

export interface CellConfig {
  /** Undefined until the first welcome; given, a server of another cluster is refused. */
  readonly clusterId?: string | undefined;
  readonly cellId: CellId;
  readonly zone: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly requiredTags?: readonly string[] | undefined;
  readonly optionalTags?: readonly string[] | undefined;
  /** Where host ports are bound and reached. */
  readonly address: string;
  /** API addresses of servers to begin with, `host:port`. */
  readonly servers: readonly string[];
  readonly version: string;
  /** What replaces the host's own figures, in MiB and container slots. */
  readonly capacity?: CapacitySettings | undefined;
  /** MiB that each container costs this host beside its own limit; 0 by default. */
  readonly overheadMemoryMb?: number | undefined;
  /** What is left to the host, in MiB: by default 10 % of its memory, at least 256 MiB. */
  readonly reserveMemoryMb?: number | undefined;
  /** 20,000 to 29,999 by default. */
  readonly portRange?: PortRange | undefined;
  readonly allowPrivileged: boolean;
  /** How many containers are created and started at the same time; default 4. */
  readonly maxCreations?: number | undefined;
}

export interface CellContext {
  readonly config: CellConfig;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
  readonly links: Links;
  readonly engine: Engine;
  readonly images: Images;
  readonly hostPorts: HostPorts;
  /** Creations of containers at once. */
  readonly creations: Limit;
  readonly checks: HealthChecks;
  /** Whose containers these are. Throws `Unavailable` before the first welcome. */
  owner(): SpecOwner;
  /** Asks for a pass over all containers soon. */
  wakePass(): void;
  /** Asks the servers soon whether containers that nobody claims are still this cell's. */
  wakeConfirm(): void;
}
