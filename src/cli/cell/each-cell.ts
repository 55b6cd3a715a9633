/** The same for several cells: one that is refused does not keep the others. */
import { SkepError } from '../../base/core/errors.ts';
import type { CellId } from '../../model/ids.ts';
import { escapeLines } from '../core/escape.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Session } from '../session.ts';

/** The exit status: 0, or 9 when some were refused. Throws the refusal when all were, or there is only one. */
export async function eachCell(
  session: Session,
  cells: readonly CellId[],
  work: (cellId: CellId) => Promise<void>,
): Promise<number> {
  const refused: SkepError[] = [];
  for (const cellId of cells) {
    try {
      await work(cellId);
    } catch (error) {
      if (!(error instanceof SkepError)) throw error;
      if (cells.length > 1) session.warn(`${cellId}: ${escapeLines(error.message)}`);
      refused.push(error);
    }
  }
  const [first] = refused;
  if (first !== undefined && refused.length === cells.length) throw first;
  return refused.length === 0 ? exitCodes.done : exitCodes.partial;
}
