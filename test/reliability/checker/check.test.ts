/** Histories made by hand, each with one thing wrong: a checker that finds nothing in them checks nothing. */
import { describe, expect, test } from 'vitest';
import { differences } from './agreement.ts';
import { check } from './check.ts';
import type { EngineEvent, Evidence, Loss, StoreChange, Write } from './evidence.ts';

const none: Evidence = {
  writes: [],
  history: { changes: [], faults: [] },
  events: [],
  losses: [],
  kills: [],
};
const found = (evidence: Partial<Evidence>, marks: Iterable<[string, number]> = []) =>
  check({ ...none, ...evidence }, new Map(marks)).violations;

const write = (change: Partial<Write>): Write => ({
  guid: 'web',
  kind: 'lrp',
  instances: 2,
  askedAt: 0,
  outcome: 'acknowledged',
  ...change,
});
const desired = (revision: number, instances: number | undefined): StoreChange => ({
  revision,
  key: '/skep/v1/desired/web',
  value: instances === undefined ? undefined : JSON.stringify({ instances }),
  seenAt: 0,
});
const claim = (revision: number, slot: string, record: object | undefined): StoreChange => ({
  revision,
  key: `/skep/v1/actual/web/0${slot}`,
  value: record && JSON.stringify({ state: 'RUNNING', presence: 'ORDINARY', cellId: 'a', ...record }),
  seenAt: 0,
});
const history = (...changes: StoreChange[]) => ({ history: { changes, faults: [] } });

describe('acknowledged writes', () => {
  test('that are there are fine', () => {
    const writes = [
      write({ revision: 1 }),
      write({ instances: 3, revision: 2 }),
      write({ instances: undefined, revision: 3 }),
    ];
    expect(found({ writes, ...history(desired(1, 2), desired(2, 3), desired(3, undefined)) })).toEqual([]);
  });
  test('that were never written are found', () => {
    const writes = [write({ revision: 1 }), write({ instances: 3, revision: 2 })];
    expect(found({ writes, ...history(desired(1, 2)) })).toEqual([
      'lrp web: acknowledged 3 at revision 2, where it is 2',
      'lrp web: acknowledged 3, the store ends with 2',
    ]);
  });
  test('that were written and lost later are found', () => {
    const writes = [write({ revision: 1 }), write({ instances: 3, revision: 2 })];
    const changes = history(desired(1, 2), desired(2, 3), desired(3, 2));
    expect(found({ writes, ...changes })).toEqual(['lrp web: acknowledged 3, the store ends with 2']);
  });
  test('a removal that came back is found', () => {
    const writes = [write({ instances: undefined, revision: 2 })];
    const changes = history(desired(1, 2), desired(2, undefined), desired(3, 2));
    expect(found({ writes, ...changes })).toEqual([
      'lrp web: acknowledged its removal, the store ends with 2',
    ]);
  });
  test('what nobody answered may be or not, what was refused may not', () => {
    const writes = [write({ revision: 1 }), write({ instances: 5, outcome: 'unsure' })];
    expect(found({ writes, ...history(desired(1, 2)) })).toEqual([]);
    expect(found({ writes, ...history(desired(1, 2), desired(2, 5)) })).toEqual([]);
    const refused = [write({ revision: 1 }), write({ instances: 5, outcome: 'refused' })];
    expect(found({ writes: refused, ...history(desired(1, 2), desired(2, 5)) })).toHaveLength(1);
  });
});

describe('claims', () => {
  test('a suspect beside its replacement is fine', () => {
    const changes = history(
      claim(1, '', { instanceGuid: 'one' }),
      claim(2, '', { instanceGuid: 'two', cellId: 'b' }),
      claim(2, '/suspect', { instanceGuid: 'one', presence: 'SUSPECT' }),
    );
    expect(found(changes)).toEqual([]);
  });
  test('two that count are found, at the revision where it begins', () => {
    const changes = history(
      claim(1, '', { instanceGuid: 'one' }),
      claim(2, '/suspect', { instanceGuid: 'two', cellId: 'b' }),
      claim(3, '/suspect', undefined),
    );
    expect(found(changes)).toEqual(['web/0 has 2 claims at revision 2']);
  });
  test('one instance under two keys, and a claim of nobody, are found', () => {
    const twice = history(
      claim(1, '', { instanceGuid: 'one' }),
      claim(2, '/suspect', { instanceGuid: 'one', presence: 'SUSPECT' }),
    );
    expect(found(twice)).toEqual(['web/0 has one instance twice at revision 2']);
    expect(found(history(claim(1, '', {})))).toEqual(['web/0 is claimed by nobody at revision 1']);
  });
  test('what the watches disagreed about is passed on', () => {
    expect(found({ history: { changes: [], faults: ['revision 3: h1 and h2 differ'] } })).toHaveLength(1);
  });
});

describe('containers', () => {
  const event = (at: number, action: 'start' | 'die', containerId: string, host = 'h1'): EngineEvent => ({
    host,
    at,
    action,
    containerId,
    kind: 'lrp',
    guid: 'web',
    index: 0,
    instanceGuid: containerId,
  });
  const loss = (change: Partial<Loss>): Loss => ({
    host: 'h1',
    from: 10_000,
    to: 30_000,
    isOff: false,
    ...change,
  });

  test('an end that nobody asked for is found', () => {
    const events = [event(1, 'start', 'a'), event(5_000, 'die', 'a'), event(5_001, 'start', 'b')];
    expect(found({ events })).toEqual(['web/0 ended on h1 at 00:00:05.000 without a cause']);
  });
  test('an end that was asked for, or was made, is fine', () => {
    const events = [event(1, 'start', 'a'), event(5_000, 'die', 'a')];
    expect(
      found({ events, writes: [write({ instances: 0, askedAt: 4_000 })], ...history(desired(1, 0)) }),
    ).toEqual([]);
    expect(
      found({ events, writes: [write({ instances: 0, askedAt: 6_000 })], ...history(desired(1, 0)) }),
    ).toHaveLength(1);
    expect(found({ events, kills: [{ containerId: 'a', at: 4_999 }] })).toEqual([]);
    expect(found({ events, kills: [{ containerId: 'b', at: 4_999 }] })).toHaveLength(1);
  });
  test('a second copy is found unless the cell of the first is lost', () => {
    const events = [event(1, 'start', 'a'), event(17_000, 'start', 'b', 'h2'), event(31_000, 'die', 'a')];
    expect(found({ events })).toEqual(['web/0 started on h2 at 00:00:17.000 while it runs on h1']);
    expect(found({ events, losses: [loss({})] })).toEqual([]);
  });
  test('a blip is no loss', () => {
    const events = [event(1, 'start', 'a'), event(12_000, 'start', 'b', 'h2')];
    expect(found({ events, losses: [loss({ to: 12_000 })] })).toHaveLength(1);
    const later = [event(1, 'start', 'a'), event(14_000, 'start', 'b', 'h2')];
    expect(found({ events: later, losses: [loss({ to: 12_000 })] })).toHaveLength(1);
  });
  test('the newer one that is stopped after a return is found, unless it was not needed', () => {
    const events = [
      event(1, 'start', 'a'),
      event(17_000, 'start', 'b', 'h2'),
      event(80_000, 'die', 'b', 'h2'),
    ];
    expect(found({ events, losses: [loss({})] })).toHaveLength(1);
    const soon = [event(1, 'start', 'a'), event(17_000, 'start', 'b', 'h2'), event(31_000, 'die', 'b', 'h2')];
    expect(found({ events: soon, losses: [loss({})] })).toEqual([]);
  });
  test('what ran on a host without power runs no more', () => {
    const events = [
      event(1, 'start', 'a'),
      event(17_000, 'start', 'b', 'h2'),
      event(90_000, 'start', 'c', 'h3'),
    ];
    const second = loss({ host: 'h2', from: 80_000, to: undefined, isOff: true });
    expect(found({ events, losses: [loss({ isOff: true }), second] })).toEqual([]);
    expect(found({ events, losses: [loss({ isOff: false }), second] })).toHaveLength(1);
  });
  test('a task that ran twice is found, by the engines and by what it said', () => {
    const start: EngineEvent = { ...event(1, 'start', 'a'), kind: 'task', guid: 'once' };
    expect(found({ events: [start] }, [['once', 1]])).toEqual([]);
    expect(found({ events: [start, { ...start, host: 'h2' }] })).toEqual([
      'task once was started 2 times: h1,h2',
    ]);
    expect(found({}, [['once', 2]])).toEqual(['task once ran 2 times']);
  });
});

describe('agreement', () => {
  const row = {
    guid: 'web',
    index: 0,
    state: 'RUNNING',
    presence: 'ORDINARY',
    cellId: 'h1',
    containerId: 'a',
  };
  const container = { host: 'h1', containerId: 'a', guid: 'web', index: 0 };
  const web = { guid: 'web', instances: 1 };

  test('holds', () => expect(differences([web], [row], [container])).toEqual([]));
  test.each([
    ['nothing runs', [web], [row], [], 'web/0: 0 containers run, 1 wanted'],
    [
      'a second copy',
      [web],
      [row],
      [container, { ...container, host: 'h2' }],
      'web/0: 2 containers run on h1, h2, 1 wanted',
    ],
    ['one too many', [], [], [container], 'web/0: 1 containers run on h1, 0 wanted'],
    ['no record', [web], [], [container], 'web/0: 0 records, 1 wanted'],
    [
      'another cell',
      [web],
      [{ ...row, cellId: 'h2' }],
      [container],
      'web/0: the API says h2 a, it runs on h1 a',
    ],
    [
      'another state',
      [web],
      [{ ...row, state: 'CLAIMED' }],
      [container],
      'web/0: the API says CLAIMED ORDINARY, and its container runs',
    ],
  ])('%s', (_what, desiredState, rows, containers, line) => {
    expect(differences(desiredState, rows, containers)).toEqual([line]);
  });
});
