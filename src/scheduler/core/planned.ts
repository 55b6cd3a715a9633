/** What a plan consists of. Made by plan.ts, put into words by plan-text.ts. */
import type { Refusal } from '../../model/actual-lrp.ts';
import type { CellId, ProcessGuid } from '../../model/ids.ts';

export interface PlannedMove {
  readonly guid: ProcessGuid;
  readonly index: number;
  /** Where it runs now, if it does. */
  readonly from?: CellId | undefined;
  readonly to: CellId;
}

export interface PlannedStop {
  readonly guid: ProcessGuid;
  readonly index: number;
  readonly from?: CellId | undefined;
}

/** What would find no place, and why. */
export interface PlannedRefusal {
  readonly guid: ProcessGuid;
  readonly index: number;
  readonly refusal: Refusal;
}
