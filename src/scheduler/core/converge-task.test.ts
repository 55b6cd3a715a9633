/** The converger's table for tasks: reference/diego.md 1.9 and 2.3. */
import { describe, expect, test } from 'vitest';
import { buildState, buildTask, builtAt } from '../../../test/kit/builders.ts';
import { defaults } from '../../model/defaults.ts';
import type { Task } from '../../model/task.ts';
import { converge } from './converge.ts';
import { fullScope } from './scope.ts';

/** What is decided of one task on a cluster whose only cell is `a`: the kind, or `place`, or `nothing`. */
function verdict(task: Task, now: number): { what: string; because?: string | undefined; due: number[] } {
  const state = buildState({ tasks: [task], cells: ['a'] });
  const { decisions, work, due } = converge({ state, scope: fullScope(), now });
  expect(decisions.length + work.length).toBeLessThanOrEqual(1);
  const what = decisions[0]?.kind ?? (work.length > 0 ? 'place' : 'nothing');
  return { what, because: decisions[0]?.because, due: due.map(({ at }) => at) };
}

const soon = builtAt + 1_000;
const pendingEnd = builtAt + defaults.taskPendingExpiryMs;

describe('a PENDING task', () => {
  test('[diego 29] wants a place, on every pass', () => {
    expect(verdict(buildTask(), soon)).toEqual({ what: 'place', due: [pendingEnd] });
  });
  test('[diego 56] fails after 30 minutes without a start', () => {
    expect(verdict(buildTask(), pendingEnd - 1).what).toBe('place');
    expect(verdict(buildTask(), pendingEnd)).toMatchObject({
      what: 'failTask',
      because: 'not started within time limit',
    });
  });
  test('[diego 57] fails after 30 minutes also when a cell was to start it', () => {
    expect(verdict(buildTask({ cellId: 'a' }), pendingEnd).what).toBe('failTask');
  });
  test('that a living cell is to start is left to it', () => {
    const startBy = builtAt + defaults.claimDeadlineMs;
    expect(verdict(buildTask({ cellId: 'a' }), soon)).toMatchObject({ what: 'nothing', due: [startBy] });
    expect(verdict(buildTask({ cellId: 'a' }), startBy)).toMatchObject({
      what: 'unassignTask',
      because: 'cell a did not start it within 10 minutes',
    });
  });
  test('that a lost cell was to start waits for another', () => {
    expect(verdict(buildTask({ cellId: 'lost' }), soon).what).toBe('unassignTask');
  });
});

describe('a RUNNING task', () => {
  test('on a living cell is left alone, however long it takes', () => {
    const task = buildTask({ state: 'RUNNING', cellId: 'a', attempt: 'x' });
    expect(verdict(task, pendingEnd * 2)).toEqual({ what: 'nothing', due: [] });
  });
  test('[diego 54] on a lost cell fails and is never run again', () => {
    const task = buildTask({ state: 'RUNNING', cellId: 'lost', attempt: 'x' });
    expect(verdict(task, soon)).toMatchObject({
      what: 'failTask',
      because: 'cell disappeared before completion',
    });
  });
});

describe('a finished task', () => {
  const completed = buildTask({ state: 'COMPLETED', firstCompletedAt: builtAt, cellId: 'a' });
  const keptUntil = builtAt + defaults.taskKeptMs;
  test('[diego 58, 66] is kept for 120 seconds after its first completion, then deleted', () => {
    expect(verdict(completed, keptUntil - 1)).toEqual({ what: 'nothing', due: [keptUntil] });
    expect(verdict(completed, keptUntil).what).toBe('deleteTask');
  });
  test('[diego 59] that somebody resolves is deleted when that is stuck', () => {
    const resolving: Task = { ...completed, state: 'RESOLVING' };
    const stuckAt = builtAt + defaults.taskResolvingMs;
    expect(verdict(resolving, stuckAt - 1)).toEqual({ what: 'nothing', due: [stuckAt] });
    expect(verdict(resolving, stuckAt).what).toBe('deleteTask');
  });
});

test('[diego 60] a task that cannot be read is left alone (unlike Diego, which deletes it)', () => {
  const state = buildState({ raw: { '/skep/v1/task/job': '{broken' } });
  expect(converge({ state, scope: fullScope(), now: soon }).decisions).toEqual([]);
});
