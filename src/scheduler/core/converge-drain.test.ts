/** What a drain decides: reference/diego.md 1.8, row by row, and its meetings with lost cells of 1.6. */
import { describe, expect, test } from 'vitest';
import {
  buildActual,
  buildDesired,
  buildDrained,
  buildState,
  buildTask,
  builtAt,
  type ClusterRecords,
} from '../../../test/kit/builders.ts';
import { defaults } from '../../model/defaults.ts';
import { converge } from './converge.ts';
import type { Decision } from './decision.ts';
import { fullScope } from './scope.ts';

const soon = builtAt + 1_000;
const deadlineAt = builtAt + 60_000;
/** Cell a is drained; b and c are there; `lost` is not. */
const drained = { cells: ['a', 'b', 'c'], specs: [buildDrained('a')] };
const withDeadline = { ...drained, specs: [buildDrained('a', { deadlineAt })] };

function run(records: ClusterRecords, now = soon) {
  const { decisions, work, due } = converge({
    state: buildState({ desired: [buildDesired()], ...records }),
    scope: fullScope(),
    now,
  });
  const waiting = work.map((item) =>
    item.kind === 'lrp' ? `place ${item.guid}/${item.index}` : 'place task',
  );
  const words = [...decisions.map(word), ...waiting];
  return {
    words: words.filter((each) => each !== 'finishDrain'),
    done: words.includes('finishDrain'),
    decisions,
    due: due.map(({ at }) => at),
  };
}

function word(decision: Decision): string {
  if (decision.kind === 'recover') return `recover ${decision.suspect.value.presence.toLowerCase()}`;
  if ('record' in decision) return `${decision.kind} ${decision.record.value.presence.toLowerCase()}`;
  return decision.kind;
}

const running = (cellId: string, change: object = {}) =>
  buildActual({ state: 'RUNNING', cellId, routable: true, ...change });
const claimed = (cellId: string) => buildActual({ state: 'CLAIMED', cellId });
const evacuating = (cellId: string, change: object = {}) =>
  running(cellId, { presence: 'EVACUATING', ...change });
const suspect = (cellId: string, state: 'RUNNING' | 'CLAIMED' = 'RUNNING') =>
  buildActual({ state, cellId, presence: 'SUSPECT' });
const crashed = buildActual({ state: 'CRASHED', crashCount: 3, since: soon });
const retire = { reason: 'stop', since: builtAt };

describe('an ordinary instance on a drained cell', () => {
  test.each([
    ['[diego 245] RUNNING: goes on aside, a new one waits for a place', running('a'), ['evacuate ordinary']],
    ['[diego 242, 246] CLAIMED: is placed anew at once', claimed('a'), ['unclaim ordinary']],
    ['UNCLAIMED: is placed', buildActual(), ['place web/0']],
    ['CRASHED: waits for its time', crashed, []],
    ['told to stop: is left to stop', running('a', { retire }), []],
    [
      '[diego 245] RUNNING and not ready: is moved all the same',
      running('a', { routable: false }),
      ['evacuate ordinary'],
    ],
    ['on another cell: is left alone', running('b'), []],
  ])('%s', (_name, actual, expected) => {
    expect(run({ ...drained, actual: [actual] }).words).toEqual(expected);
  });
  test('of an LRP with a smaller count is stopped, not moved', () => {
    expect(
      run({ ...drained, desired: [buildDesired({ instances: 0 })], actual: [running('a')] }).words,
    ).toEqual(['retire ordinary']);
  });
});

describe('an evacuating instance', () => {
  test.each([
    ['[diego 243] while the replacement waits', [buildActual()], ['place web/0']],
    ['[diego 243] while the replacement starts', [claimed('b')], []],
    ['while the replacement runs and is not ready', [running('b', { routable: false })], []],
    ['while the replacement waits after a crash, unlike Diego', [crashed], []],
    ['while the replacement is told to stop', [running('b', { retire })], []],
    ['[diego 274] and the replacement is made when it is missing', [], ['create']],
  ])('stays %s', (_name, others, expected) => {
    expect(run({ ...drained, actual: [evacuating('a'), ...others] }).words).toEqual(expected);
  });
  test('[diego 249] is told to stop once its replacement is ready, and not twice', () => {
    expect(run({ ...drained, actual: [evacuating('a'), running('b')] }).words).toEqual(['retire evacuating']);
    const told = evacuating('a', { retire });
    expect(run({ ...drained, actual: [told, running('b')] }).words).toEqual([]);
  });
  test('[diego 251] goes when its cell is lost, and only while it is', () => {
    const told = evacuating('lost', { retire });
    expect(run({ ...drained, actual: [told, running('b')] }).words).toEqual(['delete evacuating']);
    const { words, decisions } = run({ ...drained, actual: [evacuating('lost'), running('b')] });
    expect(words).toEqual(['delete evacuating']);
    expect(decisions[0]?.lostCell).toBe('lost');
  });
  test('[diego 240] is told to stop at the deadline, replaced or not', () => {
    const records = { ...withDeadline, actual: [evacuating('a'), claimed('b')] };
    const early = run(records, deadlineAt - 1);
    expect([early.words, early.due]).toEqual([[], [deadlineAt]]);
    const late = run(records, deadlineAt);
    expect(late.words).toEqual(['retire evacuating']);
    expect(late.decisions[0]?.because).toBe(
      'the deadline of the drain of a has passed before its replacement runs',
    );
  });
  test('is told to stop at once by force', () => {
    const forced = { ...drained, specs: [buildDrained('a', { force: true })] };
    expect(run({ ...forced, actual: [evacuating('a'), buildActual()] }).words).toEqual([
      'retire evacuating',
      'place web/0',
    ]);
    expect(run({ ...forced, actual: [running('a')] }).words).toEqual(['evacuate ordinary']);
  });
  test.each([
    ['waits', buildActual()],
    ['starts', claimed('b')],
    ['is not ready', running('b', { routable: false })],
    ['is on a lost cell', running('lost')],
  ])('counts again when the drain is taken back while its replacement %s', (_name, other) => {
    expect(run({ cells: ['a', 'b'], actual: [evacuating('a'), other] }).words).toEqual([
      'recover evacuating',
    ]);
  });
  test('stops when the drain is taken back after its replacement is ready', () => {
    expect(run({ cells: ['a', 'b'], actual: [evacuating('a'), running('b')] }).words).toEqual([
      'retire evacuating',
    ]);
  });
  test('stays when what the operator wants of the cell cannot be read', () => {
    const raw = { '/skep/v1/cell/a/spec': '{broken' };
    expect(run({ cells: ['a', 'b'], actual: [evacuating('a'), claimed('b')], raw }).words).toEqual([]);
  });
  test('stops when its index or its LRP is gone, living cell or lost', () => {
    const none = { desired: [buildDesired({ instances: 0 })] };
    expect(run({ ...drained, ...none, actual: [evacuating('a'), claimed('b')] }).words).toEqual([
      'retire ordinary',
      'retire evacuating',
    ]);
    expect(run({ ...drained, ...none, actual: [evacuating('lost')] }).words).toEqual(['delete evacuating']);
    expect(run({ ...drained, desired: [], actual: [evacuating('a')] }).words).toEqual(['retire evacuating']);
    expect(run({ ...drained, desired: [], domains: [], actual: [evacuating('a')] }).words).toEqual([]);
  });
});

describe('drained cells and lost ones', () => {
  test.each([
    ['the replacement’s cell is lost', [evacuating('a'), running('lost')], ['replace ordinary']],
    [
      '[diego 264] the suspect’s cell is back and drained',
      [suspect('a'), buildActual()],
      ['evacuate suspect'],
    ],
    ['the same, no replacement made yet', [suspect('a')], ['evacuate suspect']],
    ['[diego 264] a suspect that never ran', [suspect('a', 'CLAIMED'), buildActual()], ['delete suspect']],
    [
      '[diego 264] the replacement starts on a drained cell',
      [suspect('lost'), claimed('a')],
      ['unclaim ordinary'],
    ],
    ['the replacement runs on a drained cell', [suspect('lost'), running('a')], ['delete suspect']],
    ['both leave one after the other', [running('a'), evacuating('b')], ['retire evacuating']],
    ['not ready yet where it must leave again', [running('a', { routable: false }), evacuating('b')], []],
    [
      'a suspect that is back when the slot is taken',
      [suspect('a'), buildActual(), evacuating('b')],
      ['recover suspect'],
    ],
  ])('%s', (_name, actual, expected) => {
    const specs = [buildDrained('a'), buildDrained('b')];
    expect(run({ ...drained, specs, actual }).words).toEqual(expected);
  });
});

describe('a task on a drained cell', () => {
  const task = (change: object) => ({ desired: [], tasks: [buildTask({ cellId: 'a', ...change })] });
  test('that it has not started goes elsewhere', () => {
    expect(run({ ...drained, ...task({}) }).words).toEqual(['unassignTask']);
  });
  test('that runs is waited for, until the deadline fails it', () => {
    expect(run({ ...drained, ...task({ state: 'RUNNING' }) }).words).toEqual([]);
    const records = { ...withDeadline, ...task({ state: 'RUNNING' }) };
    expect(run(records, deadlineAt - 1).due).toEqual([deadlineAt]);
    const { words, decisions } = run(records, deadlineAt);
    expect([words, decisions[0]?.because]).toEqual([['failTask'], 'cell was drained before completion']);
  });
});

describe('the drain itself', () => {
  test('is done when no instance and no task is left, and told of once', () => {
    expect(run(drained).done).toBe(true);
    const told = { ...drained, specs: [buildDrained('a', { doneAt: soon })] };
    expect(run(told).done).toBe(false);
  });
  test.each([
    ['an instance that stops', { actual: [evacuating('a', { retire }), running('b')] }],
    ['a task', { desired: [], tasks: [buildTask({ state: 'RUNNING', cellId: 'a' })] }],
  ])('is not done while the cell holds %s', (_name, records) => {
    expect(run({ ...drained, ...records }).done).toBe(false);
  });
});

describe('an instance that its cell does not stop', () => {
  const late = builtAt + defaults.stopDeadlineMs + buildDesired().stopGraceMs;
  const stuck = (change: object = {}) => ({
    cells: ['a'],
    actual: [running('a', { retire: { ...retire, ...change } })],
  });
  test('is reported once, after its grace and ten minutes', () => {
    expect(run(stuck(), late - 1)).toMatchObject({ words: [], due: [late] });
    const { words, decisions } = run(stuck(), late);
    expect([words, decisions[0]?.because]).toEqual([
      ['remind ordinary'],
      'cell a did not stop it within 10 minutes',
    ]);
    expect(run(stuck({ overdueAt: late }), late + 1).words).toEqual([]);
  });
  test('is reported also when nobody wants it, and when it evacuates', () => {
    expect(run({ ...stuck(), desired: [buildDesired({ instances: 0 })] }, late).words).toEqual([
      'remind ordinary',
    ]);
    const actual = [evacuating('a', { retire }), running('b')];
    expect(run({ ...drained, actual }, late).words).toEqual(['remind evacuating']);
  });
});
