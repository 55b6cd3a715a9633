/** What a promise was refused with, for tests that look at it. */
import { SkepError } from '../../src/base/core/errors.ts';

/** Throws when it was accepted, and when it failed with anything but a `SkepError`. */
export async function refusal(promise: Promise<unknown>): Promise<SkepError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SkepError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}
