import { expect, test } from 'vitest';
import type { AssignedLrp, Assignments } from '../../api/core/cell-protocol.ts';
import type { Task } from '../../model/task.ts';
import { type Assigned, foldAssignments, nothingKnown } from './assignments.ts';

const lrp = (instanceGuid: string): AssignedLrp => ({ actual: { instanceGuid }, desired: {} }) as AssignedLrp;
const task = (guid: string): Task => ({ guid }) as Task;
const message = (change: Partial<Assignments>): Assignments => ({
  type: 'assignments',
  revision: 1,
  full: false,
  lrps: [],
  tasks: [],
  gone: [],
  ...change,
});

const fold = (state: Assigned, change: Partial<Assignments>, server = 'a:1'): Assigned =>
  foldAssignments(state, server, message(change));

test('a full message replaces, others add and take away', () => {
  const first = fold(nothingKnown, { full: true, lrps: [lrp('a'), lrp('b')], tasks: [task('t')] });
  expect([...first.lrps.keys()]).toEqual(['a', 'b']);
  const second = fold(first, { revision: 2, lrps: [lrp('c')], gone: ['a', 't'] });
  expect([...second.lrps.keys()]).toEqual(['b', 'c']);
  expect(second.tasks.size).toBe(0);
  const third = fold(second, { revision: 3, full: true, lrps: [lrp('d')] });
  expect([...third.lrps.keys()]).toEqual(['d']);
});

test('a server with a lower revision changes nothing, even when its message is full', () => {
  const state = fold(nothingKnown, { full: true, revision: 9, lrps: [lrp('a')] });
  expect(fold(state, { full: true, revision: 8 }, 'b:1').lrps).toBe(state.lrps);
  expect(fold(state, { revision: 9, gone: ['a'] }).lrps.size).toBe(0);
});

test('a store that was made anew counts from one again, and what the old one says is too late', () => {
  const old = fold(nothingKnown, { full: true, revision: 90_000, lrps: [lrp('a'), lrp('b')] });
  const anew = fold(old, { full: true, epoch: 5, revision: 3, lrps: [lrp('a')] }, 'b:1');
  expect([...anew.lrps.keys()]).toEqual(['a']);
  expect(fold(anew, { full: true, revision: 90_001, lrps: [lrp('b')] }).lrps).toBe(anew.lrps);
  expect([...fold(anew, { epoch: 5, revision: 4, lrps: [lrp('c')] }, 'b:1').lrps.keys()]).toEqual(['a', 'c']);
});

test('a difference to what is not known says nothing', () => {
  expect(fold(nothingKnown, { lrps: [lrp('a')] })).toBe(nothingKnown);
});

test('a claim that one server never heard of goes, although that server is ahead', () => {
  const both = fold(fold(nothingKnown, { full: true }), { full: true }, 'b:1');
  const claimed = fold(both, { revision: 5, lrps: [lrp('brief')] });
  // b skipped the claim and its end, and tells of something later.
  const ahead = fold(claimed, { revision: 9, lrps: [lrp('other')] }, 'b:1');
  expect([...ahead.lrps.keys()]).toEqual(['other']);
});

test('what a slow server tells late does not bring back what has gone', () => {
  const both = fold(fold(nothingKnown, { full: true }), { full: true }, 'b:1');
  const ended = fold(fold(both, { revision: 5, lrps: [lrp('x')] }), { revision: 7, gone: ['x'] });
  expect(fold(ended, { revision: 5, lrps: [lrp('x')] }, 'b:1').lrps.size).toBe(0);
});
