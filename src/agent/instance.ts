/**
 * What a cell keeps in memory for one instance of an LRP while its container or its assignment lives. The
 * view in it is what core/instance-step.ts decides on; only the instance's own worker changes the container.
 */
import type { Timer } from '../base/clock.ts';
import type { Millis } from '../model/ids.ts';
import type { Container } from './core/container.ts';
import type { InstanceView } from './core/instance-step.ts';
import type { HealthMonitor } from './health-monitor.ts';

type Changeable<T> = { -readonly [K in keyof T]: T[K] };

export interface Instance extends Changeable<InstanceView> {
  monitor: HealthMonitor | undefined;
  healthySince: Millis | undefined;
  /** Ends a launch that nobody wants any more. */
  launch: AbortController | undefined;
  busy: boolean;
  /** Rises with every change by its worker; a list that began before says nothing about it. */
  changedAt: number;
  failures: number;
  reportFailures: number;
  workTimer: Timer | undefined;
  reportTimer: Timer | undefined;
}

export function newInstance(names: Pick<InstanceView, 'instanceGuid' | 'guid' | 'index'>): Instance {
  return {
    ...names,
    assigned: undefined,
    desired: undefined,
    container: undefined,
    looked: false,
    hadContainer: false,
    health: undefined,
    crash: undefined,
    localRestart: undefined,
    refused: undefined,
    foreign: false,
    ended: false,
    reported: undefined,
    monitor: undefined,
    healthySince: undefined,
    launch: undefined,
    busy: false,
    changedAt: 0,
    failures: 0,
    reportFailures: 0,
    workTimer: undefined,
    reportTimer: undefined,
  };
}

/** Notes a container as read just now; health ends with the run it belongs to. */
export function sawContainer(instance: Instance, container: Container | undefined): void {
  instance.container = container;
  instance.looked = true;
  if (container !== undefined) instance.hadContainer = true;
  if (container?.state !== 'running') stopMonitor(instance);
}

export function stopMonitor(instance: Instance): void {
  instance.monitor?.stop();
  instance.monitor = undefined;
}

/** Stops everything that would act for it later. */
export function dropInstance(instance: Instance): void {
  stopMonitor(instance);
  instance.launch?.abort();
  instance.workTimer?.cancel();
  instance.reportTimer?.cancel();
}
