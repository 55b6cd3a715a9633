import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { linearExpression } from '../client/linear-expression.ts';
import { type CompileLinear, costOf, expressionOf } from './expression.ts';

const linear: CompileLinear = linearExpression(RE2JS);

test.each([
  ['error', 'linear'],
  ['a|b|^c$', 'linear'],
  ['5\\d\\d', 'linear'],
  ['[*+(]\\*', 'linear'],
  ['colou?r', 'linear'],
  ['(?:a|b)(?=c)', 'linear'],
  ['user=\\w+', 'square'],
  ['error.*timeout', 'square'],
  ['a{1,50}', 'square'],
  ['(a+)+$', 'unbounded'],
  ['(a|a)*$', 'unbounded'],
  ['.*a.*b', 'unbounded'],
  ['(x{2}){9}', 'unbounded'],
  ['a?a?a?a?a?a?a?a?a?', 'unbounded'],
] as const)('%s costs %s', (source, cost) => {
  expect(costOf(source)).toBe(cost);
});

describe('both engines find the same', () => {
  const line = 'GET /api/v1/items 200 12ms user=alice é世 user=bob';
  test.each(['user=\\w+', '(user=[a-z]+ ?)+', 'GET .* \\d+ .*ms', 'ALICE', 'alice', '世.*b', '^get'])(
    '%s',
    (source) => {
      const ignoresCase = source === source.toLowerCase();
      const native = Array.from(line.matchAll(new RegExp(source, ignoresCase ? 'gi' : 'g')), (match) => [
        match.index,
        match.index + match[0].length,
      ]);
      const found = expressionOf(source, linear);
      expect(found.isLiteral).toBe(false);
      expect(found.ranges(line)).toEqual(native);
      expect(found.ranges(line.padEnd(1_000, '-'))).toEqual(native);
      expect(found.test(line)).toBe(native.length > 0);
    },
  );
});

test.each(['(a+)+$', '(a|aa)+$', '(.*a){20}', 'a*a*a*a*a*b', 'a.*b'])(
  '%s ends on a long line that is made to hang it',
  (source) => {
    const found = expressionOf(source, linear);
    // Hangs for hours in JavaScript's engine: that it ends at all is what is tested.
    expect(found.test(`${'a'.repeat(16_000)}!`)).toBe(source === '(.*a){20}');
  },
);

test('without the other engine what may hang is looked for as it stands', () => {
  const found = expressionOf('(a+)+$', undefined);
  expect(found.isLiteral).toBe(true);
  expect(found.test('says (A+)+$ here')).toBe(true);
  expect(found.test('aaa')).toBe(false);
});

test('without the other engine one repetition is looked for in the beginning of a line', () => {
  const found = expressionOf('a.*b', undefined);
  expect(found.isLiteral).toBe(false);
  expect(found.test(`a${'-'.repeat(500)}b`)).toBe(true);
  expect(found.test(`a${'-'.repeat(20_000)}b`)).toBe(false);
});

test.each(['(', 'a{2', '[', '(?', `${'a'.repeat(301)}`])('%s is looked for as it stands', (source) => {
  const found = expressionOf(source, linear);
  const text = `x${source}y`;
  expect(found.test(text)).toBe(true);
  if (found.isLiteral) expect(found.ranges(text)).toEqual([[1, 1 + source.length]]);
});
