/**
 * A container of ours as the cell sees it, and what one is made from. The engine's port (runtime.ts) hands
 * these out; every decision of the cell's core is made on them.
 */
import type { EnvVar } from '../../model/workload.ts';

/** What is known of a container of ours from its labels. Written at creation, read back at adoption. */
export interface ContainerIdentity {
  readonly clusterId: string;
  readonly cellId: string;
  readonly kind: 'lrp' | 'task';
  /** Process or task guid. */
  readonly guid: string;
  /** 0 for a task. */
  readonly index: number;
  /** The instance guid, or the task's attempt. */
  readonly instanceGuid: string;
  /** Of which definition of its LRP it was made; undefined for a task, and from an agent that did not write it down. */
  readonly definition?: string | undefined;
}

export interface PortMapping {
  readonly containerPort: number;
  readonly hostPort: number;
}

export interface ContainerSpec {
  readonly identity: ContainerIdentity;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly EnvVar[];
  readonly dir: string | undefined;
  readonly user: string | undefined;
  readonly memoryMb: number;
  readonly diskMb: number;
  readonly cpuWeight: number;
  readonly cpuMilli: number;
  readonly maxPids: number;
  readonly privileged: boolean;
  /** OCI runtime; undefined: the engine's own choice. */
  readonly runtime?: string | undefined;
  /** Host ports are chosen by the cell, because the workload is told of them in its environment. */
  readonly ports: readonly PortMapping[];
  /** Where host ports are bound. */
  readonly hostAddress: string;
}

export type ContainerState = 'created' | 'running' | 'exited';

export interface Container {
  readonly id: string;
  readonly identity: ContainerIdentity;
  readonly state: ContainerState;
  /** Set when exited. */
  readonly exitCode: number | undefined;
  readonly oomKilled: boolean;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  /** The main process, as the host numbers it; 0 unless running. */
  readonly pid: number;
  readonly ipAddress: string;
  readonly ports: readonly PortMapping[];
}
