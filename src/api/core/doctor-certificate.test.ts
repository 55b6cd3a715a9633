import { expect, test } from 'vitest';
import { certificateChecks } from './doctor-certificate.ts';

const dayMs = 86_400_000;

test.each([
  [undefined, []],
  [20 * dayMs, [{ verdict: 'ok', value: 'good for 20 d' }]],
  [7 * dayMs, [{ verdict: 'warn', value: 'good for 7 d', remedy: expect.stringContaining('not_renewed') }]],
  [-dayMs, [{ verdict: 'bad', value: 'expired 1 d ago', remedy: expect.stringContaining('token') }]],
])('of one that ends in %s ms', (leftMs, expected) => {
  const now = 1_700_000_000_000;
  expect(certificateChecks(leftMs === undefined ? undefined : now + leftMs, now)).toMatchObject(expected);
});
