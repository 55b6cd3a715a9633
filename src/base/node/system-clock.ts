/** The real clock. */
import type { Clock } from '../clock.ts';

/** Node takes what does not fit for 1 ms, and prints a warning about it in the middle of whatever screen there is. */
const timerMaxMs = 2 ** 31 - 1;

const timerMs = (ms: number): number => Math.min(Math.max(0, ms), timerMaxMs);

/** What is later than 24 days comes then already: whoever waits looks again. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, timerMs(ms));
    return { cancel: () => clearTimeout(timer) };
  },
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, timerMs(ms));
      signal.addEventListener('abort', stop, { once: true });
    });
  },
};
