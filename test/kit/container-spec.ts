/** What a runtime is told to make, for tests: small, harmless, and all of it changeable. */
import type { ContainerSpec } from '../../src/agent/runtime.ts';

export function buildContainerSpec(
  given: Pick<ContainerSpec, 'identity' | 'image' | 'args'> & Partial<ContainerSpec>,
): ContainerSpec {
  return {
    env: [],
    dir: undefined,
    user: undefined,
    memoryMb: 64,
    diskMb: 0,
    cpuWeight: 100,
    cpuMilli: 0,
    maxPids: 64,
    privileged: false,
    ports: [],
    hostAddress: '127.0.0.1',
    ...given,
  };
}
