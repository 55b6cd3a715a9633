/** What operators ask of a cell and of the brain, and how a drain goes on; shared by both ends of the API. */
import { z } from 'zod';
import { brainSettingsSchema, cellSpecSchema } from '../../model/cell-spec.ts';
import { defaults } from '../../model/defaults.ts';
import { cellIdSchema, processGuidSchema } from '../../model/ids.ts';

const reason = z.string().max(1_024).default('');
const maxDeadlineMs = 30 * 86_400_000;

/** A cell that is away, shown until it is back or forgotten. */
export const lostCellSchema = z.object({ cellId: cellIdSchema, zone: z.string(), lostAt: z.number() });

export const cellReasonSchema = z.strictObject({ reason });

export const drainRequestSchema = z.strictObject({
  reason,
  /** When what has not left is stopped all the same; null: never. */
  deadlineMs: z.number().int().min(0).max(maxDeadlineMs).nullable().default(defaults.drainDeadlineMs),
  /** Stop everything at once. */
  force: z.boolean().default(false),
  /** How many instances may be on their way out of the cell at one time; left out: all at once. */
  maxParallel: z.number().int().min(1).max(10_000).optional(),
  /** Also when something would find no place elsewhere: that waits until the deadline. */
  anyway: z.boolean().default(false),
  /** Cells that are drained together with this one: they take nothing over. */
  alongside: z.array(cellIdSchema).max(10_000).default([]),
});

/** What becomes of one instance of a drained cell: it goes from `queued` to `stopping`, and then it is gone. */
export const drainRowSchema = z.object({
  guid: processGuidSchema,
  index: z.number().int(),
  state: z.enum(['queued', 'waiting', 'starting', 'not ready', 'crashed', 'healthy', 'stopping']),
  /** Where its replacement is; of one that is stopping, where it serves already. */
  to: cellIdSchema.optional(),
  why: z.string().optional(),
});
export type DrainRow = z.infer<typeof drainRowSchema>;

export const drainViewSchema = z.object({
  cellId: cellIdSchema,
  present: z.boolean(),
  /** Undefined when the cell is neither cordoned nor drained. */
  spec: cellSpecSchema.optional(),
  left: z.object({
    ordinary: z.number().int(),
    evacuating: z.number().int(),
    suspect: z.number().int(),
    tasks: z.number().int(),
  }),
  /** At most 1,000 instances, by name. */
  rows: z.array(drainRowSchema),
  /** Instances that were there when the drain was asked for, if that is known. */
  instances: z.number().int().optional(),
  /** How long the rest takes at the pace so far, in ms; absent until something has left, and when nothing more can. */
  remainingMs: z.number().optional(),
  /** Drained, and nothing is left. */
  done: z.boolean(),
});
export type DrainView = z.infer<typeof drainViewSchema>;

const { maxStarting, maxStartingPerCell, startingWeight, binPackWeight, preemption, autoRebalance } =
  brainSettingsSchema.shape;

/** What is left out stays as it is. */
export const settingsChangeSchema = z.strictObject({
  maxStarting: maxStarting.unwrap().optional(),
  maxStartingPerCell: maxStartingPerCell.unwrap().optional(),
  startingWeight: startingWeight.unwrap().optional(),
  binPackWeight: binPackWeight.unwrap().optional(),
  preemption: preemption.unwrap().optional(),
  autoRebalance: autoRebalance.unwrap().optional(),
  /** Losses count as confirmed for so long: what the storm guard holds back is replaced. 0: not any more. */
  stormConfirmForMs: z.number().int().min(0).max(maxDeadlineMs).optional(),
});
export type SettingsChange = z.infer<typeof settingsChangeSchema>;
