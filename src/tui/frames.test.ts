import { expect, test } from 'vitest';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { createFrames } from './frames.ts';

const everyMs = 33;

function world() {
  const clock = virtualClock();
  const drawn: number[] = [];
  let takes = true;
  const startedAt = clock.now();
  const frames = createFrames({
    clock,
    everyMs,
    draw() {
      if (takes) drawn.push(clock.now() - startedAt);
      return takes;
    },
  });
  return { clock, drawn, frames, take: (next: boolean) => (takes = next) };
}

test('after a pause a change is drawn at once', async () => {
  const { clock, drawn, frames } = world();
  await clock.advance(1_000);
  frames.dirty();
  await clock.advance(0);
  expect(drawn).toEqual([1_000]);
});

test('a change every millisecond makes no more than thirty frames a second, the last one included', async () => {
  const { clock, drawn, frames } = world();
  for (let ms = 0; ms < 1_000; ms += 1) {
    frames.dirty();
    await clock.advance(1);
  }
  await clock.advance(everyMs);
  expect(drawn.length).toBeLessThanOrEqual(32);
  for (const [at, time] of drawn.entries())
    if (at > 0) expect(time - (drawn[at - 1] ?? 0)).toBeGreaterThanOrEqual(everyMs);
  expect(drawn.at(-1)).toBeGreaterThanOrEqual(999);
});

test('what a key does is seen at once after a frame of something else, and the next frame waits the longer', async () => {
  const { clock, drawn, frames } = world();
  frames.dirty();
  await clock.advance(1);
  frames.dirty();
  frames.dirty(true);
  await clock.advance(0);
  frames.dirty();
  await clock.advance(1_000);
  expect(drawn).toEqual([0, 1, 2 * everyMs]);
});

test('keys that never stop make no more frames than anything else', async () => {
  const { clock, drawn, frames } = world();
  for (let ms = 0; ms < 1_000; ms += 1) {
    frames.dirty(true);
    await clock.advance(1);
  }
  expect(drawn.length).toBeLessThanOrEqual(33);
});

test('nothing is drawn, and no timer set, while nothing changes', async () => {
  const { clock, drawn, frames } = world();
  frames.dirty();
  await clock.advance(60_000);
  expect(drawn).toEqual([0]);
  expect(clock.pendingTimers).toBe(0);
});

test('a full line is not asked again until it takes output, then it gets one frame', async () => {
  const { clock, drawn, frames, take } = world();
  take(false);
  frames.dirty();
  await clock.advance(1_000);
  for (let times = 0; times < 100; times += 1) frames.dirty();
  expect(clock.pendingTimers).toBe(0);
  take(true);
  frames.drained();
  await clock.advance(1_000);
  expect(drawn).toEqual([1_000]);
});

test('a line that drains with nothing to say gets nothing', async () => {
  const { clock, drawn, frames } = world();
  frames.drained();
  await clock.advance(1_000);
  expect(drawn).toEqual([]);
});

test('nothing is drawn after the end', async () => {
  const { clock, drawn, frames } = world();
  frames.dirty();
  frames.stop();
  frames.dirty();
  frames.drained();
  await clock.advance(1_000);
  expect(drawn).toEqual([]);
});
