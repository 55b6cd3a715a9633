/** From a workload to the container that runs it. Called by the cell right before it creates one. */

import { type DesiredLrp, definitionOf } from '../../model/desired-lrp.ts';
import type { CellId } from '../../model/ids.ts';
import type { Task } from '../../model/task.ts';
import type { ContainerIdentity, ContainerSpec, PortMapping } from './container.ts';
import { lrpEnvironment, taskEnvironment } from './environment.ts';

export interface SpecOwner {
  readonly clusterId: string;
  readonly cellId: CellId;
  /** Where host ports are bound and reached. */
  readonly address: string;
}

export interface InstanceNames {
  readonly index: number;
  readonly instanceGuid: string;
}

export function lrpSpec(
  owner: SpecOwner,
  lrp: DesiredLrp,
  names: InstanceNames,
  ports: readonly PortMapping[],
): ContainerSpec {
  const env = lrpEnvironment(lrp.env, { ...names, address: owner.address, ports });
  const identity = { kind: 'lrp', guid: lrp.guid, ...names, definition: definitionOf(lrp) } as const;
  return { ...common(owner, lrp, identity), env, ports };
}

export function taskSpec(owner: SpecOwner, task: Task, attempt: string): ContainerSpec {
  const names = { kind: 'task', guid: task.guid, index: 0, instanceGuid: attempt } as const;
  return { ...common(owner, task, names), env: taskEnvironment(task.env, owner.address), ports: [] };
}

function common(
  owner: SpecOwner,
  work: DesiredLrp | Task,
  names: Omit<ContainerIdentity, 'clusterId' | 'cellId'>,
): Omit<ContainerSpec, 'env' | 'ports'> {
  return {
    identity: { clusterId: owner.clusterId, cellId: owner.cellId, ...names },
    image: work.image,
    args: work.action.args,
    dir: work.action.dir,
    user: work.action.user,
    memoryMb: work.memoryMb,
    diskMb: work.diskMb,
    cpuWeight: work.cpuWeight,
    cpuMilli: work.cpuMilli,
    maxPids: work.maxPids,
    privileged: work.privileged,
    runtime: work.placement.runtime,
    hostAddress: owner.address,
  };
}
