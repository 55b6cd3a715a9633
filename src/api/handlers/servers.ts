/**
 * The servers: listed, added and removed by name, and joining the store's quorum themselves (first as a learner, a voter
 * once caught up). Adding and removing only asks: the leader's keeper does it (scheduler/quorum-keeper.ts).
 */
import { SkepError } from '../../base/core/errors.ts';
import { type BrainSettings, defaultBrainSettings } from '../../model/cell-spec.ts';
import type { CellId } from '../../model/ids.ts';
import { emptyQuorum, type Quorum, type QuorumChange, type Voter } from '../../model/quorum.ts';
import { quorumKey, settingsKey } from '../../store/core/keys.ts';
import type { ClusterState } from '../../store/core/state.ts';
import type { Member, MemberStatus, Members } from '../../store/members.ts';
import { type ApiContext, type Call, currentState, type Handler } from '../context.ts';
import { lossesNow, refuseAdding, refuseRemoving, refuseWhileChanging } from '../core/quorum-refusals.ts';
import type { QuorumView, ServerRow, Servers } from '../core/server-shapes.ts';
import { journal, nounOf, put, write } from '../write.ts';

export const joinServer: Handler<'joinServer'> = async (context, { body }, call) => {
  const members = membersOf(context);
  const initialCluster = await members.add(body.server, body.peerUrl, { signal: call.signal });
  await tell(context, call, body.server, `joins as a learner at ${body.peerUrl}`);
  return { clusterId: context.clusterId, initialCluster };
};

export const promoteServer: Handler<'promoteServer'> = async (context, { params }, call) => {
  const members = membersOf(context);
  await members.promote(params.server, { signal: call.signal });
  await tell(context, call, params.server, 'caught up and votes from now on');
  return {};
};

export const listServers: Handler<'listServers'> = async (context, _input, call) => {
  const state = await currentState(context, call.signal);
  const seen = await seenServers(context, state, call);
  const { autoServers, wantedServers, serverReplaceAfterMs } = state.settings?.value ?? defaultBrainSettings;
  return {
    server: context.server,
    now: context.clock.now(),
    rows: seen.rows,
    survives: lossesNow(seen.voters),
    auto: { isOn: autoServers, wanted: wantedServers, replaceAfterMs: serverReplaceAfterMs },
    quorum: quorumView(state.quorum?.value),
    standby: standbyOf(state, seen.rows),
  };
};

export const addServer: Handler<'addServer'> = async (context, { params: { server } }, call) => {
  const state = await currentState(context, call.signal);
  const { rows } = await seenServers(context, state, call);
  const presence = state.cells.get(server)?.value;
  const isServer = rows.some((row) => row.server === server);
  const isThere = isServer || presence !== undefined;
  refuseAdding(server, isThere ? { isServer, serving: presence?.serving } : undefined, rows.length);
  const even =
    rows.length % 2 === 1 ? `; ${rows.length + 1} servers survive no more losses than ${rows.length}` : '';
  return await ask(context, call, { kind: 'add', server, reason: `asked for${even}` });
};

export const removeServer: Handler<'removeServer'> = async (context, { params: { server }, body }, call) => {
  const state = await currentState(context, call.signal);
  const { rows, voters } = await seenServers(context, state, call);
  const row = rows.find((one) => one.server === server);
  if (row === undefined) {
    throw new SkepError('ResourceNotFound', `there is no server ${server}`, {
      hint: `there are: ${rows.map((one) => one.server).join(', ')}`,
    });
  }
  const settings = state.settings?.value ?? defaultBrainSettings;
  const hasHeir = settings.autoServers && voters.length <= settings.wantedServers && heirOf(state, rows);
  refuseRemoving({ server, voters, isLearner: row.role === 'learner', force: body.force, hasHeir });
  const reason = row.isReachable ? 'asked for' : 'asked for; it does not answer';
  return await ask(context, call, { kind: 'remove', server, reason });
};

export const setAutoServers: Handler<'setAutoServers'> = async (context, { body }, call) => {
  membersOf(context);
  const { revision, result } = await write(context, call, [settingsKey], ([record]) => {
    const before: BrainSettings = nounOf('settings', record) ?? defaultBrainSettings;
    const next: BrainSettings = {
      ...before,
      autoServers: body.isOn ?? before.autoServers,
      wantedServers: body.wanted ?? before.wantedServers,
      serverReplaceAfterMs: body.replaceAfterMs ?? before.serverReplaceAfterMs,
    };
    if (JSON.stringify(next) === JSON.stringify(before)) return { result: before };
    const { autoServers, wantedServers, serverReplaceAfterMs } = next;
    const minutes = serverReplaceAfterMs / 60_000;
    const message = autoServers
      ? `keeps ${wantedServers} servers by itself, replaces one that is silent for ${minutes} min`
      : 'adds and replaces no server by itself';
    const line = journal(context, call, { type: 'server.auto', subject: 'brain', message });
    return { puts: [put(settingsKey, next), line], result: next };
  });
  const { autoServers, wantedServers, serverReplaceAfterMs } = result;
  return {
    revision,
    auto: { isOn: autoServers, wanted: wantedServers, replaceAfterMs: serverReplaceAfterMs },
  };
};

/** What the leader does about the servers, for `server ls` and `status`. */
export function quorumView(quorum: Quorum = emptyQuorum): QuorumView {
  const { change, next, last } = quorum;
  return {
    ...(change === undefined ? {} : { change }),
    ...(next === undefined ? {} : { next }),
    ...(last === undefined ? {} : { last }),
  };
}

interface Seen {
  readonly rows: ServerRow[];
  readonly voters: readonly Voter[];
}

/** Every member, with what it says of itself and what the state has of it. */
async function seenServers(context: ApiContext, state: ClusterState, { signal }: Call): Promise<Seen> {
  const members = membersOf(context);
  const asked = context.memberStatuses?.({ signal }) ?? Promise.resolve(new Map<string, MemberStatus>());
  const [listed, statuses] = await Promise.all([members.list({ signal }), asked]);
  const furthest = Math.max(0, ...[...statuses.values()].map(({ raftIndex }) => raftIndex));
  const rows = listed
    .map((member) => rowOf(member, statuses.get(member.id), furthest, state))
    .sort((a, b) => (a.server < b.server ? -1 : 1));
  return { rows, voters: rows.filter(({ role }) => role === 'voter') };
}

function rowOf(
  { id, server, peerUrls, learner }: Member,
  status: MemberStatus | undefined,
  furthest: number,
  state: ClusterState,
): ServerRow {
  // A learner that never started has told no name.
  const name = server || peerUrls[0] || id;
  const record = state.servers.get(name)?.value;
  const silentSince = state.quorum?.value.silentSince[name];
  return {
    server: name,
    role: learner ? 'learner' : 'voter',
    isReachable: status !== undefined,
    isLeader: status !== undefined && status.leaderId === id,
    ...(silentSince === undefined || status !== undefined ? {} : { silentSince }),
    ...(status === undefined
      ? {}
      : {
          raftTerm: status.raftTerm,
          dbSizeBytes: status.dbSizeBytes,
          lag: Math.max(0, furthest - status.raftIndex),
        }),
    ...(record === undefined
      ? {}
      : { since: record.startedAt, apiAddress: record.apiAddress, version: record.version }),
  };
}

/** Hosts that are no servers, and whether they could be. */
function standbyOf(state: ClusterState, rows: readonly ServerRow[]): Servers['standby'] {
  const servers = new Set(rows.map(({ server }) => server));
  const hosts = [...state.cells.values()].filter(({ value }) => !servers.has(value.cellId));
  return hosts
    .map(({ value: { cellId, serving } }) => {
      const reason = whyNot(state, cellId, serving);
      return { host: cellId, canServe: serving?.can === true, ...(reason === undefined ? {} : { reason }) };
    })
    .sort((a, b) => (a.host < b.host ? -1 : 1))
    .slice(0, standbyMax);
}

const standbyMax = 100;

function whyNot(
  state: ClusterState,
  host: CellId,
  serving: { readonly can: boolean; readonly reason?: string | undefined } | undefined,
): string | undefined {
  if (serving === undefined) return 'its agent is older';
  if (!serving.can) return serving.reason ?? 'it cannot';
  const spec = state.cellSpecs.get(host)?.value;
  if (spec?.cordon !== undefined || spec?.drain !== undefined) return 'it is cordoned';
  return state.quorum?.value.passedOver[host]?.why;
}

const heirOf = (state: ClusterState, rows: readonly ServerRow[]): boolean =>
  standbyOf(state, rows).some(({ canServe, reason }) => canServe && reason === undefined);

/** Writes down what is wanted; the leader does it and says how it ended in `last`. */
async function ask(
  context: ApiContext,
  call: Call,
  wanted: Pick<QuorumChange, 'kind' | 'reason'> & { readonly server: string },
): Promise<{ revision: number; change: QuorumChange }> {
  const change: QuorumChange = { ...wanted, at: context.clock.now(), by: call.actor };
  const { kind, server, reason } = change;
  const { revision } = await write(context, call, [quorumKey], ([record]) => {
    const before = nounOf('quorum', record) ?? emptyQuorum;
    refuseWhileChanging(before.change);
    const { next: _next, ...kept } = before;
    const passedOver = { ...before.passedOver };
    if (kind === 'add') delete passedOver[server];
    const [type, message] =
      kind === 'add'
        ? (['server.adding', `becomes a server: ${reason}`] as const)
        : (['server.removing', `is removed from the servers: ${reason}`] as const);
    const line = journal(context, call, { type, subject: server, message });
    return { puts: [put(quorumKey, { ...kept, passedOver, change }), line], result: undefined };
  });
  return { revision, change };
}

function membersOf(context: ApiContext): Members {
  if (context.members !== undefined) return context.members;
  throw new SkepError(
    'InvalidRequest',
    'this cluster uses an outside etcd, whose members are not ours to change',
    {
      hint: 'start the new agent with the same --etcd-endpoints instead of joining',
    },
  );
}

/** The member is changed already: a journal that cannot be written just now is worth a line in the log. */
async function tell(context: ApiContext, call: Call, server: string, message: string): Promise<void> {
  try {
    const event = journal(context, call, { type: 'server.joined', subject: server, message });
    await write(context, call, [], () => ({ puts: [event], result: undefined }));
  } catch (error) {
    if (!(error instanceof SkepError)) throw error;
    context.log.warn('api.journal_failed', { subject: server, reason: error.message });
  }
}
