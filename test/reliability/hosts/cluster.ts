/**
 * The cluster on the hosts: set up by the commands of the README, reached over TLS with a context of its own. Agents
 * are started and ended here as a service manager would.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '../../../src/api/client.ts';
import type { Status } from '../../../src/api/core/routes.ts';
import { systemClock } from '../../../src/base/node/system-clock.ts';
import { wsDial } from '../../../src/base/node/ws-socket.ts';
import { tlsOf } from '../../../src/cli/contexts.ts';
import { type Context, parseContext } from '../../../src/cli/core/context.ts';
import { eventually } from '../../kit/e2e-cluster.ts';
import { addressOf, must, rig, rootOf, shell } from './rig.ts';
import type { StoreFiles } from './store-watch.ts';

export const servers = ['h1', 'h2', 'h3'] as const;
export const hosts = [...servers, 'h4', 'h5'] as const;
const readme = fileURLToPath(new URL('../../../README.md', import.meta.url));

export interface Cluster {
  readonly context: Context;
  readonly store: StoreFiles;
  /** Of one server and no other. */
  client(server: string): Client;
  status(server: string, deadlineMs?: number): Promise<Status>;
  /** The first that says who leads and is not stale. */
  anyStatus(): Promise<Status>;
  /** Waits until every host is up, every cell present, every server votes and is current. */
  whole(withinMs?: number): Promise<void>;
}

/** What a service manager does at boot. */
const bootHook = `#!/bin/sh
mkdir -p /run/skep
cd /
echo $$ >/run/skep/agent.pid
PATH=/opt/skep/current:$PATH
exec /opt/skep/current/node /opt/skep/current/skep.mjs agent --config /etc/skep/agent.yaml >>/var/log/skep/agent.log 2>&1
`;

export interface TypedCommand {
  readonly host: string;
  readonly command: string;
}

/** The lines of the README's block that begin with a host's prompt; host-a is h1 and so on. */
export function readmeCommands(): TypedCommand[] {
  const block = /## Three machines[\s\S]*?```sh\n([\s\S]*?)```/.exec(readFileSync(readme, 'utf8'))?.[1] ?? '';
  const typed = block.split('\n').flatMap((line) => {
    const match = /^host-([a-e])# (.*?)(?: {2,}#.*)?$/.exec(line);
    if (match === null) return [];
    return [{ host: `h${(match[1] as string).charCodeAt(0) - 96}`, command: match[2] as string }];
  });
  return [...typed, ...typed.flatMap(anotherCell)];
}

/** The fifth host does as the fourth. */
function anotherCell({ host, command }: TypedCommand): TypedCommand[] {
  if (command.endsWith(' host-d:')) return [{ host, command: command.replace('host-d:', 'host-e:') }];
  return host === 'h4' ? [{ host: 'h5', command: command.replace('10.0.0.14', '10.0.0.15') }] : [];
}

/** Types one: `scp FILE... HOST:` is done by hand, for there is no sshd. */
export async function type({ host, command }: TypedCommand): Promise<void> {
  const copy = /^scp (.*) host-([a-e]):$/.exec(command);
  if (copy === null) return void (await must(host, command));
  const to = `h${(copy[2] as string).charCodeAt(0) - 96}`;
  for (const file of (copy[1] as string).split(' ')) {
    cpSync(join(rootOf(host) ?? '', 'root', file), join(rootOf(to) ?? '', 'root', basename(file)));
  }
}

/** Puts the release file where the commands are typed, and the agent among what starts at boot. */
export function prepareHost(host: string, release: string): void {
  const root = rootOf(host);
  if (root === undefined) throw new Error(`${host} is off`);
  cpSync(release, join(root, 'root', basename(release)));
  mkdirSync(join(root, 'etc/rig-boot.d'), { recursive: true });
  writeFileSync(join(root, 'etc/rig-boot.d/skep'), bootHook, { mode: 0o755 });
}

/** The context of an administrator, made by a server, and the store's certificate of it, copied into the folder. */
export async function openCluster(folder: string): Promise<Cluster> {
  // A name of its own for each run on a cluster that was kept.
  const name = `run-${Date.now().toString(36)}`;
  await must('h1', `rm -f run.json; skep user add ${name} --role admin --console --file run.json`);
  const root = rootOf('h1') ?? '';
  const context = parseContext(readFileSync(join(root, 'root/run.json'), 'utf8'), 'run.json');
  const store = { ca: join(folder, 'store-ca.pem'), pair: join(folder, 'store.pem') };
  cpSync(join(root, 'var/lib/skep/pki/store-ca.pem'), store.ca);
  cpSync(join(root, 'var/lib/skep/pki/store.pem'), store.pair);
  const clients = new Map<string, Client>(
    servers.map((server) => [
      server,
      createClient({
        servers: [`${addressOf(server)}:7400`],
        tls: tlsOf(context),
        dial: wsDial,
        clock: systemClock,
      }),
    ]),
  );
  const client = (server: string): Client => {
    const found = clients.get(server);
    if (found === undefined) throw new Error(`${server} is no server`);
    return found;
  };
  const status = (server: string, deadlineMs = 3_000): Promise<Status> =>
    client(server).call('status', {}, { signal: AbortSignal.timeout(deadlineMs + 1_000), deadlineMs });
  const anyStatus = async (): Promise<Status> => {
    const reasons: string[] = [];
    for (const server of servers) {
      try {
        const said = await status(server, 1_500);
        if (said.leader !== undefined && said.stale === '') return said;
        reasons.push(`${server}: ${said.stale || 'nobody leads'}`);
      } catch (error) {
        reasons.push(`${server}: ${String(error)}`);
      }
    }
    throw new Error(reasons.join('; '));
  };
  return { context, store, client, status, anyStatus, whole: (withinMs = 90_000) => whole(status, withinMs) };
}

async function whole(status: Cluster['status'], withinMs: number): Promise<void> {
  await eventually('the cluster is whole', withinMs, async () => {
    for (const server of servers) {
      const { cells, leader, stale, servers: known } = await status(server);
      if (leader === undefined || stale !== '') throw new Error(`${server}: ${stale || 'nobody leads'}`);
      const voters = known.filter(({ health }) => health === 'leader' || health === 'follower');
      if (voters.length < servers.length) throw new Error(`${server} sees ${voters.length} voters`);
      if (cells.present < hosts.length) throw new Error(`${server} sees ${cells.present} cells`);
      if (cells.engineDown > 0) throw new Error(`${server} sees ${cells.engineDown} engines down`);
    }
  });
}

/** Sends a signal to the agent, and to its etcd too, unless told. */
export async function signalAgent(
  host: string,
  name: 'KILL' | 'STOP' | 'CONT' | 'TERM',
  etcdToo = true,
): Promise<void> {
  const etcd = etcdToo ? ' $(pidof etcd || true)' : '';
  await must(host, `kill -s ${name} $(cat /run/skep/agent.pid)${etcd}`);
}

export async function startAgent(host: string): Promise<void> {
  await rig('spawn', host, 'skep-boot', '/etc/rig-boot.d/skep');
}

/** Ends the agent in order, with its etcd, and waits. */
export async function stopAgent(host: string): Promise<void> {
  await signalAgent(host, 'TERM', false);
  await eventually(`the agent of ${host} has ended`, 30_000, async () => {
    const left = await shell(host, 'kill -0 $(cat /run/skep/agent.pid) 2>/dev/null || pidof etcd');
    if (left.code === 0) throw new Error('it runs');
  });
}
