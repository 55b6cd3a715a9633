/**
 * Images for the instances and tasks of a cell: however many want the same one, it is pulled once. A pull
 * ends when nobody waits for it any more.
 */
import type { Runtime } from './runtime.ts';

export interface Images {
  /** Resolves when the image is here. Errors as `Runtime.ensureImage`; rejects when the signal aborts. */
  ensure(image: string, options: { readonly signal: AbortSignal }): Promise<void>;
}

interface Pull {
  readonly done: Promise<void>;
  readonly stop: AbortController;
  waiters: number;
}

export function sharedImages(runtime: Pick<Runtime, 'ensureImage'>): Images {
  const pulls = new Map<string, Pull>();

  function begin(image: string): Pull {
    const stop = new AbortController();
    const done = runtime.ensureImage(image, { signal: stop.signal }).finally(() => pulls.delete(image));
    const pull = { done, stop, waiters: 0 };
    pulls.set(image, pull);
    return pull;
  }

  return {
    async ensure(image, { signal }) {
      signal.throwIfAborted();
      const pull = pulls.get(image) ?? begin(image);
      pull.waiters += 1;
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      const giveUp = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        await Promise.race([pull.done, aborted]);
      } finally {
        signal.removeEventListener('abort', giveUp);
        pull.waiters -= 1;
        if (pull.waiters === 0) {
          if (pulls.get(image) === pull) pulls.delete(image);
          pull.stop.abort();
        }
      }
    },
  };
}
