import { expect, test } from 'vitest';
import { buildActual } from '../../../test/kit/builders.ts';
import type { Status, Why } from '../../api/core/routes.ts';
import { painter } from './colour.ts';
import { statusLines, whyLines } from './prose.ts';

const now = 1_700_000_100_000;
const plain = painter(false);

const server = (name: string, health: Status['servers'][number]['health']): Status['servers'][number] => ({
  v: 1,
  server: name,
  apiAddress: '127.0.0.1:7400',
  memberId: '1',
  version: '0.1.0',
  startedAt: now - 60_000,
  health,
});

const status = (change: Partial<Status>): Status => ({
  clusterId: 'c',
  server: 'a',
  version: '0.1.0',
  now,
  revision: 7,
  stale: '',
  servers: [server('a', 'leader'), server('bravo', 'unknown')],
  cells: { present: 1, engineDown: 0, lost: 0 },
  lrps: { desired: 0, instancesDesired: 0, instancesRunning: 0, unplaced: 0, crashed: 0, suspect: 0 },
  tasks: { pending: 0, running: 0, completed: 0 },
  corrupt: [],
  problems: [],
  ...change,
});

test('status says each problem once, and lines the servers up', () => {
  const stale = 'the watch ended';
  const lines = statusLines(status({ stale, problems: [`may be old: ${stale}`] }), now, plain);
  expect(lines.filter((line) => line.includes(stale))).toEqual([`PROBLEM  may be old: ${stale}`]);
  expect(lines.slice(-2)).toEqual([
    '  a      leader   127.0.0.1:7400  0.1.0  up 1m',
    '  bravo  unknown  127.0.0.1:7400  0.1.0  -',
  ]);
});

const event = (message: string, ageMs: number): Why['events'][number] => ({
  v: 1,
  type: 'lrp.desired',
  at: now - ageMs,
  subject: 'web/0',
  message,
});

test('why of one instance says it once, and what happened newest first', () => {
  const actual = buildActual({ state: 'RUNNING', routable: true, cellId: 'a', since: now - 5_000 });
  const summary = 'has run on cell a for 5 s';
  const events = [event('first', 9_000), event('last', 1_000)];
  const lines = whyLines({ subject: 'web/0', summary, instances: [{ actual, summary }], events }, now, plain);
  expect(lines).toEqual([
    'web/0  running for 5s',
    `  ${summary}`,
    '',
    'What happened, newest first',
    '       1s ago  lrp.desired  web/0: last',
    '       9s ago  lrp.desired  web/0: first',
  ]);
});

test('why of an LRP counts above, and says below why the first of its instances is not ready', () => {
  const actual = buildActual({ state: 'CRASHED', since: now - 5_000 });
  const summary = 'crashed 3 times, last: exited; next try in 25 s';
  const why = { subject: 'web', summary: `0 of 1 ready; web/0 ${summary}`, instances: [{ actual, summary }] };
  expect(whyLines({ ...why, events: [] }, now, plain)).toEqual([
    'web',
    '  0 of 1 ready',
    '',
    'web/0  crashed for 5s',
    `  ${summary}`,
  ]);
});
