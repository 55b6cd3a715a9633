import { describe, expect, test } from 'vitest';
import { buildDrained } from '../../../test/kit/builders.ts';
import type { DrainRow, DrainView } from '../../api/core/cell-shapes.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import { DrainTeller, drainSummary, rowLine } from './drain-progress.ts';

const row = (index: number, state: DrainRow['state'], change: object = {}): DrainRow => ({
  guid: 'web' as ProcessGuid,
  index,
  state,
  ...change,
});
const view = (rows: DrainRow[], change: Partial<DrainView> = {}): DrainView => ({
  cellId: 'a' as CellId,
  present: true,
  spec: buildDrained('a'),
  left: { ordinary: 0, evacuating: rows.length, suspect: 0, tasks: 0 },
  rows,
  done: rows.length === 0,
  ...change,
});

test.each([
  [row(0, 'queued'), 'web/0 waits for its turn'],
  [row(0, 'waiting', { why: 'no memory' }), 'web/0 waits for its replacement to be placed: no memory'],
  [row(0, 'starting', { to: 'b' }), 'web/0 is starting on b'],
  [row(0, 'not ready', { to: 'b', why: 'refused' }), 'web/0 runs on b, not ready yet: refused'],
  [row(0, 'crashed', { why: 'exit 1' }), 'web/0 crashed where it was to go: exit 1'],
  [row(0, 'healthy', { to: 'b' }), 'web/0 is healthy on b'],
  [row(0, 'stopping', { why: 'its replacement runs on \u001b[31mb' }), expect.not.stringContaining('\u001b')],
])('a row: %j', (given, said) => expect(rowLine(given)).toEqual(said));

test('the summary counts, and names the deadline that is still to come', () => {
  const spec = buildDrained('a', { deadlineAt: 61_000 });
  const seen = view([row(0, 'waiting'), row(1, 'starting')], { spec });
  expect(drainSummary(seen, 1_000)).toBe(
    'a: 2 instances and 0 tasks left, 1 waiting, 1 starting, 1m until the deadline',
  );
  expect(drainSummary({ ...seen, present: false }, 61_000)).toBe(
    'a: 2 instances and 0 tasks left, 1 waiting, 1 starting, the cell is not present',
  );
});

test('the summary of a drain whose beginning is known has a bar, and how long it still takes at this pace', () => {
  const seen = view([row(3, 'queued')], { instances: 4, remainingMs: 40_000 });
  expect(drainSummary(seen, 1_000)).toBe(
    'a: [###############-----] 3 of 4 have left, 1 instance and 0 tasks left, 1 queued, about 40s to go',
  );
});

describe('from look to look', () => {
  test('only what changed is told, and what has gone with where it runs now', () => {
    const teller = new DrainTeller('a');
    expect(teller.lines(view([row(0, 'waiting'), row(1, 'starting', { to: 'b' })]))).toHaveLength(2);
    expect(teller.lines(view([row(0, 'starting', { to: 'c' }), row(1, 'starting', { to: 'b' })]))).toEqual([
      'web/0 is starting on c',
    ]);
    expect(teller.lines(view([row(0, 'healthy', { to: 'c' })]))).toEqual([
      'web/0 is healthy on c',
      'web/1 has stopped; it runs on b',
    ]);
    teller.lines(view([]));
    expect(teller.verdict(view([]))).toEqual({ text: 'a is drained: 2 instances moved.', exit: 0 });
  });
  test('what was cut short is named, and is a partial success; by force it was asked for', () => {
    const teller = new DrainTeller('a');
    teller.lines(view([row(0, 'stopping', { why: 'the deadline' })]));
    expect(teller.lines(view([]))).toEqual(['web/0 has stopped']);
    expect(teller.verdict(view([]))).toEqual({
      text: 'a is drained, but stopped before a replacement ran: web/0',
      exit: 9,
    });
    expect(teller.verdict(view([], { spec: buildDrained('a', { force: true }) })).exit).toBe(0);
  });
  test('tasks that end are told', () => {
    const teller = new DrainTeller('a');
    const left = (tasks: number) => view([], { left: { ordinary: 0, evacuating: 0, suspect: 0, tasks } });
    teller.lines(left(2));
    expect(teller.lines(left(1))).toEqual(['a still runs 1 task']);
  });
  test('a drain that was taken back has failed', () => {
    expect(new DrainTeller('a').verdict(view([row(0, 'waiting')])).exit).toBe(1);
  });
});
