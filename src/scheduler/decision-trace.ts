/**
 * The decision trace of `skep agent --explain`: for every pass of the brain that decided something, a line a
 * decision and one about the pass, each a JSON object. Built by the composition root. While its sink is off it
 * builds nothing; while it is on, a pass that decides more than `linesMax` leaves the rest out and says so.
 */
import type { Placement, Unplaced } from '../model/auction.ts';
import type { BrainObserver, PassSummary } from './brain-observer.ts';
import type { Decision } from './core/decision.ts';
import { decisionLine, type ExplainLine, placementLine, refusalLines } from './core/explain-lines.ts';

/** Where lines go. Never waits: what it cannot take it drops, counts and tells of. */
export interface ExplainSink {
  readonly isOn: boolean;
  /** One line, without its end. */
  write(line: string): void;
}

/** Lines of one pass: enough for any question, few enough that the brain does not notice. */
export const linesMax = 5_000;

export class DecisionTrace implements BrainObserver {
  readonly #sink: ExplainSink;
  #lines: ExplainLine[] = [];
  #omitted = 0;
  #refused = 0;

  constructor(sink: ExplainSink) {
    this.#sink = sink;
  }

  get explainMax(): number {
    return this.#sink.isOn ? linesMax - this.#lines.length : 0;
  }

  decided(decided: readonly Decision[], committed: readonly Decision[]): void {
    if (!this.#sink.isOn) return;
    const written = new Set(committed);
    this.#add(decided, (decision) => decisionLine(decision, written.has(decision)));
  }

  placed(placements: readonly Placement[]): void {
    if (this.#sink.isOn) this.#add(placements, placementLine);
  }

  refused(unplaced: readonly Unplaced[]): void {
    if (!this.#sink.isOn) return;
    this.#refused += unplaced.length;
    this.#add(refusalLines(unplaced), (line) => line);
  }

  /** A quiet pass has no line: an idle cluster writes nothing. */
  passed(summary: PassSummary): void {
    const isQuiet = this.#lines.length === 0 && summary.conflicts === 0 && summary.outcome === 'done';
    if (this.#sink.isOn && !isQuiet) {
      const { at, raftTerm, number } = summary;
      const stamp = { at: new Date(at).toISOString(), term: raftTerm, pass: number };
      for (const line of this.#lines) this.#write(stamp, line);
      const { outcome, sweep, full, looked, durationMs, decisions, conflicts, placed, waiting, cells } =
        summary;
      const size = { full, looked, cells, decisions, conflicts, placed, refused: this.#refused, waiting };
      const omitted = this.#omitted === 0 ? {} : { omitted: this.#omitted };
      this.#write(stamp, { kind: 'pass', outcome, sweep, durationMs, ...size, ...omitted });
    }
    this.#lines = [];
    this.#omitted = 0;
    this.#refused = 0;
  }

  #add<T>(items: readonly T[], lineOf: (item: T) => ExplainLine): void {
    const room = linesMax - this.#lines.length;
    for (const item of items.slice(0, room)) this.#lines.push(lineOf(item));
    this.#omitted += Math.max(0, items.length - room);
  }

  #write(stamp: Readonly<Record<string, unknown>>, line: ExplainLine): void {
    this.#sink.write(JSON.stringify({ ...stamp, ...line }));
  }
}
