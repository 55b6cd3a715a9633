/**
 * All instances of LRPs on this cell. Assignments, lists of containers and engine events only change what is
 * known; each instance's worker then takes step after step (core/instance-step.ts) until nothing is to be
 * done. Built by cell.ts.
 */
import type { AssignedLrp } from '../api/core/cell-protocol.ts';
import type { InstanceDoing } from '../api/core/instance-doing.ts';
import { type SkepError, unreachable } from '../base/core/errors.ts';
import type { CellContext } from './cell-context.ts';
import type { Assigned } from './core/assignments.ts';
import type { Container } from './core/container.ts';
import { doingOf } from './core/instance-doing.ts';
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
import { type ListMark, type PassiveStep, Units } from './units.ts';

type ReportName = InstanceReport['method'];
type ActiveStep = Exclude<InstanceStep, PassiveStep>;

/** Where an instance is on its way; `unclaimed`: there is a container that no server assigns to this cell. */
export type InstanceStage = 'starting' | 'running' | 'crashed' | 'stopping' | 'unclaimed';

export class Instances {
  readonly #cell: CellContext;
  readonly #kept = keptContainers();
  readonly #actions: InstanceActions;
  readonly #units: Units<Instance, ReportName, ActiveStep>;
  /** What ran before this process is known; until then nothing new is started. */
  #hasListed = false;

  constructor(cell: CellContext) {
    this.#cell = cell;
    this.#units = new Units<Instance, ReportName, ActiveStep>(cell, {
      isReady: () => this.#hasListed,
      nextStep: nextInstanceStep,
      act: (instance, step) => this.#act(instance, step),
      saw: sawContainer,
      retire: retireInstance,
      forgotten: ({ key }) => cell.hostPorts.release(key),
      dueReport: (instance) => dueInstanceReport(instance, cell.config.address),
      answered,
      refused,
    });
    this.#actions = new InstanceActions(cell, this.#kept, (instance) => this.#units.changed(instance));
  }

  get count(): number {
    return this.#units.count;
  }

  countByStage(): Record<InstanceStage, number> {
    const counts = { starting: 0, running: 0, crashed: 0, stopping: 0, unclaimed: 0 };
    for (const instance of this.#units.all) counts[stageOf(instance)] += 1;
    return counts;
  }

  assign(assigned: Assigned): void {
    for (const instance of this.#units.all) {
      if (assigned.lrps.has(instance.key) || instance.assigned === undefined) continue;
      instance.assigned = undefined;
      instance.launch?.abort();
      this.#units.workers.push(instance);
    }
    for (const [instanceGuid, lrp] of assigned.lrps) this.#assignOne(instanceGuid, lrp);
  }

  beginList(): ListMark {
    return this.#units.beginList();
  }

  /** Takes in all containers of LRPs; `mark` is what `beginList` returned before they were asked for. */
  observe(containers: readonly Container[], mark: ListMark): void {
    this.#hasListed = true;
    const listed = new Map(containers.map((container) => [container.identity.instanceGuid, container]));
    for (const [instanceGuid, container] of listed) {
      // One that was kept for its log and runs again, whoever started it, is asked about like any stranger.
      if (container.state === 'running') this.#kept.release(container.id);
      if (this.#units.get(instanceGuid) !== undefined || this.#kept.has(container.id)) continue;
      const { guid, index } = container.identity;
      sawContainer(this.#units.add(newInstance({ instanceGuid, guid, index })), container);
    }
    for (const instance of this.#units.all) this.#compare(instance, listed.get(instance.key), mark);
    this.#removeExpired();
  }

  /** Something happened to a container: look at it now. */
  touch(instanceGuid: string): void {
    this.#units.touch(instanceGuid);
  }

  /** Reports that failed are sent again now. */
  retryReports(): void {
    this.#units.retryReports();
  }

  /** Instances whose containers nobody claims. */
  unclaimed(): Instance[] {
    return this.#units.unclaimed();
  }

  /** A quorum-backed answer: these are not this cell's. */
  disown(instances: readonly Instance[]): void {
    this.#units.disown(instances);
  }

  /** The container of an instance, or with `previous` of the one that crashed before it. */
  find({ instanceGuid, index }: StreamTarget, previous: boolean): Container | undefined {
    const instance = this.#units.get(instanceGuid);
    if (previous) return this.#kept.find(instance ?? index ?? { instanceGuid });
    return instance?.container ?? this.#kept.find({ instanceGuid });
  }

  /** What is being done with an instance, for whoever asks; undefined when this cell knows nothing of it. */
  tell(instanceGuid: string): InstanceDoing | undefined {
    const instance = this.#units.get(instanceGuid);
    if (instance === undefined) return undefined;
    const { clock, config, engine, images } = this.#cell;
    const { ok, reason = 'no reason is known' } = engine.status;
    const { image } = instance.desired ?? {};
    const around = {
      cellId: config.cellId,
      engineAway: ok ? undefined : reason,
      hasListed: this.#hasListed,
      pull: image === undefined ? undefined : images.pulling(image),
    };
    return doingOf(instance, around, clock.now());
  }

  /** Containers that run now. */
  running(): Container[] {
    return this.#units.running();
  }

  /** Stops watching; touches no container. */
  close(): void {
    this.#units.close();
  }

  #assignOne(instanceGuid: string, lrp: AssignedLrp): void {
    const instance = this.#units.get(instanceGuid) ?? this.#addAssigned(instanceGuid, lrp);
    if (sameAssignment(instance.assigned, lrp)) return;
    instance.assigned = lrp;
    instance.desired = lrp.desired;
    instance.foreign = false;
    if (lrp.actual.retire !== undefined) instance.launch?.abort();
    this.#units.changed(instance);
  }

  /** A fresh claim has no container yet, since every one that exists is known; a RUNNING one should have. */
  #addAssigned(instanceGuid: string, lrp: AssignedLrp): Instance {
    const { guid, index, state } = lrp.actual;
    const instance = this.#units.add(newInstance({ instanceGuid, guid, index }));
    instance.looked = this.#hasListed && state !== 'RUNNING';
    return instance;
  }

  #compare(instance: Instance, listed: Container | undefined, mark: ListMark): void {
    // Before it was looked for, its worker has changed nothing: whatever kept that busy, the list counts.
    const isStale = instance.looked && (instance.busy || instance.changedAt > mark.sequence);
    if (listed !== undefined && !isStale) sawContainer(instance, listed);
    if (mark.known.has(instance.key)) instance.looked = true;
    instance.reported = undefined;
    this.#units.compared(instance, listed !== undefined);
  }

  #removeExpired(): void {
    const { clock, runtime, signal } = this.#cell;
    const { all } = this.#units;
    const assigned = new Set(all.flatMap((one) => (one.assigned === undefined ? [] : [one.guid])));
    for (const { id } of this.#kept.expire(assigned, clock.now())) {
      this.#units.workers.run(id, () => runtime.remove(id, { signal }));
    }
  }

  #act(instance: Instance, step: ActiveStep): Promise<void> {
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
