/**
 * The whole cluster in memory: servers on one store, hosts with engines and agents, the network between them,
 * and the checkers that watch it all. Nothing in it happens but on the clock it is given.
 */

import type { Clock } from '../../src/base/clock.ts';
import type { Rng } from '../../src/base/core/rng.ts';
import { intBetween, seededRng } from '../../src/base/core/rng.ts';
import type { CellPresence } from '../../src/model/cell.ts';
import type { Resources } from '../../src/model/resources.ts';
import { encode } from '../../src/store/core/codec.ts';
import { serverKey } from '../../src/store/core/keys.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import { ContainerChecker } from './container-checker.ts';
import type { EventLog } from './event-log.ts';
import { addressOf, type DumpedCluster } from './from-dump.ts';
import { SimHost } from './host.ts';
import { faultyImages, healImages } from './images.ts';
import { Network } from './network.ts';
import { SimProcess } from './process.ts';
import { SimServer } from './server.ts';
import { StoreChecker } from './store-checker.ts';
import type { World } from './world.ts';

export interface ClusterOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: EventLog;
  readonly servers: number;
  readonly cells: number;
  /** One zone and cells of one size; else both are drawn. */
  readonly alike?: boolean | undefined;
  /** How likely a request of a cell arrives twice. */
  readonly duplicates: number;
  /** How likely the answer of a call to the store is lost. */
  readonly lostAnswers: number;
  /** Begin with it: then `cells` does not count. */
  readonly dump?: DumpedCluster | undefined;
  fail(message: string): void;
}

export class Cluster {
  readonly world: World;
  readonly network: Network;
  readonly store: MemoryStore;
  readonly checker: StoreChecker;
  readonly containers: ContainerChecker;
  readonly servers: readonly SimServer[];
  readonly hosts: readonly SimHost[];
  readonly fail: (message: string) => void;
  readonly #storeProcess: SimProcess;
  readonly #alike: boolean;
  readonly #dump: DumpedCluster | undefined;
  #calmSince = Number.POSITIVE_INFINITY;

  constructor(options: ClusterOptions) {
    const { clock, rng, log, fail, dump } = options;
    this.#dump = dump;
    this.fail = fail;
    this.network = new Network({
      clock,
      rng: seededRng(intBetween(rng, 1, 2 ** 31)),
      duplicates: options.duplicates,
    });
    this.world = { clock, rng, log, network: this.network, images: { ...faultyImages(), ...dump?.images } };
    this.#storeProcess = new SimProcess('store', clock);
    this.store = new MemoryStore(this.#storeProcess.clock);
    const names = serverNames(options.servers, dump);
    if (dump !== undefined) load(this.store, dump);
    for (const name of names) this.#announce(name);
    const capacities = new Map<string, Resources>();
    const overheadsMb = new Map<string, number>();
    const now = (): number => clock.now();
    this.checker = new StoreChecker({ store: this.store, log, capacities, overheadsMb, now, fail });
    this.containers = new ContainerChecker({ store: this.checker, log, fail });
    this.servers = names.map((name) => this.#server(name, options.lostAnswers));
    this.#alike = options.alike ?? false;
    const cells: readonly (CellPresence | undefined)[] = dump?.cells ?? Array.from({ length: options.cells });
    this.hosts = cells.map((real, n) => this.#host(real?.cellId ?? `c${n + 1}`, n, names, real));
    for (const { name, capacity, overheadMemoryMb } of this.hosts) {
      capacities.set(name, capacity);
      overheadsMb.set(name, overheadMemoryMb);
    }
    this.checker.adopt();
  }

  /** Before `start`: what ran when the dump was taken runs. */
  async preload(): Promise<void> {
    for (const host of this.hosts) {
      const mine = this.#dump?.containers.filter(({ cellId }) => cellId === host.cellId) ?? [];
      await host.preload(mine.map(({ spec }) => spec));
    }
  }

  start(): void {
    for (const server of this.servers) server.start();
    for (const host of this.hosts) host.startAgent();
  }

  /** What was started before may still misbehave. */
  get calmSince(): number {
    return this.#calmSince;
  }

  /** No fault that is drawn by chance any more, and every image behaves. */
  calm(): void {
    this.#calmSince = this.world.clock.now();
    healImages(this.world.images);
    for (const { faults } of this.servers) faults.lostAnswers = 0;
  }

  /** No server reaches the store, and without a leader of its own no lease ends in it. Returns how it ends. */
  loseQuorum(): () => void {
    const turn = (by: 1 | -1): void => {
      for (const server of this.servers) {
        server.faults.requests += by;
        server.faults.answers += by;
        server.faults.watch += by;
        server.kick();
      }
    };
    this.#storeProcess.pause();
    turn(1);
    return () => {
      this.store.extendLeases();
      this.#storeProcess.resume();
      turn(-1);
    };
  }

  #announce(name: string): void {
    const record = {
      server: name,
      apiAddress: `${name}:7400`,
      memberId: name,
      version: '0.0.0',
      startedAt: 0,
    };
    this.store.commit(
      [{ compare: [], puts: [{ key: serverKey(name), value: encode({ v: 1, ...record }) }] }],
      undefined,
    );
  }

  #server(name: string, lostAnswers: number): SimServer {
    const server = new SimServer({
      world: this.world,
      name,
      store: this.store,
      writing: (writer, fence, write) => this.checker.writing(writer, fence, write),
    });
    server.faults.lostAnswers = lostAnswers;
    return server;
  }

  #host(name: string, place: number, servers: readonly string[], real: CellPresence | undefined): SimHost {
    const alike = { memoryMb: 4_000, diskMb: 10_000, containers: 60 };
    const capacity = real?.capacity ?? (this.#alike ? alike : this.#drawCapacity());
    const drawnMb = this.#alike || real !== undefined ? 0 : intBetween(this.world.rng, 0, 1) * 16;
    const host = new SimHost({
      world: this.world,
      name,
      zone: real?.zone ?? (this.#alike ? 'z1' : `z${1 + (place % 2)}`),
      real: real && { presence: real, address: addressOf(place) },
      capacity,
      overheadMemoryMb: real?.overheadMemoryMb ?? drawnMb,
      servers,
      watch: (who, process, isStopping) => this.containers.watch(who, process, isStopping),
    });
    this.containers.add(host);
    return host;
  }

  #drawCapacity(): Resources {
    const { rng } = this.world;
    return {
      memoryMb: intBetween(rng, 600, 2_400),
      diskMb: 10_000,
      containers: intBetween(rng, 5, 16),
    };
  }
}

/** No server is called as a cell is: the network knows hosts by name. */
function serverNames(count: number, dump: DumpedCluster | undefined): string[] {
  const prefix = dump?.cells.some(({ cellId }) => /^s\d+$/.test(cellId)) ? 'server-' : 's';
  return Array.from({ length: count }, (_, n) => `${prefix}${n + 1}`);
}

function load(store: MemoryStore, { records }: DumpedCluster): void {
  store.commit(
    records.map((record) => ({ compare: [], puts: [record] })),
    undefined,
  );
}
