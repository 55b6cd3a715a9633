/**
 * One worker a key, a bound on workers in all. Work for a key that is being worked on waits, and only the
 * newest waits: keys carry no events, so the last state is the one that counts.
 */

export interface KeyedQueue<K> {
  /** Runs `work` for `key` as soon as no other work for it runs; replaces what waits there. */
  push(key: K, work: () => Promise<void>): void;
  /** Keys that are being worked on or wait. */
  readonly size: number;
  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void>;
}

/** `onError` gets whatever a piece of work throws; the queue goes on. */
export function keyedQueue<K>(concurrency: number, onError: (key: K, error: unknown) => void): KeyedQueue<K> {
  const waiting = new Map<K, () => Promise<void>>();
  const running = new Set<K>();
  let onIdle: (() => void)[] = [];

  function next(): void {
    for (const [key, work] of waiting) {
      if (running.size >= concurrency) return;
      if (running.has(key)) continue;
      waiting.delete(key);
      running.add(key);
      void run(key, work);
    }
    if (running.size > 0 || waiting.size > 0) return;
    const done = onIdle;
    onIdle = [];
    for (const resolve of done) resolve();
  }

  async function run(key: K, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      onError(key, error);
    } finally {
      running.delete(key);
      next();
    }
  }

  return {
    push(key, work) {
      waiting.set(key, work);
      next();
    },
    get size() {
      return running.size + waiting.size;
    },
    idle() {
      if (running.size === 0 && waiting.size === 0) return Promise.resolve();
      return new Promise((resolve) => onIdle.push(resolve));
    },
  };
}
