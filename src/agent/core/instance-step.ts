/**
 * The next step for one instance of an LRP on this cell, and the report that its servers are due. Pure: the
 * instance's worker (instances.ts) re-reads the container, asks here, does what it is told, and asks again
 * until there is nothing to do. Diego's table: reference/diego.md 1.7.
 */
import type { AssignedLrp, CellRequestParams } from '../../api/core/cell-protocol.ts';
import type { ActualLrp, NetInfo } from '../../model/actual-lrp.ts';
import { defaults } from '../../model/defaults.ts';
import type { DesiredLrp } from '../../model/desired-lrp.ts';
import type { Millis } from '../../model/ids.ts';
import { crashBackoffMs } from '../../model/restart-policy.ts';
import type { Container } from './container.ts';
import { exitReason } from './exit-reason.ts';
import { type Health, lastOutput } from './health.ts';

/** An instance that ended by itself, or never came up, and whose record does not say so yet. */
export interface Crash {
  readonly reason: string;
  readonly at: Millis;
  /** By Diego's policy, as the servers will count: needed when they do not answer. */
  readonly count: number;
}

/** What the cell knows of one instance guid. */
export interface InstanceView {
  readonly instanceGuid: string;
  readonly guid: string;
  readonly index: number;
  /** Undefined: the servers do not assign it to this cell (any more). */
  readonly assigned: AssignedLrp | undefined;
  /** The last definition that was assigned; undefined for a container that was only found. */
  readonly desired: DesiredLrp | undefined;
  readonly container: Container | undefined;
  /** The engine was asked for its containers since this instance was first heard of. */
  readonly looked: boolean;
  /** It had a container, by this process's doing or finding: none now means that it vanished. */
  readonly hadContainer: boolean;
  readonly health: Health | undefined;
  readonly crash: Crash | undefined;
  /** Restarts by this cell alone, while no server answered. */
  readonly localRestart: { readonly count: number; readonly reason: string } | undefined;
  /** Why the servers will not have it, by a definite answer to a report. */
  readonly refused: string | undefined;
  /** A quorum-backed answer said that it is not this cell's. */
  readonly foreign: boolean;
  /** Its end is recorded: nothing is reported or started for this instance guid again. */
  readonly ended: boolean;
  /** The last `started` that was answered, as JSON. */
  readonly reported: string | undefined;
}

export type InstanceStep =
  | { readonly kind: 'discover' }
  | { readonly kind: 'launch' }
  | { readonly kind: 'start'; readonly containerId: string }
  | { readonly kind: 'watch'; readonly container: Container }
  | { readonly kind: 'crash'; readonly container: Container | undefined; readonly reason: string }
  | {
      readonly kind: 'stop';
      readonly containerId: string;
      readonly graceMs: number;
      readonly because: string;
    }
  /** The container has ended. With `keep` it ended by itself: its log may be wanted as the previous one's. */
  | { readonly kind: 'remove'; readonly container: Container; readonly keep: boolean }
  /** Nobody claims it: ask, and touch nothing until the answer. */
  | { readonly kind: 'confirm' }
  | { readonly kind: 'forget' }
  | { readonly kind: 'none'; readonly againAt?: Millis | undefined };

const none: InstanceStep = { kind: 'none' };

export function nextInstanceStep(seen: InstanceView, now: Millis): InstanceStep {
  if (seen.ended) return cleanUp(seen, 'its end is recorded');
  const unwanted = whyUnwanted(seen);
  if (unwanted !== undefined) return cleanUp(seen, unwanted);
  if (seen.assigned === undefined) return nextUnassigned(seen);
  if (seen.crash !== undefined) return nextCrashed(seen, seen.crash, now);
  return nextWanted(seen, seen.assigned.actual);
}

/** Why its container must go; undefined: it need not. */
export function whyUnwanted(seen: InstanceView): string | undefined {
  if (seen.refused !== undefined) return seen.refused;
  if (seen.assigned?.actual.retire !== undefined) return seen.assigned.actual.retire.reason;
  return seen.foreign && seen.assigned === undefined ? 'no longer assigned to this cell' : undefined;
}

function cleanUp(seen: InstanceView, because: string): InstanceStep {
  if (seen.container?.state === 'running') return stop(seen, seen.container, because);
  if (seen.container !== undefined) return remove(seen.container, seen.crash !== undefined);
  if (!seen.looked) return { kind: 'discover' };
  return seen.assigned === undefined ? { kind: 'forget' } : none;
}

/** A dead container needs no answer to be tidied away; a living one, or one that may be started, does. */
function nextUnassigned(seen: InstanceView): InstanceStep {
  if (seen.container === undefined) return { kind: 'forget' };
  return seen.container.state === 'exited' ? remove(seen.container, true) : { kind: 'confirm' };
}

function remove(container: Container, keep: boolean): InstanceStep {
  return { kind: 'remove', container, keep: keep && container.state === 'exited' };
}

function nextCrashed(seen: InstanceView, crash: Crash, now: Millis): InstanceStep {
  if (seen.container?.state === 'running') return stop(seen, seen.container, crash.reason);
  const dueAt = localRestartAt(crash);
  if (dueAt === undefined || now < dueAt) return { kind: 'none', againAt: dueAt };
  return seen.container === undefined ? { kind: 'launch' } : remove(seen.container, false);
}

/** When the cell restarts it by itself if no server has answered; undefined: never, by Diego's policy. */
export function localRestartAt(crash: Crash): Millis | undefined {
  const waitMs = crashBackoffMs(crash.count);
  return waitMs === undefined ? undefined : crash.at + Math.max(defaults.localRestartAfterMs, waitMs);
}

function nextWanted(seen: InstanceView, actual: ActualLrp): InstanceStep {
  const { container, health } = seen;
  if (container === undefined) {
    if (!seen.looked) return { kind: 'discover' };
    const isNew = actual.state !== 'RUNNING' || seen.localRestart !== undefined;
    if (!seen.hadContainer && isNew) return { kind: 'launch' };
    return { kind: 'crash', container: undefined, reason: 'container vanished' };
  }
  switch (container.state) {
    case 'created':
      return { kind: 'start', containerId: container.id };
    case 'exited':
      return { kind: 'crash', container, reason: health?.verdict ?? exitReason(container) };
    case 'running':
      if (health === undefined) return { kind: 'watch', container };
      return health.verdict === undefined ? none : stop(seen, container, health.verdict);
  }
}

function stop(seen: InstanceView, container: Container, because: string): InstanceStep {
  const graceMs = seen.desired?.stopGraceMs ?? defaults.stopGraceMs;
  return { kind: 'stop', containerId: container.id, graceMs, because };
}

export type InstanceReport =
  | { readonly method: 'started'; readonly params: CellRequestParams<'started'> }
  | { readonly method: 'crashed'; readonly params: CellRequestParams<'crashed'> }
  | { readonly method: 'stopped'; readonly params: CellRequestParams<'stopped'> };

/** What the record should be told next, if anything: compared with the record itself, so it repairs itself. */
export function dueInstanceReport(seen: InstanceView, address: string): InstanceReport | undefined {
  const actual = seen.assigned?.actual;
  if (actual?.instanceGuid === undefined || seen.ended || seen.refused !== undefined) return undefined;
  const ref = { guid: actual.guid, index: actual.index, instanceGuid: actual.instanceGuid };
  if (actual.retire !== undefined) {
    const gone = seen.container === undefined && seen.looked;
    return gone ? { method: 'stopped', params: ref } : undefined;
  }
  if (seen.crash !== undefined) return { method: 'crashed', params: { ...ref, reason: seen.crash.reason } };
  const { container, health } = seen;
  if (container?.state !== 'running' || health?.phase !== 'healthy') return undefined;
  const params: CellRequestParams<'started'> = {
    ...ref,
    netInfo: netInfoOf(container, address),
    containerId: container.id,
    routable: health.routable,
    checkOutput: health.routable ? undefined : lastOutput(health),
    crashCount: seen.localRestart?.count,
    crashReason: seen.localRestart?.reason,
  };
  if (seen.reported === JSON.stringify(params) || saysSo(actual, params)) return undefined;
  return { method: 'started', params };
}

function netInfoOf(container: Container, address: string): NetInfo {
  const ports = container.ports.map(({ containerPort, hostPort }) => ({ containerPort, hostPort }));
  return { address, instanceAddress: container.ipAddress, ports };
}

/** Whether the record says already what a report would. */
function saysSo(actual: ActualLrp, params: CellRequestParams<'started'>): boolean {
  return (
    actual.state === 'RUNNING' &&
    actual.containerId === params.containerId &&
    actual.routable === params.routable &&
    actual.checkOutput === params.checkOutput &&
    (params.crashCount === undefined || actual.crashCount === params.crashCount) &&
    sameNetInfo(actual.netInfo, params.netInfo)
  );
}

function sameNetInfo(a: NetInfo | undefined, b: NetInfo): boolean {
  if (a?.address !== b.address || a.instanceAddress !== b.instanceAddress) return false;
  const listed = (info: NetInfo): string =>
    info.ports
      .map((port) => `${port.containerPort}:${port.hostPort}`)
      .sort()
      .join();
  return listed(a) === listed(b);
}
