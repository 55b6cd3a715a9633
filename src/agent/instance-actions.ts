/**
 * How a cell does each step for an instance: one function a kind of step, called by the instance's worker
 * (instances.ts). Each leaves in the instance's view what it found; what fails is thrown and tried again.
 */
import { withDeadline } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import { instanceName } from '../model/ids.ts';
import { nextCrashCount } from '../model/restart-policy.ts';
import type { CellContext } from './cell-context.ts';
import type { Container, ContainerSpec } from './core/container.ts';
import { lrpSpec } from './core/container-spec.ts';
import { withLastLines } from './core/exit-reason.ts';
import { startHealth } from './core/health.ts';
import type { InstanceStep } from './core/instance-step.ts';
import { monitorHealth } from './health-monitor.ts';
import { type Instance, sawContainer, stopMonitor } from './instance.ts';
import type { KeptContainers } from './kept-containers.ts';

const maxPortTries = 8;
const lastLinesDeadlineMs = 500;
const lastLines = 5;

type StepOf<K extends InstanceStep['kind']> = Extract<InstanceStep, { readonly kind: K }>;
type Acted = Exclude<InstanceStep['kind'], 'none' | 'discover' | 'forget' | 'confirm'>;
export type InstanceActions = {
  readonly [K in Acted]: (instance: Instance, step: StepOf<K>) => Promise<void>;
};

/** @param onHealth called when an instance's health has changed, so that its worker looks at it */
export function instanceActions(
  cell: CellContext,
  kept: KeptContainers,
  onHealth: (instance: Instance) => void,
): InstanceActions {
  const { runtime, clock, signal, log } = cell;

  function crashed(instance: Instance, reason: string): void {
    const actual = instance.assigned?.actual;
    const wasRunning = instance.healthySince !== undefined;
    const before = instance.crash?.count ?? instance.localRestart?.count ?? actual?.crashCount ?? 0;
    const since = instance.healthySince ?? clock.now();
    const at = clock.now();
    instance.crash = { reason, at, count: nextCrashCount(before, wasRunning, since, at) };
    log.warn('instance.crashed', { instance: instanceName(instance.guid, instance.index), reason });
  }

  async function launch(instance: Instance): Promise<void> {
    const { desired, crash } = instance;
    if (desired === undefined) return;
    instance.launch = new AbortController();
    const unwanted = AbortSignal.any([signal, instance.launch.signal]);
    try {
      if (desired.privileged) requirePrivileged(cell);
      await cell.images.ensure(desired.image, { signal: unwanted });
      await cell.creations.run(() => createAndStart(instance, unwanted), unwanted);
    } catch (error) {
      if (unwanted.aborted || (await cell.engine.isAwayAfter(error))) return;
      const what = instance.container === undefined ? 'create' : 'run';
      crashed(instance, `failed to ${what} container: ${messageOf(error)}`);
      return;
    } finally {
      instance.launch = undefined;
    }
    if (crash !== undefined)
      log.info('instance.restarted_here', { instance: instance.guid, count: crash.count });
  }

  /** Creates with free host ports, and with others when something else on the host took one of them. */
  async function createAndStart(instance: Instance, unwanted: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      const spec = specOf(cell, instance);
      const id = await create(spec, unwanted);
      if (id === undefined) return discover(instance);
      sawContainer(instance, freshContainer(id, spec));
      restartedAfter(instance);
      if (unwanted.aborted) return;
      try {
        await start(instance, id);
        return;
      } catch (error) {
        if (!isPortConflict(error) || tries >= maxPortTries) throw error;
        log.info('instance.port_taken', { instance: instance.guid, reason: messageOf(error) });
        await runtime.remove(id, { signal });
        sawContainer(instance, undefined);
      }
    }
  }

  /** Undefined when it exists already: an earlier process of this agent made it. */
  async function create(spec: ContainerSpec, unwanted: AbortSignal): Promise<string | undefined> {
    try {
      return await runtime.create(spec, { signal: unwanted });
    } catch (error) {
      if (error instanceof SkepError && error.code === 'ResourceExists') return undefined;
      throw error;
    }
  }

  async function start(instance: Instance, id: string): Promise<void> {
    await runtime.start(id, { signal });
    sawContainer(instance, await runtime.inspect(id, { signal }));
  }

  async function discover(instance: Instance): Promise<void> {
    const { clusterId, cellId } = cell.owner();
    const all = await runtime.list({ clusterId, cellId, signal });
    const mine = all.find(
      ({ identity }) => identity.kind === 'lrp' && identity.instanceGuid === instance.instanceGuid,
    );
    sawContainer(instance, mine);
  }

  function watch(instance: Instance, container: Container): void {
    const { desired, assigned } = instance;
    if (desired === undefined || assigned === undefined) return;
    const now = clock.now();
    const wasReported = assigned.actual.state === 'RUNNING' && assigned.actual.containerId === container.id;
    const adopted = wasReported ? { routable: assigned.actual.routable } : undefined;
    cell.hostPorts.adopt(
      instance.instanceGuid,
      container.ports.map((port) => port.hostPort),
    );
    const health = startHealth(desired, { startedAt: container.startedAt ?? now, adopted }, now);
    instance.health = health;
    instance.healthySince =
      health.phase === 'healthy' ? (wasReported ? assigned.actual.since : now) : undefined;
    instance.monitor?.stop();
    instance.monitor = monitorHealth(cell.checks, container, health, (next) => {
      if (next.phase === 'healthy') instance.healthySince ??= clock.now();
      instance.health = next;
      onHealth(instance);
    });
  }

  return {
    launch,
    async start(instance, step) {
      try {
        await start(instance, step.containerId);
      } catch (error) {
        if (await cell.engine.isAwayAfter(error)) return;
        if (!isPortConflict(error)) return crashed(instance, `failed to run container: ${messageOf(error)}`);
        await runtime.remove(step.containerId, { signal });
        sawContainer(instance, undefined);
        instance.hadContainer = false;
      }
    },
    async watch(instance, { container }) {
      watch(instance, container);
    },
    async crash(instance, { container, reason }) {
      stopMonitor(instance);
      const lines = container === undefined ? [] : await tail(cell, container.id);
      crashed(instance, withLastLines(reason, lines));
    },
    async stop(instance, { containerId, graceMs, because }) {
      stopMonitor(instance);
      log.info('instance.stopping', { instance: instanceName(instance.guid, instance.index), because });
      await runtime.stop(containerId, { graceMs, signal });
      sawContainer(instance, await runtime.inspect(containerId, { signal }));
    },
    async remove(instance, { container, keep }) {
      const surplus = keep ? kept.keep(container, clock.now()) : [container];
      for (const one of surplus) await runtime.remove(one.id, { signal });
      cell.hostPorts.release(instance.instanceGuid);
      sawContainer(instance, undefined);
      instance.hadContainer = false;
    },
  };
}

function requirePrivileged(cell: CellContext): void {
  if (cell.config.allowPrivileged) return;
  throw new SkepError('InvalidRequest', `cell ${cell.config.cellId} does not allow privileged containers`, {
    hint: 'set allowPrivileged in its configuration, or run the workload without privileges',
  });
}

function specOf(cell: CellContext, instance: Instance): ContainerSpec {
  const { desired, instanceGuid, index } = instance;
  if (desired === undefined)
    throw new SkepError('Internal', `no definition of ${instance.guid} to launch from`);
  const hosts = cell.hostPorts.reserve(instanceGuid, desired.ports.length);
  const ports = desired.ports.map((containerPort, at) => ({ containerPort, hostPort: hosts[at] ?? 0 }));
  return lrpSpec(cell.owner(), desired, { instanceGuid, index }, ports);
}

/** The crash that a restart by this cell follows now belongs to the new container's history. */
function restartedAfter(instance: Instance): void {
  const { crash } = instance;
  instance.crash = undefined;
  instance.health = undefined;
  instance.healthySince = undefined;
  if (crash !== undefined) instance.localRestart = { count: crash.count, reason: crash.reason };
}

function freshContainer(id: string, spec: ContainerSpec): Container {
  return {
    id,
    identity: spec.identity,
    state: 'created',
    exitCode: undefined,
    oomKilled: false,
    startedAt: undefined,
    finishedAt: undefined,
    pid: 0,
    ipAddress: '',
    ports: spec.ports,
  };
}

function isPortConflict(error: unknown): boolean {
  return error instanceof SkepError && error.code === 'ResourceConflict';
}

/** What the container wrote last. A log that cannot be read must not hold up the crash report. */
async function tail(cell: CellContext, id: string): Promise<string[]> {
  const lines: string[] = [];
  const late = (): SkepError => new SkepError('Timeout', 'the log could not be read in time');
  try {
    await withDeadline(cell.clock, lastLinesDeadlineMs, cell.signal, late, async (signal) => {
      for await (const line of cell.runtime.logs(id, { follow: false, tail: lastLines, signal })) {
        lines.push(line.text);
      }
    });
  } catch (error) {
    cell.log.debug('instance.log_unread', { containerId: id, reason: messageOf(error) });
  }
  return lines;
}
