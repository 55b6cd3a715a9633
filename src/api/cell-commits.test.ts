import { expect, test } from 'vitest';
import { SkepError } from '../base/core/errors.ts';
import type { Mutation, MutationOutcome } from '../store/bbs.ts';
import { commitQueue } from './cell-commits.ts';

const put = (key: string, compare = true): Mutation => ({
  compare: compare ? [{ key, revision: 1 }] : [],
  puts: [{ key, value: 'x' }],
});

/** A store that answers each commit when told to. */
function slowStore() {
  const batches: (readonly Mutation[])[] = [];
  const answers: ((error?: Error) => void)[] = [];
  const commit = (mutations: readonly Mutation[]): Promise<readonly MutationOutcome[]> => {
    batches.push(mutations);
    return new Promise((resolve, reject) =>
      answers.push((error) =>
        error ? reject(error) : resolve(mutations.map(() => ({ committed: true, revision: batches.length }))),
      ),
    );
  };
  return { commit, batches, answer: (error?: Error) => answers.shift()?.(error) };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const signal = new AbortController().signal;

test('what arrives in one tick, and while a commit is under way, goes together', async () => {
  const store = slowStore();
  const queue = commitQueue(store, signal);
  const first = [queue.commit(put('a')), queue.commit(put('b'))];
  await settle();
  const second = [queue.commit(put('c')), queue.commit(put('d')), queue.commit(put('e'))];
  await settle();
  expect(store.batches.map((b) => b.length)).toEqual([2]);
  store.answer();
  await Promise.all(first);
  await settle();
  expect(store.batches.map((b) => b.length)).toEqual([2, 3]);
  store.answer();
  expect(await Promise.all(second)).toEqual(Array(3).fill({ committed: true, revision: 2 }));
});

test('two reports about one key are never in the same transaction, and stay in order', async () => {
  const store = slowStore();
  const queue = commitQueue(store, signal);
  void queue.commit(put('a'));
  void queue.commit(put('a'));
  void queue.commit(put('b'));
  await settle();
  expect(store.batches.map((b) => b.map((m) => m.puts[0]?.key))).toEqual([['a', 'b']]);
  store.answer();
  await settle();
  expect(store.batches.map((b) => b.map((m) => m.puts[0]?.key))).toEqual([['a', 'b'], ['a']]);
});

test('at most 500 go in one commit', async () => {
  const store = slowStore();
  const queue = commitQueue(store, signal);
  for (let i = 0; i < 501; i++) void queue.commit(put(`k${i}`));
  await settle();
  store.answer();
  await settle();
  expect(store.batches.map((b) => b.length)).toEqual([500, 1]);
});

test('a failing commit fails its own items, and the next ones go on', async () => {
  const store = slowStore();
  const queue = commitQueue(store, signal);
  const lost = queue.commit(put('a'));
  await settle();
  const kept = queue.commit(put('b'));
  store.answer(new SkepError('Unavailable', 'no quorum'));
  await expect(lost).rejects.toThrow('no quorum');
  await settle();
  store.answer();
  expect(await kept).toMatchObject({ committed: true });
});

test('a queue that grows without end is refused with Busy', async () => {
  const queue = commitQueue(slowStore(), signal);
  for (let i = 0; i < 50_000; i++) void queue.commit(put(`k${i}`));
  await expect(queue.commit(put('one-more'))).rejects.toMatchObject({ code: 'Busy' });
});
