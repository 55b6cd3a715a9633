import { expect, test } from 'vitest';
import { isStartFailure, startFailure } from './start-failure.ts';

test.each(['create', 'run'] as const)('what could not %s a container is known as such', (what) => {
  expect(isStartFailure(startFailure(what, 'no such image'))).toBe(true);
});

test.each(['', 'Exited with status 1', 'Exited with status 1; last output: failed to run container: x'])(
  'what ran is not: "%s"',
  (reason) => expect(isStartFailure(reason)).toBe(false),
);
