/**
 * Every row of reference/scheduling-and-reliability.md A.8 and every swarmkit scenario of B.1 is a named test, and
 * docs/placement.md tells where: a row that loses its test, or its name, is noticed here.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isTest, sources } from './sources.ts';

const rowCount = 22;
const tests = sources('src/scheduler').filter(({ path }) => isTest(path));
const rowsOf = (text: string): number[] =>
  [...text.matchAll(/\[A\.8 (\d+(?:, \d+)*)\]/g)].flatMap(([, rows = '']) => rows.split(', ').map(Number));

test('every row of A.8 is a named test', () => {
  const named = new Set(tests.flatMap(({ text }) => rowsOf(text)));
  expect([...named].toSorted((a, b) => a - b)).toEqual(Array.from({ length: rowCount }, (_, n) => n + 1));
});

test.each(['HA: 18 and 2', 'preference: az1', 'nested preferences: 12', 'a faulty cell'])(
  'the swarmkit scenario "%s" is a named test',
  (name) => {
    expect(tests.some(({ text }) => text.includes(`[swarmkit] ${name}`))).toBe(true);
  },
);

test('the page names each row’s test, and each that it names is there', () => {
  const page = readFileSync(new URL('../../docs/placement.md', import.meta.url), 'utf8');
  const told = page.split('\n').filter((line) => line.startsWith('| ') && line.includes('[A.8 '));
  const rows = told.flatMap((line) => {
    const [from = 0, to = from] = (/^\| ([\d, -]+) \|/.exec(line)?.[1] ?? '').split(/-|, /).map(Number);
    return Array.from({ length: to - from + 1 }, (_, n) => from + n);
  });
  expect(rows).toEqual(Array.from({ length: rowCount }, (_, n) => n + 1));
});
