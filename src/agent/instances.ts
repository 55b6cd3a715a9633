/**
 * All instances of LRPs on this cell. Assignments, lists of containers and engine events only change what is
 * known; one worker an instance then takes step after step (core/instance-step.ts) until nothing is to be
 * done, and what the servers are due to hear goes through a queue of its own. Built by cell.ts.
 */
import type { AssignedLrp } from '../api/core/cell-protocol.ts';
import { backoffMs } from '../base/core/backoff.ts';
import { messageOf, unreachable } from '../base/core/errors.ts';
import { keyedQueue } from '../base/keyed-queue.ts';
import { instanceName } from '../model/ids.ts';
import type { CellContext } from './cell-context.ts';
import type { Assigned } from './core/assignments.ts';
import type { Container } from './core/container.ts';
import {
  dueInstanceReport,
  type InstanceReport,
  type InstanceStep,
  nextInstanceStep,
} from './core/instance-step.ts';
import { dropInstance, type Instance, newInstance, sawContainer } from './instance.ts';
import { type InstanceActions, instanceActions } from './instance-actions.ts';
import { keptContainers } from './kept-containers.ts';
import { isDefinite } from './session/links.ts';

/** More than a cell has container slots: one that pulls or stops for long must not hold up the others. */
const maxWorkers = 512;
const maxReports = 64;
const maxStepsInRow = 16;
const retry = { firstMs: 200, maxMs: 10_000 } as const;
const reportRetry = { firstMs: 100, maxMs: 5_000 } as const;

export interface Instances {
  assign(assigned: Assigned): void;
  /** Takes in a list of containers; `mark` is what `beginList` returned before it was asked for. */
  observe(containers: readonly Container[], mark: ListMark): void;
  beginList(): ListMark;
  /** Something happened to a container: look at it now. */
  touch(instanceGuid: string): void;
  /** Everything that failed is tried again now. */
  retryReports(): void;
  /** Instances whose containers nobody claims. */
  unclaimed(): readonly { readonly guid: string; readonly index: number; readonly instanceGuid: string }[];
  /** A quorum-backed answer: these are not this cell's. */
  disown(instanceGuids: readonly string[]): void;
  /** The container of an instance, or of the one that crashed before it. */
  find(instanceGuid: string, previous: boolean): Container | undefined;
  readonly count: number;
  /** Resolves when no worker runs. */
  idle(): Promise<void>;
  /** Stops watching; touches no container. */
  close(): void;
}

export interface ListMark {
  readonly sequence: number;
  readonly known: ReadonlySet<string>;
}

export function manageInstances(cell: CellContext): Instances {
  const { clock, log, signal } = cell;
  const byGuid = new Map<string, Instance>();
  const kept = keptContainers();
  let sequence = 0;
  /** What ran before this process is known; until then nothing new is started. */
  let hasListed = false;
  const actions: InstanceActions = instanceActions(cell, kept, (instance) => {
    push(instance);
    report(instance);
  });

  const failed = (instanceGuid: string, error: unknown): void => {
    const instance = byGuid.get(instanceGuid);
    if (instance === undefined || signal.aborted) return;
    instance.failures += 1;
    log.warn('instance.step_failed', {
      instance: instanceName(instance.guid, instance.index),
      reason: messageOf(error),
    });
    void cell.engine.isAwayAfter(error);
    again(instance, backoffMs(retry, instance.failures, cell.rng));
  };
  const workers = keyedQueue<string>(maxWorkers, failed);
  const reports = keyedQueue<string>(maxReports, failed);

  function push(instance: Instance): void {
    if (!signal.aborted) workers.push(instance.instanceGuid, () => work(instance));
  }

  function again(instance: Instance, ms: number): void {
    instance.workTimer?.cancel();
    instance.workTimer = clock.after(ms, () => push(instance));
  }

  async function work(instance: Instance): Promise<void> {
    if (signal.aborted || byGuid.get(instance.instanceGuid) !== instance) return;
    instance.busy = true;
    try {
      await reread(instance);
      let steps = 0;
      while (await takeStep(instance)) {
        steps += 1;
        if (steps === maxStepsInRow) return again(instance, retry.firstMs);
      }
      instance.failures = 0;
    } finally {
      instance.busy = false;
      instance.changedAt = ++sequence;
      report(instance);
    }
  }

  async function reread(instance: Instance): Promise<void> {
    if (instance.container === undefined || !cell.engine.status.ok) return;
    sawContainer(instance, await cell.runtime.inspect(instance.container.id, { signal }));
  }

  /** Does the next step; false when there is none now. Without an engine nothing is known, so none is taken. */
  async function takeStep(instance: Instance): Promise<boolean> {
    if (signal.aborted || !cell.engine.status.ok || !hasListed) return false;
    const step = nextInstanceStep(instance, clock.now());
    switch (step.kind) {
      case 'none':
        if (step.againAt !== undefined) again(instance, Math.max(0, step.againAt - clock.now()));
        return false;
      case 'discover':
        cell.wakePass();
        return false;
      case 'confirm':
        cell.wakeConfirm();
        return false;
      case 'forget':
        dropInstance(instance);
        byGuid.delete(instance.instanceGuid);
        cell.hostPorts.release(instance.instanceGuid);
        return false;
      default:
        await act(instance, step);
        return true;
    }
  }

  function act(
    instance: Instance,
    step: Exclude<InstanceStep, { kind: 'none' | 'discover' | 'confirm' | 'forget' }>,
  ): Promise<void> {
    switch (step.kind) {
      case 'launch':
        return actions.launch(instance, step);
      case 'start':
        return actions.start(instance, step);
      case 'watch':
        return actions.watch(instance, step);
      case 'crash':
        return actions.crash(instance, step);
      case 'stop':
        return actions.stop(instance, step);
      case 'remove':
        return actions.remove(instance, step);
      default:
        return unreachable(step);
    }
  }

  function report(instance: Instance): void {
    if (signal.aborted || dueInstanceReport(instance, cell.config.address) === undefined) return;
    reports.push(instance.instanceGuid, () => send(instance));
  }

  async function send(instance: Instance): Promise<void> {
    const due = dueInstanceReport(instance, cell.config.address);
    if (due === undefined || signal.aborted) return;
    try {
      await cell.links.request(due.method, due.params, { signal });
      answered(instance, due);
    } catch (error) {
      if (signal.aborted) return;
      if (!refusedBy(instance, due, error)) return reportLater(instance, due, error);
    }
    instance.reportFailures = 0;
    push(instance);
  }

  function reportLater(instance: Instance, due: InstanceReport, error: unknown): void {
    instance.reportFailures += 1;
    if (instance.reportFailures === 1 || isDefinite(error)) {
      log.warn('instance.report_failed', {
        instance: instanceName(instance.guid, instance.index),
        report: due.method,
        reason: messageOf(error),
      });
    }
    instance.reportTimer?.cancel();
    const waitMs = backoffMs(reportRetry, instance.reportFailures, cell.rng);
    instance.reportTimer = clock.after(waitMs, () => report(instance));
  }

  return {
    assign(assigned) {
      for (const instance of byGuid.values()) {
        if (assigned.lrps.has(instance.instanceGuid) || instance.assigned === undefined) continue;
        instance.assigned = undefined;
        instance.launch?.abort();
        push(instance);
      }
      for (const [instanceGuid, lrp] of assigned.lrps) {
        const { guid, index } = lrp.actual;
        const instance = byGuid.get(instanceGuid) ?? addAssigned(lrp, { instanceGuid, guid, index });
        if (sameAssignment(instance, lrp)) continue;
        instance.assigned = lrp;
        instance.desired = lrp.desired;
        instance.foreign = false;
        if (lrp.actual.retire !== undefined) instance.launch?.abort();
        push(instance);
        report(instance);
      }
    },
    beginList: () => ({ sequence: ++sequence, known: new Set(byGuid.keys()) }),
    observe(containers, mark) {
      hasListed = true;
      const listed = new Map(containers.map((container) => [container.identity.instanceGuid, container]));
      for (const [instanceGuid, container] of listed) {
        if (byGuid.has(instanceGuid) || kept.has(container.id)) continue;
        const { guid, index } = container.identity;
        sawContainer(add(newInstance({ instanceGuid, guid, index })), container);
      }
      for (const instance of byGuid.values()) {
        const listedOne = listed.get(instance.instanceGuid);
        const isStale = instance.busy || instance.changedAt > mark.sequence;
        if (listedOne !== undefined && !isStale) sawContainer(instance, listedOne);
        if (mark.known.has(instance.instanceGuid)) instance.looked = true;
        instance.reported = undefined;
        const vanished = listedOne === undefined && instance.container !== undefined;
        if (vanished || nextInstanceStep(instance, clock.now()).kind !== 'none') push(instance);
        report(instance);
      }
      removeExpired();
    },
    touch(instanceGuid) {
      const instance = byGuid.get(instanceGuid);
      if (instance !== undefined) push(instance);
    },
    retryReports() {
      for (const instance of byGuid.values()) report(instance);
    },
    unclaimed: () =>
      [...byGuid.values()].filter((instance) => nextInstanceStep(instance, clock.now()).kind === 'confirm'),
    disown(instanceGuids) {
      for (const instanceGuid of instanceGuids) {
        const instance = byGuid.get(instanceGuid);
        if (instance === undefined || instance.assigned !== undefined) continue;
        instance.foreign = true;
        push(instance);
      }
    },
    find(instanceGuid, previous) {
      const instance = byGuid.get(instanceGuid);
      if (!previous) return instance?.container ?? kept.find({ instanceGuid });
      return kept.find(instance ?? { instanceGuid });
    },
    get count() {
      return byGuid.size;
    },
    idle: () => workers.idle(),
    close() {
      for (const instance of byGuid.values()) dropInstance(instance);
    },
  };

  function add(instance: Instance): Instance {
    byGuid.set(instance.instanceGuid, instance);
    return instance;
  }

  /** A fresh claim has no container yet, since every one that exists is known; a RUNNING one should have. */
  function addAssigned(lrp: AssignedLrp, names: Pick<Instance, 'instanceGuid' | 'guid' | 'index'>): Instance {
    const instance = add(newInstance(names));
    instance.looked = hasListed && lrp.actual.state !== 'RUNNING';
    return instance;
  }

  function removeExpired(): void {
    const assigned = new Set(
      [...byGuid.values()].flatMap((one) => (one.assigned === undefined ? [] : [one.guid])),
    );
    for (const container of kept.expire(assigned, clock.now())) {
      workers.push(container.id, () => cell.runtime.remove(container.id, { signal }));
    }
  }
}

function sameAssignment(instance: Instance, lrp: AssignedLrp): boolean {
  const before = instance.assigned;
  return (
    before !== undefined &&
    before.actual.epoch === lrp.actual.epoch &&
    before.actual.modificationIndex === lrp.actual.modificationIndex &&
    before.actual.presence === lrp.actual.presence &&
    before.desired.modificationIndex === lrp.desired.modificationIndex
  );
}

function answered(instance: Instance, due: InstanceReport): void {
  if (due.method === 'started') instance.reported = JSON.stringify(due.params);
  else instance.ended = true;
}

/** Takes a definite refusal in; false when the error settles nothing. */
function refusedBy(instance: Instance, due: InstanceReport, error: unknown): boolean {
  if (!isDefinite(error)) return false;
  if (error.code === 'ResourceNotFound') return settle(instance, due, error.message);
  if (due.method === 'started' && error.code === 'ActualLRPCannotBeStarted')
    return settle(instance, due, error.message);
  if (due.method === 'crashed' && error.code === 'ActualLRPCannotBeCrashed')
    return settle(instance, due, error.message);
  if (due.method === 'stopped' && error.code === 'ActualLRPCannotBeRemoved')
    return settle(instance, due, error.message);
  return false;
}

function settle(instance: Instance, due: InstanceReport, message: string): true {
  if (due.method === 'started') instance.refused = `the servers refused it: ${message}`;
  else instance.ended = true;
  return true;
}
