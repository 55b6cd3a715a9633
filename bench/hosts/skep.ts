/** Skep on the hosts: the first three are servers, all are cells; TLS, tokens and a user, as an operator sets it up. */
import { readFileSync } from 'node:fs';
import { type Client, createClient } from '../../src/api/client.ts';
import { SkepError } from '../../src/base/core/errors.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { wsDial } from '../../src/base/node/ws-socket.ts';
import { tlsOf } from '../../src/cli/contexts.ts';
import { parseContext } from '../../src/cli/core/context.ts';
import { testImage } from '../../test/kit/e2e-cluster.ts';
import { engineAt } from '../engine.ts';
import { type Contender, when } from './contender.ts';
import { addressOf, programOnHosts, rig, rootOf } from './rig.ts';

const hook = '/etc/rig-boot.d/agent';
const memoryMb = 2_048;
const limits = (ms: number) => ({ signal: AbortSignal.timeout(ms), deadlineMs: ms });

/** Founds the cluster and waits until all hosts are in it. */
export async function skepOnHosts(hosts: readonly string[]): Promise<Contender> {
  const servers = hosts.slice(0, 3);
  const [first, ...others] = hosts as [string, ...string[]];
  await start(first, true);
  await when('the first server leads', async () => (await skep(first, ['status'])).includes('leader'));
  for (const host of others) {
    const isServer = servers.includes(host);
    const token = await skep(first, ['token', 'create', '--role', isServer ? 'server' : 'cell']);
    await start(host, isServer, { token, join: addressOf(first) });
    if (isServer)
      await when(`${host} votes`, async () =>
        new RegExp(`${host} +follower`).test(await skep(first, ['status'])),
      );
  }
  await skep(first, ['user', 'add', 'bench', '--role', 'admin', '--file', '/root/bench.json']);
  const context = parseContext(readFileSync(`${rootOf(first)}/root/bench.json`, 'utf8'), 'bench.json');
  const clientOf = (host: string): Client =>
    createClient({
      servers: [`${addressOf(host)}:7400`],
      tls: tlsOf(context),
      dial: wsDial,
      clock: systemClock,
    });
  const clients = new Map(servers.map((host) => [host, clientOf(host)]));
  const client = (host: string): Client => clients.get(host) ?? clientOf(host);
  return { name: 'skep', servers, ...questions(client), ...processes(hosts, servers, client) };
}

/** Runs the CLI on a host, through its agent's socket. */
const skep = (host: string, args: readonly string[]): Promise<string> =>
  rig(['exec', host, ...programOnHosts(), ...args]);

interface Joining {
  readonly token: string;
  readonly join: string;
}

async function start(host: string, isServer: boolean, joining?: Joining): Promise<void> {
  const settings = {
    name: host,
    address: addressOf(host),
    server: isServer,
    cell: { memoryMb },
    ...(joining && { join: [`${joining.join}:7400`], tokenFile: '/etc/skep/join-token' }),
  };
  const write = (path: string, text: string): string => `cat >${path} <<'END'\n${text}\nEND\n`;
  const [node, bundle] = programOnHosts();
  await rig([
    'exec',
    host,
    'sh',
    '-c',
    `umask 077; mkdir -p /etc/skep\n${write('/etc/skep/agent.yaml', JSON.stringify(settings))}${write('/etc/skep/join-token', joining?.token.trim() ?? '')}${write(hook, `#!/bin/sh\nexec ${node} ${bundle} agent`)}chmod 700 ${hook}`,
  ]);
  await rig(['spawn', host, 'agent', hook]);
}

type Questions = Pick<Contender, 'desire' | 'remove' | 'slots' | 'isLost' | 'leader' | 'containers'>;

function questions(client: (host: string) => Client): Questions {
  return {
    async desire(guid, instances, at) {
      const action = { kind: 'run' as const, args: ['httpd', '-f', '-p', '80', '-h', '/www'] };
      const body = { guid, instances, image: testImage, memoryMb: 16, ports: [80], stopGraceMs: 0, action };
      try {
        await client(at).call('desireLrp', { body }, limits(1_000));
      } catch (error) {
        // A call that was not answered may have been carried out.
        if (!String(error).includes('exists')) throw error;
      }
    },
    async remove(guid, at) {
      try {
        await client(at).call('removeLrp', { params: { guid } }, limits(5_000));
      } catch (error) {
        if (!(error instanceof SkepError && error.code === 'ResourceNotFound')) throw error;
      }
    },
    async slots(guid, at) {
      const { rows } = await client(at).call('listInstances', { query: { guid } }, limits(1_000));
      return rows.flatMap(({ presence, index, cellId, state, netInfo }) =>
        presence === 'ORDINARY' && cellId !== undefined
          ? [{ index, host: cellId, running: state === 'RUNNING', port: netInfo?.ports[0]?.hostPort }]
          : [],
      );
    },
    async isLost(host, at) {
      const { rows } = await client(at).call('listCells', { query: {} }, limits(1_000));
      return !rows.some(({ presence }) => presence.cellId === host);
    },
    async leader(at) {
      const { leader } = await client(at).call('status', {}, limits(1_000));
      if (leader === undefined) throw new Error('nobody leads');
      return leader.server;
    },
    async containers(guid, host) {
      const filters = encodeURIComponent(JSON.stringify({ label: [`skep.guid=${guid}`] }));
      const path = `/containers/json?filters=${filters}`;
      const found = await engineAt(`${rootOf(host)}/run/docker.sock`, 'GET', path, undefined, 2_000);
      return (found as { Labels: Record<string, string> }[]).map(({ Labels }) =>
        Number(Labels['skep.index']),
      );
    },
  };
}

type Processes = Pick<Contender, 'stopProcesses' | 'startProcesses' | 'checkWhole'>;

function processes(
  hosts: readonly string[],
  servers: readonly string[],
  client: (host: string) => Client,
): Processes {
  return {
    // The agent ends its etcd when it is asked to end; both are killed, as a kernel that is out of memory might.
    stopProcesses: async (host, how) => {
      const etcd = how === 'KILL' ? '$(pgrep -x etcd)' : '';
      await rig(['exec', host, 'sh', '-c', `kill -s ${how} $(pgrep -f 'skep.mjs agent$') ${etcd}`]);
    },
    startProcesses: async (host) => {
      await when(`the agent of ${host} is gone`, async () => {
        const left = await rig(['exec', host, 'sh', '-c', "pgrep -f 'skep.mjs agent$' || true"]);
        return left.trim() === '';
      });
      await rig(['spawn', host, 'agent', hook]);
    },
    async checkWhole() {
      for (const host of servers) {
        const status = await client(host).call('status', {}, limits(2_000));
        const votes = status.servers.filter(({ health }) => health === 'leader' || health === 'follower');
        if (votes.length < servers.length || status.cells.present < hosts.length || status.stale !== '') {
          throw new Error(`${votes.length} servers, ${status.cells.present} cells ${status.stale}`);
        }
      }
    },
  };
}
