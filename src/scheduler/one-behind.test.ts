/** One write under way, the next waits for it, and none is begun after one that failed. */
import { expect, test } from 'vitest';
import { OneBehind } from './one-behind.ts';

/** A write that ends when it is told to. */
function gate(): { write: () => Promise<void>; end: (error?: Error) => void; begun: boolean } {
  const ends = Promise.withResolvers<void>();
  const it = {
    begun: false,
    write: (): Promise<void> => {
      it.begun = true;
      return ends.promise;
    },
    end: (error?: Error): void => (error === undefined ? ends.resolve() : ends.reject(error)),
  };
  return it;
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the first begins at once, the second when the first has ended', async () => {
  const writes = new OneBehind();
  const [first, second] = [gate(), gate()];
  await writes.begin(first.write);
  const begins = writes.begin(second.write);
  await soon();
  expect([first.begun, second.begun]).toEqual([true, false]);
  first.end();
  await begins;
  expect(second.begun).toBe(true);
  second.end();
  await writes.end();
});

test('what failed is told to who hands in the next, which is not begun; then all is as new', async () => {
  const writes = new OneBehind();
  const [first, second] = [gate(), gate()];
  await writes.begin(first.write);
  first.end(new Error('fenced'));
  await soon();
  await expect(writes.begin(second.write)).rejects.toThrow('fenced');
  expect(second.begun).toBe(false);
  await writes.end();
});
