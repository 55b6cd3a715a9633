/**
 * A cell: everything that happens on a host except the container engine itself. It holds a session with
 * every server, keeps its presence alive, runs what it is assigned and reports how that goes. It stops
 * nothing because a server cannot be reached, and takes nothing for dead because the engine cannot.
 */
import type { Clock } from '../base/clock.ts';
import { backoffMs } from '../base/core/backoff.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import { type Rng, randomName } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import { startLoop } from '../base/loop.ts';
import type { Dial } from '../base/socket.ts';
import type { CellPresence } from '../model/cell.ts';
import { defaults } from '../model/defaults.ts';
import type { CellConfig, CellContext } from './cell-context.ts';
import { startConfirmer } from './confirmer.ts';
import { type Assigned, foldAssignments, nothingKnown } from './core/assignments.ts';
import { capacityOf } from './core/capacity.ts';
import { type EngineStatus, watchEngine } from './engine.ts';
import { healthChecks } from './health-monitor.ts';
import type { Host, HostFacts } from './host-port.ts';
import { hostPorts } from './host-ports.ts';
import { sharedImages } from './images.ts';
import { manageInstances } from './instances.ts';
import { limit } from './limit.ts';
import { keepPresence } from './presence.ts';
import type { Prober } from './prober.ts';
import type { Runtime, RuntimeEvent } from './runtime.ts';
import { type LinkStatus, startLinks } from './session/links.ts';
import { serveStreams } from './session/streams.ts';
import { manageTasks } from './tasks.ts';

export type { CellConfig } from './cell-context.ts';

const maxCreations = 16;
const defaultPortRange = { from: 20_000, to: 29_999 } as const;
const eventsRetry = { firstMs: 100, maxMs: 5_000 } as const;
/** How often to look whether there is an engine and a cluster to follow. */
const eventsIdleMs = 250;
/** An event stream is taken to be listening by then; a list after it misses nothing. */
const eventsSettleMs = 1_000;

export interface CellOptions {
  readonly config: CellConfig;
  readonly runtime: Runtime;
  readonly host: Host;
  readonly dial: Dial;
  readonly prober: Prober;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  /** Ends the agent's part; every container runs on. */
  readonly signal: AbortSignal;
}

export interface CellStatus {
  readonly clusterId: string | undefined;
  readonly engine: EngineStatus;
  readonly registered: boolean;
  readonly sessions: readonly LinkStatus[];
  readonly instances: number;
  readonly tasks: number;
}

export interface Cell {
  /** Resolves once the signal has aborted and everything has come to rest. */
  readonly done: Promise<void>;
  status(): CellStatus;
}

export function startCell(options: CellOptions): Cell {
  const { config, runtime, clock, rng, signal } = options;
  const log = options.log.with({ cell: config.cellId });
  const bootId = randomName(rng);
  const registeredAt = clock.now();
  let assigned: Assigned = nothingKnown;
  let facts: HostFacts | undefined;

  const engine = watchEngine({
    runtime,
    clock,
    log,
    signal,
    onChange(status) {
      presence.wake();
      if (status.ok) wakeAll();
    },
  });
  const links = startLinks({
    ...{ cellId: config.cellId, servers: config.servers, clusterId: config.clusterId },
    ...{ dial: options.dial, clock, rng, log, signal },
    onLive() {
      presence.wake();
      wakeAll();
    },
    onAssignments(message) {
      const next = foldAssignments(assigned, message);
      if (next === assigned) return;
      assigned = next;
      instances.assign(assigned);
      tasks.assign(assigned);
    },
    onOpen: (address, streamId, request) => streams.open(address, streamId, request),
  });
  const cell: CellContext = {
    ...{ config, runtime, clock, rng, log, signal, links, engine },
    images: sharedImages(runtime),
    hostPorts: hostPorts(config.portRange ?? defaultPortRange, rng),
    creations: limit(maxCreations),
    checks: healthChecks({ clock, prober: options.prober, runtime, engine }),
    owner() {
      if (links.clusterId !== undefined) {
        return { clusterId: links.clusterId, cellId: config.cellId, address: config.address };
      }
      throw new SkepError('Unavailable', 'no server has welcomed this cell yet, so its cluster is unknown');
    },
    wakePass: () => sweep.wake(),
    wakeConfirm: () => confirmer.wake(),
  };
  const instances = manageInstances(cell);
  const tasks = manageTasks(cell);
  const confirmer = startConfirmer(cell, instances, tasks);
  const streams = serveStreams({
    ...{ runtime, dial: options.dial, clock, log, signal },
    find: (name, previous) => instances.find(name, previous) ?? (previous ? undefined : tasks.find(name)),
  });
  const sweep = startLoop({
    ...{
      name: 'sweep',
      clock,
      log,
      rng,
      signal,
      everyMs: defaults.cellSweepMs,
      debounceMs: 20,
      maxDelayMs: 200,
    },
    pass: async () => {
      await listContainers();
      await readHost();
    },
  });
  const presence = keepPresence({ links, clock, rng, log, signal, current: currentPresence });
  const events = followEvents(cell, (event) => {
    if (event.kind === 'started') return;
    const part = event.identity.kind === 'lrp' ? instances : tasks;
    part.touch(event.identity.instanceGuid);
  });

  function wakeAll(): void {
    sweep.wake();
    confirmer.wake();
    instances.retryReports();
    tasks.retryReports();
  }

  async function readHost(): Promise<void> {
    facts = await options.host.facts({ signal });
    presence.wake();
  }

  /** The level: what there is, compared with what should be. Without an engine or a cluster nothing is known. */
  async function listContainers(): Promise<void> {
    if (!engine.status.ok || links.clusterId === undefined) return;
    const marks = { lrp: instances.beginList(), task: tasks.beginList() };
    try {
      const all = await runtime.list({ clusterId: links.clusterId, cellId: config.cellId, signal });
      instances.observe(
        all.filter(({ identity }) => identity.kind === 'lrp'),
        marks.lrp,
      );
      tasks.observe(
        all.filter(({ identity }) => identity.kind === 'task'),
        marks.task,
      );
    } catch (error) {
      if (!(await engine.isAwayAfter(error))) throw error;
    }
  }

  function currentPresence(): CellPresence | undefined {
    if (facts === undefined) return undefined;
    return {
      ...{ v: 1, cellId: config.cellId, bootId, zone: config.zone, os: facts.os, arch: facts.arch },
      ...{ address: config.address, version: config.version, engine: engine.status, registeredAt },
      capacity: capacityOf(facts, config.capacity ?? {}),
    };
  }

  return {
    done: Promise.all([engine.done, links.done, sweep.done, confirmer.done, presence.done, events]).then(
      () => {
        instances.close();
        tasks.close();
      },
    ),
    status: () => ({
      ...{ clusterId: links.clusterId, engine: engine.status, registered: presence.registered },
      ...{ sessions: links.status, instances: instances.count, tasks: tasks.count },
    }),
  };
}

/** Passes the engine's events on for as long as the agent lives; a list follows whenever the stream is new. */
async function followEvents(cell: CellContext, onEvent: (event: RuntimeEvent) => void): Promise<void> {
  const { clock, signal, log, rng } = cell;
  let failures = 0;
  while (!signal.aborted) {
    const clusterId = cell.links.clusterId;
    if (clusterId === undefined || !cell.engine.status.ok) {
      await clock.sleep(eventsIdleMs, signal).catch(() => undefined);
      continue;
    }
    const settled = clock.after(eventsSettleMs, () => {
      failures = 0;
      cell.wakePass();
    });
    try {
      cell.wakePass();
      await cell.runtime.events({ clusterId, cellId: cell.config.cellId, signal }, onEvent);
    } catch (error) {
      if (signal.aborted) return;
      log.warn('engine.events_lost', { reason: messageOf(error) });
      await cell.engine.check();
    } finally {
      settled.cancel();
    }
    failures += 1;
    await clock.sleep(backoffMs(eventsRetry, failures, rng), signal).catch(() => undefined);
  }
}
