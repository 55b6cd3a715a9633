/**
 * A brain over the store in memory and its replica, on a virtual clock, and the few things that tests of it
 * do and ask: begin a term, put records, play the cells' part, read the journal.
 */
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import type { ActualLrp } from '../../src/model/actual-lrp.ts';
import type { JournalEvent } from '../../src/model/event.ts';
import type { ProcessGuid, TaskGuid } from '../../src/model/ids.ts';
import type { Task } from '../../src/model/task.ts';
import { type Brain, createBrain } from '../../src/scheduler/brain.ts';
import type { BrainObserver } from '../../src/scheduler/brain-observer.ts';
import type { CellEar } from '../../src/scheduler/cell-ear.ts';
import { encode } from '../../src/store/core/codec.ts';
import { leaderKey } from '../../src/store/core/keys.ts';
import type { ClusterState } from '../../src/store/core/state.ts';
import { createReplica } from '../../src/store/follow-replica.ts';
import { type MemoryBbs, memoryBbs } from '../../src/store/memory/memory-bbs.ts';
import { builtAt, type ClusterRecords, clusterRecords } from './builders.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

export const forever: AbortSignal = new AbortController().signal;
/** Longer than the debounce, shorter than the sweep: whatever happens within it was caused by an event. */
export const soonMs = 1_000;

export interface BrainBench {
  readonly clock: VirtualClock;
  readonly bbs: MemoryBbs;
  readonly state: ClusterState;
  readonly brain: Brain;
  /** Begins a term; resolves when it has ended. */
  lead(): Promise<{ readonly ended: Promise<void>; stop(): void }>;
  /** Begins to follow the store, for a bench that does not. */
  follow(): Promise<void>;
  put(records: ClusterRecords): Promise<void>;
  change(key: string, value: string | undefined): Promise<void>;
}

export interface BrainBenchOptions {
  /** False: the replica follows the store only once `follow` is called. */
  readonly isFollowing?: boolean;
  /** As if cells could reach the server only since the bench was built. */
  readonly isNew?: boolean;
  readonly observers?: readonly BrainObserver[];
  readonly ear?: CellEar;
}

/** @param onEnd registers what must be undone when the test has ended: vitest's `onTestFinished` */
export async function brainBench(
  onEnd: (cleanUp: () => void) => void,
  records: ClusterRecords = {},
  { isFollowing = true, isNew = false, observers = [], ear }: BrainBenchOptions = {},
): Promise<BrainBench> {
  const clock = virtualClock(builtAt);
  const bbs = memoryBbs({ clock });
  const replica = createReplica({ bbs, clock, log: silentLog });
  const following = new AbortController();
  onEnd(() => following.abort());
  const follow = async (): Promise<void> => {
    void replica.run(following.signal);
    await clock.settle();
  };
  if (isFollowing) await follow();
  const brain = createBrain({
    bbs,
    replica,
    clock,
    rng: seededRng(7),
    log: silentLog,
    serverName: 'server-a',
    observers,
    ...(ear === undefined ? {} : { ear }),
    ...(isNew ? { servingSince: clock.now() } : {}),
  });
  const put = async (more: ClusterRecords): Promise<void> => {
    const puts = clusterRecords(more).map(([key, value]) => ({ compare: [], puts: [{ key, value }] }));
    await bbs.commit(puts, { signal: forever });
    await clock.settle();
  };
  await put(records);
  return {
    clock,
    bbs,
    brain,
    put,
    follow,
    get state() {
      return replica.state;
    },
    async lead() {
      const raftTerm = bbs.store.revision + 1;
      const value = encode({ v: 1, server: 'server-a', raftTerm, since: clock.now() });
      const [outcome] = await bbs.commit([{ compare: [], puts: [{ key: leaderKey, value }] }], {
        signal: forever,
      });
      const term = new AbortController();
      onEnd(() => term.abort());
      const revision = outcome?.committed === true ? outcome.revision : 0;
      const ended = brain.lead({ fence: { key: leaderKey, revision }, signal: term.signal, raftTerm });
      return { ended, stop: () => term.abort() };
    },
    async change(key, value) {
      const mutation = value === undefined ? { deletes: [key], puts: [] } : { puts: [{ key, value }] };
      await bbs.commit([{ compare: [], ...mutation }], { signal: forever });
      await clock.settle();
    },
  };
}

export const web = 'web' as ProcessGuid;
export const ordinary = (state: ClusterState, index = 0): ActualLrp | undefined =>
  state.actual.get(web)?.get(index)?.ordinary?.value;
export const suspect = (state: ClusterState, index = 0): ActualLrp | undefined =>
  state.actual.get(web)?.get(index)?.suspect?.value;
export const taskOf = (state: ClusterState): Task | undefined => state.tasks.get('job' as TaskGuid)?.value;
export const claims = (state: ClusterState): Record<string, number> =>
  Object.fromEntries([...state.claimsByCell].map(([cellId, refs]) => [cellId, refs.size]));
export const events = (state: ClusterState, type: JournalEvent['type']): string[] =>
  [...state.events.values()]
    .filter((event) => event.type === type)
    .map(({ subject, message }) => `${subject}: ${message}`);

/** Plays the cells' part: every claimed instance runs. */
export async function runAll({ bbs, state, clock }: BrainBench): Promise<void> {
  for (const indexes of state.actual.values()) {
    for (const { ordinary: record } of indexes.values()) {
      if (record?.value.state !== 'CLAIMED') continue;
      const value = encode({ ...record.value, state: 'RUNNING', since: clock.now() });
      await bbs.commit([{ compare: [], puts: [{ key: record.key, value }] }], { signal: forever });
    }
  }
  await clock.settle();
}
