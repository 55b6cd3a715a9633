/**
 * Everything that `skep doctor` finds: of this host, also while its agent is down; of each server, by its own
 * answer; of the cluster as one server sees it. What cannot be asked is a finding too, never a failure.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostChecks } from '../../agent/core/host-doctor.ts';
import { askCellDoctors } from '../../api/client/cell-doctors.ts';
import { type Client, createClient } from '../../api/client.ts';
import { contextChecks } from '../../api/core/doctor-certificate.ts';
import { type ClusterFacts, clusterChecks } from '../../api/core/doctor-cluster.ts';
import { type Check, check } from '../../api/core/doctor-shapes.ts';
import { reachChecks } from '../../api/core/doctor-store.ts';
import type { CellView, Status } from '../../api/core/routes.ts';
import { messageOf } from '../../base/core/errors.ts';
import { tcpProblem } from '../../base/node/tcp-probe.ts';
import { certificateFacts } from '../../base/node/x509-facts.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import { type Address, anotherServer, type Session } from '../session.ts';
import { loadAgentConfig } from './agent-config-file.ts';
import { hostCertificates } from './host-certificates.ts';
import { memberChecks, probeThisHost } from './server-doctor.ts';

export interface CheckGroup {
  /** `this host`, `server host-b`, `cell host-c`, `cluster`. */
  readonly name: string;
  readonly checks: readonly Check[];
}

export interface Examination {
  readonly at: number;
  readonly groups: readonly CheckGroup[];
  /** As one server told it; undefined when none answers. */
  readonly status: Status | undefined;
  readonly cells: readonly CellView[];
  readonly config: AgentConfig | undefined;
}

const doctorDeadlineMs = 20_000;
const statusDeadlineMs = 5_000;

/** @param configPath of this host's agent; undefined: the usual place */
export async function examine(session: Session, configPath: string | undefined): Promise<Examination> {
  const { config, problem } = configOf(configPath);
  const { status, cells, offsetMs, errorMs, failure } = await askCluster(session);
  const groups: CheckGroup[] = [];
  const offsets: { server: string; offsetMs: number; errorMs: number }[] = [];
  /** Groups of servers that told of their own host. */
  const answered = new Set<string>();
  if (status !== undefined) offsets.push({ server: status.server, offsetMs, errorMs });
  for (const group of await Promise.all(
    (status?.servers ?? []).map((server) => serverGroup(session, config, server)),
  )) {
    groups.push({ name: group.name, checks: group.checks });
    if (group.offset !== undefined) answered.add(group.name);
    if (group.offset !== undefined && group.offset.server !== status?.server) offsets.push(group.offset);
  }
  const others = cells.map(({ presence }) => presence.cellId).filter((id) => !answered.has(`server ${id}`));
  const { client, io, signal } = session;
  for (const { cellId, checks } of await askCellDoctors({ client, clock: io.clock, signal }, others)) {
    groups.push({ name: `cell ${cellId}`, checks });
    if (checks.length > 1) answered.add(`cell ${cellId}`);
  }
  const isTold =
    config !== undefined && ['server', 'cell'].some((kind) => answered.has(`${kind} ${config.name}`));
  if (!isTold) groups.unshift(await hostGroup({ session, config, problem, failure }));
  if (status !== undefined)
    groups.push({ name: 'cluster', checks: clusterChecks(factsOf(status, cells, offsets)) });
  const own = ownContext(session);
  if (own.length > 0) groups.push({ name: 'your context', checks: own });
  return { at: session.io.clock.now(), groups, status, cells, config };
}

function configOf(path: string | undefined): { config?: AgentConfig; problem: string } {
  try {
    return { config: loadAgentConfig(path, {}), problem: '' };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

/** The certificate that this command speaks with; none on the local socket. */
function ownContext({ context, io }: Session): Check[] {
  if (context === undefined) return [];
  const { certificate, renewAt } = context.context;
  const { notBefore, notAfter } = certificateFacts(certificate);
  return contextChecks({ notBefore, endsAt: notAfter, renews: renewAt !== undefined }, io.clock.now());
}

interface ClusterAnswer {
  readonly status: Status | undefined;
  readonly cells: readonly CellView[];
  readonly offsetMs: number;
  readonly errorMs: number;
  /** Why no server answers. */
  readonly failure: string;
}

async function askCluster({ client, io, signal }: Session): Promise<ClusterAnswer> {
  try {
    const asked = io.clock.now();
    const status = await client.call('status', {}, { signal });
    const answered = io.clock.now();
    const cells: CellView[] = [];
    for (let after: string | undefined; ; ) {
      const page = await client.call(
        'listCells',
        { query: after === undefined ? {} : { after } },
        { signal },
      );
      cells.push(...page.rows);
      if (page.next === undefined) break;
      after = page.next;
    }
    const offsetMs = status.now - (asked + answered) / 2;
    return { status, cells, offsetMs, errorMs: (answered - asked) / 2, failure: '' };
  } catch (error) {
    signal.throwIfAborted();
    return { status: undefined, cells: [], offsetMs: 0, errorMs: 0, failure: messageOf(error) };
  }
}

interface ServerGroup extends CheckGroup {
  readonly offset:
    | { readonly server: string; readonly offsetMs: number; readonly errorMs: number }
    | undefined;
}

async function serverGroup(
  session: Session,
  config: AgentConfig | undefined,
  { server, apiAddress }: Status['servers'][number],
): Promise<ServerGroup> {
  const { io, signal } = session;
  const name = `server ${server}`;
  try {
    const { dial, clock, prove } = io;
    const client: Client = createClient({ ...wayTo(session, config, apiAddress), dial, clock, prove });
    const asked = io.clock.now();
    const { now } = await client.call('status', {}, { signal, deadlineMs: statusDeadlineMs });
    const errorMs = (io.clock.now() - asked) / 2;
    const told = await client.call('doctor', {}, { signal, deadlineMs: doctorDeadlineMs });
    const offset = { server, offsetMs: now - asked - errorMs, errorMs };
    return { name, checks: told.checks, offset };
  } catch (error) {
    signal.throwIfAborted();
    const remedy = `on that host: systemctl start skep; from here: nc -vz ${apiAddress.replace(/:(\d+)$/, ' $1')}`;
    return { name, checks: [check('agent', 'bad', messageOf(error), remedy)], offset: undefined };
  }
}

/** Who came through the local socket is known on this server only: the others know this host, when we may read its key. */
function wayTo(session: Session, config: AgentConfig | undefined, apiAddress: string): Address {
  const way = anotherServer(session.address, apiAddress);
  if (!('socketPath' in way)) return way;
  const tls = config === undefined ? undefined : hostCertificates(config);
  return tls === undefined ? { baseUrl: `http://${apiAddress}` } : { servers: [apiAddress], tls };
}

interface HostQuestion {
  readonly session: Session;
  readonly config: AgentConfig | undefined;
  /** Why the settings cannot be used. */
  readonly problem: string;
  /** Why the API does not answer. */
  readonly failure: string;
}

async function hostGroup({ session, config, problem, failure }: HostQuestion): Promise<CheckGroup> {
  const { signal } = session;
  const checks: Check[] = [];
  if (failure !== '')
    checks.push(check('agent', 'bad', failure, 'systemctl start skep; journalctl -u skep -n 50'));
  if (config === undefined) {
    checks.push(check('config', 'bad', problem, 'correct it: docs/configuration.md describes every setting'));
    return { name: 'this host', checks };
  }
  if (!existsSync(config.dataDir)) {
    checks.push(
      check('agent', failure === '' ? 'ok' : 'warn', `no agent was ever here: there is no ${config.dataDir}`),
    );
    return { name: 'this host', checks };
  }
  const ways = await Promise.all(
    config.join.map(async (address) => ({ what: 'a server', address, problem: await tcpProblem(address) })),
  );
  checks.push(...reachChecks(ways));
  if (failure !== '' && config.server && config.etcdEndpoints.length === 0) {
    checks.push(...(await memberChecks(config, signal)));
  }
  checks.push(...hostChecks(await probeThisHost(config, agentPid(config), signal)));
  return { name: 'this host', checks };
}

function agentPid({ dataDir }: AgentConfig): number | undefined {
  try {
    const pid = Number(readFileSync(join(dataDir, 'agent.pid'), 'utf8').trim());
    return existsSync(`/proc/${pid}/limits`) ? pid : undefined;
  } catch {
    // No agent has run here, or it is not ours to see: then this process's own limits are told.
    return undefined;
  }
}

function factsOf(
  status: Status,
  cells: readonly CellView[],
  offsetsMs: ClusterFacts['offsetsMs'],
): ClusterFacts {
  return {
    servers: status.servers,
    cells: cells.map(({ presence }) => ({
      cellId: presence.cellId,
      version: presence.version,
      engineProblem: presence.engine.ok ? '' : (presence.engine.reason ?? 'no reason known'),
    })),
    hasLeader: status.leader !== undefined,
    stale: status.stale,
    corruptKeys: status.corrupt.map(({ key }) => key),
    offsetsMs,
  };
}
