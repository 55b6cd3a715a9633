/**
 * How a cell does each step for an instance: one method a kind of step, called by the instance's worker
 * (instances.ts). Each leaves in the instance's view what it found; what fails is thrown and tried again.
 */
import { withDeadline } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import { nextCrashCount } from '../model/restart-policy.ts';
import { startFailure } from '../model/start-failure.ts';
import type { CellContext } from './cell-context.ts';
import type { Container, ContainerSpec } from './core/container.ts';
import { lrpSpec } from './core/container-spec.ts';
import { withLastLines } from './core/exit-reason.ts';
import { type Health, lastOutput, startHealth } from './core/health.ts';
import type { Deed } from './core/instance-doing.ts';
import type { InstanceStep } from './core/instance-step.ts';
import { isNoAnswer } from './engine.ts';
import { monitorHealth } from './health-monitor.ts';
import { type Instance, sawContainer, stopMonitor } from './instance.ts';
import type { KeptContainers } from './kept-containers.ts';
import { requirePrivileged } from './privilege.ts';

const maxPortTries = 8;
/** A busy host takes seconds to show a log, and these lines are what tells the operator why. */
const lastLinesDeadlineMs = 3_000;
const lastLines = 5;

type StepOf<K extends InstanceStep['kind']> = Extract<InstanceStep, { readonly kind: K }>;

export class InstanceActions {
  readonly #cell: CellContext;
  readonly #kept: KeptContainers;
  readonly #onHealth: (instance: Instance) => void;

  /** @param onHealth called when an instance's health has changed, so that its worker looks at it */
  constructor(cell: CellContext, kept: KeptContainers, onHealth: (instance: Instance) => void) {
    this.#cell = cell;
    this.#kept = kept;
    this.#onHealth = onHealth;
  }

  async launch(instance: Instance): Promise<void> {
    const { desired } = instance;
    if (desired === undefined) return;
    const cell = this.#cell;
    instance.launch = new AbortController();
    instance.launchedAt = cell.clock.now();
    const unwanted = AbortSignal.any([cell.signal, instance.launch.signal]);
    try {
      if (desired.privileged) requirePrivileged(cell);
      this.#at(instance, 'image');
      await cell.images.ensure(desired.image, { signal: unwanted });
      this.#at(instance, 'queued');
      await cell.creations.run(() => this.#createAndStart(instance, unwanted), unwanted);
    } catch (error) {
      if (unwanted.aborted || (await cell.engine.isAwayAfter(error))) return;
      if (instance.container !== undefined && isNoAnswer(error)) throw error;
      const what = instance.container === undefined ? 'create' : 'run';
      this.#crashed(instance, startFailure(what, messageOf(error)));
    } finally {
      instance.deed = undefined;
      instance.launch = undefined;
    }
  }

  /** Starts a container that an earlier process of this agent had only created. */
  async start(instance: Instance, containerId: string): Promise<void> {
    try {
      await this.#start(instance, containerId);
    } catch (error) {
      if (await this.#cell.engine.isAwayAfter(error)) return;
      if (isNoAnswer(error)) throw error;
      if (isPortConflict(error)) await this.#removeForAnother(instance, containerId, error);
      else this.#crashed(instance, startFailure('run', messageOf(error)));
    } finally {
      instance.deed = undefined;
    }
  }

  /** From now on its health is watched; one that is recorded as running goes on as it was. */
  async watch(instance: Instance, container: Container): Promise<void> {
    const { desired, assigned } = instance;
    if (desired === undefined || assigned === undefined) return;
    const { clock, checks, hostPorts } = this.#cell;
    const now = clock.now();
    const { state, containerId, routable, since } = assigned.actual;
    const adopted = state === 'RUNNING' && containerId === container.id ? { routable } : undefined;
    hostPorts.adopt(
      instance.key,
      container.ports.map((port) => port.hostPort),
    );
    // A container that was found gets the whole start timeout: nobody has asked it for its health meanwhile.
    const health = startHealth(desired, { startedAt: now, adopted }, now);
    instance.health = health;
    instance.healthySince = health.phase === 'healthy' ? (adopted === undefined ? now : since) : undefined;
    this.#countStart(instance);
    instance.monitor?.stop();
    instance.monitor = monitorHealth(checks, container, health, (next) => {
      if (next.phase === 'healthy') instance.healthySince ??= clock.now();
      this.#countStart(instance);
      const before = instance.health ?? health;
      instance.health = next;
      this.#logHealth(instance, before, next);
      this.#onHealth(instance);
    });
  }

  async crash(instance: Instance, { container, reason }: StepOf<'crash'>): Promise<void> {
    stopMonitor(instance);
    const lines = container === undefined ? [] : await tail(this.#cell, container.id);
    this.#crashed(instance, withLastLines(reason, lines));
  }

  async stop(instance: Instance, { containerId, graceMs, because }: StepOf<'stop'>): Promise<void> {
    const { runtime, signal, log } = this.#cell;
    stopMonitor(instance);
    log.info('instance.stopping', { instance: instance.label, because });
    this.#at(instance, 'stopping');
    try {
      await runtime.stop(containerId, { graceMs, signal });
      sawContainer(instance, await runtime.inspect(containerId, { signal }));
    } finally {
      instance.deed = undefined;
    }
  }

  async remove(instance: Instance, { container, keep }: StepOf<'remove'>): Promise<void> {
    const { runtime, signal, clock, hostPorts } = this.#cell;
    const surplus = keep ? this.#kept.keep(container, clock.now()) : [container];
    for (const one of surplus) await runtime.remove(one.id, { signal });
    hostPorts.release(instance.key);
    sawContainer(instance, undefined);
    instance.hadContainer = false;
  }

  /** Creates with free host ports, and with others when something else on the host took one of them. */
  async #createAndStart(instance: Instance, unwanted: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      this.#at(instance, 'creating');
      const spec = specOf(this.#cell, instance);
      const id = await this.#create(spec, unwanted);
      if (id === undefined) return this.#discover(instance);
      sawContainer(instance, freshContainer(id, spec));
      restartedAfter(instance);
      if (unwanted.aborted) return;
      try {
        return await this.#start(instance, id);
      } catch (error) {
        if (!isPortConflict(error) || tries >= maxPortTries) throw error;
        await this.#removeForAnother(instance, id, error);
      }
    }
  }

  /** Undefined when it exists already: an earlier process of this agent made it. */
  async #create(spec: ContainerSpec, unwanted: AbortSignal): Promise<string | undefined> {
    try {
      return await this.#cell.runtime.create(spec, { signal: unwanted });
    } catch (error) {
      if (error instanceof SkepError && error.code === 'ResourceExists') return undefined;
      throw error;
    }
  }

  async #start(instance: Instance, id: string): Promise<void> {
    const { runtime, signal } = this.#cell;
    this.#at(instance, 'starting');
    await runtime.start(id, { signal });
    sawContainer(instance, await runtime.inspect(id, { signal }));
  }

  async #removeForAnother(instance: Instance, id: string, error: unknown): Promise<void> {
    const { runtime, signal, log } = this.#cell;
    log.info('instance.port_taken', { instance: instance.label, reason: messageOf(error) });
    await runtime.remove(id, { signal });
    sawContainer(instance, undefined);
    instance.hadContainer = false;
  }

  /** For whoever asks what it is doing; no step is decided on it. */
  #at(instance: Instance, kind: Deed['kind']): void {
    instance.deed = { kind, since: this.#cell.clock.now() };
  }

  async #discover(instance: Instance): Promise<void> {
    const { runtime, signal } = this.#cell;
    const { clusterId, cellId } = this.#cell.owner();
    const all = await runtime.list({ clusterId, cellId, signal });
    sawContainer(
      instance,
      all.find(({ identity }) => identity.kind === 'lrp' && identity.instanceGuid === instance.key),
    );
  }

  /** Each turn is told once; what a failing check says, whenever that is new. */
  #logHealth(instance: Instance, before: Health, after: Health): void {
    const { log } = this.#cell;
    const fields = { instance: instance.label, output: lastOutput(after) };
    if (before.phase !== after.phase && after.phase === 'healthy') log.info('instance.healthy', fields);
    else if (before.routable !== after.routable && after.phase === 'healthy') {
      log.info(after.routable ? 'instance.ready' : 'instance.not_ready', fields);
    } else if (fields.output !== undefined && fields.output !== lastOutput(before)) {
      log.info('instance.check_failed', fields);
    }
  }

  /** Once a launch: when it is healthy for the first time. */
  #countStart(instance: Instance): void {
    const { metrics, clock } = this.#cell;
    if (instance.launchedAt === undefined || instance.healthySince === undefined) return;
    metrics.count('skep_cell_starts_total', {});
    metrics.observe('skep_cell_start_duration_seconds', {}, (clock.now() - instance.launchedAt) / 1_000);
    instance.launchedAt = undefined;
  }

  #crashed(instance: Instance, reason: string): void {
    const at = this.#cell.clock.now();
    const recorded = instance.assigned?.actual.crashCount ?? 0;
    const before = instance.crash?.count ?? instance.localRestart?.count ?? recorded;
    const wasRunning = instance.healthySince !== undefined;
    const count = nextCrashCount(before, wasRunning, instance.healthySince ?? at, at);
    instance.crash = { reason, at, count };
    instance.launchedAt = undefined;
    this.#cell.metrics.count('skep_cell_crashes_total', {});
    this.#cell.log.warn('instance.crashed', { instance: instance.label, reason });
  }
}

function specOf(cell: CellContext, instance: Instance): ContainerSpec {
  const { desired, instanceGuid, index } = instance;
  if (desired === undefined)
    throw new SkepError('Internal', `no definition of ${instance.guid} to launch from`);
  const fixed = desired.fixedPorts;
  const free = desired.ports.filter((port) => !fixed.some(({ containerPort }) => containerPort === port));
  const insisted = fixed.map(({ hostPort }) => hostPort);
  const hosts = cell.hostPorts.reserve(instanceGuid, free.length, insisted);
  const picked = free.map((containerPort, at) => ({ containerPort, hostPort: hosts[at] ?? 0 }));
  const ports = [...picked, ...fixed];
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
