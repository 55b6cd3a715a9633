import { describe, expect, test } from 'vitest';
import { buildActual, buildDesired, buildTask } from '../../../test/kit/builders.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { DesiredLrp } from '../../model/desired-lrp.ts';
import type { CellId } from '../../model/ids.ts';
import { rosterSchema } from '../../model/roster.ts';
import type { Task } from '../../model/task.ts';
import { spanOf } from './age.ts';
import { explain, type WhyState } from './why.ts';
import { explainInstance, explainRefusal } from './why-instance.ts';

const now = 1_700_000_100_000;
const ago = (seconds: number): number => now - seconds * 1_000;

function stateOf(parts: {
  desired?: DesiredLrp;
  actuals?: ActualLrp[];
  task?: Task;
  cells?: string[];
  leaderless?: boolean;
  events?: string[];
}): WhyState {
  const { desired, actuals = [], task, cells = ['a', 'b'], leaderless = false, events = [] } = parts;
  const slots = new Map<number, { ordinary?: { value: ActualLrp }; suspect?: { value: ActualLrp } }>();
  for (const value of actuals) {
    const slot = value.presence === 'SUSPECT' ? 'suspect' : 'ordinary';
    slots.set(value.index, { ...slots.get(value.index), [slot]: { value } });
  }
  return {
    desired: new Map(desired ? [[desired.guid, { value: desired }]] : []),
    actual: new Map(actuals[0] ? [[actuals[0].guid, slots]] : []),
    tasks: new Map(task ? [[task.guid, { value: task }]] : []),
    cells: new Map(cells.map((id) => [id as CellId, {}])),
    leader: leaderless ? undefined : {},
    events: new Map(
      events.map((subject, i) => [
        `${i}`,
        { v: 1, type: 'lrp.changed', at: ago(60), subject, message: `event ${i}` },
      ]),
    ),
  };
}

const summaryOf = (lrp: ActualLrp, state: object = {}) =>
  explain(stateOf({ desired: buildDesired(), actuals: [lrp], ...state }), { guid: 'web', index: 0, now });

describe('an instance', () => {
  test('of an LRP that keeps crashing on a cell is told that it goes there only when no other takes it', () => {
    const crashes = [1, 2, 3, 4, 5].map((seconds) => ({ cellId: 'a' as CellId, at: ago(seconds) }));
    const waiting = buildActual({ since: ago(2), crashes, crashCount: 5, crashReason: 'exited with 1' });
    expect(summaryOf(waiting)?.summary).toMatch(
      /goes to these cells only when no other takes it, for its LRP crashed there in the last five minutes: a \(5\)$/,
    );
    expect(summaryOf({ ...waiting, crashes: crashes.slice(1) })?.summary).not.toMatch('no other takes it');
  });
  test.each<[string, ActualLrp, object, string]>([
    [
      'that runs',
      buildActual({ state: 'RUNNING', cellId: 'a', since: ago(90), routable: true }),
      {},
      'has run on cell a for 1 min',
    ],
    [
      'that runs but is not ready',
      buildActual({
        state: 'RUNNING',
        cellId: 'a',
        since: ago(5),
        routable: false,
        checkOutput: 'connection refused',
      }),
      {},
      'has run on cell a for 5 s, but is not ready: connection refused',
    ],
    [
      'that crashed before',
      buildActual({
        state: 'RUNNING',
        cellId: 'a',
        since: ago(5),
        routable: true,
        crashCount: 2,
        crashReason: 'out of memory',
      }),
      {},
      'has run on cell a for 5 s; it crashed 2 times before, last: out of memory',
    ],
    [
      'on a cell that is not present',
      buildActual({ state: 'RUNNING', cellId: 'z', since: ago(5), routable: true }),
      {},
      'has run on cell z for 5 s, but the cell is not present now',
    ],
    [
      'that starts',
      buildActual({ state: 'CLAIMED', cellId: 'a', since: ago(5) }),
      {},
      'has been starting on cell a for 5 s (its image is being pulled, or its container is being made)',
    ],
    ['that waits', buildActual({ since: ago(2) }), {}, 'has waited for a place for 2 s'],
    [
      'that waits without a leader',
      buildActual({ since: ago(2) }),
      { leaderless: true },
      'has waited for a place for 2 s; no server leads now, so nothing is placed',
    ],
    [
      'that fits nowhere',
      buildActual({
        since: ago(2),
        placementError: {
          message: 'insufficient resources: memory',
          cells: 3,
          counts: { memory: 3 },
          nearest: { cellId: 'b' as CellId, lacks: '64 MiB of memory' },
        },
      }),
      {},
      'could not be placed for 2 s: insufficient resources: memory (3 cells looked at, refused by memory: 3); nearest is cell b, which lacks 64 MiB of memory',
    ],
    [
      'without any cell',
      buildActual({ since: ago(2), placementError: { message: 'no cells', cells: 0, counts: {} } }),
      {},
      'could not be placed for 2 s: no cells (no cell is present)',
    ],
    [
      'that crashed and waits',
      buildActual({ state: 'CRASHED', since: ago(10), crashCount: 3, crashReason: 'exited with status 1' }),
      {},
      'crashed 3 times, last: exited with status 1; next try in 20 s',
    ],
    [
      'that crashed and is given up',
      buildActual({ state: 'CRASHED', since: ago(10), crashCount: 200, crashReason: 'exited with status 1' }),
      {},
      'crashed 200 times, last: exited with status 1; it is given up and not tried again',
    ],
    [
      'that is being stopped',
      buildActual({ state: 'RUNNING', cellId: 'a', retire: { reason: 'scaled down', since: ago(3) } }),
      {},
      'has been stopping on cell a for 3 s: scaled down',
    ],
  ])('%s', (_name, lrp, state, summary) => {
    expect(summaryOf(lrp, state)?.summary).toBe(summary);
  });

  test('whose cell is lost is told with its replacement', () => {
    const suspect = buildActual({ state: 'RUNNING', cellId: 'z', presence: 'SUSPECT', updatedAt: ago(7) });
    const ordinary = buildActual({ state: 'CLAIMED', cellId: 'a', since: ago(1) });
    const why = explain(stateOf({ desired: buildDesired(), actuals: [ordinary, suspect] }), {
      guid: 'web',
      now,
    });
    expect(why?.instances[1]?.summary).toContain(
      'is suspect: its cell z has been lost for 7 s; its replacement has been starting on cell a for 1 s',
    );
  });
});

describe('what to do about a crash', () => {
  const crashed = (crashReason: string) =>
    summaryOf(buildActual({ state: 'CRASHED', since: ago(10), crashCount: 3, crashReason }))?.instances[0]
      ?.hint;
  test.each([
    [
      'failed to create container: cannot pull image a/b:1: no such host',
      /reaches the registry.*skep rm web/,
    ],
    [
      'failed to run container: cannot start container 1f: the command cannot be run in this image: x',
      /a command/,
    ],
    ['failed to run container: no space left on device', /mend what the reason says/],
    ['Exited with status 137 (out of memory)', /larger -m; .*skep logs web\/0 --previous/],
    ['Exited with status 3; last output: bad', /^what it said before it ended: skep logs web\/0 --previous$/],
  ])('%s', (reason, hint) => expect(crashed(reason)).toMatch(hint));
  test.each([
    [
      [{ kind: 'http', port: 80, path: '/up' }],
      60_000,
      'it has not passed http:80/up yet; 1 min after its start that counts as a crash',
    ],
    [
      [
        { kind: 'tcp', port: 80 },
        { kind: 'command', args: ['test', '-f', '/x'] },
      ],
      0,
      'it has not passed tcp:80, cmd:test -f /x yet',
    ],
    [[{ kind: 'command', args: ['a'.repeat(500)] }], 0, `it has not passed cmd:${'a'.repeat(195)}… yet`],
  ])('one that starts names the checks that it has to pass: %j', (checks, startTimeoutMs, said) => {
    const desired = buildDesired({ checks, startTimeoutMs } as never);
    const starting = buildActual({ state: 'CLAIMED', cellId: 'a', since: ago(5) });
    const told = explain(stateOf({ desired, actuals: [starting] }), { guid: 'web', index: 0, now });
    expect(told?.summary).toBe(`has been starting on cell a for 5 s (its image is being pulled, or ${said})`);
  });
  test('one that starts says what it does meanwhile', () => {
    const starting = buildActual({ state: 'CLAIMED', cellId: 'a', since: ago(5) });
    expect(summaryOf(starting)?.instances[0]?.hint).toBe('what it says meanwhile: skep logs -f web/0');
  });
});

describe('an LRP', () => {
  const running = (index: number) =>
    buildActual({ index, state: 'RUNNING', cellId: 'a', routable: true, since: ago(5) });
  const summary = (desired: DesiredLrp | undefined, actuals: ActualLrp[]) =>
    explain(stateOf({ ...(desired ? { desired } : {}), actuals }), { guid: 'web', now })?.summary;

  test('says how many run, and what keeps the first of the others', () => {
    expect(summary(buildDesired({ instances: 2 }), [running(0), running(1)])).toBe('all 2 instances run');
    expect(summary(buildDesired(), [running(0)])).toBe('its one instance runs');
    expect(
      summary(buildDesired({ instances: 2 }), [running(0), buildActual({ index: 1, since: ago(2) })]),
    ).toBe('1 of 2 ready; web/1 has waited for a place for 2 s');
    expect(summary(buildDesired({ instances: 2 }), [running(0)])).toContain(
      'the brain has not made the others yet',
    );
    expect(summary(buildDesired({ instances: 2 }), [])).toContain('the brain has not made the instances yet');
    expect(summary(buildDesired({ instances: 0 }), [])).toBe('it is scaled to 0, so nothing runs');
    expect(summary(buildDesired({ removedAt: 1 }), [running(0)])).toBe('it was removed; still to stop: 1');
  });

  test('an index out of range is refused', () => {
    const ask = () => explain(stateOf({ desired: buildDesired() }), { guid: 'web', index: 4, now });
    expect(ask).toThrow('valid indexes: 0 to 0');
  });

  test('one that has gone is known from the journal, an unknown one not at all', () => {
    const state = stateOf({ events: ['web', 'web/0', 'webs'] });
    const why = explain(state, { guid: 'web', now });
    expect(why?.summary).toBe('"web" does not exist any more; last, 1 min ago: event 1');
    expect(why?.events).toHaveLength(2);
    expect(explain(state, { guid: 'nope', now })).toBeUndefined();
  });
});

describe('a task', () => {
  test.each<[string, Task, string]>([
    ['waits', buildTask({ createdAt: ago(3) }), 'has waited for a place for 3 s'],
    [
      'was rejected',
      buildTask({ createdAt: ago(3), rejectionCount: 1, rejectionReason: 'no such image' }),
      'has waited for a place for 3 s; rejected 1 of at most 3 times, last: no such image',
    ],
    [
      'is assigned',
      buildTask({ createdAt: ago(3), cellId: 'a' }),
      'is given to cell a, which has not started it yet (waiting for 3 s)',
    ],
    ['runs', buildTask({ state: 'RUNNING', cellId: 'a', startedAt: ago(4) }), 'has run on cell a for 4 s'],
    [
      'runs on a lost cell',
      buildTask({ state: 'RUNNING', cellId: 'z', startedAt: ago(4) }),
      'has run on cell z for 4 s, but the cell is not present now',
    ],
    [
      'is done',
      buildTask({ state: 'COMPLETED', cellId: 'a', firstCompletedAt: ago(9) }),
      'completed on cell a 9 s ago',
    ],
    [
      'failed',
      buildTask({
        state: 'COMPLETED',
        cellId: 'a',
        firstCompletedAt: ago(9),
        failed: true,
        failureReason: 'exited with status 3',
      }),
      'failed on cell a 9 s ago: exited with status 3',
    ],
  ])('that %s', (_name, task, summary) => {
    expect(explain(stateOf({ task }), { guid: 'job', now })).toMatchObject({ summary, task: { summary } });
  });
});

describe('an instance that waits for another', () => {
  const leaving = (presence: 'SUSPECT' | 'EVACUATING', cellId: string) =>
    buildActual({ state: 'RUNNING', cellId, since: ago(9), updatedAt: ago(5), presence });
  test('on a drained cell names what its replacement does', () => {
    const { summary } = explainInstance(
      { cells: new Map(), leader: {} },
      leaving('EVACUATING', 'a'),
      buildActual({ state: 'CLAIMED', cellId: 'b', since: ago(2) }),
      now,
    );
    expect(summary).toContain(
      'still runs on cell a, which is drained; its replacement has been starting on cell b',
    );
  });
  test('in a storm says so, and how to end it', () => {
    const lost = { zone: 'z1', lostAt: now };
    const value = rosterSchema.parse({ v: 1, cells: { a: lost, b: lost, c: lost } });
    const told = explainInstance(
      { cells: new Map(), leader: {}, roster: { value } },
      leaving('SUSPECT', 'a'),
      undefined,
      now,
    );
    expect(told.summary).toBe(
      'is suspect: its cell a has been lost for 5 s, with 3 of 3 cells of zone z1 at once, so nothing replaces it for now',
    );
    expect(told.hint).toContain('skep brain confirm-loss');
  });
  test('for its cell to stop it says when that is late', () => {
    const retire = { reason: 'scaled to 0', since: ago(700), overdueAt: now };
    const lrp = buildActual({ state: 'RUNNING', cellId: 'a', retire });
    const told = explainInstance({ cells: new Map(), leader: {} }, lrp, undefined, now);
    expect(told).toMatchObject({
      summary: expect.stringContaining('the cell has not done it in time'),
      hint: expect.stringContaining('on a'),
    });
  });
});

test.each([
  [0, '0 s'],
  [-5, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [7_200_000, '2 h'],
  [86_400_000 * 3, '3 d'],
])('a span of %d ms is %s', (ms, said) => {
  expect(spanOf(ms)).toBe(said);
});

test('the smallest change that would place it is what to try', () => {
  const refusal = { message: 'insufficient resources: memory', cells: 1, counts: { memory: 1 } };
  const told = explainRefusal({ ...refusal, change: 'free 5 MiB memory on a' });
  expect(told.hint).toBe('free 5 MiB memory on a; it is placed as soon as it can be');
  expect(explainRefusal(refusal).hint).toMatch(/^ask for less, stop something, or add a cell;/);
});
