/**
 * Images for the instances and tasks of a cell: however many want the same one, it is pulled once. A pull
 * ends when nobody waits for it any more.
 */
import type { Clock } from '../base/clock.ts';
import type { Millis } from '../model/ids.ts';
import type { PullProgress } from './core/pull-progress.ts';
import type { Runtime } from './runtime.ts';

export interface Images {
  /** Resolves when the image is here. Errors as `Runtime.ensureImage`; rejects when the signal aborts. */
  ensure(image: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /** How far an image is that somebody waits for; without progress the engine still looks whether it is here. */
  pulling(image: string): PullState | undefined;
}

export interface PullState {
  readonly since: Millis;
  readonly progress: PullProgress | undefined;
}

interface Pull {
  readonly done: Promise<void>;
  readonly stop: AbortController;
  waiters: number;
  readonly since: Millis;
  progress: PullProgress | undefined;
}

export function sharedImages(runtime: Pick<Runtime, 'ensureImage'>, clock: Pick<Clock, 'now'>): Images {
  const pulls = new Map<string, Pull>();

  function begin(image: string): Pull {
    const stop = new AbortController();
    const onProgress = (progress: PullProgress): void => {
      pull.progress = progress;
    };
    const ensured = runtime.ensureImage(image, { signal: stop.signal, onProgress });
    const done = ensured.finally(() => pulls.delete(image));
    const pull: Pull = { done, stop, waiters: 0, since: clock.now(), progress: undefined };
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
    pulling(image) {
      const pull = pulls.get(image);
      return pull === undefined ? undefined : { since: pull.since, progress: pull.progress };
    },
  };
}
