/**
 * Where an instance crashed lately, kept on its record so that any leader knows: cells on which an LRP keeps
 * crashing are its last resort. Written by the crash verb of actual-lrp.ts, read by the auction's callers and
 * `skep why`. Source of the rule: swarmkit's scheduler, reference/scheduling-and-reliability.md B.1.
 */
import { z } from 'zod';
import { defaults } from './defaults.ts';
import { type CellId, cellIdSchema, type Millis } from './ids.ts';

export const crashHistorySchema = z.array(z.object({ cellId: cellIdSchema, at: z.number() }));
/** Oldest first; never more than the crashes that make a cell faulty. */
export type CrashHistory = z.infer<typeof crashHistorySchema>;

/** The history after one more crash: what is older than the window goes, and so does what is beyond the count. */
export function withCrash(
  history: Readonly<CrashHistory> | undefined,
  cellId: CellId,
  now: Millis,
): CrashHistory {
  const recent = (history ?? []).filter(({ at }) => now - at <= defaults.faultyCellWindowMs);
  return [...recent, { cellId, at: now }].slice(-defaults.faultyCellCrashes);
}

/**
 * The cells on which instances of one LRP crashed often enough lately, with how often.
 * @param histories of its instances
 */
export function faultyCells(
  histories: Iterable<Readonly<CrashHistory> | undefined>,
  now: Millis,
): ReadonlyMap<CellId, number> {
  const counts = new Map<CellId, number>();
  for (const history of histories) {
    for (const { cellId, at } of history ?? []) {
      if (now - at <= defaults.faultyCellWindowMs) counts.set(cellId, (counts.get(cellId) ?? 0) + 1);
    }
  }
  for (const [cellId, count] of counts) if (count < defaults.faultyCellCrashes) counts.delete(cellId);
  return counts;
}
