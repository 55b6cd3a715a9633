/** The cluster at a glance, from this server's copy of the state; answers without a quorum too. */
import { withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { instanceName } from '../../model/ids.ts';
import type { Restored } from '../../model/restored.ts';
import { type LostCell, lostCellsOf, stormsOf } from '../../model/roster.ts';
import { parseKey } from '../../store/core/keys.ts';
import type { ClusterState } from '../../store/core/state.ts';
import type { MemberStatus } from '../../store/members.ts';
import { type ApiContext, currentState, type Handler } from '../context.ts';
import { problemsOf } from '../core/problems.ts';
import type { Status } from '../core/routes.ts';
import { quorumView } from './servers.ts';

const memberDeadlineMs = 1_000;
const corruptMax = 100;

export const version: Handler<'version'> = (context) =>
  Promise.resolve({ version: context.version, api: 1, server: context.server });

export const status: Handler<'status'> = async (context, _input, call) => {
  const state = await currentState(context, call.signal);
  const stale = context.replica.staleReason ?? '';
  const [asked, agents] = await Promise.all([
    statusesOf(context, call.signal),
    agentProblems(context, state, call.signal),
  ]);
  const servers = [...state.servers.values()]
    .map(({ value }) => ({
      ...value,
      health: healthOf(state, value, asked.statuses),
      ...agents.get(value.server),
    }))
    .sort((a, b) => (a.server < b.server ? -1 : 1));
  const engineDown = [...state.cells.values()].filter(({ value }) => !value.engine.ok);
  const { lrps, example, stuck } = countLrps(state);
  const tasks = countTasks(state);
  const leader = isLeaderless(asked.statuses) ? undefined : state.leader?.value;
  const problems = problemsOf({
    stale,
    hasLeader: leader !== undefined,
    servers: asked.statuses === undefined ? [] : servers,
    untold: asked.reason,
    cellsPresent: state.cells.size,
    engineDown: engineDown.map(({ value }) => ({
      cellId: value.cellId,
      reason: value.engine.reason ?? 'no reason known',
    })),
    suspect: lrps.suspect,
    lostCells: suspectCellsOf(state),
    away: awayOf(state),
    now: context.clock.now(),
    storms: stormsOf(state.roster?.value),
    draining: drainingOf(state),
    stuck,
    crashed: lrps.crashed,
    unplaced: { instances: lrps.unplaced, tasks: tasks.unplaced, example: example || tasks.example },
    corruptKeys: [...state.corrupt.keys()],
    restored: keepsUnknown(state, context.clock.now()),
  });
  const survives = context.survives?.();
  const rebalance = rebalanceOf(state);
  return {
    clusterId: context.clusterId,
    server: context.server,
    version: context.version,
    now: context.clock.now(),
    revision: state.revision,
    stale,
    ...(leader === undefined
      ? {}
      : { leader: { server: leader.server, since: leader.since, raftTerm: leader.raftTerm } }),
    servers,
    cells: {
      present: state.cells.size,
      engineDown: engineDown.length,
      lost: lostCellsOf(state.roster?.value).length,
    },
    lrps,
    tasks: { pending: tasks.pending, running: tasks.running, completed: tasks.completed },
    corrupt: [...state.corrupt].slice(0, corruptMax).map(([key, reason]) => ({ key, reason })),
    ...(survives === undefined ? {} : { survives }),
    ...(rebalance === undefined ? {} : { rebalance }),
    ...(state.quorum === undefined ? {} : { quorum: quorumView(state.quorum.value) }),
    problems,
  };
};

function rebalanceOf(state: ClusterState): Status['rebalance'] {
  if (state.rebalance === undefined) return undefined;
  const { by, at, asked, moves } = state.rebalance.value;
  return { by, at, asked, left: moves.length };
}

interface Asked {
  /** Undefined when nobody can tell: an outside etcd, or no answer in time. */
  readonly statuses: ReadonlyMap<string, MemberStatus> | undefined;
  /** Why nobody can tell; '' for an outside etcd, whose members are not ours to judge. */
  readonly reason: string;
}

async function statusesOf(context: ApiContext, signal: AbortSignal): Promise<Asked> {
  const ask = context.memberStatuses;
  if (ask === undefined) return { statuses: undefined, reason: '' };
  const late = () => new SkepError('Timeout', 'the members of the store do not answer');
  try {
    const statuses = await withDeadline(context.clock, memberDeadlineMs, signal, late, (inner) =>
      ask({ signal: inner }),
    );
    return { statuses, reason: '' };
  } catch (error) {
    context.log.warn('api.members_silent', { reason: messageOf(error) });
    return { statuses: undefined, reason: messageOf(error) };
  }
}

/** Why the agents of other servers cannot be reached, by server: an etcd outlives its agent, and votes on. */
async function agentProblems(
  context: ApiContext,
  state: ClusterState,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, { readonly agentProblem: string }>> {
  const { reach, clock, server } = context;
  if (reach === undefined) return new Map();
  const others = [...state.servers.values()].filter(({ value }) => value.server !== server);
  const late = () => new SkepError('Timeout', `no answer within ${memberDeadlineMs / 1_000} s`);
  const asked = await Promise.all(
    others.map(async ({ value }) => {
      const reached = withDeadline(clock, memberDeadlineMs, signal, late, () => reach(value.apiAddress));
      const agentProblem = await reached.catch(messageOf);
      return agentProblem === '' ? [] : [[value.server, { agentProblem }] as const];
    }),
  );
  return new Map(asked.flat());
}

/** Every member that answers says that none leads: whoever the store names as leader can change nothing. */
function isLeaderless(statuses: Asked['statuses']): boolean {
  if (statuses === undefined || statuses.size === 0) return false;
  return [...statuses.values()].every(({ leaderId }) => leaderId === '0');
}

type Health = Status['servers'][number]['health'];

function healthOf(
  state: ClusterState,
  record: { readonly server: string; readonly memberId: string },
  statuses: ReadonlyMap<string, MemberStatus> | undefined,
): Health {
  const leads = !isLeaderless(statuses) && state.leader?.value.server === record.server;
  if (statuses === undefined) return leads ? 'leader' : 'unknown';
  const member = statuses.get(record.memberId);
  if (member === undefined) return 'unknown';
  if (member.learner) return 'learner';
  return leads ? 'leader' : 'follower';
}

function countLrps(state: ClusterState): { lrps: Status['lrps']; example: string; stuck: string[] } {
  const { instancesDesired, instancesRunning, crashed, suspect, unplaced, stuck } = state.counts;
  const lrps = {
    desired: state.desired.size,
    instancesDesired,
    instancesRunning,
    unplaced: unplaced.size,
    crashed,
    suspect,
  };
  const [first] = unplaced;
  return { lrps, example: first === undefined ? '' : exampleOf(state, first), stuck: [...stuck].map(nameOf) };
}

/** An instance as people write it, by the key of its record. */
function nameOf(key: string): string {
  const parsed = parseKey(key);
  return parsed?.kind === 'actual' ? instanceName(parsed.guid, parsed.index) : key;
}

/** @param key of something that found no place */
function exampleOf(state: ClusterState, key: string): string {
  const parsed = parseKey(key);
  if (parsed?.kind === 'task') {
    return `task ${parsed.guid} (${state.tasks.get(parsed.guid)?.value.placementError?.message})`;
  }
  if (parsed?.kind !== 'actual') return '';
  const record = state.actual.get(parsed.guid)?.get(parsed.index)?.ordinary;
  return `${nameOf(key)} (${record?.value.placementError?.message})`;
}

function drainingOf(state: ClusterState): { cellId: string; left: number }[] {
  return [...state.cellSpecs.values()].flatMap(({ value: { cellId, drain } }) => {
    const claims = state.claimsByCell.get(cellId)?.size ?? 0;
    const left = claims + (state.tasksByCell.get(cellId)?.size ?? 0);
    return drain === undefined || left === 0 ? [] : [{ cellId, left }];
  });
}

/** Those of a storm, and those that still hold something, are told of otherwise. */
function awayOf(state: ClusterState): LostCell[] {
  const inStorm = new Set(stormsOf(state.roster?.value).flatMap(({ lost }) => lost));
  return lostCellsOf(state.roster?.value).filter(({ cellId }) => {
    const holds = state.claimsByCell.has(cellId) || state.tasksByCell.has(cellId);
    return !holds && !inStorm.has(cellId) && !state.cells.has(cellId);
  });
}

/** Those that still have instances, whose cell has lost its lease. */
function suspectCellsOf({ counts }: ClusterState): string[] {
  return [...counts.suspectsByCell.keys()].sort();
}

function countTasks(state: ClusterState) {
  const { tasksPending, tasksRunning, tasksCompleted, tasksUnplaced } = state.counts;
  const [first] = tasksUnplaced;
  return {
    pending: tasksPending,
    running: tasksRunning,
    completed: tasksCompleted,
    unplaced: tasksUnplaced.size,
    example: first === undefined ? '' : exampleOf(state, first),
  };
}

/** While containers are kept that the state is too old to know. */
function keepsUnknown({ restored }: ClusterState, now: number): Restored | undefined {
  return restored !== undefined && now < restored.value.keepUntil ? restored.value : undefined;
}
