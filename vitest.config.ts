/**
 * What the tests are and what runs beside what, for `npm test` and for a plain `vitest run`.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Of a `skep` that a test starts from source, more than half the work is compiling: it is done once for all of them.
// scripts/test.sh has a folder of its own for it, which goes with the run.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cache/compile', import.meta.url));

type Extra = {
  testTimeout?: number;
  hookTimeout?: number;
  maxWorkers?: number;
  groupOrder?: number;
  isolate?: boolean;
};

/** One vitest project: a name, where its tests live, and what differs from the rest. */
function project(name: string, include: string[], extra: Extra = {}) {
  const { groupOrder = 0, testTimeout = 60_000, hookTimeout = 60_000, ...rest } = extra;
  return {
    test: {
      name,
      include,
      environment: 'node' as const,
      testTimeout,
      hookTimeout,
      sequence: { groupOrder },
      ...rest,
    },
  };
}

/**
 * One process runs many files, one after the other: they leave no listener, variable or timer behind, and importing
 * the same modules for each anew would take two thirds of the time.
 */
const shared = { isolate: false };

const slow = { testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project('unit', ['src/**/*.test.ts', 'test/kit/**/*.test.ts', 'test/reliability/**/*.test.ts'], shared),
      project('repo', ['test/repo/**/*.test.ts'], shared),
      project('golden', ['test/golden/**/*.test.ts'], shared),
      // It computes beside the contracts, which mostly wait.
      project('sim', ['test/sim/**/*.test.ts'], { ...slow, groupOrder: 1 }),
      project('attack', ['test/attack/**/*.test.ts'], { ...slow, groupOrder: 1 }),
      project('tui', ['test/tui/**/*.test.ts']),
      project('contract', ['test/contract/**/*.test.ts'], { ...slow, groupOrder: 1 }),
      project('e2e', ['test/e2e/**/*.test.ts'], {
        testTimeout: 180_000,
        hookTimeout: 180_000,
        // It is mostly waiting: one more than there are for what computes.
        maxWorkers: 3,
        groupOrder: 2,
      }),
    ],
  },
});
