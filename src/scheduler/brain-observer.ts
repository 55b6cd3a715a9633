/**
 * What the brain tells of its work while it works: the port behind the decision trace and the metrics. Called
 * by brain.ts, term.ts and placer.ts, a few times a pass; an observer must not throw and must not wait.
 */
import type { Placement, Unplaced } from '../model/auction.ts';
import type { Millis } from '../model/ids.ts';
import type { Decision } from './core/decision.ts';

/** What one pass did and how big it was. */
export interface PassSummary {
  readonly at: Millis;
  readonly raftTerm: number;
  /** Counted from 1 in this term of leadership. */
  readonly number: number;
  /** `failed`: the store did not answer, and the next pass looks at everything; `fenced`: somebody else leads. */
  readonly outcome: 'done' | 'failed' | 'fenced';
  readonly sweep: boolean;
  /** Everything was looked at, not only what changed. */
  readonly full: boolean;
  /** LRPs and tasks that were looked at. */
  readonly looked: number;
  readonly durationMs: Millis;
  /** Decisions that were written, and those whose state was no longer true. */
  readonly decisions: number;
  readonly conflicts: number;
  readonly placed: number;
  /** Instances and tasks that wait for a place after it. */
  readonly waiting: number;
  readonly cells: number;
}

export interface BrainObserver {
  /** How many placements of the next auction are to say why; 0 costs nothing. */
  readonly explainMax: number;
  /** Of `decided`, these were written; the others are decided again from a newer state. */
  decided(decided: readonly Decision[], committed: readonly Decision[]): void;
  /** Claims that were written, and how many were not because their record had changed. */
  placed(placements: readonly Placement[], conflicts: number): void;
  /** Everything that an auction found no place for, told before or not. */
  refused(unplaced: readonly Unplaced[]): void;
  /** A pass has ended. What was told since the one before belongs to it. */
  passed(summary: PassSummary): void;
}
