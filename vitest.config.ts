import { defineConfig } from 'vitest/config';

type Extra = { testTimeout?: number; hookTimeout?: number; maxWorkers?: number; groupOrder?: number };

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

const slow = { testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project('unit', ['src/**/*.test.ts', 'test/kit/**/*.test.ts', 'test/reliability/**/*.test.ts']),
      project('repo', ['test/repo/**/*.test.ts']),
      project('golden', ['test/golden/**/*.test.ts']),
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
