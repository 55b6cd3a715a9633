import { describe, expect, test } from 'vitest';
import { buildActual } from '../../../test/kit/builders.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import {
  ChangeTeller,
  containersOf,
  describe as describeOne,
  judge,
  settleMs,
  steadyMs,
  summarize,
} from './progress.ts';

const running = (index: number, change: object = {}): ActualLrp =>
  buildActual({ index, state: 'RUNNING', cellId: 'c-1', routable: true, ...change });
const starting = (index: number): ActualLrp => buildActual({ index, state: 'CLAIMED', cellId: 'c-1' });
const refusal = {
  message: 'insufficient resources: memory',
  cells: 3,
  counts: { memory: 3 },
  nearest: { cellId: 'c-2', lacks: '64 MiB of memory' },
} as never;
const unplaced = (index: number): ActualLrp => buildActual({ index, placementError: refusal });
const crashed = (index: number): ActualLrp =>
  buildActual({ index, state: 'CRASHED', crashCount: 3, crashReason: 'Exited with status 17' });

test('what runs in place of a crashed container is told apart from it', () => {
  const before = { wanted: 1, instances: [running(0, { instanceGuid: 'one', since: 5 })] };
  expect(containersOf(before)).toBe(containersOf({ ...before, instances: [...before.instances] }));
  for (const change of [
    { instanceGuid: 'two', since: 5 },
    { instanceGuid: 'one', since: 6 },
  ]) {
    expect(containersOf({ wanted: 1, instances: [running(0, change)] })).not.toBe(containersOf(before));
  }
});

describe('the verdict', () => {
  test.each([
    ['nothing yet', 1, [], 0, 'waiting'],
    ['all ready', 2, [running(0), running(1)], 0, 'done'],
    ['none wanted, none there', 0, [], 0, 'done'],
    ['one not ready', 2, [running(0), running(1, { routable: false })], 0, 'waiting'],
    ['one too many still stops', 1, [running(0), running(1)], 0, 'waiting'],
    ['one crashed', 2, [running(0), crashed(1)], 0, 'crashed'],
    ['without a place for a moment', 2, [running(0), unplaced(1)], settleMs - 1, 'waiting'],
    ['without a place for good', 2, [running(0), unplaced(1)], settleMs, 'unplaced'],
    ['without a place while another starts', 2, [starting(0), unplaced(1)], settleMs, 'waiting'],
    ['waiting for the auction', 1, [buildActual({})], settleMs, 'waiting'],
    [
      'a suspect beside its running replacement',
      1,
      [running(0), running(0, { presence: 'SUSPECT' })],
      0,
      'done',
    ],
  ] as const)('%s', (_name, wanted, instances, unplacedForMs, kind) => {
    expect(judge({ wanted, instances: [...instances] }, unplacedForMs).kind).toBe(kind);
  });

  test('says why', () => {
    const verdict = judge({ wanted: 2, instances: [running(0), unplaced(1)] }, settleMs);
    expect(verdict).toMatchObject({
      lines: ['web/1 cannot be placed: insufficient resources: memory; nearest: c-2 lacks 64 MiB of memory'],
    });
    expect(judge({ wanted: 1, instances: [crashed(0)] }, 0)).toMatchObject({
      lines: ['web/0 crashed 3 times: Exited with status 17'],
    });
  });
});

test('a summary counts what is not ready', () => {
  const instances = [running(0), starting(1), unplaced(2), crashed(3), buildActual({ index: 4 }), running(5)];
  expect(summarize('web', { wanted: 5, instances })).toBe(
    'web: 1 of 5 ready, 1 starting, 1 without a place, 1 waiting, 1 crashed, 1 stopping',
  );
});

test('an instance that starts again tells its last crash', () => {
  const again = buildActual({
    state: 'CLAIMED',
    cellId: 'c-1',
    crashCount: 2,
    crashReason: 'Exited with status 1',
  });
  expect(describeOne(again)).toBe('web/0 is starting on c-1 after 2 crashes (Exited with status 1)');
});

test('only what changed is told, and what went', () => {
  const teller = new ChangeTeller();
  const tell = (...instances: ActualLrp[]): string[] => teller.lines({ wanted: 1, instances });
  expect(tell(starting(0), running(1))).toEqual(['web/0 is starting on c-1']);
  expect(tell(starting(0), running(1))).toEqual([]);
  expect(tell(running(0))).toEqual(['web/0 is running on c-1', 'web/1 has stopped']);
  expect(teller.hasTold('web/0 is running on c-1')).toBe(true);
  expect(teller.hasTold('web/0 is starting on c-1')).toBe(false);
  expect(tell()).toEqual(['web/0 has stopped']);
});

test('instances must stay up for half as long as they took to start, from one to five seconds', () => {
  expect([0, 1_500, 6_000, 60_000].map(steadyMs)).toEqual([1_000, 1_000, 3_000, 5_000]);
});
