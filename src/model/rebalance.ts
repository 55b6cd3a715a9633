/** Moves that an operator asked for to even the cells, as one durable record: the brain does them a few at a time. */
import { z } from 'zod';
import {
  type CellId,
  cellIdSchema,
  type InstanceGuid,
  instanceGuidSchema,
  type Millis,
  type ProcessGuid,
  processGuidSchema,
} from './ids.ts';

/** Moves in one record: it must stay well below what the store takes in one write. */
export const rebalanceMovesMax = 1_000;

const moveSchema = z.object({
  guid: processGuidSchema,
  index: z.number().int().min(0),
  /** The instance that is to leave; another one of the same index stays where it is. */
  instanceGuid: instanceGuidSchema,
  from: cellIdSchema,
  to: cellIdSchema,
});
export type RequestedMove = Readonly<z.infer<typeof moveSchema>>;

export const rebalanceSchema = z.object({
  v: z.literal(1),
  by: z.string(),
  at: z.number(),
  /** How many there were when it was asked for. */
  asked: z.number().int(),
  /** Those that are not over yet. */
  moves: z.array(moveSchema),
});
export type Rebalance = Readonly<z.infer<typeof rebalanceSchema>>;

/** A move as a plan has it. */
export interface PlannedMove {
  readonly guid: ProcessGuid;
  readonly index: number;
  readonly from?: CellId | undefined;
  readonly to: CellId;
}

/**
 * The record that asks for planned moves. Each names the instance that runs now, so that none is moved twice.
 * @param instanceOf the instance guid of an index, if something runs
 */
export function requestRebalance(
  moves: readonly PlannedMove[],
  instanceOf: (guid: ProcessGuid, index: number) => InstanceGuid | undefined,
  { by, at }: { readonly by: string; readonly at: Millis },
): Rebalance {
  const requested = moves.flatMap(({ guid, index, from, to }): RequestedMove[] => {
    const instanceGuid = instanceOf(guid, index);
    return instanceGuid === undefined || from === undefined ? [] : [{ guid, index, instanceGuid, from, to }];
  });
  return { v: 1, by, at, asked: requested.length, moves: requested };
}
