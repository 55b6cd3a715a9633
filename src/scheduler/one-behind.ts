/**
 * One write under way while the next is decided: whoever hands in the next waits for the last. Used by the placer
 * and the term for what comes in portions; what the last one threw is thrown to whoever waits for it, so nothing
 * is begun after a failure.
 */
export class OneBehind {
  /** What the write under way failed with, or undefined, once it has ended. */
  #last: Promise<{ readonly error: unknown } | undefined> = Promise.resolve(undefined);

  /** Waits for the last write and begins the next. */
  async begin(write: () => Promise<void>): Promise<void> {
    await this.end();
    this.#last = write().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  }

  /** Waits for the last write; throws what it threw, to the first who asks. */
  async end(): Promise<void> {
    const failure = await this.#last;
    this.#last = Promise.resolve(undefined);
    if (failure !== undefined) throw failure.error;
  }
}
