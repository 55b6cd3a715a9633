/**
 * The labels by which containers are found again and adopted after the agent restarted, and the names that
 * make a second container of the same instance impossible.
 */
import type { ContainerIdentity } from '../runtime.ts';

const names = {
  clusterId: 'skep.cluster',
  cellId: 'skep.cell',
  kind: 'skep.kind',
  guid: 'skep.guid',
  index: 'skep.index',
  instanceGuid: 'skep.instance',
  definition: 'skep.definition',
} as const;

export function labelsOf(identity: ContainerIdentity): Record<string, string> {
  return {
    [names.clusterId]: identity.clusterId,
    [names.cellId]: identity.cellId,
    [names.kind]: identity.kind,
    [names.guid]: identity.guid,
    [names.index]: String(identity.index),
    [names.instanceGuid]: identity.instanceGuid,
    ...(identity.definition === undefined ? {} : { [names.definition]: identity.definition }),
  };
}

/** Undefined unless all labels are there and well formed; that of the definition need not be. */
export function identityOf(
  labels: Readonly<Record<string, string | undefined>>,
): ContainerIdentity | undefined {
  const clusterId = labels[names.clusterId];
  const cellId = labels[names.cellId];
  const kind = labels[names.kind];
  const guid = labels[names.guid];
  const index = labels[names.index] ?? '';
  const instanceGuid = labels[names.instanceGuid];
  if (!clusterId || !cellId || !guid || !instanceGuid || !/^\d{1,9}$/.test(index)) return undefined;
  if (kind !== 'lrp' && kind !== 'task') return undefined;
  const definition = labels[names.definition];
  const identity = { clusterId, cellId, kind, guid, index: Number(index), instanceGuid } as const;
  return definition ? { ...identity, definition } : identity;
}

/** The engine's filter for the containers of one cell. */
export function ownerFilter(owner: { readonly clusterId: string; readonly cellId: string }): string[] {
  return [`${names.clusterId}=${owner.clusterId}`, `${names.cellId}=${owner.cellId}`];
}

/** Engines refuse a name that is in use: that is what makes `create` happen once an instance. */
export function containerName(identity: ContainerIdentity): string {
  return `skep-${identity.guid}-${identity.index}-${identity.instanceGuid}`;
}
