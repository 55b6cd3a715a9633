/** What may be asked of the planner, and what it answers; shared by both ends of the API. */
import { z } from 'zod';
import { refusalSchema } from '../../model/actual-lrp.ts';
import { cellIdSchema, maxInstances, processGuidSchema } from '../../model/ids.ts';

/** Many times what a cluster is built for. */
const cellsMax = 10_000;

export const planRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('scale'),
    guid: processGuidSchema,
    instances: z.number().int().min(0).max(maxInstances),
  }),
  /** Everything on these cells moves elsewhere. */
  z.strictObject({ kind: z.literal('drain'), cells: z.array(cellIdSchema).min(1).max(cellsMax) }),
  /** These cells are gone at once. */
  z.strictObject({ kind: z.literal('loseCells'), cells: z.array(cellIdSchema).min(1).max(cellsMax) }),
  z.strictObject({ kind: z.literal('loseZone'), zone: z.string().min(1).max(128) }),
  z.strictObject({
    kind: z.literal('rebalance'),
    maxMoves: z.number().int().min(1).max(10_000).default(100),
  }),
]);
export type PlanRequest = z.infer<typeof planRequestSchema>;

export const planSchema = z.object({
  /** One sentence. */
  summary: z.string(),
  /** What would be started where; `from` is where it runs now. */
  moves: z.array(
    z.object({
      guid: processGuidSchema,
      index: z.number().int(),
      from: cellIdSchema.optional(),
      to: cellIdSchema,
    }),
  ),
  /** What would stop without a successor (a smaller count). */
  stops: z.array(
    z.object({ guid: processGuidSchema, index: z.number().int(), from: cellIdSchema.optional() }),
  ),
  /** What would find no place, and why. */
  unplaced: z.array(z.object({ guid: processGuidSchema, index: z.number().int(), refusal: refusalSchema })),
  /** Tasks that would fail (a lost cell) or are waited for (a drain). */
  tasks: z.number().int(),
});
export type Plan = z.infer<typeof planSchema>;

const lossSchema = z.object({
  /** The cell's id or the zone's name. */
  name: z.string(),
  /** Instances that would find no place. */
  unplaced: z.number().int(),
  reason: z.string(),
});

/** Which loss of a single cell or zone would leave everything placed. */
export const survivesSchema = z.object({
  /** The revision of the state that it was worked out from. */
  revision: z.number(),
  cellCount: z.number().int(),
  zoneCount: z.number().int(),
  /** Any one cell may go; false when there is only one. */
  cell: z.boolean(),
  /** Those that may not, the worst first; ten at most. */
  worstCells: z.array(lossSchema),
  /** Any one zone may go; false when there is only one. */
  zone: z.boolean(),
  worstZones: z.array(lossSchema),
});
export type Survives = z.infer<typeof survivesSchema>;
