/** Why an instance is where it is: how its cell and the next best ones score now. Shared by both ends of the API. */
import { z } from 'zod';
import { cellIdSchema } from '../../model/ids.ts';

/** The terms of one cell's score, as if the instance were to be placed now; the lowest sum wins. */
const termsSchema = z.object({
  /** Mean of the used shares of memory, disk and container slots, the instance included. */
  fill: z.number(),
  starting: z.number(),
  /** For other instances of the LRP on the cell. */
  locality: z.number(),
  binPack: z.number(),
});

export const standingSchema = z.object({
  /** One sentence. */
  summary: z.string(),
  /** What the LRP asks of its cells, in words. */
  rules: z.array(z.string()),
  /** How many cells there are, and how many of them would take it. */
  cells: z.number().int(),
  candidates: z.number().int(),
  /** The instance's own cell and the best others, best first. */
  ranking: z.array(
    z.object({
      cellId: cellIdSchema,
      zone: z.string(),
      isHere: z.boolean(),
      /** Crashes of the LRP there lately, if they are so many that the cell is its last resort. */
      crashes: z.number().int().optional(),
      /** The value of the label that it is spread by. */
      label: z.string().optional(),
      /** Other instances under that value, and in the zone: fewer goes first, before any score. */
      inLabel: z.number().int().optional(),
      inZone: z.number().int(),
      terms: termsSchema,
      score: z.number(),
    }),
  ),
});
export type Standing = z.infer<typeof standingSchema>;
