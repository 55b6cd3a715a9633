/** How often a token may be tried: guessing one takes for ever anyway, this keeps the noise down. Kept by each server. */
import { SkepError } from '../../../base/core/errors.ts';

/** Attempts that failed within a minute, from one address and from all. */
const perAddress = 10;
const together = 60;
const windowMs = 60_000;

export class Attempts {
  #failed: { readonly at: number; readonly from: string }[] = [];

  /** Throws `Busy` when there were too many. */
  check(from: string, now: number): void {
    this.#failed = this.#failed.filter(({ at }) => at > now - windowMs);
    const mine = this.#failed.filter((one) => one.from === from).length;
    if (mine < perAddress && this.#failed.length < together) return;
    throw new SkepError('Busy', 'too many attempts to join failed within a minute', {
      hint: 'wait a minute, and look at the token: `skep token ls` on a server',
    });
  }

  fail(from: string, now: number): void {
    this.#failed.push({ at: now, from });
  }
}
