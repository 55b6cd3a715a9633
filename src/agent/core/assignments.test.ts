import { expect, test } from 'vitest';
import type { AssignedLrp, Assignments } from '../../api/core/cell-protocol.ts';
import type { Task } from '../../model/task.ts';
import { foldAssignments, nothingKnown } from './assignments.ts';

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

test('a full message replaces, others add and take away', () => {
  const first = foldAssignments(
    nothingKnown,
    message({ full: true, lrps: [lrp('a'), lrp('b')], tasks: [task('t')] }),
  );
  expect([...first.lrps.keys()]).toEqual(['a', 'b']);
  const second = foldAssignments(first, message({ revision: 2, lrps: [lrp('c')], gone: ['a', 't'] }));
  expect([...second.lrps.keys()]).toEqual(['b', 'c']);
  expect(second.tasks.size).toBe(0);
  const third = foldAssignments(second, message({ revision: 3, full: true, lrps: [lrp('d')] }));
  expect([...third.lrps.keys()]).toEqual(['d']);
});

test('a lower revision is ignored, even when it is full', () => {
  const state = foldAssignments(nothingKnown, message({ full: true, revision: 9, lrps: [lrp('a')] }));
  expect(foldAssignments(state, message({ full: true, revision: 8 }))).toBe(state);
  expect(foldAssignments(state, message({ revision: 9, gone: ['a'] })).lrps.size).toBe(0);
});

test('a difference to what is not known says nothing', () => {
  expect(foldAssignments(nothingKnown, message({ lrps: [lrp('a')] }))).toBe(nothingKnown);
});
