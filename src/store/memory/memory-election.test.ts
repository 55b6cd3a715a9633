import { afterEach, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../test/kit/virtual-clock.ts';
import { defaults } from '../../model/defaults.ts';
import type { Fence } from '../bbs.ts';
import { leaderKey } from '../core/keys.ts';
import type { LeaderTerm } from '../election.ts';
import { type MemoryBbs, memoryBbs } from './memory-bbs.ts';
import { type MemoryElection, memoryElection } from './memory-election.ts';

/** Every candidate has looked once. */
const poll = defaults.raftStatusPollMs;
const forever = new AbortController().signal;
const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

interface Candidate {
  readonly election: MemoryElection;
  readonly bbs: MemoryBbs;
  readonly terms: LeaderTerm[];
  /** Withdraws and waits until it is done. */
  stop(): Promise<void>;
}

function candidate(name: string, clock: VirtualClock, first?: Candidate): Candidate {
  const bbs = memoryBbs({ clock, ...(first === undefined ? {} : { store: first.bbs.store }) });
  const election = memoryElection({ bbs, name, clock });
  const controller = new AbortController();
  const terms: LeaderTerm[] = [];
  const campaign = election.campaign(
    async (term) => {
      terms.push(term);
      await new Promise<void>((resolve) => term.signal.addEventListener('abort', () => resolve()));
    },
    { signal: controller.signal },
  );
  const stop = async (): Promise<void> => {
    controller.abort();
    await campaign;
  };
  endings.push(stop);
  return { election, bbs, terms, stop };
}

const write = (bbs: MemoryBbs, fence: Fence): Promise<unknown> =>
  bbs.commit([{ compare: [], puts: [{ key: '/skep/v1/task/t', value: 'x' }] }], { signal: forever, fence });

test('one leads while it lives; the next takes over when it withdraws', async () => {
  const clock = virtualClock();
  const one = candidate('one', clock);
  await clock.advance(poll);
  const two = candidate('two', clock, one);
  await clock.advance(60_000);
  expect([one.terms.length, two.terms.length]).toEqual([1, 0]);
  expect(one.bbs.store.get(leaderKey)?.value).toContain('"server":"one"');
  const stopping = one.stop();
  await clock.advance(poll);
  await stopping;
  expect(two.terms).toHaveLength(1);
  expect(one.bbs.store.get(leaderKey)?.revision).toBe(two.election.fence?.revision);
});

test('a paused leader loses its lease, believes on, and writes nothing', async () => {
  const clock = virtualClock();
  const one = candidate('one', clock);
  await clock.advance(poll);
  const two = candidate('two', clock, one);
  const old = one.terms[0]?.fence as Fence;
  await write(one.bbs, old);
  one.election.pause();
  await clock.advance(10_000);
  expect(two.terms).toHaveLength(1);
  expect(one.terms[0]?.signal.aborted).toBe(false);
  await expect(write(one.bbs, old)).rejects.toMatchObject({ code: 'Fenced' });
  one.election.resume();
  await clock.advance(poll);
  expect(one.terms[0]?.signal.aborted).toBe(true);
  await write(two.bbs, two.terms[0]?.fence as Fence);
});

test('leadership can be stolen', async () => {
  const clock = virtualClock();
  const one = candidate('one', clock);
  await clock.advance(poll);
  const two = candidate('two', clock, one);
  await clock.advance(poll);
  two.election.steal();
  await clock.advance(2 * poll);
  expect(two.terms).toHaveLength(1);
  expect(one.terms[0]?.signal.aborted).toBe(true);
  await expect(write(one.bbs, one.terms[0]?.fence as Fence)).rejects.toMatchObject({ code: 'Fenced' });
});

test('a leader cut off from the store gives up when its lease must have run out', async () => {
  const clock = virtualClock();
  const one = candidate('one', clock);
  await clock.advance(poll);
  const two = candidate('two', clock, one);
  one.bbs.setAvailable(false);
  await clock.advance(10_000);
  expect(one.terms[0]?.signal.aborted).toBe(true);
  expect([one.terms.length, two.terms.length]).toEqual([1, 1]);
});
