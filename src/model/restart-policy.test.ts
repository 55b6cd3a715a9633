import { describe, expect, it } from 'vitest';
import { crashBackoffMs, nextCrashCount, restartDueAt, restartsAtOnce } from './restart-policy.ts';

const minute = 60_000;

describe('the crash policy', () => {
  it.each([
    [1, 0],
    [2, 0],
    [3, 30_000],
    [4, 60_000],
    [5, 2 * minute],
    [6, 4 * minute],
    [7, 8 * minute],
    [8, 16 * minute],
    [9, 16 * minute],
    [199, 16 * minute],
    [200, undefined],
    [201, undefined],
  ])('[diego 144] after crash %d waits %s ms', (count, expected) => {
    expect(crashBackoffMs(count)).toBe(expected);
  });

  it('restarts only the first two crashes at once', () => {
    expect([1, 2, 3].map(restartsAtOnce)).toEqual([true, true, false]);
  });

  it.each([
    ['[diego 140] more than five minutes of running resets the count', 7, true, 5 * minute + 1, 1],
    ['exactly five minutes do not', 7, true, 5 * minute, 8],
    ['a short run counts on', 2, true, 1_000, 3],
    ['a crash while CLAIMED never resets', 7, false, 60 * minute, 8],
  ])('%s', (_name, count, wasRunning, age, expected) => {
    expect(nextCrashCount(count, wasRunning, 1_000, 1_000 + age)).toBe(expected);
  });

  it('tells when a crashed instance is due, or that it never is', () => {
    expect(restartDueAt(3, 500)).toBe(30_500);
    expect(restartDueAt(200, 500)).toBeUndefined();
  });
});
