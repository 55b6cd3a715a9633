import { expect, it } from 'vitest';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { pause } from './clock.ts';

function pausing() {
  const clock = virtualClock();
  const stop = new AbortController();
  let endedAt: number | undefined;
  const startedAt = clock.now();
  const start = async () => {
    const isWanted = await pause(clock, 1_000, stop.signal);
    endedAt = clock.now() - startedAt;
    return isWanted;
  };
  return { clock, stop, start, endedAt: () => endedAt };
}

it('a pause ends after its time', async () => {
  const { clock, start, endedAt } = pausing();
  const ended = start();
  await clock.advance(999);
  expect(endedAt()).toBeUndefined();
  await clock.advance(1);
  expect(await ended).toBe(true);
  expect(endedAt()).toBe(1_000);
});

it('a pause ends at once when its signal aborts, without an error and without a timer left behind', async () => {
  const { clock, stop, start, endedAt } = pausing();
  const ended = start();
  await clock.advance(400);
  stop.abort(new Error('stopped'));
  expect(await ended).toBe(false);
  expect(endedAt()).toBe(400);
  expect(clock.pendingTimers).toBe(0);
});

it('a pause under a signal that has aborted already does not wait', async () => {
  const { stop, start, endedAt } = pausing();
  stop.abort(new Error('stopped'));
  expect(await start()).toBe(false);
  expect(endedAt()).toBe(0);
});
