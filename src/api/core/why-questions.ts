/**
 * Which instances a cell is asked about before `why` is answered: those of which the records cannot say what is being
 * done. Pure; used by handlers/why.ts.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';
import type { WhyState } from './why.ts';

export interface CellQuestion {
  readonly cellId: CellId;
  readonly instanceGuid: string;
  /** Its record says no more than that: a cell which is too old to be asked is worth a word. */
  readonly isStarting: boolean;
}

/** Asked about a whole LRP; the one instance of NAME/INDEX has no more records than that. */
const questionsMax = 5;

/**
 * Of a whole LRP those that start, the longest first; of one index whatever has a cell. Cells that are not present are
 * not asked: that is told of them anyway.
 */
export function questionsOf(
  state: Pick<WhyState, 'actual' | 'cells'>,
  { guid, index }: { readonly guid: string; readonly index?: number | undefined },
): readonly CellQuestion[] {
  const slots = state.actual.get(guid as ProcessGuid);
  const chosen = index === undefined ? [...(slots?.values() ?? [])] : [slots?.get(index) ?? {}];
  return chosen
    .flatMap(({ ordinary, evacuating }) => [ordinary?.value, evacuating?.value])
    .filter((lrp) => lrp !== undefined)
    .filter((lrp) => index !== undefined || isStarting(lrp))
    .toSorted((a, b) => a.since - b.since)
    .slice(0, questionsMax)
    .flatMap((lrp) => {
      const { cellId, instanceGuid } = lrp;
      if (cellId === undefined || instanceGuid === undefined || !state.cells.has(cellId)) return [];
      return [{ cellId, instanceGuid, isStarting: isStarting(lrp) }];
    });
}

const isStarting = ({ state, presence, retire }: ActualLrp): boolean =>
  state === 'CLAIMED' && presence === 'ORDINARY' && retire === undefined;
