import { expect, test } from 'vitest';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { sharedImages } from './images.ts';
import { limit } from './limit.ts';

const halfway = { layers: 2, layersDone: 1, bytes: 5, bytesTotal: 10 };

function pulls() {
  const clock = virtualClock();
  const begun: string[] = [];
  const aborted: string[] = [];
  const images = sharedImages(
    {
      async ensureImage(image, { signal, onProgress }) {
        begun.push(image);
        signal.addEventListener('abort', () => aborted.push(image));
        await clock.sleep(400, signal);
        onProgress?.(halfway);
        await clock.sleep(600, signal);
        if (image === 'bad') throw new Error('no such image');
      },
    },
    clock,
  );
  return { clock, begun, aborted, images };
}

const never = new AbortController().signal;

test('one pull serves all who wait for it, and the next asks anew', async () => {
  const { clock, begun, images } = pulls();
  const all = Promise.all([1, 2, 3].map(() => images.ensure('a', { signal: never })));
  await clock.advance(1_000);
  await all;
  expect(begun).toEqual(['a']);
  void images.ensure('a', { signal: never });
  expect(begun).toEqual(['a', 'a']);
  await clock.advance(1_000);
});

test('how far a pull is can be asked while somebody waits for it', async () => {
  const { clock, images } = pulls();
  const since = clock.now();
  const done = images.ensure('a', { signal: never });
  expect(images.pulling('a')).toEqual({ since, progress: undefined });
  await clock.advance(400);
  expect(images.pulling('a')).toEqual({ since, progress: halfway });
  expect(images.pulling('b')).toBeUndefined();
  await clock.advance(600);
  await done;
  expect(images.pulling('a')).toBeUndefined();
});

test('all who wait hear of a failure', async () => {
  const { clock, images } = pulls();
  const outcomes = Promise.allSettled([1, 2].map(() => images.ensure('bad', { signal: never })));
  await clock.advance(1_000);
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('[diego 49] a pull ends when the last who waits gives up, not before', async () => {
  const { clock, aborted, images } = pulls();
  const [first, second] = [new AbortController(), new AbortController()];
  const outcomes = Promise.allSettled([first, second].map(({ signal }) => images.ensure('a', { signal })));
  first.abort();
  await clock.settle();
  expect(aborted).toEqual([]);
  second.abort();
  await clock.settle();
  expect(aborted).toEqual(['a']);
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a limit holds, in order, and lets go of who gives up', async () => {
  const clock = virtualClock();
  const slots = limit(2);
  const begun: number[] = [];
  let most = 0;
  let now = 0;
  const work = (id: number) => async (): Promise<void> => {
    begun.push(id);
    most = Math.max(most, ++now);
    await clock.sleep(100, never);
    now -= 1;
  };
  const given = new AbortController();
  const all = [1, 2, 3, 4, 5].map((id) => slots.run(work(id), id === 4 ? given.signal : never));
  given.abort(new Error('not any more'));
  const outcomes = Promise.allSettled(all);
  await clock.advance(1_000);
  expect((await outcomes).map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  expect(begun).toEqual([1, 2, 3, 5]);
  expect(most).toBe(2);
});
