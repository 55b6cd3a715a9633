import fc from 'fast-check';
import { expect, test } from 'vitest';
import { naturalKey } from './natural-order.ts';

const sorted = (names: readonly string[]): string[] =>
  [...names].sort((a, b) => (naturalKey(a) < naturalKey(b) ? -1 : naturalKey(a) > naturalKey(b) ? 1 : 0));

test('numbers are in the order of what they count, capitals beside small letters', () => {
  const inOrder = ['api/0', 'web/2', 'Web/10', 'web/10/suspect', 'web-2/0', 'web-10/0', 'zone'];
  expect(sorted([...inOrder].reverse())).toEqual([
    'api/0',
    'web-2/0',
    'web-10/0',
    'web/2',
    'Web/10',
    'web/10/suspect',
    'zone',
  ]);
});

test('leading zeros do not count, and long names are compared by their beginning', () => {
  expect(naturalKey('cell-007')).toBe(naturalKey('cell-7'));
  expect(naturalKey('x'.repeat(10_000)).length).toBeLessThan(300);
});

test.each([
  ['', ''],
  ['api', 'api'],
  ['7', '17'],
  ['n007b10', 'n17b210'],
  ['000', '10'],
  ['a1', 'a11'],
])('%j is ordered by %j', (name, key) => {
  expect(naturalKey(name)).toBe(key);
});

test('any two numbers behind the same letters', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (a, b) => {
      expect(naturalKey(`n${a}`) < naturalKey(`n${b}`)).toBe(a < b);
    }),
  );
});
