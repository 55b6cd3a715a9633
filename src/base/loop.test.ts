import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { seededRng } from './core/rng.ts';
import { silentLog } from './log.ts';
import { startLoop } from './loop.ts';

function harness(pass: (cause: { sweep: boolean }) => Promise<void> = async () => undefined) {
  const clock = virtualClock(0);
  const stop = new AbortController();
  const passes: { at: number; sweep: boolean }[] = [];
  const loop = startLoop({
    name: 'test',
    clock,
    log: silentLog,
    rng: seededRng(1),
    signal: stop.signal,
    everyMs: 30_000,
    debounceMs: 50,
    maxDelayMs: 1_000,
    pass: async (cause) => {
      passes.push({ at: clock.now(), sweep: cause.sweep });
      await pass(cause);
    },
  });
  return { clock, stop, passes, loop };
}

describe('the level-triggered loop', () => {
  it('passes at once, then sweeps at its interval', async () => {
    const { clock, passes, stop, loop } = harness();
    await clock.advance(60_500);
    expect(passes).toEqual([
      { at: 0, sweep: true },
      { at: 30_000, sweep: true },
      { at: 60_000, sweep: true },
    ]);
    stop.abort();
    await loop.done;
  });

  it('gathers a burst of wakes into one pass', async () => {
    const { clock, passes, loop } = harness();
    await clock.advance(100);
    for (let i = 0; i < 5; i++) {
      loop.wake();
      await clock.advance(30);
    }
    await clock.advance(200);
    expect(passes.slice(1)).toHaveLength(1);
    expect(passes[1]?.sweep).toBe(false);
  });

  it('does not let an endless burst starve the pass', async () => {
    const { clock, passes, loop } = harness();
    await clock.advance(100);
    for (let i = 0; i < 60; i++) {
      loop.wake();
      await clock.advance(40);
    }
    expect(passes.length).toBeGreaterThanOrEqual(3);
  });

  it('a wake during a pass causes one more pass', async () => {
    let release: () => void = () => undefined;
    let block = true;
    const { clock, passes, loop } = harness(async () => {
      if (block) await new Promise<void>((resolve) => (release = resolve));
    });
    await clock.advance(10);
    loop.wake();
    loop.wake();
    block = false;
    release();
    await clock.advance(200);
    expect(passes).toHaveLength(2);
  });

  it('tries a failed pass again without being woken', async () => {
    let failures = 3;
    const { clock, passes } = harness(async () => {
      if (failures-- > 0) throw new Error('no store');
    });
    await clock.advance(5_000);
    expect(passes.length).toBe(4);
  });

  it('ends with its signal, even in the middle of a sleep', async () => {
    const { clock, stop, loop } = harness();
    await clock.advance(10);
    stop.abort();
    await loop.done;
  });
});
