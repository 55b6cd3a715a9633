/**
 * A cell: everything that happens on a host except the container engine itself. It holds a session with
 * every server, keeps its presence alive, runs what it is assigned and reports how that goes. It stops
 * nothing because a server cannot be reached, and takes nothing for dead because the engine cannot.
 */

import type { Check } from '../api/core/doctor-shapes.ts';
import type { Clock } from '../base/clock.ts';
import { SkepError } from '../base/core/errors.ts';
import { type Metrics, noMetrics } from '../base/core/metrics.ts';
import { type Rng, randomName } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import { type Loop, startLoop } from '../base/loop.ts';
import type { Dial } from '../base/socket.ts';
import type { CellPresence } from '../model/cell.ts';
import { defaults } from '../model/defaults.ts';
import type { CellConfig, CellContext } from './cell-context.ts';
import { startConfirmer } from './confirmer.ts';
import { Consoles } from './console/consoles.ts';
import { type ConsoleJournal, consoleJournal } from './console/journal.ts';
import { type Assigned, foldAssignments, nothingKnown } from './core/assignments.ts';
import { capacityOf } from './core/capacity.ts';
import type { SpecOwner } from './core/container-spec.ts';
import type { CreateEmulator } from './emulator.ts';
import { type Engine, type EngineStatus, watchEngine } from './engine.ts';
import { followEvents } from './engine-events.ts';
import { healthChecks } from './health-monitor.ts';
import type { Host, HostFacts } from './host-port.ts';
import { hostPorts } from './host-ports.ts';
import type { OpenHostShell } from './host-shell.ts';
import { sharedImages } from './images.ts';
import type { Installer } from './installer.ts';
import { type InstanceStage, Instances } from './instances.ts';
import { limit } from './limit.ts';
import type { Meter } from './meter.ts';
import { keepPresence, type Presence } from './presence.ts';
import type { Prober } from './prober.ts';
import type { Container, Runtime, RuntimeEvent } from './runtime.ts';
import type { ServerRole } from './server-role.ts';
import { type LinkStatus, Links } from './session/links.ts';
import { type Streams, type StreamTarget, serveStreams } from './session/streams.ts';
import { Stats } from './stats.ts';
import { Tasks } from './tasks.ts';
import { Upgrades } from './upgrades.ts';
import type { Witness } from './witness.ts';

export type { CellConfig } from './cell-context.ts';

const defaultMaxCreations = 4;
const defaultPortRange = { from: 20_000, to: 29_999 } as const;

export interface CellOptions {
  readonly config: CellConfig;
  readonly runtime: Runtime;
  readonly host: Host;
  readonly dial: Dial;
  readonly prober: Prober;
  readonly meter: Meter;
  /** What is seen of a container that never became healthy; absent: nothing. */
  readonly witness?: Witness | undefined;
  /** What replaces this program; absent where it was not installed. */
  readonly installer?: Installer | undefined;
  readonly createEmulator: CreateEmulator;
  /** Shells on the host itself; absent unless this cell's own settings allow them. */
  readonly hostShell?: OpenHostShell | undefined;
  /** The server half of this host. */
  readonly serverRole?: ServerRole | undefined;
  /** Told where the servers are, each time one says so. */
  readonly onServers?: ((servers: readonly string[]) => void) | undefined;
  /** What a `doctor` stream answers: verdicts about this host. */
  readonly doctor?: (() => Promise<readonly Check[]>) | undefined;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly metrics?: Metrics | undefined;
  /** Told of which epoch of trust this cell's certificate should be (model/trust.ts). */
  readonly onTrust?: ((epoch: number) => void) | undefined;
  /** Ends the agent's part; every container runs on. */
  readonly signal: AbortSignal;
}

export interface CellStatus {
  readonly clusterId: string | undefined;
  readonly engine: EngineStatus;
  readonly registered: boolean;
  readonly sessions: readonly LinkStatus[];
  readonly instances: number;
  readonly instanceStates: Readonly<Record<InstanceStage, number>>;
  readonly tasks: number;
}

export interface Cell {
  /** Resolves once the signal has aborted and everything has come to rest. */
  readonly done: Promise<void>;
  status(): CellStatus;
  /** The agent is about to be restarted: `Presence.stayFor`. */
  stayFor(ttlMs: number): Promise<void>;
}

/** Starts a cell; it runs until the signal aborts. Engine, servers and host may all be away: it waits for them. */
export function startCell(options: CellOptions): Cell {
  return new RunningCell(options);
}

class RunningCell implements Cell {
  readonly #options: CellOptions;
  readonly #bootId: string;
  readonly #startedAt: number;
  readonly #cell: CellContext;
  readonly #engine: Engine;
  readonly #links: Links;
  readonly #instances: Instances;
  readonly #tasks: Tasks;
  readonly #journal: ConsoleJournal;
  readonly #consoles: Consoles;
  readonly #streams: Streams;
  readonly #confirmer: Loop;
  readonly #sweep: Loop;
  readonly #presence: Presence;
  #assigned: Assigned = nothingKnown;
  #facts: HostFacts | undefined;
  #hasSwept = false;
  readonly done: Promise<void>;

  constructor(options: CellOptions) {
    this.#options = { ...options, log: options.log.with({ cell: options.config.cellId }) };
    this.#bootId = randomName(options.rng);
    this.#startedAt = options.clock.now();
    const { runtime, clock, rng, log, signal } = this.#options;
    this.#engine = watchEngine({
      runtime,
      clock,
      log,
      signal,
      onChange: (status) => this.#engineChanged(status),
    });
    this.#links = this.#startLinks();
    this.#cell = this.#context();
    this.#instances = new Instances(this.#cell);
    this.#tasks = new Tasks(this.#cell);
    this.#journal = consoleJournal({ links: this.#links, clock, rng, log, signal });
    this.#consoles = this.#keepConsoles();
    this.#streams = this.#startStreams();
    this.#confirmer = startConfirmer(this.#cell, this.#instances, this.#tasks);
    this.#sweep = this.#startSweep();
    const current = (): CellPresence | undefined => this.#currentPresence();
    this.#presence = keepPresence({ links: this.#links, clock, rng, log, signal, current });
    const events = followEvents(this.#cell, (event) => this.#onEvent(event));
    this.done = this.#untilDone(events);
  }

  status(): CellStatus {
    return {
      clusterId: this.#links.clusterId,
      engine: this.#engine.status,
      registered: this.#presence.registered,
      sessions: this.#links.status,
      instances: this.#instances.count,
      instanceStates: this.#instances.countByStage(),
      tasks: this.#tasks.count,
    };
  }

  async stayFor(ttlMs: number): Promise<void> {
    this.#options.log.info('agent.restart_announced', { ttlMs });
    await this.#presence.stayFor(ttlMs);
  }

  async #untilDone(events: Promise<void>): Promise<void> {
    const parts = [this.#engine, this.#links, this.#sweep, this.#confirmer, this.#presence, this.#journal];
    await Promise.all([...parts.map((part) => part.done), this.#consoles.done, events]);
    this.#instances.close();
    this.#tasks.close();
  }

  #startLinks(): Links {
    const { config, dial, clock, rng, log, signal } = this.#options;
    return new Links({
      cellId: config.cellId,
      servers: config.servers,
      clusterId: config.clusterId,
      dial,
      clock,
      rng,
      log,
      signal,
      onTrust: this.#options.onTrust,
      onServers: this.#options.onServers,
      onLive: () => {
        this.#presence.wake();
        this.#wakeAll();
      },
      onAssignments: (address, message) => {
        const next = foldAssignments(this.#assigned, address, message);
        if (next === this.#assigned) return;
        this.#assigned = next;
        this.#instances.assign(next);
        this.#tasks.assign(next);
      },
      onOpen: (address, streamId, request) => this.#streams.open(address, streamId, request),
    });
  }

  #context(): CellContext {
    const { config, runtime, clock, rng, log, signal, prober, witness, metrics = noMetrics } = this.#options;
    const engine = this.#engine;
    return {
      config,
      runtime,
      clock,
      rng,
      log,
      metrics,
      signal,
      links: this.#links,
      engine,
      images: sharedImages(runtime, clock),
      hostPorts: hostPorts(config.portRange ?? defaultPortRange, rng),
      creations: limit(config.maxCreations ?? defaultMaxCreations),
      checks: healthChecks({ clock, prober, runtime, engine, witness }),
      owner: () => this.#owner(),
      wakePass: () => this.#sweep.wake(),
      wakeConfirm: () => this.#confirmer.wake(),
    };
  }

  #owner(): SpecOwner {
    const { cellId, address } = this.#options.config;
    const { clusterId } = this.#links;
    if (clusterId !== undefined) return { clusterId, cellId, address };
    throw new SkepError('Unavailable', 'no server has welcomed this cell yet, so its cluster is unknown');
  }

  #find(target: StreamTarget, previous: boolean): Container | undefined {
    const lrp = this.#instances.find(target, previous);
    return lrp ?? (previous ? undefined : this.#tasks.find(target.instanceGuid));
  }

  #keepConsoles(): Consoles {
    const { config, runtime, createEmulator, hostShell, clock, rng, log, signal } = this.#options;
    return new Consoles({
      cellId: config.cellId,
      runtime,
      createEmulator,
      hostShell,
      clock,
      rng,
      log,
      signal,
      journal: this.#journal,
      find: (instanceGuid) => this.#find({ instanceGuid }, false),
    });
  }

  #startStreams(): Streams {
    const { config, meter, runtime, dial, installer, doctor, serverRole, clock, log, signal } = this.#options;
    const running = (): Container[] => [...this.#instances.running(), ...this.#tasks.running()];
    return serveStreams({
      runtime,
      dial,
      clock,
      log,
      signal,
      stats: new Stats({
        cellId: config.cellId,
        meter,
        clock,
        log,
        signal,
        running,
      }),
      consoles: this.#consoles,
      upgrades: new Upgrades({
        installer,
        log,
        presence: {
          stayFor: (ttlMs) => this.#presence.stayFor(ttlMs),
          stayNoLonger: () => this.#presence.stayNoLonger(),
        },
      }),
      doctor,
      serverRole,
      cellId: config.cellId,
      find: (target, previous) => this.#find(target, previous),
      tell: (instanceGuid) => this.#instances.tell(instanceGuid),
    });
  }

  #startSweep(): Loop {
    const { clock, log, rng, signal } = this.#options;
    return startLoop({
      name: 'sweep',
      clock,
      log,
      rng,
      signal,
      everyMs: defaults.cellSweepMs,
      debounceMs: 20,
      maxDelayMs: 200,
      pass: async ({ sweep }) => {
        await this.#listContainers();
        if (!sweep && this.#facts !== undefined) return;
        this.#facts = await this.#options.host.facts({ signal });
        this.#presence.wake();
      },
    });
  }

  #engineChanged(status: EngineStatus): void {
    this.#presence.wake();
    if (status.ok) this.#wakeAll();
  }

  #wakeAll(): void {
    this.#sweep.wake();
    this.#confirmer.wake();
    this.#instances.retryReports();
    this.#tasks.retryReports();
    this.#journal.retry();
  }

  #onEvent(event: RuntimeEvent): void {
    if (event.kind === 'started') return;
    const part = event.identity.kind === 'lrp' ? this.#instances : this.#tasks;
    part.touch(event.identity.instanceGuid);
  }

  /** The level: what there is, compared with what should be. Without an engine or a cluster nothing is known. */
  async #listContainers(): Promise<void> {
    const { runtime, config, signal } = this.#options;
    const { clusterId } = this.#links;
    if (!this.#engine.status.ok || clusterId === undefined) return;
    const marks = { lrp: this.#instances.beginList(), task: this.#tasks.beginList() };
    try {
      const all = await runtime.list({ clusterId, cellId: config.cellId, signal });
      const of = (kind: 'lrp' | 'task') => all.filter(({ identity }) => identity.kind === kind);
      this.#instances.observe(of('lrp'), marks.lrp);
      this.#tasks.observe(of('task'), marks.task);
      await this.#endLeftConsoles(all);
    } catch (error) {
      if (!(await this.#engine.isAwayAfter(error))) throw error;
    }
  }

  /** Once: what an agent that was killed left running. */
  async #endLeftConsoles(containers: readonly Container[]): Promise<void> {
    if (this.#hasSwept) return;
    await this.#consoles.sweep(containers);
    this.#hasSwept = true;
  }

  /** Undefined until host and engine have been asked: a presence without them would be of no use. */
  #currentPresence(): CellPresence | undefined {
    if (this.#facts === undefined || !this.#engine.isKnown) return undefined;
    const { config } = this.#options;
    const { cellId, zone, address, version, capacity, reserveMemoryMb, overheadMemoryMb = 0 } = config;
    const serving = this.#options.serverRole?.capability();
    const { ok, name, reason, volumeDrivers = [], runtimes = [] } = this.#engine.status;
    return {
      v: 1,
      cellId,
      bootId: this.#bootId,
      zone,
      labels: config.labels ?? {},
      requiredTags: [...(config.requiredTags ?? [])],
      optionalTags: [...(config.optionalTags ?? [])],
      volumeDrivers: [...volumeDrivers],
      runtimes: [...runtimes],
      capacity: capacityOf(this.#facts, { ...capacity, reserveMemoryMb }),
      ...(overheadMemoryMb === 0 ? {} : { overheadMemoryMb }),
      os: this.#facts.os,
      arch: this.#facts.arch,
      address,
      version,
      engine: { ok, name, ...(reason === undefined ? {} : { reason }) },
      ...(serving === undefined ? {} : { serving }),
      ...(this.#options.hostShell === undefined ? {} : { hostShell: true }),
      registeredAt: this.#startedAt,
    };
  }
}
