/**
 * A term of the brain: how it begins, waits, survives and ends, that it wakes when something is due, and that
 * it writes nothing once somebody else leads.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  brainBench,
  claims,
  events,
  forever,
  ordinary,
  soonMs,
  taskOf,
  web,
} from '../../test/kit/brain-bench.ts';
import { buildActual, buildDesired, buildTask, builtAt } from '../../test/kit/builders.ts';
import { defaults } from '../model/defaults.ts';
import { encode } from '../store/core/codec.ts';
import { desiredKey, eventKey, leaderKey, presenceKey, root } from '../store/core/keys.ts';

describe('a term', () => {
  test('begins with the default domain and a line in the journal', async () => {
    const b = await brainBench(onTestFinished, { domains: [] });
    await b.lead();
    await b.clock.advance(soonMs);
    expect([...b.state.domains.keys()]).toEqual(['default']);
    expect(b.state.domains.get('default')?.value.ttlSeconds).toBe(0);
    expect(events(b.state, 'brain.elected')).toHaveLength(1);
    expect(b.brain.stats()).toMatchObject({ leading: true, unplaced: 0 });
  });

  test('ends when it is told to', async () => {
    const b = await brainBench(onTestFinished);
    const { ended, stop } = await b.lead();
    await b.clock.advance(soonMs);
    stop();
    await ended;
    expect(b.brain.stats().leading).toBe(false);
    expect(b.clock.pendingTimers).toBe(0);
  });

  test('[diego 359] ends at the first write after somebody else leads, and that write is not done', async () => {
    const b = await brainBench(onTestFinished, { cells: ['a'] });
    const { ended } = await b.lead();
    await b.clock.advance(soonMs);
    await b.change(leaderKey, encode({ v: 1, server: 'server-b', raftTerm: 99, since: builtAt }));
    await b.put({ desired: [buildDesired()] });
    await b.clock.advance(soonMs);
    await ended;
    expect(b.state.actual.size).toBe(0);
  });

  test('[diego 257] waits for its own leader key: what the old leader placed is not placed again', async () => {
    const b = await brainBench(onTestFinished, {
      desired: [buildDesired({ instances: 2 })],
      cells: ['a', 'b'],
    });
    const first = await b.lead();
    await b.clock.advance(soonMs);
    first.stop();
    await first.ended;
    const before = [ordinary(b.state, 0), ordinary(b.state, 1)];
    await b.lead();
    await b.clock.advance(soonMs);
    expect([ordinary(b.state, 0), ordinary(b.state, 1)]).toEqual(before);
  });

  test('decides nothing before the server’s copy of the state has its leader key', async () => {
    const records = { desired: [buildDesired()], cells: ['a'], domains: [] };
    const b = await brainBench(onTestFinished, records, { isFollowing: false });
    await b.lead();
    await b.clock.advance(5_000);
    const { records: written } = await b.bbs.list(root, { signal: forever });
    expect(written.map(({ key }) => key)).toEqual(
      [leaderKey, presenceKey('a' as never), desiredKey(web)].toSorted(),
    );
    await b.follow();
    await b.clock.advance(defaults.convergeSweepMs);
    expect(ordinary(b.state)?.state).toBe('CLAIMED');
  });

  test('[diego 269] looks at everything when a domain becomes fresh: what nobody desires goes at once', async () => {
    const b = await brainBench(onTestFinished, { actual: [buildActual({ domain: 'apps' })] });
    await b.lead();
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)?.state).toBe('UNCLAIMED');
    await b.put({ domains: ['apps'] });
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)).toBeUndefined();
  });

  test('[A.8 22] [diego 266, 364] outlives a store that does not answer, and a commit whose answer is lost', async () => {
    const b = await brainBench(onTestFinished, { cells: ['a'] });
    await b.lead();
    await b.clock.advance(soonMs);
    b.bbs.setAvailable(false);
    await b.clock.advance(60_000);
    b.bbs.setAvailable(true);
    b.bbs.failNextCommit('after');
    await b.put({}).catch(() => undefined);
    await b.put({ desired: [buildDesired({ instances: 3 })] });
    b.bbs.failNextCommit('after');
    await b.clock.advance(30_000);
    expect(claims(b.state)).toEqual({ a: 3 });
  });
});

describe('time', () => {
  test('[diego 122] a crashed instance is restarted when its wait is over, not at the next sweep', async () => {
    const b = await brainBench(onTestFinished, { desired: [buildDesired()], cells: ['a'] });
    await b.lead();
    await b.clock.advance(defaults.convergeSweepMs / 2);
    const crashed = buildActual({ state: 'CRASHED', crashCount: 3, since: b.clock.now() });
    await b.put({ actual: [crashed] });
    await b.clock.advance(defaults.crashBackoffMs - 1);
    expect(ordinary(b.state)?.state).toBe('CRASHED');
    await b.clock.advance(soonMs);
    expect(ordinary(b.state)).toMatchObject({ state: 'CLAIMED', crashCount: 3 });
  });
  test('[diego 58] a completed task is deleted 120 seconds after it ended', async () => {
    const b = await brainBench(onTestFinished, {
      tasks: [buildTask({ state: 'COMPLETED', firstCompletedAt: builtAt + 7_000 })],
    });
    await b.lead();
    await b.clock.advance(7_000 + defaults.taskKeptMs - 1);
    expect(taskOf(b.state)?.state).toBe('COMPLETED');
    await b.clock.advance(soonMs);
    expect(taskOf(b.state)).toBeUndefined();
  });
});

describe('the journal', () => {
  test('is cut to its bound in a sweep', async () => {
    const b = await brainBench(onTestFinished, { cells: ['a'] });
    const line = encode({ v: 1, type: 'lrp.changed', at: builtAt, subject: 'web', message: 'x' });
    const count = defaults.eventJournalMax + 500;
    const puts = Array.from({ length: count }, (_, i) => ({
      compare: [],
      puts: [{ key: eventKey(builtAt - count + i, 'x'), value: line }],
    }));
    await b.bbs.commit(puts, { signal: forever });
    await b.clock.settle();
    await b.lead();
    await b.clock.advance(defaults.convergeSweepMs + soonMs);
    const { records } = await b.bbs.list('/skep/v1/event/', { signal: forever });
    expect(records.length).toBeLessThanOrEqual(defaults.eventJournalMax + 10);
    expect(records.at(-1)?.value).toContain('cell.joined');
  });
  test('tells of a record that cannot be read once, also after a change of leader', async () => {
    const b = await brainBench(onTestFinished, { raw: { '/skep/v1/desired/bad': '{}' } });
    const first = await b.lead();
    await b.clock.advance(2 * defaults.convergeSweepMs);
    first.stop();
    await first.ended;
    await b.lead();
    await b.clock.advance(soonMs);
    expect(events(b.state, 'record.corrupt')).toHaveLength(1);
    expect(events(b.state, 'record.corrupt')[0]).toContain('desired/bad: cannot be read and is left alone');
  });
});
