/**
 * Reads Vitest's JSON report and prints "PASSED FAILED". A file that could not be loaded is one failure, and so
 * is a run that failed outside any test.
 *
 *     node scripts/test-counts.ts REPORT EXIT_STATUS
 */
import { readFileSync } from 'node:fs';

type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
};

const [path = '', status = '1'] = process.argv.slice(2);
const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
const broken = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
).length;
const failed = report.numFailedTests + broken;
console.log(`${report.numPassedTests} ${failed === 0 && status !== '0' ? 1 : failed}`);
