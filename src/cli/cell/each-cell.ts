/** The same for several cells: one that is refused does not keep the others. */
import { SkepError } from '../../base/core/errors.ts';
import type { CellId } from '../../model/ids.ts';
import { escapeLines } from '../core/escape.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Session } from '../session.ts';

/**
 * The exit status: 0, or 9 when some were refused, each named. Throws the refusal when all were, or there is only one;
 * what is refused of all with the same words is said once.
 */
export async function eachCell(
  session: Session,
  cells: readonly CellId[],
  work: (cellId: CellId) => Promise<void>,
): Promise<number> {
  const refused: { readonly cellId: CellId; readonly error: SkepError }[] = [];
  for (const cellId of cells) {
    try {
      await work(cellId);
    } catch (error) {
      if (!(error instanceof SkepError)) throw error;
      refused.push({ cellId, error });
    }
  }
  const all = refused.length === cells.length;
  const isOne = new Set(refused.map(({ error }) => error.message)).size === 1;
  if (!all || !isOne)
    for (const { cellId, error } of refused) session.warn(`${cellId}: ${escapeLines(error.message)}`);
  if (all && refused[0] !== undefined) throw refused[0].error;
  return refused.length === 0 ? exitCodes.done : exitCodes.partial;
}
