import { beforeEach, expect, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../test/kit/virtual-clock.ts';
import { silentLog } from '../../base/log.ts';
import { processMemory } from '../../base/node/heap-release.ts';
import { releaseWhenIdle } from './idle-memory.ts';

const megabyte = 2 ** 20;
const minuteMs = 60_000;

let clock: VirtualClock;
let residentMb: number;
let heapMb: number;
/** How much of a core the process takes. */
let load: number;
let growthMbPerMinute: number;
let releases: number;

beforeEach(() => {
  clock = virtualClock();
  [residentMb, heapMb, load, growthMbPerMinute, releases] = [130, 40, 0.01, 0, 0];
});

function run(release: () => void = () => (residentMb = 100)): { readonly warned: string[]; stop(): void } {
  const stop = new AbortController();
  const warned: string[] = [];
  let usedMs = 0;
  let countedAt = clock.now();
  const startedAt = clock.now();
  const memory = {
    residentBytes: () => (residentMb + ((clock.now() - startedAt) / minuteMs) * growthMbPerMinute) * megabyte,
    heapBytes: () => heapMb * megabyte,
    usedMs: () => {
      usedMs += (clock.now() - countedAt) * load;
      countedAt = clock.now();
      return usedMs;
    },
    release: () => {
      releases += 1;
      release();
    },
  };
  const log = { ...silentLog, warn: (event: string) => void warned.push(event) };
  void releaseWhenIdle({ memory, clock, log, signal: stop.signal });
  return { warned, stop: () => stop.abort() };
}

test('an agent that has come to rest gives memory back once, and again when it has grown', async () => {
  run();
  await clock.advanceUntil(() => releases === 1, minuteMs);
  await clock.advance(20 * minuteMs);
  expect(releases).toBe(1);
  residentMb = 115;
  await clock.advanceUntil(() => releases === 2, minuteMs);
});

test('who grows all the time is collected every ten minutes at most', async () => {
  growthMbPerMinute = 20;
  run();
  await clock.advance(31 * minuteMs);
  expect(releases).toBe(4);
});

test('while it works, and with a large heap, nothing is collected', async () => {
  load = 0.2;
  run();
  await clock.advance(5 * minuteMs);
  expect(releases).toBe(0);
  [load, heapMb] = [0.01, 200];
  await clock.advance(5 * minuteMs);
  expect(releases).toBe(0);
  heapMb = 40;
  await clock.advanceUntil(() => releases === 1, minuteMs);
});

test('an engine that cannot is told once and left alone', async () => {
  const { warned } = run(() => {
    throw new Error('gc is not defined');
  });
  await clock.advance(30 * minuteMs);
  expect([releases, warned]).toEqual([1, ['agent.memory_not_released']]);
});

test('V8 collects for real what nobody holds', () => {
  let held: number[] | undefined = Array.from({ length: 2_000_000 }, (_, index) => index + 0.5);
  const before = processMemory.heapBytes();
  expect(held.length).toBe(2_000_000);
  held = undefined;
  processMemory.release();
  expect(before - processMemory.heapBytes()).toBeGreaterThan(8 * megabyte);
  expect(processMemory.residentBytes()).toBeGreaterThan(0);
  expect(processMemory.usedMs()).toBeGreaterThan(0);
});
