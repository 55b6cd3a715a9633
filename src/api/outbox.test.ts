import { expect, test } from 'vitest';
import { socketPair } from '../../test/kit/socket-pair.ts';
import { silentLog } from '../base/log.ts';
import { createOutbox, tooSlowCode } from './outbox.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('messages arrive in order', async () => {
  const { left, right } = socketPair();
  const outbox = createOutbox(left, 10, silentLog);
  for (let i = 0; i < 5; i++) outbox.push({ i });
  await settle();
  left.close();
  const seen: string[] = [];
  for await (const message of right.messages) seen.push(String(message));
  expect(seen).toEqual([0, 1, 2, 3, 4].map((i) => `{"i":${i}}`));
});

test('[diego 293] a client that falls behind is told and disconnected; another is not affected', async () => {
  const slow = socketPair({ maxQueued: 1 });
  const quick = socketPair({ maxQueued: 1 });
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const message of quick.right.messages) seen.push(message);
  })();
  const outboxes = [createOutbox(slow.left, 3, silentLog), createOutbox(quick.left, 3, silentLog)];
  for (let i = 0; i < 10; i++) {
    for (const outbox of outboxes) outbox.push(i);
    await settle();
  }
  const end = await slow.left.closed;
  expect(end.code).toBe(tooSlowCode);
  expect(end.reason).toContain('more than 3 messages behind');
  expect(seen).toHaveLength(10);
  quick.left.close();
  await reading;
});

test('a client that has gone is no error', async () => {
  const { left, right } = socketPair({ maxQueued: 1 });
  const outbox = createOutbox(left, 10, silentLog);
  for (let i = 0; i < 5; i++) outbox.push(i);
  right.close();
  await settle();
  outbox.push('late');
  expect((await left.closed).code).toBe(1000);
});
