/**
 * Fixed seeds of the simulated cluster, those that once found a bug, and the proof that a seed decides
 * everything. `npm run sim -- --seeds 1000` runs many more.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { report, type SimulationOptions, simulate } from './simulate.ts';

const minutes = 3;
/** `npm run check` takes 24, the whole suite (scripts/test.sh) 200. */
const seedCount = Number(process.env['SKEP_SIM_SEEDS'] ?? 24);
const fixedSeeds = Array.from({ length: seedCount }, (_, n) => 1_001 + n);
const foundBugs = readFileSync(new URL('regressions.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^\d/.test(line))
  .map((line) => Number(line.split(' ')[0]));

async function runs(options: SimulationOptions): Promise<void> {
  const result = await simulate(options);
  if (result.failure === undefined) return;
  throw new Error(`${report(result, 200)}\nagain: npm run sim -- --seed ${options.seed} --verbose`);
}

describe('a cluster under faults', () => {
  test.each(fixedSeeds)('keeps its promises and heals: seed %i', (seed) => runs({ seed, minutes }));
  test('keeps its promises and heals after half an hour of them, with work to do until the end', async () => {
    const result = await simulate({ seed: 60, minutes: 30 });
    expect(result.failure).toBeUndefined();
    expect(result.script.length).toBeGreaterThan(100);
    const late = result.lines.filter((line) => Number(line.slice(0, 8)) > 1_500);
    expect(late.join('\n')).toContain('→ RUNNING');
  }, 600_000);
  test.each(foundBugs)('does so where it once did not: seed %i', (seed) => runs({ seed, minutes }));
});

describe('the simulation', () => {
  test('does the same for the same seed, line by line', async () => {
    const options = { seed: 7, minutes: 2, servers: 3, cells: 4 };
    const [first, second] = [await simulate(options), await simulate(options)];
    expect(second.digest).toBe(first.digest);
    expect(second.lines).toEqual(first.lines);
    expect((await simulate({ ...options, seed: 8 })).digest).not.toBe(first.digest);
  });

  test('does what it is for: instances are placed, fail and return, calls are answered', async () => {
    const { lines, stats, script } = await simulate({ seed: 9, minutes: 4, servers: 3, cells: 4 });
    expect(script.length).toBeGreaterThan(5);
    expect(stats.acknowledged).toBeGreaterThan(20);
    expect(stats.virtualMs).toBeGreaterThan(4 * 60_000);
    const told = lines.join('\n');
    for (const sign of ['→ RUNNING c', 'retire', 'COMPLETED', 'crash=1', 'engine: start']) {
      expect(told).toContain(sign);
    }
  });
});
