/**
 * `npm run fuzz -- [--seed N] [--count N] [--route ROUTE]`: 10,000 requests to every route, or to those whose
 * name fits the expression ROUTE. Exit status 1 when something was answered that should not be.
 */
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import { allTargets } from './targets.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '10000' },
    route: { type: 'string', default: '' },
  },
});
const wanted = new RegExp(values.route, 'i');
const targets = allTargets().filter(({ name }) => wanted.test(name));
const startedAt = performance.now();
const result = await fuzz({
  seed: Number(values.seed),
  count: Number(values.count),
  targets,
  print: (line) => console.log(line),
});
for (const failure of result.failures) console.log(failure);
const statuses = [...result.statuses]
  .sort(([a], [b]) => a - b)
  .map(([status, count]) => `${status}: ${count}`);
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
console.log(
  `${result.requests} requests to ${targets.length} routes in ${seconds} s; ${statuses.join(', ')}`,
);
console.log(
  `${result.failures.length} failures; slowest answer ${result.slowestMs.toFixed(0)} ms (${result.slowest}); heap grew by ${result.heapGrowthMb} MiB`,
);
process.exitCode = result.failures.length === 0 && targets.length > 0 ? 0 : 1;
