/**
 * What must be true some time after the last fault: what is wanted is what runs, on record and in the engines,
 * and what is not as wanted has a reason that an operator can read.
 */
import type { ActualLrp } from '../../src/model/actual-lrp.ts';
import type { CellPresence } from '../../src/model/cell.ts';
import type { CellSpec } from '../../src/model/cell-spec.ts';
import { type DesiredLrp, wantedInstances } from '../../src/model/desired-lrp.ts';
import { resourceNames } from '../../src/model/resources.ts';
import { restartDueAt } from '../../src/model/restart-policy.ts';
import { cellSpecKey, domainKey, presenceKey, root } from '../../src/store/core/keys.ts';
import type { ClusterState } from '../../src/store/core/state.ts';
import type { MemoryStore } from '../../src/store/memory/memory-store.ts';
import type { FakeContainer } from '../kit/fake-container.ts';
import { admits } from './admits.ts';
import type { Cluster } from './cluster.ts';
import { flakyMs } from './images.ts';

export interface Situation {
  /** What is not as it should be, one sentence each. */
  readonly problems: readonly string[];
  /** Until then crashed instances wait by policy, or some will yet crash; undefined: none does. */
  readonly waitsUntil: number | undefined;
}

export function situation(cluster: Cluster): Situation {
  const waits: number[] = [];
  const problems = [
    ...serverProblems(cluster),
    ...[...cluster.checker.drained].map((cellId) => `${cellId} is drained`),
    ...lrpProblems(cluster, waits),
    ...strayRecords(cluster),
    ...containerProblems(cluster),
    ...taskProblems(cluster),
  ];
  waits.push(...crashesToCome(cluster));
  return { problems, waitsUntil: waits.length === 0 ? undefined : Math.max(...waits) };
}

/** When those crash that were started while images still misbehaved. */
function crashesToCome({ hosts, calmSince }: Cluster): number[] {
  const starts = hosts
    .flatMap(({ engine }) => engine.running())
    .flatMap(({ spec, startedAt = 0 }) =>
      spec.image === 'flaky' && startedAt <= calmSince ? [startedAt] : [],
    );
  return starts.map((startedAt) => startedAt + flakyMs);
}

function serverProblems({ servers, hosts, store, checker }: Cluster): string[] {
  const problems: string[] = [];
  const leaders = servers.filter(({ isLeading }) => isLeading);
  if (leaders.length !== 1) problems.push(`${leaders.length} servers lead`);
  for (const { name, running } of servers) {
    const state = running?.api.replica.state;
    if (state === undefined) problems.push(`${name} does not run`);
    else if (!sameCopy(state, store)) {
      problems.push(
        `the copy of ${name} at ${state.revision} is not what the store has at ${store.revision}`,
      );
    }
  }
  for (const host of hosts) {
    if (!checker.isPresent(host.cellId)) problems.push(`${host.name} is not present`);
    const sessions = host.agent?.cell.status().sessions ?? [];
    const live = sessions.filter(({ live: isLive }) => isLive).length;
    if (live !== servers.length) problems.push(`${host.name} has ${live} live sessions of ${servers.length}`);
  }
  return problems;
}

/** Whether a server's copy says what the store says, key by key. */
function sameCopy(state: ClusterState, store: MemoryStore): boolean {
  const { actual, desired, tasks, cells, cellSpecs } = state;
  const slots = [...actual.values()].flatMap((indexes) => [...indexes.values()]);
  const records = slots.flatMap(({ ordinary, suspect, evacuating }) => [ordinary, suspect, evacuating]);
  const copied = [
    ...records,
    ...desired.values(),
    ...tasks.values(),
    ...cells.values(),
    ...cellSpecs.values(),
  ];
  const listed = (all: readonly ({ key: string; revision: number } | undefined)[]): string =>
    all
      .flatMap((one) => (one === undefined ? [] : [`${one.key}@${one.revision}`]))
      .sort()
      .join();
  const kinds = ['actual/', 'desired/', 'task/', 'cell/'];
  return listed(copied) === listed(kinds.flatMap((kind) => store.list(root + kind)));
}

function lrpProblems(cluster: Cluster, waits: number[]): string[] {
  const { checker, world } = cluster;
  return [...checker.desired.values()].flatMap((desired) => {
    const { guid } = desired;
    if (desired.removedAt !== undefined) return [`${guid} was removed and is still there`];
    return Array.from({ length: wantedInstances(desired) }, (_, index) => {
      const record = checker.actual.get(`/skep/v1/actual/${guid}/${index}`);
      const wrong =
        record === undefined
          ? 'has no record'
          : instanceProblem(cluster, record, desired, waits, world.clock.now());
      return wrong === undefined ? [] : [`${guid}/${index} ${wrong}`];
    }).flat();
  });
}

function instanceProblem(
  cluster: Cluster,
  record: ActualLrp,
  desired: DesiredLrp,
  waits: number[],
  now: number,
): string | undefined {
  if (record.retire !== undefined) return `is still being stopped: ${record.retire.reason}`;
  switch (record.state) {
    case 'RUNNING':
      return runsOnce(cluster, record) ? undefined : `is RUNNING on ${record.cellId} without its container`;
    case 'UNCLAIMED': {
      const room = roomFor(cluster, desired);
      if (room !== undefined) return `is UNCLAIMED although it fits on ${room}`;
      return record.placementError === undefined ? 'is UNCLAIMED without a reason' : undefined;
    }
    case 'CRASHED': {
      const dueAt = restartDueAt(record.crashCount, record.since);
      if (dueAt === undefined) return undefined;
      if (dueAt < now - 5_000) return `is CRASHED and was due ${now - dueAt} ms ago`;
      waits.push(dueAt);
      return undefined;
    }
    case 'CLAIMED':
      return `is CLAIMED by ${record.cellId} and does not run`;
  }
}

function runsOnce(cluster: Cluster, record: ActualLrp): boolean {
  const host = cluster.hosts.find(({ cellId }) => cellId === record.cellId);
  const mine = host?.engine
    .running()
    .filter(({ spec }) => spec.identity.instanceGuid === record.instanceGuid);
  return mine?.length === 1 && mine[0]?.id === record.containerId;
}

/** Whether something that is there must not share its cell with it. */
function isRepelled({ actual, desired }: Cluster['checker'], cellId: string, { guid }: DesiredLrp): boolean {
  return [...actual.values()].some((other) => {
    if (other.cellId !== cellId) return false;
    return desired.get(`/skep/v1/desired/${other.guid}`)?.placement.notWith.includes(guid) === true;
  });
}

/** A cell where such a container would find a place. */
function roomFor({ hosts, checker, store }: Cluster, lrp: DesiredLrp): string | undefined {
  return hosts.find(({ cellId, capacity }) => {
    const [cell, spec] = [presenceKey(cellId), cellSpecKey(cellId)].map((key) => store.get(key)?.value);
    if (cell === undefined) return false;
    const parsed = spec === undefined ? undefined : (JSON.parse(spec) as CellSpec);
    const presence = JSON.parse(cell) as CellPresence;
    if (admits(presence, parsed, lrp) !== true || isRepelled(checker, cellId, lrp)) return false;
    const used = checker.usedBy(cellId);
    const overheadMb = (presence.overheadMemoryMb ?? 0) * (used.containers + 1);
    const needed = { memoryMb: lrp.memoryMb + overheadMb, diskMb: lrp.diskMb, containers: 1 };
    return resourceNames.every((name) => used[name] + needed[name] <= capacity[name]);
  })?.name;
}

/** Records of indexes that nobody wants, and of lost instances whose cells are back. */
function strayRecords({ checker, store }: Cluster): string[] {
  return [...checker.actual.values()].flatMap(({ guid, index, presence, state, domain }) => {
    const desired = checker.desired.get(`/skep/v1/desired/${guid}`);
    if (presence !== 'ORDINARY') return [`${guid}/${index} still has a ${presence} record (${state})`];
    const wanted = desired === undefined ? 0 : wantedInstances(desired);
    // Nobody deletes what belongs to a domain whose owner has not been heard of.
    const isStale = store.get(domainKey(domain)) === undefined;
    return index < wanted || isStale ? [] : [`${guid}/${index} has a record (${state}) and is not wanted`];
  });
}

/** Containers that run and belong to nothing. */
function containerProblems({ hosts, checker }: Cluster): string[] {
  return hosts.flatMap(({ name, cellId, engine }) => {
    const isOwned = ({ spec: { identity } }: FakeContainer): boolean => {
      const { kind, guid, index, instanceGuid } = identity;
      if (kind === 'task') {
        const task = checker.tasks.get(`/skep/v1/task/${guid}`);
        return task?.state === 'RUNNING' && task.attempt === instanceGuid && task.cellId === cellId;
      }
      const record = checker.actual.get(`/skep/v1/actual/${guid}/${index}`);
      return record?.instanceGuid === instanceGuid && record.cellId === cellId;
    };
    const strays = [...engine.containers.values()]
      .filter(({ state }) => state !== 'exited')
      .filter((c) => !isOwned(c));
    return strays.map(
      ({ id, state, spec }) =>
        `${name} has ${id} of ${spec.identity.guid}/${spec.identity.index} ${state}, an orphan`,
    );
  });
}

function taskProblems({ checker, hosts, calmSince }: Cluster): string[] {
  return [...checker.tasks.values()].flatMap((task) => {
    const { guid, state, cellId, image, attempt } = task;
    if (state === 'COMPLETED' || state === 'RESOLVING') return [];
    const host = hosts.find((one) => one.cellId === cellId);
    const container = host?.engine.running().find(({ spec }) => spec.identity.instanceGuid === attempt);
    // It only ends when somebody cancels it.
    const isEndless = image === 'endless-job' && (container?.startedAt ?? Infinity) <= calmSince;
    if (state === 'RUNNING' && isEndless) return [];
    return [`task ${guid} is ${state}${cellId === undefined ? '' : ` on ${cellId}`}`];
  });
}
