/** Diego's reconciliation table, reference/diego.md 1.7, as far as a cell of Skep has its rows. */
import { expect, test } from 'vitest';
import { instanceContainer, instanceView } from '../../../test/kit/instance-view.ts';
import type { AssignedLrp } from '../../api/core/cell-protocol.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { Container } from './container.ts';
import { startHealth } from './health.ts';
import { dueInstanceReport, type InstanceView, nextInstanceStep } from './instance-step.ts';

const now = 1_000_000;
const healthy = startHealth({ checks: [], readinessChecks: [], startTimeoutMs: 0 }, { startedAt: 0 }, 0);

const container = (state: Container['state'], exitCode?: number): Container =>
  instanceContainer(state, { exitCode });

function assigned(state: ActualLrp['state'], change: Partial<ActualLrp> = {}): AssignedLrp {
  const actual = {
    guid: 'web',
    index: 0,
    instanceGuid: 'i1',
    state,
    crashCount: 0,
    routable: true,
    ...change,
  };
  return { actual, desired: { stopGraceMs: 4_000 } } as AssignedLrp;
}

const claimed = assigned('CLAIMED');
const recorded = assigned('RUNNING');
const retired = assigned('RUNNING', { retire: { reason: 'scaled down', since: 0 } });
const crash = { reason: 'why', at: now - 1_000, count: 1 };

test.each<[string, Partial<InstanceView>, object]>([
  ['a fresh claim is launched', { assigned: claimed }, { kind: 'launch' }],
  [
    'one recorded as running must be looked for first',
    { assigned: recorded, looked: false },
    { kind: 'discover' },
  ],
  [
    'recorded as running without a container has vanished',
    { assigned: recorded },
    { reason: 'container vanished' },
  ],
  [
    'a container of this process that is gone has vanished',
    { assigned: claimed, hadContainer: true },
    { kind: 'crash' },
  ],
  ['created is started', { assigned: claimed, container: container('created') }, { kind: 'start' }],
  ['running is watched', { assigned: claimed, container: container('running') }, { kind: 'watch' }],
  [
    'running and watched needs nothing',
    { assigned: recorded, container: container('running'), health: healthy },
    { kind: 'none' },
  ],
  [
    'exited is a crash',
    { assigned: recorded, container: container('exited', 3) },
    { reason: 'Exited with status 3' },
  ],
  [
    'a verdict stops it',
    { assigned: recorded, container: container('running'), health: { ...healthy, verdict: 'sick' } },
    { kind: 'stop', graceMs: 4_000, because: 'sick' },
  ],
  [
    'and is its reason afterwards',
    { assigned: recorded, container: container('exited', 137), health: { ...healthy, verdict: 'sick' } },
    { kind: 'crash', reason: 'sick' },
  ],
  [
    'a crash waits for its answer',
    { assigned: recorded, container: container('exited'), crash },
    { kind: 'none', againAt: now + 4_000 },
  ],
  [
    'without one it restarts here: the old container goes',
    { assigned: recorded, container: container('exited'), crash: { ...crash, at: now - 5_000 } },
    { kind: 'remove', keep: false },
  ],
  ['and a new one comes', { assigned: recorded, crash: { ...crash, at: now - 5_000 } }, { kind: 'launch' }],
  [
    'the third crash waits 30 s',
    { assigned: recorded, crash: { ...crash, at: now, count: 3 } },
    { againAt: now + 30_000 },
  ],
  [
    'after 200 it waits for the servers',
    { assigned: recorded, crash: { ...crash, count: 200 } },
    { kind: 'none', againAt: undefined },
  ],
  [
    'a recorded crash leaves its container for its log',
    { assigned: recorded, ended: true, crash, container: container('exited') },
    { kind: 'remove', keep: true },
  ],
  [
    'retired and running is stopped',
    { assigned: retired, container: container('running') },
    { kind: 'stop', graceMs: 4_000, because: 'scaled down' },
  ],
  [
    'retired and ended is removed',
    { assigned: retired, container: container('exited') },
    { kind: 'remove', keep: false },
  ],
  ['retired and never created needs nothing', { assigned: retired }, { kind: 'none' }],
  [
    'refused and running is stopped',
    { assigned: claimed, refused: 'no', container: container('running') },
    { kind: 'stop', because: 'no' },
  ],
  ['unclaimed and running is asked about', { container: container('running') }, { kind: 'confirm' }],
  ['unclaimed and created is asked about', { container: container('created') }, { kind: 'confirm' }],
  [
    'unclaimed and dead is kept for its log',
    { container: container('exited') },
    { kind: 'remove', keep: true },
  ],
  ['not ours by a quorum is stopped', { container: container('running'), foreign: true }, { kind: 'stop' }],
  [
    'claimed again meanwhile is not',
    { assigned: recorded, container: container('running'), health: healthy, foreign: true },
    { kind: 'none' },
  ],
  ['neither claimed nor there is forgotten', {}, { kind: 'forget' }],
])('[diego 227] %s', (_, change, step) => {
  expect(nextInstanceStep(instanceView(change), now)).toMatchObject(step);
});

const running = { container: container('running'), health: healthy };

test.each<[string, Partial<InstanceView>, string | undefined]>([
  ['a healthy instance that is CLAIMED', { assigned: claimed, ...running }, 'started'],
  [
    'one that is recorded already',
    {
      assigned: assigned('RUNNING', {
        containerId: 'c1',
        netInfo: { address: 'h', instanceAddress: '172.17.0.2', ports: [] },
      }),
      ...running,
    },
    undefined,
  ],
  [
    'one whose routes changed',
    { assigned: assigned('RUNNING', { containerId: 'c1', routable: false }), ...running },
    'started',
  ],
  [
    'one that starts',
    { assigned: claimed, container: container('running'), health: { ...healthy, phase: 'starting' } },
    undefined,
  ],
  ['a crash', { assigned: recorded, crash }, 'crashed'],
  ['a crash that is recorded', { assigned: recorded, crash, ended: true }, undefined],
  ['a retired one that still runs', { assigned: retired, ...running }, undefined],
  ['a retired one that is gone', { assigned: retired }, 'stopped'],
  ['a retired one nobody looked for', { assigned: retired, looked: false }, undefined],
  ['a refused one', { assigned: claimed, ...running, refused: 'no' }, undefined],
  ['an unclaimed one', { ...running }, undefined],
])('what is reported of %s', (_, change, method) => {
  expect(dueInstanceReport(instanceView(change), 'h')?.method).toBe(method);
});
