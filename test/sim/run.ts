/**
 * `npm run sim -- --seed N [--minutes M] [--verbose]` replays one simulation; `--seeds COUNT [--first N]` runs
 * many and stops at the first that fails (`--keep-going`: tells all of them). With `--from FILE` the
 * cluster is the real one that `skep debug state FILE` wrote down. Exit status 1: safety was broken; 2: liveness.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { faultKinds } from './faults.ts';
import { readDump } from './from-dump.ts';
import { report, type SimulationResult, simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    first: { type: 'string', default: '1' },
    from: { type: 'string' },
    minutes: { type: 'string', default: '3' },
    cells: { type: 'string' },
    servers: { type: 'string' },
    faults: { type: 'string' },
    lines: { type: 'string', default: '150' },
    verbose: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
});

const first = Number(values.seed ?? values.first);
const dump = values.from === undefined ? undefined : readDump(readFileSync(values.from, 'utf8'));
const count = values.seed === undefined ? Number(values.seeds ?? '10') : 1;
const wanted = values.faults?.split(',');

async function run(seed: number): Promise<SimulationResult> {
  return await simulate({
    seed,
    minutes: Number(values.minutes),
    cells: values.cells === undefined ? undefined : Number(values.cells),
    servers: values.servers === undefined ? undefined : Number(values.servers),
    faults: wanted === undefined ? undefined : faultKinds.filter((kind) => wanted.includes(kind)),
    dump,
    print: values.verbose ? (line) => console.log(line) : undefined,
  });
}

const statuses = { safety: 1, liveness: 2 } as const;
let failures = 0;
let steps = 0;
const startedAt = Date.now();
for (let seed = first; seed < first + count; seed++) {
  const result = await run(seed);
  steps += result.stats.steps;
  if (result.failure !== undefined) {
    failures += 1;
    process.exitCode = statuses[result.failure.phase];
    if (values['keep-going']) console.log(`seed ${seed}: ${result.failure.phase}: ${result.failure.message}`);
    else console.log(report(result, values.verbose ? 0 : Number(values.lines)));
    const minutes = values.minutes === '3' ? '' : ` --minutes ${values.minutes}`;
    if (!values['keep-going']) {
      const from = values.from === undefined ? '' : ` --from ${values.from}`;
      console.log(`again: npm run sim -- --seed ${seed}${minutes}${from} --verbose`);
      break;
    }
  } else if (count === 1) console.log(report(result, values.verbose ? 0 : Number(values.lines)));
  else if (seed % 50 === 0) console.log(`${seed - first + 1} seeds`);
}
const seconds = (Date.now() - startedAt) / 1_000;
console.log(`${failures} of the seeds failed; ${steps} steps in ${seconds.toFixed(1)} s`);
