import { expect, it } from 'vitest';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { pause, within } from './clock.ts';

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

it('what ends in time ends so, and leaves no timer behind', async () => {
  const clock = virtualClock();
  const late = () => new Error('late');
  expect(await within(clock, 1_000, late, Promise.resolve(7))).toBe(7);
  await expect(within(clock, 1_000, late, Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  expect(clock.pendingTimers).toBe(0);
});

it('what takes longer than it may is told so at its deadline, and its end is not heard', async () => {
  const clock = virtualClock();
  const work = Promise.withResolvers<number>();
  const told = within(clock, 1_000, () => new Error('late'), work.promise).catch(
    (error: Error) => error.message,
  );
  await clock.advance(1_000);
  expect(await told).toBe('late');
  work.reject(new Error('much later'));
});
