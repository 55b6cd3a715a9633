/** What a cell knows of one instance, web/0 on cell a, for the tests of what it does and tells about it. */
import type { Container } from '../../src/agent/core/container.ts';
import type { InstanceView } from '../../src/agent/core/instance-step.ts';

export function instanceContainer(state: Container['state'], change: Partial<Container> = {}): Container {
  return {
    id: 'c1',
    identity: { clusterId: 'k', cellId: 'a', kind: 'lrp', guid: 'web', index: 0, instanceGuid: 'i1' },
    state,
    exitCode: undefined,
    oomKilled: false,
    startedAt: 0,
    finishedAt: undefined,
    pid: 1,
    ipAddress: '172.17.0.2',
    ports: [],
    ...change,
  };
}

/** Nothing is assigned, and it was looked for. */
export function instanceView(change: Partial<InstanceView>): InstanceView {
  return {
    instanceGuid: 'i1',
    guid: 'web',
    index: 0,
    assigned: undefined,
    desired: change.assigned?.desired,
    container: undefined,
    looked: true,
    hadContainer: change.container !== undefined,
    health: undefined,
    crash: undefined,
    localRestart: undefined,
    refused: undefined,
    foreign: false,
    ended: false,
    reported: undefined,
    ...change,
  };
}
