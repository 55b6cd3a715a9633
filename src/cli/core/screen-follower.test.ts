import { expect, test } from 'vitest';
import { ScreenFollower } from './screen-follower.ts';

test.each([
  ['nothing of it', false],
  ['\u001b[?1049hvi', true],
  ['\u001b[?1049hvi\u001b[?1049l$ ', false],
  ['\u001b[?47h\u001b[?25l', true],
  ['\u001b[?2004h', false],
])('%j ends on the other screen: %j, however it is split', (text, isAlternate) => {
  const whole = new ScreenFollower();
  whole.push(new TextEncoder().encode(text));
  const bytewise = new ScreenFollower();
  for (const byte of new TextEncoder().encode(text)) bytewise.push(Uint8Array.of(byte));
  expect([whole.isAlternate, bytewise.isAlternate]).toEqual([isAlternate, isAlternate]);
});
