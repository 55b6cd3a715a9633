/** A bound on how much of something goes on at once: creations of containers, health checks. First come, first served. */

export interface Limit {
  /** Runs `work` as soon as fewer than the limit run; rejects with the signal's reason when it aborts first. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function limit(max: number): Limit {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (running < max) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const proceed = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(proceed), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      waiting.push(proceed);
    });
  }

  /** The place goes to who waits longest, so the count stays as it is then. */
  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  return {
    async run(work, signal) {
      await enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
