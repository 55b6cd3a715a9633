/** A task runs at most once: what each state of an attempt leads to. Rules: reference/diego.md 1.7 and 1.9. */
import { expect, test } from 'vitest';
import type { Task } from '../../model/task.ts';
import type { Container } from './container.ts';
import { dueTaskReport, nextTaskStep, type TaskView } from './task-step.ts';

const now = 1_000_000;
const task = { guid: 'job', state: 'RUNNING' } as Task;

function container(state: Container['state'], finishedAt?: number): Container {
  return {
    id: 'c1',
    identity: { clusterId: 'k', cellId: 'a', kind: 'task', guid: 'job', index: 0, instanceGuid: 't1' },
    state,
    exitCode: 0,
    oomKilled: false,
    startedAt: 0,
    finishedAt,
    pid: 1,
    ipAddress: '',
    ports: [],
  };
}

function view(change: Partial<TaskView>): TaskView {
  return {
    guid: 'job',
    attempt: 't1',
    own: true,
    assigned: task,
    granted: false,
    refused: false,
    container: undefined,
    looked: true,
    launched: false,
    started: false,
    outcome: undefined,
    rejection: undefined,
    recorded: false,
    foreign: false,
    ...change,
  };
}

const gone = { assigned: undefined };

test.each<[string, Partial<TaskView>, object]>([
  ['an attempt that is not granted waits', {}, { kind: 'none' }],
  ['a granted one is launched', { granted: true }, { kind: 'launch' }],
  [
    'a launched one is never launched again',
    { granted: true, launched: true, started: true },
    { kind: 'fail', reason: 'task container does not exist' },
  ],
  ['one that never started may be tried elsewhere', { granted: true, launched: true }, { kind: 'reject' }],
  ['one of an earlier agent is looked for', { own: false, looked: false }, { kind: 'discover' }],
  [
    'and fails without a container',
    { own: false },
    { kind: 'fail', reason: 'task container does not exist' },
  ],
  [
    'a container an earlier agent created is not started',
    { own: false, container: container('created') },
    { kind: 'fail', reason: 'agent restarted before the task started' },
  ],
  ['a running one is watched', { own: false, container: container('running') }, { kind: 'none' }],
  ['an ended one is finished', { own: false, container: container('exited') }, { kind: 'finish' }],
  [
    'an outcome waits to be recorded',
    { outcome: { failed: false }, container: container('exited') },
    { kind: 'none' },
  ],
  [
    'a recorded one keeps its log for a while',
    { ...gone, recorded: true, container: container('exited', now - 1_000) },
    { kind: 'none', againAt: now + 119_000 },
  ],
  [
    'and then goes',
    { ...gone, recorded: true, container: container('exited', now - 120_000) },
    { kind: 'remove' },
  ],
  [
    'an ended one that nobody claims is asked about',
    { ...gone, container: container('exited', 0) },
    { kind: 'confirm' },
  ],
  ['so is a running one', { ...gone, container: container('running') }, { kind: 'confirm' }],
  [
    'not ours by a quorum is stopped',
    { ...gone, foreign: true, container: container('running') },
    { kind: 'stop' },
  ],
  [
    'a rejected one loses its container',
    { recorded: true, rejection: 'x', container: container('created') },
    { kind: 'remove' },
  ],
  ['a refused one never gets a container', { refused: true }, { kind: 'none' }],
  ['without record and container it is forgotten', gone, { kind: 'forget' }],
])('%s', (_, change, step) => {
  expect(nextTaskStep(view(change), now)).toMatchObject(step);
});

test.each<[string, Partial<TaskView>, string | undefined]>([
  ['a fresh attempt', {}, 'startTask'],
  ['a granted one', { granted: true }, undefined],
  ['one of an earlier agent', { own: false }, undefined],
  ['a rejection', { granted: true, rejection: 'no space' }, 'rejectTask'],
  ['an outcome', { granted: true, outcome: { failed: false } }, 'completeTask'],
  ['a recorded outcome', { granted: true, outcome: { failed: false }, recorded: true }, undefined],
  ['a refused one', { refused: true }, undefined],
  ['one that is gone', gone, undefined],
])('what is reported of %s', (_, change, method) => {
  expect(dueTaskReport(view(change))?.method).toBe(method);
});
