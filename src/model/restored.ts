/**
 * How a store came to be older than what its cells have seen, as one record: written by a restore or a recovery
 * (cli/run), told to every cell with its assignments, and what servers judge unknown containers by.
 */
import { z } from 'zod';
import type { ActualLrp } from './actual-lrp.ts';

/** Restored from a backup, or from one server after the majority was lost. Under `brain/restored`. */
export const restoredSchema = z.object({
  v: z.literal(1),
  from: z.enum(['backup', 'survivor']),
  /** When; also what orders the assignments of two stores of one cluster. */
  at: z.number(),
  /** The state is of this moment. 0: nobody knows. */
  asOf: z.number(),
  /** The revision that the state had in the store that is gone. */
  revision: z.number(),
  /** Until then a container that the state may be too old to know is left running. */
  keepUntil: z.number(),
});
export type Restored = Readonly<z.infer<typeof restoredSchema>>;

/** Clocks of cells differ from that of the server that wrote the backup; a claim comes before its container. */
const slackMs = 5 * 60_000;

/**
 * Whether a container that no record names may be one that was begun after the state was written down. It is then
 * left running: a working container that nobody asked for is a smaller harm than one that was asked for and killed.
 * @param startedAt by the cell's clock; undefined: the cell is of a version that does not say
 */
export function mayBeUnknown(
  restored: Restored | undefined,
  startedAt: number | undefined,
  now: number,
): boolean {
  if (restored === undefined || now >= restored.keepUntil) return false;
  if (startedAt === undefined) return true;
  return startedAt >= restored.asOf - slackMs && startedAt <= restored.at + slackMs;
}

/** For so long another must have run in its place. */
export const replacedMs = 10 * 60_000;

/** What the restored store says of an index whose container it does not know. */
export interface IndexNow {
  /** The instance that counts. */
  readonly record: ActualLrp;
  /** It was written since the restore: by the word of its cell, and not by that of the backup. */
  readonly isNews: boolean;
  readonly isCellPresent: boolean;
  /** `definitionOf` the LRP. */
  readonly definition: string;
}

/**
 * Whether a container that the state may be too old to know is one too many all the same, and may end: it was made of
 * the definition that its LRP has still, and another has run in its place for ten minutes, ready and undisturbed. One
 * whose index goes with its cell (`home`) is left: what it wrote meanwhile may be nowhere else.
 * @param definition that of the container; undefined: it does not say, and is left
 */
export function isReplaced(definition: string | undefined, index: IndexNow, now: number): boolean {
  const { record, isNews, isCellPresent } = index;
  if (definition !== index.definition || !isNews || !isCellPresent) return false;
  if (record.state !== 'RUNNING' || !record.routable || record.retire !== undefined) return false;
  return record.home === undefined && now - record.updatedAt >= replacedMs;
}

/** How long what the state may be too old to know is left running. */
export const keepUnknownMs = 24 * 60 * 60_000;

/** The lease of presences in a restored store: as long as cells have to find a server of it. */
export const presenceGraceMs = 2 * 60_000;
