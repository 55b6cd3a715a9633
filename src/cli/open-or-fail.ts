/** Opening a stream as `exec` and `console` do. */
import { messageOf, SkepError } from '../base/core/errors.ts';
import { escapeText } from './core/escape.ts';
import type { Session } from './session.ts';

/** A refusal of the cluster keeps its own status; undefined, said, when nothing could be reached: 255, as ssh has it. */
export async function openOrFail<T>(session: Session, open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof SkepError) || !['Unavailable', 'Timeout'].includes(error.code)) throw error;
    session.warn(`skep: ${escapeText(messageOf(error))}`);
    if (error.hint !== undefined) session.warn(`  hint: ${escapeText(error.hint)}`);
    return undefined;
  }
}
