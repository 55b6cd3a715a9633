/** What operators set of a cell; it outlives the cell's presence. */
import { z } from 'zod';
import { defaults } from './defaults.ts';
import { cellIdSchema } from './ids.ts';

const who = { by: z.string(), at: z.number(), reason: z.string().default('') };

export const drainSchema = z.object({
  ...who,
  /** When what has not left is stopped all the same; undefined: never. */
  deadlineAt: z.number().optional(),
  /** Stop everything at once, without waiting for replacements. */
  force: z.boolean().default(false),
  /** How many instances may be on their way out of the cell at one time; undefined: all at once. */
  maxParallel: z.number().int().min(1).optional(),
  /** How many instances were on the cell when it was asked for: progress is told against it. */
  instances: z.number().int().min(0).optional(),
  /** When nothing was left here; set by the brain. */
  doneAt: z.number().optional(),
});
export type Drain = Readonly<z.infer<typeof drainSchema>>;

export const cellSpecSchema = z.object({
  v: z.literal(1),
  cellId: cellIdSchema,
  /** Nothing new is placed here; what runs stays. */
  cordon: z.object(who).optional(),
  /** Everything here is moved elsewhere, replacements first. A drained cell is cordoned too. */
  drain: drainSchema.optional(),
});
export type CellSpec = Readonly<z.infer<typeof cellSpecSchema>>;

/** What operators set of the brain. Missing: the defaults here. */
export const brainSettingsSchema = z.object({
  v: z.literal(1),
  /** Containers that may be starting in the whole cluster at one time; 0: no limit. */
  maxStarting: z.number().int().min(0).default(0),
  /** The same for one cell. */
  maxStartingPerCell: z.number().int().min(0).default(0),
  /** Weight of a starting container in the score: reference/scheduling-and-reliability.md A.1. */
  startingWeight: z.number().min(0).max(100).default(0.25),
  /** Weight of bin-pack-first-fit; 0: off. */
  binPackWeight: z.number().min(0).max(100).default(0),
  /** Whether an LRP of higher priority may displace instances of strictly lower ones. */
  preemption: z.boolean().default(false),
  /** Whether the brain evens the cells by itself. */
  autoRebalance: z.boolean().default(false),
  /** Whether servers are added and replaced without being asked. */
  autoServers: z.boolean().default(true),
  /** How many servers the cluster keeps by itself. */
  wantedServers: z.union([z.literal(1), z.literal(3), z.literal(5)]).default(3),
  /** How long a server must be silent before another host replaces it, in milliseconds. */
  serverReplaceAfterMs: z.number().int().min(1_000).default(defaults.serverReplaceAfterMs),
  /** The storm guard lets replacements through until this moment, because an operator said so. */
  stormConfirmedUntil: z.number().optional(),
});
export type BrainSettings = Readonly<z.infer<typeof brainSettingsSchema>>;
export const defaultBrainSettings: BrainSettings = brainSettingsSchema.parse({ v: 1 });
