import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../test/kit/virtual-clock.ts';
import { seededRng } from '../../base/core/rng.ts';
import { type Log, silentLog } from '../../base/log.ts';
import { defaults } from '../../model/defaults.ts';
import { decode, encode } from '../core/codec.ts';
import { leaderKey } from '../core/keys.ts';
import type { LeaderTerm } from '../election.ts';
import type { MemberStatus } from '../members.ts';
import { type MemoryBbs, memoryBbs } from '../memory/memory-bbs.ts';
import { raftElection } from './raft-election.ts';

const forever = new AbortController().signal;

let clock: VirtualClock;
let bbs: MemoryBbs;
/** The member that leads Raft; '0': none. */
let raftLeader: string;
let raftTerm: number;
let learners: Set<string>;
let silent: Set<string>;

beforeEach(() => {
  clock = virtualClock();
  bbs = memoryBbs({ clock });
  raftLeader = 'a';
  raftTerm = 7;
  learners = new Set();
  silent = new Set();
});

function status(memberId: string): MemberStatus {
  if (silent.has(memberId)) throw new Error('connection refused');
  return {
    memberId,
    leaderId: raftLeader,
    raftTerm,
    learner: learners.has(memberId),
    dbSizeBytes: 0,
    raftIndex: 0,
  };
}

interface Agent {
  readonly terms: LeaderTerm[];
  readonly leads: boolean;
  readonly done: Promise<void>;
  readonly lost: string[];
  stop(): void;
}

const untilAborted = (term: LeaderTerm): Promise<void> =>
  new Promise((resolve) => term.signal.addEventListener('abort', () => resolve(), { once: true }));

function agent(server: string, lead: (term: LeaderTerm) => Promise<void> = untilAborted): Agent {
  const stop = new AbortController();
  const terms: LeaderTerm[] = [];
  const lost: string[] = [];
  let running = 0;
  const log: Log = { ...silentLog, warn: (_event, fields) => void lost.push(String(fields?.['reason'])) };
  const election = raftElection({
    bbs,
    server,
    clock,
    log,
    rng: seededRng(server.charCodeAt(0)),
    status: async () => status(server),
  });
  const done = election.campaign(
    async (term) => {
      terms.push(term);
      running += 1;
      expect(running).toBe(1);
      try {
        await lead(term);
      } finally {
        running -= 1;
      }
    },
    { signal: stop.signal },
  );
  return {
    terms,
    lost,
    done,
    get leads() {
      return running > 0;
    },
    stop: () => stop.abort(),
  };
}

async function takeRecord(server: string): Promise<void> {
  const value = encode({ v: 1, server, raftTerm, since: clock.now() });
  await bbs.commit([{ compare: [], puts: [{ key: leaderKey, value }] }], { signal: forever });
}

/** As SIGKILL does it: no clean-up, the lease is left to run out. */
function vanish(dead: Agent): void {
  bbs.setAvailable(false);
  dead.stop();
}

const limitMs = 60_000;

describe('follows Raft', () => {
  test('[diego 360] the record carries the server, Raft’s term and the time', async () => {
    const a = agent('a');
    await clock.advanceUntil(() => a.leads, limitMs);
    const record = (await bbs.read([leaderKey], { signal: forever })).records[0];
    const leader = decode('leader', record?.value ?? '');
    expect(leader).toMatchObject({ ok: true, value: { server: 'a', raftTerm: 7 } });
    expect(a.terms[0]).toMatchObject({ raftTerm: 7, fence: { key: leaderKey, revision: record?.revision } });
  });

  test('Raft’s new leader takes the brain while the old record still stands', async () => {
    const a = agent('a');
    const b = agent('b');
    await clock.advanceUntil(() => a.leads, limitMs);
    silent.add('a');
    raftLeader = 'b';
    await clock.advanceUntil(() => b.leads, 1_000);
    await clock.advanceUntil(() => !a.leads, 2_000);
    expect(b.terms[0]?.fence.revision).toBeGreaterThan(a.terms[0]?.fence.revision ?? Infinity);
    expect(a.lost.join()).toContain('b is the leader now');
  });

  test('an own record of an earlier life is replaced, not trusted', async () => {
    const old = encode({ v: 1, server: 'a', raftTerm: 6, since: 0 });
    await bbs.commit([{ compare: [], puts: [{ key: leaderKey, value: old }] }], { signal: forever });
    const before = (await bbs.read([leaderKey], { signal: forever })).records[0];
    const a = agent('a');
    await clock.advanceUntil(() => a.leads, limitMs);
    expect(a.terms[0]?.fence.revision).toBeGreaterThan(before?.revision ?? Infinity);
  });

  test('a clear “not leader” ends the term at the next poll', async () => {
    const a = agent('a');
    await clock.advanceUntil(() => a.leads, limitMs);
    raftLeader = '0';
    await clock.advanceUntil(() => !a.leads, defaults.raftLeadingPollMs);
    expect(a.lost.join()).toContain('no longer leads Raft');
  });

  test('a leader whose member leads on reads its record seldom, and still finds another one', async () => {
    const a = agent('a');
    await clock.advanceUntil(() => a.leads, limitMs);
    const read = vi.spyOn(bbs, 'read');
    await clock.advance(30_000);
    expect(read.mock.calls.length).toBeGreaterThan(0);
    expect(read.mock.calls.length).toBeLessThanOrEqual(3);
    await takeRecord('b');
    await clock.advanceUntil(() => !a.leads, defaults.leaderKeySweepMs + defaults.leaderKeyPollMs);
    expect(a.lost.join()).toContain('b is the leader now');
  });

  test('Raft had another leader in between: the record is read at once', async () => {
    const a = agent('a');
    await clock.advanceUntil(() => a.leads, limitMs);
    raftTerm = 9;
    await takeRecord('b');
    await clock.advanceUntil(() => !a.leads, defaults.raftLeadingPollMs + defaults.leaderKeyPollMs);
    expect(a.lost.join()).toContain('b is the leader now');
  });

  test('a status that is not answered for a while ends nothing, for fifteen seconds the term', async () => {
    const a = agent('a');
    await clock.advanceUntil(() => a.leads, limitMs);
    silent.add('a');
    await clock.advance(14_000);
    expect(a.leads).toBe(true);
    silent.clear();
    await clock.advance(2_500);
    expect(a.leads).toBe(true);
    silent.add('a');
    await clock.advanceUntil(() => !a.leads, 16_000);
    expect(a.lost.join()).toContain('connection refused');
  });

  test('[diego 364] a store that does not answer for a whole lease ends the term', async () => {
    const a = agent('a');
    await clock.advanceUntil(() => a.leads, limitMs);
    bbs.setAvailable(false);
    await clock.advance(2_000);
    expect(a.leads).toBe(true);
    await clock.advanceUntil(() => !a.leads, 7_000);
    bbs.setAvailable(true);
    await clock.advanceUntil(() => a.leads, limitMs);
    expect(a.terms).toHaveLength(2);
  });
});

describe('when Raft’s leader has no agent', () => {
  test('another server stands in, and yields when the agent is back', async () => {
    const a = agent('a');
    await clock.advanceUntil(() => a.leads, limitMs);
    const b = agent('b');
    const c = agent('c');
    await clock.advance(20_000);
    expect([b.terms, c.terms]).toEqual([[], []]);

    vanish(a);
    await clock.advance(1_000);
    bbs.setAvailable(true);
    await clock.advanceUntil(() => b.leads || c.leads, 10_000);
    await clock.advance(20_000);
    expect([b, c].filter((agent) => agent.leads)).toHaveLength(1);
    expect(b.terms.length + c.terms.length).toBe(1);

    const again = agent('a');
    await clock.advanceUntil(() => again.leads && !b.leads && !c.leads, 5_000);
    await clock.advance(20_000);
    expect(again.leads).toBe(true);
    expect(again.terms).toHaveLength(1);
  });

  test('a learner does not stand in, and nobody does while Raft has no leader', async () => {
    learners.add('b');
    const b = agent('b');
    await clock.advance(20_000);
    expect(b.terms).toEqual([]);
    learners.clear();
    raftLeader = '0';
    await clock.advance(20_000);
    expect(b.terms).toEqual([]);
    raftLeader = 'a';
    await clock.advanceUntil(() => b.leads, 10_000);
  });
});

describe('what leads', () => {
  test('that fails is started again, later each time', async () => {
    const startedAt: number[] = [];
    agent('a', async () => {
      startedAt.push(clock.now());
      throw new Error('the brain is broken');
    });
    await clock.advanceUntil(() => startedAt.length === 5, limitMs);
    const waits = startedAt.slice(1).map((at, index) => at - (startedAt[index] ?? 0));
    expect(waits[3]).toBeGreaterThan(waits[0] ?? Infinity);
  });

  test('that does not stop is not started a second time, until it has stopped', async () => {
    let finish = (): void => undefined;
    const a = agent('a', () => new Promise((resolve) => (finish = resolve)));
    await clock.advanceUntil(() => a.leads, limitMs);
    raftLeader = 'b';
    await clock.advanceUntil(() => a.terms[0]?.signal.aborted === true, limitMs);
    raftLeader = 'a';
    await clock.advance(30_000);
    expect(a.terms).toHaveLength(1);
    finish();
    await clock.advanceUntil(() => a.terms.length === 2, limitMs);
  });

  test('that does not stop holds up the end of the campaign for a bounded time only', async () => {
    const a = agent('a', () => new Promise(() => undefined));
    await clock.advanceUntil(() => a.leads, limitMs);
    let ended = false;
    void a.done.then(() => {
      ended = true;
    });
    a.stop();
    await clock.advanceUntil(() => ended, 10_000);
  });
});
