import { expect, test } from 'vitest';
import { instanceContainer, instanceView } from '../../../test/kit/instance-view.ts';
import type { AssignedLrp } from '../../api/core/cell-protocol.ts';
import { doingText, instanceDoingSchema } from '../../api/core/instance-doing.ts';
import type { Check } from '../../model/check.ts';
import type { Container } from './container.ts';
import { type Health, probeEnded, probeStarted, startHealth } from './health.ts';
import { type DoingSurroundings, type DoingView, doingOf } from './instance-doing.ts';

const now = 1_000_000;
const ago = (seconds: number): number => now - seconds * 1_000;
const check: Check = { kind: 'http', port: 8080, path: '/health', timeoutMs: 1_000, intervalMs: 30_000 };

const container = (state: Container['state']): Container =>
  instanceContainer(state, {
    exitCode: state === 'exited' ? 3 : undefined,
    startedAt: state === 'created' ? undefined : ago(40),
    finishedAt: state === 'exited' ? ago(2) : undefined,
  });

const assigned = {
  actual: { guid: 'web', index: 0, instanceGuid: 'i1', state: 'CLAIMED' },
  desired: { stopGraceMs: 10_000, image: 'team/app:2' },
} as AssignedLrp;
const retired = {
  ...assigned,
  actual: { ...assigned.actual, retire: { reason: 'scaled down', since: 0 } },
} as AssignedLrp;

/** Watched for 40 s; each output is one check that failed. */
function health(purpose: 'checks' | 'readinessChecks', ...outputs: string[]): Health {
  const plan = { checks: [], readinessChecks: [], startTimeoutMs: 60_000, [purpose]: [check] };
  const begun = startHealth(plan, { startedAt: ago(40) }, ago(40));
  return outputs.reduce(
    (state, output) => probeEnded(probeStarted(state, 0), 0, { kind: 'failed', output }, now),
    begun,
  );
}

type Row = [string, Partial<DoingView>, Partial<DoingSurroundings>, string];

function doing(change: Partial<DoingView>, around: Partial<DoingSurroundings> = {}) {
  const view: DoingView = {
    ...instanceView({ assigned, hadContainer: false }),
    deed: undefined,
    healthySince: undefined,
    failures: 0,
    trouble: undefined,
    ...change,
  };
  const rest = { cellId: 'a', engineAway: undefined, hasListed: true, pull: undefined, ...around };
  return doingOf(view, rest, now);
}

const progress = { layers: 3, layersDone: 1, bytes: 45_000_000, bytesTotal: 210_000_000 };
const crash = { reason: 'exited with 1', at: ago(5), count: 3 };
const at = (kind: NonNullable<DoingView['deed']>['kind'], seconds: number) => ({
  deed: { kind, since: ago(seconds) },
});

test.each<Row>([
  ['not begun', {}, {}, 'the cell has not begun with it yet'],
  [
    'its cell does not know its containers yet',
    { looked: false },
    {},
    'the cell has not begun with it yet: it still asks its engine which containers there are',
  ],
  [
    'the engine is away',
    {},
    { engineAway: 'connection refused' },
    'the cell has not begun with it yet; its container engine does not answer: connection refused',
  ],
  [
    'the image is looked for',
    at('image', 7),
    {},
    'the engine has been asked for 7 s whether image team/app:2 is on that host',
  ],
  [
    'the image is pulled, for others for longer than for this one',
    at('image', 7),
    { pull: { since: ago(90), progress } },
    'image team/app:2 has been pulled for 1 min (1 of 3 layers, 45 of 210 MB)',
  ],
  [
    'the image is pulled, and the engine tells no more',
    at('image', 7),
    { pull: { since: ago(9), progress: { layers: 0, layersDone: 0, bytes: 0, bytesTotal: 0 } } },
    'image team/app:2 has been pulled for 9 s',
  ],
  [
    'it waits for its turn',
    at('queued', 4),
    {},
    'it has waited for 4 s for its turn to be created, behind others on that cell',
  ],
  ['it is created', at('creating', 4), {}, 'its container has been in creation for 4 s'],
  ['it is started', at('starting', 4), {}, 'its container is being started for 4 s'],
  [
    'it is created anew by the cell alone',
    { ...at('creating', 4), crash },
    {},
    'its container has been in creation for 4 s, after it had crashed: exited with 1',
  ],
  ['an earlier agent created it', { container: container('created') }, {}, 'its container is being started'],
  [
    'its check has not answered yet',
    { container: container('running'), health: health('checks') },
    {},
    'its container has run for 40 s and has not passed http:8080/health yet; in 20 s that counts as a crash',
  ],
  [
    'its check fails',
    { container: container('running'), health: health('checks', 'connection refused', 'status 503') },
    {},
    'its container has run for 40 s and has not passed http:8080/health yet, failed 2 times, last: status 503; in 20 s that counts as a crash',
  ],
  [
    'its health is not watched yet',
    { container: container('running') },
    {},
    'its container has run for 40 s and its checks have not passed yet',
  ],
  [
    'it runs',
    {
      container: container('running'),
      health: health('readinessChecks', 'warming up'),
      healthySince: ago(30),
    },
    {},
    'its container runs for 30 s but has not passed http:8080/health yet, last: warming up',
  ],
  [
    'it was told to stop',
    { ...at('stopping', 4), container: container('running'), assigned: retired },
    {},
    'its container is being stopped for 4 s: scaled down; in 6 s it is killed',
  ],
  [
    'it is told to stop while it is pulled',
    { ...at('image', 4), assigned: retired },
    {},
    'its container is being stopped: scaled down',
  ],
  [
    'nobody claims it',
    { assigned: undefined, container: container('running') },
    {},
    'its container is being stopped: no server assigns it to this cell now; that is being confirmed',
  ],
  [
    'it crashed, and no server has heard it',
    { crash },
    {},
    'it crashed 5 s ago: exited with 1; in 25 s the cell starts it anew, unless a server has taken the report of the crash',
  ],
  ['it has just ended', { container: container('exited') }, {}, 'it crashed 2 s ago: Exited with status 3'],
  [
    'a step keeps failing',
    {
      container: container('created'),
      failures: 4,
      trouble: { reason: 'no space left', againAt: now + 3_000 },
    },
    {},
    'its container is being started; the last step failed 4 times, last: no space left; next try in 3 s',
  ],
])('%s', (_name, change, around, text) => {
  const told = doing(change, around);
  expect(instanceDoingSchema.parse(told)).toEqual(told);
  expect(told).toMatchObject({ cellId: 'a', at: now });
  expect(doingText(told)).toBe(text);
});

test('what is long is clipped to what a server reads', () => {
  const long = 'x'.repeat(10_000);
  const told = doing(
    {
      container: container('running'),
      health: health('checks', long),
      failures: 1,
      trouble: { reason: long, againAt: now },
    },
    { engineAway: long },
  );
  expect(instanceDoingSchema.safeParse(told).success).toBe(true);
  expect(JSON.stringify(told).length).toBeLessThan(4_000);
  expect(doingText(told)).toContain('it is tried again now');
});
