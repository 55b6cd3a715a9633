/** The election suite on every adapter, over the store in memory and over the real etcd. */

import { vi } from 'vitest';
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import type { Bbs } from '../../src/store/bbs.ts';
import type { Election } from '../../src/store/election.ts';
import { etcdBbs } from '../../src/store/etcd/etcd-bbs.ts';
import { leaseElection } from '../../src/store/etcd/lease-election.ts';
import { raftElection } from '../../src/store/etcd/raft-election.ts';
import type { CandidateOptions } from '../../src/store/leadership.ts';
import { memoryBbs } from '../../src/store/memory/memory-bbs.ts';
import { memoryElection } from '../../src/store/memory/memory-election.ts';
import { startEtcd } from '../kit/etcd.ts';
import { virtualClock } from '../kit/virtual-clock.ts';
import { type ElectionWorld, electionContract } from './election.contract.ts';

type MakeElection = (options: CandidateOptions, favoured: () => string) => Election;

/** Whoever is favoured has the member that leads Raft. */
const byRaft: MakeElection = (options, favoured) =>
  raftElection({
    ...options,
    status: async () => ({
      memberId: options.server,
      leaderId: favoured(),
      raftTerm: 7,
      learner: false,
      dbSizeBytes: 0,
      raftIndex: 0,
    }),
  });
const byLease: MakeElection = (options) => leaseElection(options);
const inMemory: MakeElection = ({ bbs, server, clock }) => memoryElection({ bbs, name: server, clock });

type Place = Pick<ElectionWorld, 'until' | 'untilSettled' | 'close'> & {
  bbs: Bbs;
  options: Omit<CandidateOptions, 'server'>;
};

function worldOf(make: MakeElection, { options, ...place }: Place): ElectionWorld {
  let favoured = '0';
  let seed = 0;
  return {
    ...place,
    candidate: (server) => make({ ...options, server, rng: seededRng(++seed) }, () => favoured),
    favour(server) {
      favoured = server;
    },
  };
}

const virtualLimitMs = 60_000;

async function memoryWorld(make: MakeElection): Promise<ElectionWorld> {
  const clock = virtualClock();
  const bbs = memoryBbs({ clock });
  const until = (condition: () => boolean): Promise<void> => clock.advanceUntil(condition, virtualLimitMs);
  return worldOf(make, {
    bbs,
    options: { bbs, clock, log: silentLog, rng: seededRng(0) },
    until,
    async untilSettled(promise) {
      let settled = false;
      const note = (): void => {
        settled = true;
      };
      promise.then(note, note);
      await until(() => settled);
      return promise;
    },
    close: async () => undefined,
  });
}

async function etcdWorld(make: MakeElection): Promise<ElectionWorld> {
  const etcd = await startEtcd();
  const bbs = etcdBbs({ endpoints: etcd.endpoints, clock: systemClock, log: silentLog, rng: seededRng(0) });
  return worldOf(make, {
    bbs,
    options: { bbs, clock: systemClock, log: silentLog, rng: seededRng(0) },
    async until(condition) {
      const holds = (): void => {
        if (!condition()) throw new Error('the condition does not hold in time');
      };
      await vi.waitFor(holds, { timeout: 30_000, interval: 10 });
    },
    untilSettled: (promise) => promise,
    async close() {
      bbs.close();
      await etcd.stop();
    },
  });
}

electionContract('memory', () => memoryWorld(inMemory));
electionContract('following Raft, on the store in memory', () => memoryWorld(byRaft));
electionContract('by lease, on the store in memory', () => memoryWorld(byLease));
electionContract('following Raft, on etcd', () => etcdWorld(byRaft));
electionContract('by lease, on etcd', () => etcdWorld(byLease));
