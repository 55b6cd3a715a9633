/** The storm guard: DESIGN.md 3.7. */
import { describe, expect, test } from 'vitest';
import {
  buildActual,
  buildCell,
  buildDesired,
  buildDrained,
  buildState,
  buildTask,
  builtAt,
  type ClusterRecords,
} from '../../../test/kit/builders.ts';
import { brainSettingsSchema } from '../../model/cell-spec.ts';
import { defaults } from '../../model/defaults.ts';
import type { CellId } from '../../model/ids.ts';
import { lostCellsOf, type Roster, rosterSchema, stormsOf } from '../../model/roster.ts';
import { converge } from './converge.ts';
import { fullScope } from './scope.ts';
import { nextRoster, pausedCells, stormEvents } from './storm.ts';

const now = builtAt + 100_000;

/** `a: 5` was lost 5 s after the records were made; `b: undefined` is there. All of zone z unless `b@y`. */
function roster(members: Readonly<Record<string, number | undefined>>): Roster {
  const cells = Object.entries(members).map(([name, lostS]) => {
    const [cellId = '', zone = 'z'] = name.split('@');
    return [cellId, { zone, ...(lostS === undefined ? {} : { lostAt: builtAt + lostS * 1_000 }) }] as const;
  });
  return rosterSchema.parse({ v: 1, cells: Object.fromEntries(cells) });
}
const there = undefined;
const paused = (members: Parameters<typeof roster>[0]): string[] => [...pausedCells(roster(members))].sort();

describe('a storm', () => {
  test.each([
    ['three of five', { a: 1, b: 2, c: 3, d: there, e: there }, ['a', 'b', 'c']],
    ['three of six: no more than half', { a: 1, b: 2, c: 3, d: there, e: there, f: there }, []],
    ['two of two: fewer than three', { a: 1, b: 2 }, []],
    ['all of three', { a: 1, b: 1, c: 1 }, ['a', 'b', 'c']],
    ['over a minute: one by one', { a: 0, b: 40, c: 80, d: there }, []],
    ['within a minute to the second', { a: 0, b: 30, c: 60, d: there }, ['a', 'b', 'c']],
    [
      'who was lost long before does not count',
      { a: 0, b: 0, c: 90, d: 91, e: there, f: there, g: there },
      [],
    ],
    [
      'who was lost long before was not there',
      { x: -900, y: -900, a: 0, b: 0, c: 0, d: there },
      ['a', 'b', 'c'],
    ],
    ['two zones, two each', { a: 0, b: 0, 'c@y': 0, 'd@y': 0, e: there }, []],
  ])('%s', (_name, members, expected) => expect(paused(members)).toEqual(expected));

  test('is over when enough return', () => {
    expect(paused({ a: 1, b: 2, c: there, d: there })).toEqual([]);
  });
  test('says which zone and of how many', () => {
    expect(stormsOf(roster({ a: 1, b: 2, c: 3, d: there }))).toEqual([
      { zone: 'z', lost: ['a', 'b', 'c'], ofCells: 4 },
    ]);
  });
});

describe('the roster', () => {
  const cell = (id: string) => buildCell(id, { zone: 'z' });
  const next = (records: ClusterRecords, at = now) => nextRoster(buildState(records), at)?.cells;
  test('takes up who joins, and is left alone when nothing changed', () => {
    expect(next({ cells: [cell('a')] })).toEqual({ a: { zone: 'z' } });
    expect(next({ cells: [cell('a')], roster: roster({ a: there }) })).toBeUndefined();
  });
  test('notes when a cell is lost, and clears it on its return', () => {
    expect(next({ roster: roster({ a: there }) })).toEqual({ a: { zone: 'z', lostAt: now } });
    expect(next({ roster: roster({ a: 1 }), cells: [cell('a')] })).toEqual({ a: { zone: 'z' } });
  });
  test('follows a cell to another zone', () => {
    expect(next({ cells: [buildCell('a', { zone: 'y' })], roster: roster({ a: there }) })).toEqual({
      a: { zone: 'y' },
    });
  });
  test('goes on for a lease when the first of a storm returns: the others are about to', () => {
    const lostAt = builtAt + 5_000;
    const away = roster({ a: 5, b: 5, c: 5, d: there });
    const cells = [cell('a'), cell('d')];
    const first = nextRoster(buildState({ roster: away, cells }), now) as Roster;
    expect(first.cells['a' as CellId]).toEqual({ zone: 'z', lostAt, backAt: now });
    expect([...pausedCells(first)]).toEqual(['b', 'c']);
    expect(lostCellsOf(first).map(({ cellId }) => cellId)).toEqual(['b', 'c']);
    const until = now + defaults.presenceTtlMs;
    expect(next({ roster: first, cells }, until)).toBeUndefined();
    const after = nextRoster(buildState({ roster: first, cells }), until + 1) as Roster;
    expect(after.cells['a' as CellId]).toEqual({ zone: 'z' });
    expect([...pausedCells(after)]).toEqual([]);
  });
  test('a cell that returned from a storm and is lost again is lost from then on', () => {
    const again = rosterSchema.parse({
      v: 1,
      cells: { a: { zone: 'z', lostAt: builtAt, backAt: builtAt + 1 } },
    });
    expect(next({ roster: again })).toEqual({ a: { zone: 'z', lostAt: now } });
  });
  test('does not count who left drained, but who left while it still held something', () => {
    const records = { roster: roster({ a: there }), specs: [buildDrained('a')] };
    expect(next(records)).toEqual({});
    const holds = { ...records, actual: [buildActual({ state: 'RUNNING', cellId: 'a' })] };
    expect(next(holds)).toEqual({ a: { zone: 'z', lostAt: now } });
  });
  test('settles a loss after a minute, but never one of a storm', () => {
    const lostAt = builtAt + 5_000;
    const later = lostAt + defaults.stormWindowMs;
    expect(next({ roster: roster({ a: 5 }) }, later)).toBeUndefined();
    expect(next({ roster: roster({ a: 5 }) }, later + 1)).toEqual({
      a: { zone: 'z', lostAt, settled: true },
    });
    expect(next({ roster: roster({ a: 5, b: 5, c: 5 }) }, later * 2)).toBeUndefined();
  });
  test('shows a settled loss until it is back, or for a week', () => {
    const lostAt = builtAt;
    const known = rosterSchema.parse({ v: 1, cells: { a: { zone: 'z', lostAt, settled: true } } });
    expect(lostCellsOf(known)).toEqual([{ cellId: 'a', zone: 'z', lostAt }]);
    expect(next({ roster: known }, lostAt + defaults.lostCellKeptMs)).toBeUndefined();
    expect(next({ roster: known }, lostAt + defaults.lostCellKeptMs + 1)).toEqual({});
    expect(next({ roster: known, cells: [cell('a')] })).toEqual({ a: { zone: 'z' } });
  });
  test('a settled loss is no part of a storm, however few are left', () => {
    const cells = Object.fromEntries(
      ['a', 'b', 'c'].map((id) => [id, { zone: 'z', lostAt: builtAt, settled: true }]),
    );
    expect(stormsOf(rosterSchema.parse({ v: 1, cells }))).toEqual([]);
  });
  test('writes off what is lost while an operator confirms losses', () => {
    const settings = brainSettingsSchema.parse({ v: 1, stormConfirmedUntil: now + 1 });
    const records = { roster: roster({ a: 5, b: 5, c: 5, d: there }), cells: [cell('d')], settings };
    const off = { zone: 'z', lostAt: builtAt + 5_000, settled: true };
    expect(next(records)).toEqual({ a: off, b: off, c: off, d: { zone: 'z' } });
    expect(next(records, now + 1)).toBeUndefined();
  });
  test('tells the journal when a storm begins and when it is over', () => {
    const calm = roster({ a: there, b: there, c: there });
    const storm = roster({ a: 1, b: 1, c: 1 });
    const told = (before: Roster, after: Roster) =>
      stormEvents(before, after, now).map(({ message }) => message);
    expect(told(calm, storm)).toEqual([expect.stringContaining('3 of 3 cells of zone z vanished at once')]);
    expect(told(storm, storm)).toEqual([]);
    const more = roster({ a: 1, b: 1, c: 1, d: 1 });
    expect(told(storm, more)).toEqual([expect.stringContaining('4 of 4 cells')]);
    expect(told(more, storm)).toEqual([]);
    expect(told(storm, calm)).toEqual([expect.stringContaining('is over')]);
  });
});

describe('while a storm lasts', () => {
  const inStorm = { roster: roster({ a: 1, b: 1, c: 1 }), cells: ['d'], desired: [buildDesired()] };
  const run = (records: ClusterRecords) => {
    const { decisions, work } = converge({ state: buildState(records), scope: fullScope(), now });
    return [...decisions.map(({ kind }) => kind), ...work.map(() => 'place')];
  };
  const suspect = buildActual({ state: 'RUNNING', cellId: 'a', presence: 'SUSPECT' });
  test.each([
    [
      'an instance becomes suspect and is not replaced',
      [buildActual({ state: 'RUNNING', cellId: 'a' })],
      ['suspect'],
    ],
    ['a suspect stays alone', [suspect], []],
    ['a replacement that was made before is not placed', [suspect, buildActual()], []],
    [
      'a replacement whose cell is lost in it too is no claim any more: that cell may return first',
      [suspect, buildActual({ state: 'CLAIMED', cellId: 'b' })],
      ['unclaim'],
    ],
    [
      'a replacement on a cell that is there goes on',
      [suspect, buildActual({ state: 'CLAIMED', cellId: 'd' })],
      [],
    ],
    [
      'a replacement of one lost before waits for its cell',
      [
        buildActual({ state: 'RUNNING', cellId: 'other', presence: 'SUSPECT' }),
        buildActual({ state: 'CLAIMED', cellId: 'b' }),
      ],
      [],
    ],
    [
      'an instance lost before it is replaced',
      [buildActual({ state: 'RUNNING', cellId: 'other' })],
      ['replace'],
    ],
  ])('%s', (_name, actual, expected) => expect(run({ ...inStorm, actual })).toEqual(expected));
  test('a task is not failed', () => {
    const tasks = [buildTask({ state: 'RUNNING', cellId: 'a' })];
    expect(run({ ...inStorm, desired: [], tasks })).toEqual([]);
    expect(run({ ...inStorm, roster: roster({}), desired: [], tasks })).toEqual(['failTask']);
  });
  test('afterwards the replacement is made', () => {
    expect(run({ ...inStorm, roster: roster({}), actual: [suspect] })).toEqual(['create']);
  });
});
