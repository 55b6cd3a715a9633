import { expect, it } from 'vitest';
import { keyedQueue } from './keyed-queue.ts';

const gate = () => {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
};

it('runs one piece of work a key at a time, and only the newest of those that waited', async () => {
  const queue = keyedQueue<string>(4, () => undefined);
  const first = gate();
  const ran: string[] = [];
  queue.push('a', async () => {
    ran.push('a1');
    await first.passed;
  });
  queue.push('a', async () => void ran.push('a2'));
  queue.push('a', async () => void ran.push('a3'));
  queue.push('b', async () => void ran.push('b1'));
  first.open();
  await queue.idle();
  expect(ran).toEqual(['a1', 'b1', 'a3']);
});

it('never runs more than its bound', async () => {
  const queue = keyedQueue<number>(2, () => undefined);
  let now = 0;
  let most = 0;
  for (let key = 0; key < 10; key++) {
    queue.push(key, async () => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now -= 1;
    });
  }
  await queue.idle();
  expect(most).toBe(2);
});

it('goes on after work that throws, and hands the error over', async () => {
  const errors: unknown[] = [];
  const queue = keyedQueue<string>(1, (_key, error) => errors.push(error));
  const ran: string[] = [];
  queue.push('a', async () => {
    throw new Error('broken');
  });
  queue.push('b', async () => void ran.push('b'));
  await queue.idle();
  expect(errors.map(String)).toEqual(['Error: broken']);
  expect(ran).toEqual(['b']);
});
