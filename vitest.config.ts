/**
 * What the tests are and what runs beside what, for `npm test` and for a plain `vitest run`.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Of a `skep` that a test starts from source, more than half the work is compiling: it is done once for all of them.
// scripts/test.sh has a folder of its own for it, which goes with the run.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cache/compile', import.meta.url));

/** How long anything may take: it ends what hangs, and judges nothing. A busy machine is twenty times as slow. */
const limitMs = 180_000;

type Extra = { maxWorkers: number; groupOrder: number; isolate?: boolean };

/** One vitest project: a name, where its tests live, and what differs from the rest. */
function project(name: string, include: string[], { groupOrder, ...rest }: Extra) {
  return {
    test: {
      name,
      include,
      environment: 'node' as const,
      testTimeout: limitMs,
      hookTimeout: limitMs,
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

/** What takes half a minute and more, longest first: begun last, one of them would run on alone. */
const longest = [
  'e2e/upgrade',
  'e2e/tui',
  'e2e/cluster',
  'sim/sim',
  'e2e/bad-input',
  'e2e/release',
  'e2e/tls',
  'e2e/tasks',
  'e2e/install',
  'e2e/console',
  'e2e/logs',
  'e2e/backup',
  'e2e/servers',
  'e2e/drain',
  'e2e/topologies',
  'e2e/console-sessions',
  'e2e/installer-faults',
  'contract/slowloris',
  'e2e/doctor',
  'contract/bbs',
  'e2e/plan',
  'tui/terminal-pty',
  'contract/supervisor',
].map((name) => `test/${name}.test.ts`);

/** Vitest's own order, but the long files of a group first, also on a machine that never timed them. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project: { config }, moduleId }: TestSpecification): number => {
      const found = longest.findIndex((name) => moduleId.endsWith(name));
      return config.sequence.groupOrder * 1_000 + (found < 0 ? longest.length : found);
    };
    // Stable, so what has the same rank stays in that order.
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

/** What computes: no more at once than there are processors. */
const computing = { groupOrder: 0, maxWorkers: 2 };

/** What mostly waits, for etcd, Docker and timers: not beside what computes, which would make it late. */
const waiting = { groupOrder: 1, maxWorkers: 4 };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      project('unit', ['src/**/*.test.ts', 'test/kit/**/*.test.ts', 'test/reliability/**/*.test.ts'], {
        ...computing,
        ...shared,
      }),
      project('repo', ['test/repo/**/*.test.ts'], { ...computing, ...shared }),
      project('golden', ['test/golden/**/*.test.ts'], { ...computing, ...shared }),
      project('sim', ['test/sim/**/*.test.ts'], computing),
      project('attack', ['test/attack/**/*.test.ts'], computing),
      project('tui', ['test/tui/**/*.test.ts'], waiting),
      project('contract', ['test/contract/**/*.test.ts'], waiting),
      project('e2e', ['test/e2e/**/*.test.ts'], waiting),
    ],
  },
});
