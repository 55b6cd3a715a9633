import { expect, test } from 'vitest';
import { statField } from './proc-stat.ts';

const rest = '1 7 42 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 98765 1 2';

test.each(['sh', 'a) R 9 9 9', 'two words', ')'])(
  'fields are counted from the end of the name %j',
  (name) => {
    const stat = `7 (${name}) S ${rest}\n`;
    expect(statField(stat, 'state')).toBe('S');
    expect(statField(stat, 'session')).toBe('42');
    expect(statField(stat, 'startTime')).toBe('98765');
  },
);

test('what is no stat has no field', () => {
  expect(statField('', 'startTime')).toBe('');
});
