/** Docker Swarm on the same hosts: the first three are managers, all are workers. Asked through each Docker's socket. */
import { testImage } from '../../test/kit/e2e-cluster.ts';
import { engineAt } from '../engine.ts';
import type { Contender, Slot } from './contender.ts';
import { addressOf, rig, rootOf } from './rig.ts';

interface SwarmNode {
  readonly ID: string;
  readonly Description: { readonly Hostname: string };
  readonly Status: { readonly State: string };
  readonly ManagerStatus?: { readonly Leader?: boolean; readonly Reachability: string };
}

interface SwarmTask {
  readonly Slot: number;
  readonly NodeID?: string;
  readonly DesiredState: string;
  readonly Status: {
    readonly State: string;
    readonly PortStatus?: { readonly Ports?: readonly { readonly PublishedPort: number }[] };
  };
}

const ask = (host: string, method: string, path: string, body?: unknown, ms = 1_000): Promise<unknown> =>
  engineAt(`${rootOf(host)}/run/docker.sock`, method, path, body, ms);
const filtered = (path: string, filters: unknown): string =>
  `${path}?filters=${encodeURIComponent(JSON.stringify(filters))}`;
const nodes = async (at: string): Promise<SwarmNode[]> => (await ask(at, 'GET', '/nodes')) as SwarmNode[];

/** Makes the Swarm and waits for nothing: `checkWhole` tells. */
export async function swarmOnHosts(hosts: readonly string[]): Promise<Contender> {
  const servers = hosts.slice(0, 3);
  const [first, ...others] = hosts as [string, ...string[]];
  await rig(['exec', first, 'docker', 'swarm', 'init', '--advertise-addr', addressOf(first)]);
  for (const host of others) {
    const role = servers.includes(host) ? 'manager' : 'worker';
    const token = (await rig(['exec', first, 'docker', 'swarm', 'join-token', '-q', role])).trim();
    await rig(['exec', host, 'docker', 'swarm', 'join', '--token', token, `${addressOf(first)}:2377`]);
  }
  return {
    name: 'swarm',
    servers,
    ...services,
    stopProcesses: async (host, how) =>
      void (await rig(['exec', host, 'sh', '-c', `kill -s ${how} $(cat /run/dockerd.rig.pid)`])),
    startProcesses: async (host) => {
      await rig(['stop-docker', host]);
      await rig(['start-docker', host], 120_000);
    },
    async checkWhole() {
      for (const host of servers) {
        const known = await nodes(host);
        const ready = known.filter(({ Status }) => Status.State === 'ready').length;
        const votes = known.filter((node) => node.ManagerStatus?.Reachability === 'reachable').length;
        const led = known.some((node) => node.ManagerStatus?.Leader === true);
        if (!led || votes < servers.length || ready < hosts.length)
          throw new Error(`${votes} managers, ${ready} nodes`);
      }
    },
  };
}

const services: Omit<Contender, 'name' | 'servers' | 'stopProcesses' | 'startProcesses' | 'checkWhole'> = {
  async desire(service, instances, at) {
    const body = {
      Name: service,
      TaskTemplate: {
        ContainerSpec: {
          Image: testImage,
          Args: ['httpd', '-f', '-p', '80', '-h', '/www'],
          StopGracePeriod: 0,
        },
        Resources: { Limits: { MemoryBytes: 16 * 2 ** 20 } },
      },
      Mode: { Replicated: { Replicas: instances } },
      // On the host of each task: Swarm's routing mesh wants IP_VS, which not every kernel has.
      EndpointSpec: { Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishMode: 'host' }] },
    };
    try {
      await ask(at, 'POST', '/services/create', body);
    } catch (error) {
      if (!String(error).includes('409')) throw error;
    }
  },
  remove: async (service, at) => void (await ask(at, 'DELETE', `/services/${service}`, undefined, 10_000)),
  async slots(service, at) {
    const names = new Map((await nodes(at)).map((node) => [node.ID, node.Description.Hostname]));
    const tasks = (await ask(at, 'GET', filtered('/tasks', { service: [service] }))) as SwarmTask[];
    return tasks.flatMap((task): Slot[] => {
      const host = names.get(task.NodeID ?? '');
      if (host === undefined || task.DesiredState !== 'running') return [];
      const port = task.Status.PortStatus?.Ports?.[0]?.PublishedPort;
      return [{ index: task.Slot - 1, host, running: task.Status.State === 'running', port }];
    });
  },
  async isLost(host, at) {
    return (await nodes(at)).some(
      (node) => node.Description.Hostname === host && node.Status.State === 'down',
    );
  },
  async leader(at) {
    const led = (await nodes(at)).find((node) => node.ManagerStatus?.Leader === true);
    if (led === undefined) throw new Error('nobody leads');
    return led.Description.Hostname;
  },
  async containers(service, host) {
    const label = [`com.docker.swarm.service.name=${service}`];
    const found = await ask(host, 'GET', filtered('/containers/json', { label }), undefined, 2_000);
    // `web.3.k2x…`: service, slot, task.
    return (found as { Labels: Record<string, string> }[]).map(
      ({ Labels }) =>
        Number(Labels['com.docker.swarm.task.name']?.slice(service.length + 1).split('.')[0]) - 1,
    );
  },
};
