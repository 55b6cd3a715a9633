/**
 * A simulated host: a container engine that lives on its own, and an agent, the real cell, that can be killed,
 * paused and started again.
 */
import { type Cell, startCell } from '../../src/agent/cell.ts';
import type { ContainerSpec } from '../../src/agent/runtime.ts';
import { intBetween, seededRng } from '../../src/base/core/rng.ts';
import type { CellPresence } from '../../src/model/cell.ts';
import { type CellId, cellIdSchema } from '../../src/model/ids.ts';
import type { Resources } from '../../src/model/resources.ts';
import { fakeEmulator } from '../kit/fake-emulator.ts';
import { fakeMeter } from '../kit/fake-meter.ts';
import { type FakeRuntime, fakeRuntime } from '../kit/fake-runtime.ts';
import { type EngineWatch, gatedProber, gatedRuntime } from './engine-gate.ts';
import { SimProcess } from './process.ts';
import type { World } from './world.ts';

/** How long an agent that is told to stop may take. */
const stopMs = 3_000;

interface Agent {
  readonly process: SimProcess;
  readonly cell: Cell;
  readonly stop: AbortController;
}

export interface HostOptions {
  readonly world: World;
  readonly name: string;
  readonly zone: string;
  readonly capacity: Resources;
  /** Of each container. */
  readonly overheadMemoryMb: number;
  readonly servers: readonly string[];
  /** Of a real host: what it said of itself, and where it is reached here. */
  readonly real?: { readonly presence: CellPresence; readonly address: string } | undefined;
  /** What an agent asks of the engine passes here first; `stopping` when it was told to end. */
  watch(host: SimHost, process: SimProcess, isStopping: () => boolean): EngineWatch;
}

export class SimHost {
  readonly name: string;
  readonly cellId: CellId;
  readonly zone: string;
  readonly capacity: Resources;
  readonly overheadMemoryMb: number;
  readonly engine: FakeRuntime;
  readonly #options: HostOptions;
  #agent: Agent | undefined;
  #runs = 0;
  /** Engine calls that the agent may still do before it dies. */
  #callsLeft = Number.POSITIVE_INFINITY;

  constructor(options: HostOptions) {
    this.#options = options;
    this.name = options.name;
    this.cellId = cellIdSchema.parse(options.name);
    this.zone = options.zone;
    this.capacity = options.capacity;
    this.overheadMemoryMb = options.overheadMemoryMb;
    const { clock, images } = options.world;
    this.engine = fakeRuntime({ clock, images, onlyKnownImages: true });
  }

  get agent(): Agent | undefined {
    return this.#agent;
  }

  /** What ran before the simulation began. */
  async preload(specs: readonly ContainerSpec[]): Promise<void> {
    const { signal } = new AbortController();
    for (const spec of specs) await this.engine.start(await this.engine.create(spec, { signal }), { signal });
  }

  startAgent(): void {
    if (this.#agent?.stop.signal.aborted === true) this.#endAgent('takes too long to stop', false);
    if (this.#agent !== undefined) return;
    const { world, capacity, servers, real } = this.#options;
    const { os = 'linux', arch = 'x64' } = real?.presence ?? {};
    const info = real && { runtimes: real.presence.runtimes, volumeDrivers: real.presence.volumeDrivers };
    world.network.dark.delete(this.name);
    const process = new SimProcess(`${this.name}#${++this.#runs}`, world.clock);
    const stop = new AbortController();
    const rng = seededRng(intBetween(world.rng, 1, 2 ** 31));
    const watch = this.#options.watch(this, process, () => stop.signal.aborted);
    const done = (): void => this.#engineCallDone(process);
    const gate = { process, world: world.clock, rng, engine: this.engine, watch, info, done };
    world.log.add(this.name, `agent ${process.name} starts`);
    const cell = startCell({
      config: {
        cellId: this.cellId,
        zone: this.zone,
        address: real?.address ?? `10.0.0.${this.name.slice(1)}`,
        labels: real?.presence.labels,
        requiredTags: real?.presence.requiredTags,
        optionalTags: real?.presence.optionalTags,
        overheadMemoryMb: this.overheadMemoryMb,
        servers: servers.map((server) => `${server}:7400`),
        version: '0.0.0',
        capacity,
        allowPrivileged: real !== undefined,
      },
      runtime: gatedRuntime(gate),
      host: { facts: async () => ({ memoryMb: 65_536, diskMb: 1_000_000, os, arch }) },
      dial: (url, { signal }) => world.network.dial(process, this.name, url, signal),
      prober: gatedProber(gate),
      meter: fakeMeter(process.clock),
      createEmulator: fakeEmulator,
      clock: process.clock,
      rng: seededRng(intBetween(world.rng, 1, 2 ** 31)),
      log: world.log.logOf(this.name),
      signal: stop.signal,
    });
    this.#agent = { process, cell, stop };
  }

  /** SIGKILL: the containers run on, whatever the agent was about. */
  killAgent(): void {
    this.#endAgent('is killed', false);
  }

  /** The agent is killed once the engine has done so many more changes for it, before it hears of the last. */
  dieAfterEngineCalls(count: number): void {
    this.#callsLeft = count;
  }

  #engineCallDone(process: SimProcess): void {
    if (this.#agent?.process !== process || --this.#callsLeft > 0) return;
    this.#callsLeft = Number.POSITIVE_INFINITY;
    this.killAgent();
  }

  /** SIGTERM. */
  stopAgent(): void {
    const agent = this.#agent;
    if (agent === undefined) return;
    this.#options.world.log.add(this.name, `agent ${agent.process.name} is told to stop`);
    agent.stop.abort(new Error('the agent stops'));
    const end = (): void => {
      if (this.#agent === agent) this.#endAgent('has stopped', false);
    };
    void agent.cell.done.then(end);
    this.#options.world.clock.after(stopMs, end);
  }

  /** The power goes: the agent and every process of every container end. */
  lose(): void {
    this.#options.world.network.dark.add(this.name);
    this.#endAgent('loses its power', true);
    for (const { id } of this.engine.running()) this.engine.exit(id, 137);
  }

  #endAgent(how: string, hostIsDead: boolean): void {
    const { world } = this.#options;
    world.log.add(this.name, `agent ${this.#agent?.process.name ?? '(none)'} ${how}`);
    if (this.#agent === undefined) return;
    this.#agent.process.kill();
    world.network.dropSockets(this.#agent.process, hostIsDead);
    this.#agent = undefined;
  }
}
