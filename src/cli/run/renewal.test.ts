import { expect, test } from 'vitest';
import { recordingLog } from '../../../test/kit/recording-log.ts';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import { isDue, lifeMs } from '../../model/auth.ts';
import { keepRenewed } from './renewal.ts';

const dayMs = 24 * 3_600_000;

function certificate(now: number) {
  return {
    notBefore: now,
    endsAt: now + lifeMs.host,
    isDue(at: number) {
      return isDue(this.notBefore, this.endsAt, at);
    },
  };
}

test('is renewed at two thirds of its life, again and again', async () => {
  const clock = virtualClock();
  const held = certificate(clock.now());
  const renewedAfterDays: number[] = [];
  const stop = new AbortController();
  const renew = async (): Promise<void> => {
    renewedAfterDays.push(Math.round((clock.now() - held.notBefore) / dayMs));
    Object.assign(held, certificate(clock.now()));
  };
  const running = keepRenewed(held, renew, { clock, log: recordingLog().log }, stop.signal);
  await clock.advance(65 * dayMs);
  expect(renewedAfterDays).toEqual([20, 20, 20]);
  stop.abort(new Error('the test is over'));
  await running;
});

test('what fails is tried again, and said with the time that is left', async () => {
  const clock = virtualClock();
  const held = certificate(clock.now());
  const { log, lines } = recordingLog();
  let isReachable = false;
  const stop = new AbortController();
  const renew = async (): Promise<void> => {
    if (!isReachable) throw new Error('no server can be reached');
    Object.assign(held, certificate(clock.now()));
  };
  const running = keepRenewed(held, renew, { clock, log }, stop.signal);
  await clock.advance(21 * dayMs);
  expect(lines.at(-1)).toMatchObject({
    event: 'agent.certificate_not_renewed',
    fields: { hoursLeft: 9 * 24 },
  });
  isReachable = true;
  await clock.advance(dayMs);
  expect(lines.at(-1)).toMatchObject({ event: 'agent.certificate_renewed' });
  expect(held.isDue(clock.now())).toBe(false);
  stop.abort(new Error('the test is over'));
  await running;
});
