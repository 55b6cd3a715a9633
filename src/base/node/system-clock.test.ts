import { expect, test } from 'vitest';
import { systemClock } from './system-clock.ts';

const never = new AbortController().signal;

test('what is due already comes at once, and Node has nothing to warn of', async () => {
  const warned: string[] = [];
  const note = ({ name }: Error): void => void warned.push(name);
  process.on('warning', note);
  await systemClock.sleep(-5, never);
  await new Promise<void>((resolve) => systemClock.after(-1, resolve));
  process.off('warning', note);
  expect(warned).toEqual([]);
});

test('what is a month away does not come at once', async () => {
  let came = false;
  const timer = systemClock.after(31 * 86_400_000, () => {
    came = true;
  });
  await systemClock.sleep(20, never);
  timer.cancel();
  expect(came).toBe(false);
});
