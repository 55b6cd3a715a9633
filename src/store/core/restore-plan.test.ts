import { expect, test } from 'vitest';
import { desireTask, taskSpecSchema } from '../../model/task.ts';
import { decode, encode } from './codec.ts';
import { leaderKey, restoredKey, root } from './keys.ts';
import { restoredValue, treatmentOf } from './restore-plan.ts';

const key = `${root}task/t1`;
const pending = desireTask(taskSpecSchema.parse({ guid: 't1', image: 'busybox' }), 1);

test('a task that had not begun fails, since it may have run; any other stays as it was', () => {
  const failed = decode('task', restoredValue(key, encode(pending), 9));
  expect(failed).toMatchObject({
    ok: true,
    value: { state: 'COMPLETED', failed: true, failureReason: expect.stringContaining('restored') },
  });
  const running = encode({ ...pending, state: 'RUNNING', cellId: 'a' as never, attempt: 'x' });
  expect(restoredValue(key, running, 9)).toBe(running);
  expect(restoredValue(key, 'broken', 9)).toBe('broken');
  expect(restoredValue(`${root}desired/t1`, encode(pending), 9)).toBe(encode(pending));
});

test('servers and leaders of the old store are left behind, presences get a lease, the rest is put', () => {
  expect([leaderKey, restoredKey, `${root}server/a`].map(treatmentOf)).toEqual(['drop', 'drop', 'drop']);
  expect(treatmentOf(`${root}cell/a/presence`)).toBe('putLeased');
  expect([`${root}cluster`, `${root}cell/a/spec`, `${root}auth/ca`].map(treatmentOf)).toEqual([
    'put',
    'put',
    'put',
  ]);
});

test('join tokens are left behind: they may have been used since', () => {
  expect(treatmentOf(`${root}auth/token/abc`)).toBe('drop');
  expect(treatmentOf(`${root}auth/revoked/0A`)).toBe('put');
});
