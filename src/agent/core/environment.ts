/** What a container is told of itself in its environment: Diego's variables, reference/diego.md 1.14. */
import type { EnvVar } from '../../model/workload.ts';
import type { PortMapping } from './container.ts';

export interface InstanceFacts {
  readonly index: number;
  readonly instanceGuid: string;
  /** Where the host ports are reached. */
  readonly address: string;
  readonly ports: readonly PortMapping[];
}

/**
 * Per-instance variables come after the workload's own, so they win. CF_INSTANCE_INTERNAL_IP is left out: an
 * engine gives a container its address when it starts, after its environment is fixed.
 */
export function lrpEnvironment(env: readonly EnvVar[], facts: InstanceFacts): EnvVar[] {
  const index = String(facts.index);
  return lastWins([
    ...env,
    { name: 'INSTANCE_INDEX', value: index },
    { name: 'INSTANCE_GUID', value: facts.instanceGuid },
    { name: 'CF_INSTANCE_INDEX', value: index },
    { name: 'CF_INSTANCE_GUID', value: facts.instanceGuid },
    ...network(facts.address, facts.ports),
  ]);
}

/** A task has no ports and no index. */
export function taskEnvironment(env: readonly EnvVar[], address: string): EnvVar[] {
  return lastWins([...env, ...network(address, [])]);
}

function network(address: string, ports: readonly PortMapping[]): EnvVar[] {
  const first = ports[0];
  const list = ports.map(({ containerPort, hostPort }) => ({ external: hostPort, internal: containerPort }));
  return [
    { name: 'CF_INSTANCE_IP', value: address },
    { name: 'CF_INSTANCE_PORT', value: first === undefined ? '' : String(first.hostPort) },
    { name: 'CF_INSTANCE_ADDR', value: first === undefined ? '' : `${address}:${first.hostPort}` },
    { name: 'CF_INSTANCE_PORTS', value: JSON.stringify(list) },
  ];
}

function lastWins(env: readonly EnvVar[]): EnvVar[] {
  return [...new Map(env.map((variable) => [variable.name, variable])).values()];
}
