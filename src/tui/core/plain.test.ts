import { describe, expect, test } from 'vitest';
import { now, viewData } from '../../../test/kit/tui-data.ts';
import type { ViewKind, ViewRow } from '../../api/core/view-shapes.ts';
import { changeLines, rowLine, totalsLine } from './plain.ts';

const rowOf = (kind: ViewKind, at: number): ViewRow => {
  const row = viewData[kind][at];
  if (row === undefined) throw new Error('no such row');
  return row;
};
const keyed = (...rows: ViewRow[]): ReadonlyMap<string, ViewRow> =>
  new Map(rows.map((row) => [row.key, row]));
const withValues = (row: ViewRow, values: ViewRow['values']): ViewRow => ({
  ...row,
  values: { ...row.values, ...values },
});

describe('a row as a sentence', () => {
  test('begins with its name and its state', () => {
    expect(rowLine('instances', rowOf('instances', 18), now)).toMatch(
      /^payments-worker\/18: CRASHED, ready no, cell host-\d+, crashes 3, .*reason exited 137/,
    );
    expect(rowLine('cells', rowOf('cells', 0), now)).toMatch(/^host-01: ready, .*mem percent 17, .*for 5h$/);
  });
  test('leaves out what is not known', () => {
    expect(rowLine('cells', rowOf('cells', 12), now)).not.toContain(' -');
  });
  test('of the journal is told as what happened', () => {
    expect(rowLine('events', rowOf('events', 3), now)).toBe(
      '39s ago: instance.running web/12 on host-02: runs',
    );
  });
});

test('totals say how many the filter lets through, and states', () => {
  expect(totalsLine('cells', { total: 28, matched: 28, counts: { ready: 27, lost: 1, gone: 0 } })).toBe(
    '28 cells: 27 ready, 1 lost',
  );
  expect(totalsLine('lrps', { total: 12_000, matched: 3, counts: {} })).toBe('3 of 12,000 LRPs');
});

describe('changes', () => {
  const row = rowOf('instances', 1);
  test('say what it is now and what it was', () => {
    const after = withValues(row, { state: 'CRASHED', crashes: 1 });
    expect(changeLines('instances', keyed(row), keyed(after), now, true)).toEqual([
      'payments-worker/1: state CRASHED, was RUNNING; crashes 1, was 0',
    ]);
  });
  test('do not tell that time has passed', () => {
    const after = withValues(row, { since: now });
    expect(changeLines('instances', keyed(row), keyed(after), now, true)).toEqual([]);
  });
  test('tell what came and what went, but not what was only pushed out of the window', () => {
    const other = rowOf('instances', 2);
    expect(changeLines('instances', keyed(row), keyed(other), now, true)).toEqual([
      expect.stringMatching(/^new: payments-worker\/2: RUNNING/),
      'gone: payments-worker/1',
    ]);
    expect(changeLines('instances', keyed(row), keyed(other), now, false)).toHaveLength(1);
  });
  test('in the journal are what happened', () => {
    const [first, second] = [rowOf('events', 1), rowOf('events', 0)];
    expect(changeLines('events', keyed(first), keyed(second), now, true)).toEqual([
      rowLine('events', second, now),
    ]);
  });
});
