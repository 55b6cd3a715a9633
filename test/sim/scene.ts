/**
 * A simulated cluster without faults, and the few things that scenes do with it and ask of it: what strikes is
 * up to the test. Every scene is watched by the same checkers as the simulation.
 */
import { operations } from '../../src/api/operations.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import type { ActualLrp } from '../../src/model/actual-lrp.ts';
import { desiredLrpSpecSchema } from '../../src/model/desired-lrp.ts';
import type { CellId } from '../../src/model/ids.ts';
import type { SimHost } from './host.ts';
import type { Path } from './network.ts';
import type { SimServer } from './server.ts';
import { Stage } from './stage.ts';

export const call: { readonly actor: string; readonly signal: AbortSignal } = {
  actor: 'operator',
  signal: new AbortController().signal,
};

export class Scene extends Stage {
  #lrps = 0;

  static async open(options: { readonly servers?: number; readonly cells?: number } = {}): Promise<Scene> {
    const { servers = 3, cells = 3 } = options;
    const scene = new Scene({
      rng: seededRng(7),
      servers,
      cells,
      alike: true,
      duplicates: 0,
      lostAnswers: 0,
    });
    scene.cluster.start();
    const { servers: all, hosts, checker } = scene.cluster;
    const isUp = (): boolean =>
      all.some(({ isLeading }) => isLeading) && hosts.every(({ cellId }) => checker.isPresent(cellId));
    await scene.until(isUp, 5_000);
    return scene;
  }

  get records(): ActualLrp[] {
    return [...this.cluster.checker.actual.values()];
  }

  get leader(): SimServer {
    const leader = this.cluster.servers.find(({ isLeading }) => isLeading);
    if (leader === undefined) throw new Error('nobody leads');
    return leader;
  }

  host(cellId: string | undefined): SimHost {
    const host = this.cluster.hosts.find((one) => one.cellId === cellId);
    if (host === undefined) throw new Error(`no host ${cellId}`);
    return host;
  }

  /** Whether some server leads. */
  get leads(): boolean {
    return this.cluster.servers.some(({ isLeading }) => isLeading);
  }

  /** Records that name the cell. */
  holding(cellId: string): number {
    return this.records.filter((lrp) => lrp.cellId === cellId).length;
  }

  /** Instances that run and count. */
  get running(): ActualLrp[] {
    return this.records.filter(({ state, presence }) => state === 'RUNNING' && presence === 'ORDINARY');
  }

  /** Every start of a container so far, over all hosts. */
  get starts(): number {
    return this.cluster.hosts.flatMap(({ engine }) => engine.calls.filter((one) => one.startsWith('start')))
      .length;
  }

  /** Wants instances and waits until they run. */
  async run(instances: number, image = 'web'): Promise<void> {
    await this.want(instances, image);
    await this.until(() => this.running.length === instances, 30_000);
  }

  async want(instances: number, image = 'web', server = this.leader): Promise<void> {
    const api = server.running?.api;
    if (api === undefined) throw new Error('no server to ask');
    const body = desiredLrpSpecSchema.parse({
      guid: `lrp${++this.#lrps}`,
      image,
      instances,
      memoryMb: 10,
      diskMb: 10,
    });
    await this.asked(operations.desireLrp(api, { body }, call));
  }

  /** Lets time pass until the API has answered. */
  async asked(answer: Promise<unknown>): Promise<void> {
    let isDone = false;
    const done = answer.then(() => (isDone = true));
    await this.until(() => isDone, 10_000);
    await done;
  }

  /** Both directions between a host and every server. */
  paths(host: SimHost): Path[] {
    const { network, servers } = this.cluster;
    return servers.flatMap(({ name }) => [network.path(host.name, name), network.path(name, host.name)]);
  }

  cut(host: SimHost): void {
    for (const path of this.paths(host)) this.cluster.network.cut(path);
  }

  heal(host: SimHost): void {
    for (const path of this.paths(host)) this.cluster.network.heal(path);
  }
}

/** Asks for it (the leader, unless told) and waits for the answer only. */
export async function drain(
  scene: Scene,
  cellId: string,
  how: object = {},
  server = scene.leader,
): Promise<void> {
  const api = server.running?.api;
  if (api === undefined) throw new Error('no server to ask');
  const params = { id: cellId as CellId };
  const body = { reason: '', deadlineMs: null, force: false, anyway: false, alongside: [], ...how };
  await scene.asked(operations.drainCell(api, { params, body }, call));
}
