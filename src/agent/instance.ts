/**
 * What a cell keeps in memory for one instance of an LRP while its container or its assignment lives. The
 * view in it is what core/instance-step.ts decides on; only the instance's own worker changes the container.
 */
import { instanceName, type Millis } from '../model/ids.ts';
import type { Container } from './core/container.ts';
import type { Deed } from './core/instance-doing.ts';
import type { InstanceView } from './core/instance-step.ts';
import type { HealthMonitor } from './health-monitor.ts';
import { freshUnit, type Unit } from './unit-workers.ts';

type Changeable<T> = { -readonly [K in keyof T]: T[K] };

export interface Instance extends Changeable<InstanceView>, Unit {
  monitor: HealthMonitor | undefined;
  healthySince: Millis | undefined;
  /** When its launch began; undefined once it was healthy, and for one that was found. */
  launchedAt: Millis | undefined;
  /** Ends a launch that nobody wants any more. */
  launch: AbortController | undefined;
  /** What its worker is at, for whoever asks. */
  deed: Deed | undefined;
}

export function newInstance(names: Pick<InstanceView, 'instanceGuid' | 'guid' | 'index'>): Instance {
  return {
    ...freshUnit(names.instanceGuid, instanceName(names.guid, names.index)),
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
    launchedAt: undefined,
    launch: undefined,
    deed: undefined,
  };
}

/** Notes a container as read just now; watching ends with the run that was watched. */
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

/** Ends everything that would act for it later. */
export function retireInstance(instance: Instance): void {
  stopMonitor(instance);
  instance.launch?.abort();
}
