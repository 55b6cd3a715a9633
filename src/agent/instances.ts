/**
 * All instances of LRPs on this cell. Assignments, lists of containers and engine events only change what is
 * known; each instance's worker then takes step after step (core/instance-step.ts) until nothing is to be
 * done. Built by cell.ts.
 */
import type { AssignedLrp } from '../api/core/cell-protocol.ts';
import { type SkepError, unreachable } from '../base/core/errors.ts';
import type { CellContext } from './cell-context.ts';
import type { Assigned } from './core/assignments.ts';
import type { Container } from './core/container.ts';
import {
  dueInstanceReport,
  type InstanceReport,
  type InstanceStep,
  nextInstanceStep,
} from './core/instance-step.ts';
import { type Instance, newInstance, retireInstance, sawContainer } from './instance.ts';
import { InstanceActions } from './instance-actions.ts';
import { keptContainers } from './kept-containers.ts';
import type { StreamTarget } from './session/streams.ts';
import { type UnitRules, UnitWorkers } from './unit-workers.ts';

type ReportName = InstanceReport['method'];

/** Where an instance is on its way; `unclaimed`: there is a container that no server assigns to this cell. */
export type InstanceStage = 'starting' | 'running' | 'crashed' | 'stopping' | 'unclaimed';

/** Taken before the engine is asked for its containers: what changes later is not in its answer. */
export interface ListMark {
  readonly sequence: number;
  readonly known: ReadonlySet<string>;
}

export class Instances {
  readonly #cell: CellContext;
  readonly #byGuid = new Map<string, Instance>();
  readonly #kept = keptContainers();
  readonly #actions: InstanceActions;
  readonly #workers: UnitWorkers<Instance, ReportName>;
  /** What ran before this process is known; until then nothing new is started. */
  #hasListed = false;

  constructor(cell: CellContext) {
    this.#cell = cell;
    const rules: UnitRules<Instance, ReportName> = {
      has: (instance) => this.#byGuid.get(instance.key) === instance,
      reread: (instance) => this.#reread(instance),
      takeStep: (instance) => this.#takeStep(instance),
      dueReport: (instance) => dueInstanceReport(instance, cell.config.address),
      answered,
      refused,
    };
    this.#workers = new UnitWorkers(cell, rules);
    this.#actions = new InstanceActions(cell, this.#kept, (instance) => {
      this.#workers.push(instance);
      this.#workers.report(instance);
    });
  }

  get count(): number {
    return this.#byGuid.size;
  }

  countByStage(): Record<InstanceStage, number> {
    const counts = { starting: 0, running: 0, crashed: 0, stopping: 0, unclaimed: 0 };
    for (const instance of this.#byGuid.values()) counts[stageOf(instance)] += 1;
    return counts;
  }

  assign(assigned: Assigned): void {
    for (const instance of this.#byGuid.values()) {
      if (assigned.lrps.has(instance.key) || instance.assigned === undefined) continue;
      instance.assigned = undefined;
      instance.launch?.abort();
      this.#workers.push(instance);
    }
    for (const [instanceGuid, lrp] of assigned.lrps) this.#assignOne(instanceGuid, lrp);
  }

  beginList(): ListMark {
    return { sequence: this.#workers.mark(), known: new Set(this.#byGuid.keys()) };
  }

  /** Takes in all containers of LRPs; `mark` is what `beginList` returned before they were asked for. */
  observe(containers: readonly Container[], mark: ListMark): void {
    this.#hasListed = true;
    const listed = new Map(containers.map((container) => [container.identity.instanceGuid, container]));
    for (const [instanceGuid, container] of listed) {
      // One that was kept for its log and runs again, whoever started it, is asked about like any stranger.
      if (container.state === 'running') this.#kept.release(container.id);
      if (this.#byGuid.has(instanceGuid) || this.#kept.has(container.id)) continue;
      const { guid, index } = container.identity;
      sawContainer(this.#add(newInstance({ instanceGuid, guid, index })), container);
    }
    for (const instance of this.#byGuid.values()) this.#compare(instance, listed.get(instance.key), mark);
    this.#removeExpired();
  }

  /** Something happened to a container: look at it now. */
  touch(instanceGuid: string): void {
    const instance = this.#byGuid.get(instanceGuid);
    if (instance !== undefined) this.#workers.push(instance);
  }

  /** Reports that failed are sent again now. */
  retryReports(): void {
    for (const instance of this.#byGuid.values()) this.#workers.report(instance);
  }

  /** Instances whose containers nobody claims. */
  unclaimed(): Instance[] {
    const now = this.#cell.clock.now();
    return [...this.#byGuid.values()].filter((one) => nextInstanceStep(one, now).kind === 'confirm');
  }

  /** A quorum-backed answer: these are not this cell's. */
  disown(instances: readonly Instance[]): void {
    for (const instance of instances) {
      if (instance.assigned !== undefined) continue;
      instance.foreign = true;
      this.#workers.push(instance);
    }
  }

  /** The container of an instance, or with `previous` of the one that crashed before it. */
  find({ instanceGuid, index }: StreamTarget, previous: boolean): Container | undefined {
    const instance = this.#byGuid.get(instanceGuid);
    if (previous) return this.#kept.find(instance ?? index ?? { instanceGuid });
    return instance?.container ?? this.#kept.find({ instanceGuid });
  }

  /** Containers that run now. */
  running(): Container[] {
    const all = [...this.#byGuid.values()].map(({ container }) => container);
    return all.filter((container) => container?.state === 'running') as Container[];
  }

  /** Stops watching; touches no container. */
  close(): void {
    for (const instance of this.#byGuid.values()) {
      retireInstance(instance);
      this.#workers.drop(instance);
    }
  }

  #assignOne(instanceGuid: string, lrp: AssignedLrp): void {
    const instance = this.#byGuid.get(instanceGuid) ?? this.#addAssigned(instanceGuid, lrp);
    if (sameAssignment(instance.assigned, lrp)) return;
    instance.assigned = lrp;
    instance.desired = lrp.desired;
    instance.foreign = false;
    if (lrp.actual.retire !== undefined) instance.launch?.abort();
    this.#workers.push(instance);
    this.#workers.report(instance);
  }

  /** A fresh claim has no container yet, since every one that exists is known; a RUNNING one should have. */
  #addAssigned(instanceGuid: string, lrp: AssignedLrp): Instance {
    const { guid, index, state } = lrp.actual;
    const instance = this.#add(newInstance({ instanceGuid, guid, index }));
    instance.looked = this.#hasListed && state !== 'RUNNING';
    return instance;
  }

  #add(instance: Instance): Instance {
    this.#byGuid.set(instance.key, instance);
    return instance;
  }

  #compare(instance: Instance, listed: Container | undefined, mark: ListMark): void {
    // Before it was looked for, its worker has changed nothing: whatever kept that busy, the list counts.
    const isStale = instance.looked && (instance.busy || instance.changedAt > mark.sequence);
    if (listed !== undefined && !isStale) sawContainer(instance, listed);
    if (mark.known.has(instance.key)) instance.looked = true;
    instance.reported = undefined;
    const vanished = listed === undefined && instance.container !== undefined;
    if (vanished || nextInstanceStep(instance, this.#cell.clock.now()).kind !== 'none') {
      this.#workers.push(instance);
    }
    this.#workers.report(instance);
  }

  #removeExpired(): void {
    const { clock, runtime, signal } = this.#cell;
    const all = [...this.#byGuid.values()];
    const assigned = new Set(all.flatMap((one) => (one.assigned === undefined ? [] : [one.guid])));
    for (const { id } of this.#kept.expire(assigned, clock.now())) {
      this.#workers.run(id, () => runtime.remove(id, { signal }));
    }
  }

  async #reread(instance: Instance): Promise<void> {
    if (instance.container === undefined) return;
    const { runtime, signal } = this.#cell;
    sawContainer(instance, await runtime.inspect(instance.container.id, { signal }));
  }

  /** Without an engine nothing is known, so no step is taken. */
  async #takeStep(instance: Instance): Promise<boolean> {
    const { signal, engine, clock } = this.#cell;
    if (signal.aborted || !engine.status.ok || !this.#hasListed) return false;
    const step = nextInstanceStep(instance, clock.now());
    switch (step.kind) {
      case 'none':
        if (step.againAt !== undefined) this.#workers.pushAt(instance, step.againAt);
        return false;
      case 'discover':
        this.#cell.wakePass();
        return false;
      case 'confirm':
        this.#cell.wakeConfirm();
        return false;
      case 'forget':
        this.#forget(instance);
        return false;
      default:
        await this.#act(instance, step);
        return true;
    }
  }

  #forget(instance: Instance): void {
    retireInstance(instance);
    this.#workers.drop(instance);
    this.#byGuid.delete(instance.key);
    this.#cell.hostPorts.release(instance.key);
  }

  #act(
    instance: Instance,
    step: Exclude<InstanceStep, { kind: 'none' | 'discover' | 'confirm' | 'forget' }>,
  ): Promise<void> {
    switch (step.kind) {
      case 'launch':
        return this.#actions.launch(instance);
      case 'start':
        return this.#actions.start(instance, step.containerId);
      case 'watch':
        return this.#actions.watch(instance, step.container);
      case 'crash':
        return this.#actions.crash(instance, step);
      case 'stop':
        return this.#actions.stop(instance, step);
      case 'remove':
        return this.#actions.remove(instance, step);
      default:
        return unreachable(step);
    }
  }
}

/** For people and metrics, not for decisions. */
function stageOf({ assigned, crash, health }: Instance): InstanceStage {
  if (assigned === undefined) return 'unclaimed';
  if (assigned.actual.retire !== undefined) return 'stopping';
  if (crash !== undefined) return 'crashed';
  return health?.phase === 'healthy' ? 'running' : 'starting';
}

function sameAssignment(before: AssignedLrp | undefined, after: AssignedLrp): boolean {
  return (
    before !== undefined &&
    before.actual.epoch === after.actual.epoch &&
    before.actual.modificationIndex === after.actual.modificationIndex &&
    before.actual.presence === after.actual.presence &&
    before.desired.modificationIndex === after.desired.modificationIndex
  );
}

function answered(instance: Instance, due: InstanceReport): void {
  if (due.method === 'started') instance.reported = JSON.stringify(due.params);
  else instance.ended = true;
}

const refusals = {
  started: 'ActualLRPCannotBeStarted',
  crashed: 'ActualLRPCannotBeCrashed',
  stopped: 'ActualLRPCannotBeRemoved',
} as const;

function refused(instance: Instance, due: InstanceReport, error: SkepError): boolean {
  if (error.code !== 'ResourceNotFound' && error.code !== refusals[due.method]) return false;
  if (due.method === 'started') instance.refused = `the servers refused it: ${error.message}`;
  else instance.ended = true;
  return true;
}
