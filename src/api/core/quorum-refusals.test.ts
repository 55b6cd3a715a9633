import { describe, expect, it } from 'vitest';
import { refuseAdding, refuseRemoving, refuseWhileChanging } from './quorum-refusals.ts';
import { lastChangeLine, quorumLine } from './quorum-text.ts';

const voters = (...answers: boolean[]) =>
  answers.map((isReachable, at) => ({ server: `h${at + 1}`, isReachable }));
const removal = { server: 'h1', isLearner: false, force: false, hasHeir: false };

describe('removing', () => {
  it.each([
    [
      'one of three',
      voters(true, true, true),
      /with 2 instead of 3 .* loss of 0 would be survived, now of 1/,
    ],
    ['the only one', voters(true), /only server/],
    [
      'a living one while another is silent',
      voters(true, true, false),
      /1 of 2 servers would answer, and 2 must/,
    ],
    ['one of two that answer', voters(true, false), /0 of 1 servers would answer, and 1 must/],
  ])('refuses %s', (_what, there, message) => {
    expect(() => refuseRemoving({ ...removal, voters: there })).toThrow(message);
  });

  it.each([
    ['a dead one of three', voters(false, true, true), {}],
    ['one of four', voters(true, true, true, true), {}],
    ['one of three with force', voters(true, true, true), { force: true }],
    ['one of three with another host at hand', voters(true, true, true), { hasHeir: true }],
    ['a learner', voters(true, true, true), { isLearner: true }],
    ['one of two', voters(true, true), {}],
  ])('lets go %s', (_what, there, more) => {
    expect(() => refuseRemoving({ ...removal, voters: there, ...more })).not.toThrow();
  });

  it('never lets go what takes the majority, force or not', () => {
    const given = { ...removal, voters: voters(true, true, false), force: true, hasHeir: true };
    expect(() => refuseRemoving(given)).toThrow(/2 must/);
  });
});

describe('adding', () => {
  const able = { isServer: false, serving: { can: true } };

  it.each([
    ['a server', { ...able, isServer: true }, 3, /a server already/],
    ['a host that is away', undefined, 3, /not there/],
    ['a host that cannot', { isServer: false, serving: { can: false, reason: 'no etcd' } }, 3, /no etcd/],
    ['a host with an older agent', { isServer: false, serving: undefined }, 3, /older/],
    ['an eighth one', able, 7, /7 servers, which is the most/],
  ])('refuses %s', (_what, candidate, count, message) => {
    expect(() => refuseAdding('h9', candidate, count)).toThrow(message);
  });

  it('takes a host that can', () => expect(() => refuseAdding('h9', able, 3)).not.toThrow());
});

const change = { kind: 'add', server: 'h4', at: 0, by: 'automatic', reason: 'server 3 of 3' } as const;

it('changes one server at a time', () => {
  expect(() => refuseWhileChanging(change)).toThrow('server h4 is being added (automatic)');
  expect(() => refuseWhileChanging(undefined)).not.toThrow();
});

it('tells what is done and what comes', () => {
  const next = { text: 'h4 replaces h2', at: 400_000 };
  expect(quorumLine({ next }, 40_000)).toBe('h4 replaces h2 in 6 min');
  expect(quorumLine({ next }, 400_001)).toBe('h4 replaces h2 now');
  expect(quorumLine({ next: { text: 'waits' } }, 0)).toBe('waits');
  expect(quorumLine({ change, next }, 2_000)).toBe(
    'h4 is being made a server (server 3 of 3; automatic, for 2 s)',
  );
  expect(quorumLine({}, 0)).toBeUndefined();
  const last = { ...change, endedAt: 1_000, isDone: false, outcome: 'no etcd' };
  expect(lastChangeLine({ last }, 61_000)).toBe('h4 was not added 1 min ago: no etcd');
  expect(lastChangeLine({ last: { ...last, isDone: true } }, 61_000)).toBe(
    'h4 was added 1 min ago: server 3 of 3',
  );
});
