import { expect, test } from 'vitest';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import { seededRng } from '../../base/core/rng.ts';
import { silentLog } from '../../base/log.ts';
import { encode } from '../../store/core/codec.ts';
import { serverKey } from '../../store/core/keys.ts';
import { createReplica } from '../../store/follow-replica.ts';
import { memoryBbs } from '../../store/memory/memory-bbs.ts';
import type { ApiContext, Call } from '../context.ts';
import { storeFigures } from './store.ts';

const figures = {
  unhealthy: '',
  version: '3.4.23',
  hasLeader: true,
  dbBytes: 40,
  dbBytesInUse: 12,
  quotaBytes: 2_048,
  fsyncP99Ms: 4,
  commitP99Ms: undefined,
  alarms: [],
};
const hangs = (): Promise<never> => new Promise(() => undefined);

async function answerOf(change: Partial<ApiContext>) {
  const clock = virtualClock();
  const stop = new AbortController();
  const bbs = memoryBbs({ clock });
  const puts = ['b', 'a'].map((server) => {
    const record = {
      v: 1 as const,
      server,
      apiAddress: '127.0.0.1:7400',
      memberId: `m-${server}`,
      version: '0',
      startedAt: 0,
    };
    return { key: serverKey(server), value: encode(record) };
  });
  await bbs.commit([{ compare: [], puts }], { signal: stop.signal });
  const replica = createReplica({ bbs, clock, log: silentLog });
  const following = replica.run(stop.signal);
  const context = { replica, bbs, clock, rng: seededRng(1), log: silentLog, server: 'a', ...change };
  const answer = storeFigures(context as unknown as ApiContext, {}, { signal: stop.signal } as Call);
  await clock.advance(5_000);
  const result = await answer;
  stop.abort();
  await following;
  return result;
}

test('the own member in figures, and how large each member is', async () => {
  const statuses = new Map([
    ['m-a', { dbSizeBytes: 40 }],
    ['m-b', { dbSizeBytes: 41 }],
  ]) as unknown as ReadonlyMap<string, never>;
  expect(
    await answerOf({
      etcdFigures: () => Promise.resolve(figures),
      memberStatuses: () => Promise.resolve(statuses),
    }),
  ).toEqual({
    server: 'a',
    own: { version: '3.4.23', dbBytes: 40, dbBytesInUse: 12, quotaBytes: 2_048, fsyncP99Ms: 4, alarms: [] },
    problem: '',
    members: [
      { server: 'a', dbBytes: 40 },
      { server: 'b', dbBytes: 41 },
    ],
  });
});

test('a member that hangs, and an outside etcd, hold up nobody', async () => {
  expect(await answerOf({ etcdFigures: hangs, memberStatuses: hangs })).toEqual({
    server: 'a',
    problem: 'its etcd did not tell within 3 s',
    members: [],
  });
  expect(await answerOf({})).toMatchObject({ problem: expect.stringContaining('not run by this cluster') });
});
