/** Wakes one waiting loop: rings before it waits count too, and no wait is longer than it says. */
import type { Clock } from '../../base/clock.ts';

export class Bell {
  #hasRung = false;
  #answer: (() => void) | undefined;

  /** Ends the wait that is going on, or the next one before it begins. */
  ring(): void {
    this.#hasRung = true;
    this.#answer?.();
  }

  /** Resolves when it rings, or after `ms`. One waits at a time. */
  async wait(clock: Clock, ms: number): Promise<void> {
    if (!this.#hasRung) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#answer = resolve;
      const timer = clock.after(ms, resolve);
      await promise;
      timer.cancel();
      this.#answer = undefined;
    }
    this.#hasRung = false;
  }
}
