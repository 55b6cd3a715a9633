import { expect, test } from 'vitest';
import { problemText } from './problem.ts';

test('what went wrong is said with what to do about it, when that is known', () => {
  expect(problemText({ message: 'no such LRP' })).toBe('no such LRP');
  expect(problemText({ message: 'no such LRP', hint: ':lrps' })).toBe('no such LRP: :lrps');
});
