import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildActual, buildDesired, builtAt } from '../../../test/kit/builders.ts';
import { type StateReplica, stateReplica } from '../../../test/kit/state-replica.ts';
import { type VirtualClock, virtualClock } from '../../../test/kit/virtual-clock.ts';
import { silentLog } from '../../base/log.ts';
import { eventKey, eventPrefix } from '../../store/core/keys.ts';
import { type ViewQuery, viewQuerySchema } from '../core/view-shapes.ts';
import { type Lease, ViewHub } from './hub.ts';

/** A clock whose time also passes by being asked, so that a slice of work ends after some rows. */
function workingClock(): VirtualClock & { costMs: number } {
  const clock = virtualClock(builtAt);
  let spent = 0;
  const working = { ...clock, costMs: 0, now: () => clock.now() + (spent += working.costMs) };
  return working;
}

let clock: ReturnType<typeof workingClock>;
let replica: StateReplica;
let hub: ViewHub;
beforeEach(() => {
  clock = workingClock();
  replica = stateReplica();
  hub = new ViewHub({ replica, clock, log: silentLog });
});
afterEach(() => hub.close());

const nothing = (): void => undefined;
const acquire = (change: Partial<ViewQuery> = {}, onChange = nothing): Lease =>
  hub.acquire(
    viewQuerySchema.parse({ kind: 'instances', window: { start: 0, count: 10 }, ...change }),
    onChange,
  );
const keys = ({ order }: Lease): string[] => order.keys(0, 100);
const fill = (count: number): void => {
  replica.put({ actual: Array.from({ length: count }, (_, index) => buildActual({ index })) });
};

describe('orders that are shared', () => {
  test('the same query has the same order, another has its own of the same population', () => {
    const [first, second] = [acquire(), acquire()];
    expect(second.order).toBe(first.order);
    const sorted = acquire({ sort: { column: 'cell', descending: true } });
    expect(sorted.order).not.toBe(first.order);
    expect(sorted.population).toBe(first.population);
    expect(acquire({ scope: { guid: 'web' } }).population).not.toBe(first.population);
    expect(hub.openOrders).toBe(3);
  });

  test('one that nobody looks at is kept for 30 s, and then nothing is followed any more', async () => {
    const first = acquire();
    expect(replica.listeners).toBe(1);
    first.release();
    first.release();
    await clock.advance(29_000);
    const again = acquire();
    expect(again.order).toBe(first.order);
    await clock.advance(60_000);
    expect(hub.openOrders).toBe(1);
    again.release();
    await clock.advance(31_000);
    expect(hub.openOrders).toBe(0);
    expect(replica.listeners).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  test('one too many is refused; those that nobody looks at make room', () => {
    const leases = Array.from({ length: 64 }, (_, at) => acquire({ filter: `web/${at}` }));
    expect(() => acquire({ filter: 'more' })).toThrow('has no room for one more');
    leases[3]?.release();
    expect(acquire({ filter: 'more' }).order.size).toBe(0);
    expect(hub.openOrders).toBe(64);
  });

  test('a filter that makes no sense leaves nothing behind', () => {
    expect(() => acquire({ filter: '[' })).toThrow('missing closing ]');
    expect(() => acquire({ sort: { column: 'nothing', descending: false } })).toThrow('no column');
    expect(hub.openOrders).toBe(0);
    expect(replica.listeners).toBe(0);
  });
});

describe('work', () => {
  test('what is small is there at once', () => {
    fill(20);
    const lease = acquire();
    expect(lease.population.progress(lease.order)).toBeUndefined();
    expect(lease.order.size).toBe(20);
  });

  test('what is large is made in slices, and tells how far it is', async () => {
    fill(1_000);
    clock.costMs = 4;
    let told = 0;
    const lease = acquire({}, () => (told += 1));
    const begun = lease.population.progress(lease.order);
    expect(begun?.done).toBeGreaterThan(0);
    expect(begun?.done).toBeLessThan(100);
    expect(begun?.of).toBe(1_000);
    await clock.advanceUntil(() => lease.population.progress(lease.order) === undefined, 60_000);
    expect(lease.order.size).toBe(1_000);
    expect(told).toBeGreaterThan(10);
  });

  test('what changes while it is made is in it', async () => {
    fill(1_000);
    clock.costMs = 4;
    const lease = acquire();
    replica.put({
      actual: [buildActual({ index: 5_000 }), buildActual({ index: 2, state: 'CLAIMED', cellId: 'c' })],
    });
    await clock.advanceUntil(() => !lease.population.hasWork, 60_000);
    expect(lease.order.size).toBe(1_001);
    expect(lease.population.counts).toEqual({ UNCLAIMED: 1_000, CLAIMED: 1 });
  });

  test('half an order is dropped with whoever asked for it', () => {
    fill(1_000);
    clock.costMs = 4;
    acquire().release();
    expect(hub.openOrders).toBe(0);
  });

  test('a listener that asks for more work is not forgotten', async () => {
    const lease = acquire({}, () => {
      if (replica.state.desired.size === 0)
        replica.put({ desired: [buildDesired()], actual: [buildActual({ index: 7 })] });
    });
    fill(2);
    await clock.advanceUntil(() => lease.order.size === 3, 1_000);
    expect(keys(lease)).toEqual(['web/0', 'web/1', 'web/7']);
  });

  test('a snapshot replaces everything', async () => {
    fill(3);
    const lease = acquire();
    replica.replace({ actual: [buildActual({ index: 9 })] });
    await clock.settle();
    await clock.advance(10);
    expect(keys(lease)).toEqual(['web/9']);
    expect(lease.population.size).toBe(1);
  });

  test('a filter by age lets rows go as time goes by', async () => {
    replica.put({
      actual: [buildActual({ index: 0, since: builtAt }), buildActual({ index: 1, since: builtAt + 60_000 })],
    });
    let told = 0;
    const lease = acquire({ filter: 'age:<1m' }, () => (told += 1));
    expect(keys(lease)).toEqual(['web/0', 'web/1']);
    await clock.advance(75_000);
    expect(keys(lease)).toEqual(['web/1']);
    expect(told).toBeGreaterThan(0);
  });

  test('events that the journal drops go', async () => {
    const event = (at: number) => ({ v: 1, type: 'lrp.changed', at, subject: 'web', message: '' }) as const;
    replica.write({ [eventKey(2, 'a')]: event(2), [eventKey(1, 'a')]: event(1) });
    const lease = acquire({ kind: 'events' });
    expect(lease.order.size).toBe(2);
    replica.write({ [eventKey(4, 'a')]: event(4), [eventKey(3, 'a')]: event(3) });
    for (const at of [1, 2, 3]) replica.write({ [eventKey(at, 'a')]: undefined });
    await clock.advance(10);
    expect(keys(lease)).toEqual([eventKey(4, 'a').slice(eventPrefix.length)]);
    expect(lease.population.size).toBe(1);
  });
});

test('views have a bounded number of places', () => {
  const leave = Array.from({ length: 128 }, () => hub.enter());
  expect(() => hub.enter()).toThrow('serves 128 views');
  leave[0]?.();
  hub.enter();
});
