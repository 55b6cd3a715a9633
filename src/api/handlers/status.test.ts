import { expect, test } from 'vitest';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import { seededRng } from '../../base/core/rng.ts';
import { silentLog } from '../../base/log.ts';
import { encode } from '../../store/core/codec.ts';
import { leaderKey, serverKey } from '../../store/core/keys.ts';
import { createReplica } from '../../store/follow-replica.ts';
import type { MemberStatus } from '../../store/members.ts';
import { memoryBbs } from '../../store/memory/memory-bbs.ts';
import type { ApiContext } from '../context.ts';
import { status } from './status.ts';

const names = ['a', 'b', 'c'];

/** What `status` answers where server `a` leads by the store, and the members say what `ask` says. */
async function answerOf(ask: ApiContext['memberStatuses'], reach?: ApiContext['reach']) {
  const clock = virtualClock();
  const stop = new AbortController();
  const bbs = memoryBbs({ clock });
  const puts = names.map((name) => ({
    key: serverKey(name),
    value: encode({
      v: 1,
      server: name,
      apiAddress: '127.0.0.1:7400',
      memberId: name,
      version: '0',
      startedAt: 0,
    }),
  }));
  puts.push({ key: leaderKey, value: encode({ v: 1, server: 'a', since: 0, raftTerm: 2 }) });
  await bbs.commit([{ compare: [], puts }], { signal: stop.signal });
  const replica = createReplica({ bbs, clock, log: silentLog });
  const following = replica.run(stop.signal);
  const context = {
    replica,
    bbs,
    clock,
    rng: seededRng(1),
    log: silentLog,
    memberStatuses: ask,
    reach,
    clusterId: 'c',
    server: 'a',
    version: '0',
  } as unknown as ApiContext;
  const answer = status(context, {}, { actor: '', signal: stop.signal });
  await clock.advance(1_500);
  const { servers, leader, problems } = await answer;
  stop.abort(new Error('over'));
  await following;
  return { healths: servers.map(({ health }) => health), leader: leader?.server, problems };
}

const says = (leaders: Readonly<Record<string, string>>) => async () =>
  new Map(
    Object.entries(leaders).map(([memberId, leaderId]): [string, MemberStatus] => [
      memberId,
      { memberId, leaderId, raftTerm: 2, learner: false, dbSizeBytes: 0, raftIndex: 0 },
    ]),
  );

test('a leader whose member has lost the majority leads no more', async () => {
  expect(await answerOf(says({ a: '0' }))).toEqual({
    healths: ['follower', 'unknown', 'unknown'],
    leader: undefined,
    problems: [
      expect.stringMatching(/^no server leads/),
      expect.stringMatching(/^no quorum: b, c of 3 servers do not answer/),
      expect.stringMatching(/^no cell is present/),
    ],
  });
});

test('one silent server of three is no lost quorum', async () => {
  const { healths, leader, problems } = await answerOf(says({ a: 'a', c: 'a' }));
  expect({ healths, leader }).toEqual({ healths: ['leader', 'unknown', 'follower'], leader: 'a' });
  expect(problems.join()).toContain('b of 3 servers does not answer: if one more is lost');
});

test('when no member can be asked, that is said, and nothing of a quorum', async () => {
  const { problems } = await answerOf(() => new Promise<never>(() => undefined));
  expect(problems.join()).toContain('nobody can tell which servers answer');
  expect(problems.join()).not.toContain('no quorum');
});

test('an agent that is gone is told of although its etcd votes on; a connection that hangs is one', async () => {
  const all = says({ a: 'a', b: 'a', c: 'a' });
  const asked = new Set<string>();
  const refused = await answerOf(all, async (address) => {
    asked.add(address);
    return 'nobody listens there';
  });
  expect([...asked]).toEqual(['127.0.0.1:7400']);
  expect(refused.problems[0]).toEqual(
    expect.stringContaining(
      'the agent of b (nobody listens there), c (nobody listens there) does not answer',
    ),
  );
  const hanging = await answerOf(all, () => new Promise<string>(() => undefined));
  expect(hanging.problems[0]).toContain('b (no answer within 1 s)');
  expect((await answerOf(all, async () => '')).problems).toEqual(['no cell is present: nothing can run']);
  const silent = await answerOf(says({ a: 'a', b: 'a' }), async () => 'nobody listens there');
  expect(silent.problems.filter((problem) => problem.includes('the agent of c'))).toEqual([]);
});
