/**
 * `npm run --silent bench -- NAME [--quick] [--json]`: runs bench/NAME.bench.ts and prints a small table, or
 * with --json one JSON object on the last line (DESIGN.md section 10).
 */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BenchModule, BenchReport } from './report.ts';
import { machine, ratiosOf } from './report.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  });
  const [name] = positionals;
  const names = readdirSync(folder).flatMap((file) => /^(.*)\.bench\.ts$/.exec(file)?.[1] ?? []);
  if (name === undefined || !existsSync(`${folder}${name}.bench.ts`)) {
    process.stderr.write(
      `usage: npm run --silent bench -- NAME [--quick] [--json]\nNAME: ${names.join(', ')}\n`,
    );
    return 2;
  }
  const bench = (await import(`./${name}.bench.ts`)) as BenchModule;
  const say = (line: string): boolean => process.stderr.write(`${line}\n`);
  const measured = await bench.measure({ quick: values.quick, say });
  const report: BenchReport = {
    bench: name,
    ...measured,
    ratio: ratiosOf(measured, bench.ratioOf),
    machine: machine(),
  };
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : table(report));
  return 0;
}

function table(report: BenchReport): string {
  const rows = [['skep', report.ours] as const, ...Object.entries(report.peers)];
  const lines = rows.map(([who, figures]) => {
    const shown = Object.entries(figures).map(([what, value]) => `${what} ${round(value)}`);
    const ratio = report.ratio[who];
    return `  ${who.padEnd(8)} ${shown.join(', ')}${ratio === undefined ? '' : `   (skep is ${round(ratio)} × it)`}`;
  });
  return `${report.bench}, ${report.samples} samples\n${lines.join('\n')}\n`;
}

const round = (value: number): string => String(Math.round(value * 1_000) / 1_000);

process.exitCode = await main();
