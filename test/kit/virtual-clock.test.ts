import { expect, test } from 'vitest';
import { virtualClock } from './virtual-clock.ts';

test('timers fire in order of time, then of setting, and see their own moment', async () => {
  const clock = virtualClock(0);
  const seen: string[] = [];
  clock.after(20, () => seen.push(`c@${clock.now()}`));
  clock.after(10, () => seen.push(`a@${clock.now()}`));
  clock.after(10, () => seen.push(`b@${clock.now()}`));
  clock.after(5, () => seen.push('cancelled')).cancel();
  await clock.advance(15);
  expect(seen).toEqual(['a@10', 'b@10']);
  expect(clock.now()).toBe(15);
  await clock.advance(5);
  expect(seen).toEqual(['a@10', 'b@10', 'c@20']);
});

test('sleeps chain within one advance, and an abort ends one with its reason', async () => {
  const clock = virtualClock(0);
  const abort = new AbortController();
  const woken: number[] = [];
  const loop = (async () => {
    for (;;) {
      await clock.sleep(10, abort.signal);
      woken.push(clock.now());
    }
  })();
  await clock.advance(35);
  expect(woken).toEqual([10, 20, 30]);
  abort.abort(new Error('stop'));
  await expect(loop).rejects.toThrow('stop');
  expect(clock.pendingTimers).toBe(0);
});

test('advanceUntil stops at the condition and throws beyond its bound', async () => {
  const clock = virtualClock(0);
  let done = false;
  clock.after(100, () => {
    done = true;
  });
  await clock.advanceUntil(() => done, 1_000);
  expect(clock.now()).toBe(100);
  await expect(clock.advanceUntil(() => false, 50)).rejects.toThrow('50 ms');
});
