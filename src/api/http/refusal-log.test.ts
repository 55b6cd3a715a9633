import { expect, test } from 'vitest';
import { recordingLog } from '../../../test/kit/recording-log.ts';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import { refusalLog } from './refusal-log.ts';

function world() {
  const clock = virtualClock(1_000_000);
  const { log, lines } = recordingLog();
  return { clock, lines, refusals: refusalLog(log, clock) };
}
const denied = (from: string) =>
  ({ code: 'Unauthorized', from, what: 'POST /v1/lrps', reason: 'may not' }) as const;

test('the first of an address is told at once, the next are counted and told with the one after the pause', async () => {
  const { clock, lines, refusals } = world();
  for (let i = 0; i < 1_000; i++) refusals.note(denied('10.0.0.5'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    event: 'api.refused',
    fields: { from: '10.0.0.5', code: 'Unauthorized', what: 'POST /v1/lrps', reason: 'may not' },
  });
  refusals.note(denied('10.0.0.6'));
  expect(lines).toHaveLength(2);
  await clock.advance(10_000);
  refusals.note(denied('10.0.0.5'));
  expect(lines[2]?.fields).toMatchObject({ from: '10.0.0.5', moreBefore: 999 });
});

test('a thousand addresses fill neither the log nor the memory', async () => {
  const { clock, lines, refusals } = world();
  for (let i = 0; i < 1_000; i++) refusals.note(denied(`10.0.${i >> 8}.${i & 255}`));
  expect(lines).toHaveLength(257);
  await clock.advance(10_000);
  for (let i = 0; i < 1_000; i++) refusals.note(denied(`10.1.${i >> 8}.${i & 255}`));
  expect(lines.length).toBeLessThanOrEqual(2 * 257);
});

test('what is not there or in conflict is an ordinary answer; long texts are cut', () => {
  const { lines, refusals } = world();
  refusals.note({ ...denied('a'), code: 'ResourceNotFound' });
  refusals.note({ ...denied('a'), code: 'ResourceConflict' });
  expect(lines).toEqual([]);
  refusals.note({ ...denied('a'), what: 'x'.repeat(100_000), reason: 'y'.repeat(100_000) });
  expect(JSON.stringify(lines).length).toBeLessThan(1_000);
});
