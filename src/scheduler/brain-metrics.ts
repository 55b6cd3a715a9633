/** What the brain does, as metrics: an observer of it, built by the composition root. */
import type { Metrics } from '../base/core/metrics.ts';
import type { Refusal } from '../model/actual-lrp.ts';
import type { Placement, Unplaced } from '../model/auction.ts';
import type { Replica } from '../store/replica.ts';
import type { Brain } from './brain.ts';
import type { BrainObserver, PassSummary } from './brain-observer.ts';
import type { Decision } from './core/decision.ts';
import { pausedCells } from './core/storm.ts';

export class BrainMetrics implements BrainObserver {
  /** Counting needs no reasons. */
  readonly explainMax = 0;
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  decided(decided: readonly Decision[], committed: readonly Decision[]): void {
    const byRule = tally(committed, ({ kind }) => kind);
    for (const [rule, count] of byRule) this.#metrics.count('skep_brain_decisions_total', { rule }, count);
    this.#metrics.count('skep_brain_conflicts_total', {}, decided.length - committed.length);
  }

  placed(placements: readonly Placement[], conflicts: number): void {
    const byKind = tally(placements, ({ work }) => work.kind);
    for (const [kind, count] of byKind) this.#metrics.count('skep_brain_placements_total', { kind }, count);
    this.#metrics.count('skep_brain_conflicts_total', {}, conflicts);
  }

  refused(unplaced: readonly Unplaced[]): void {
    // Equal needs share one refusal: thousands are few here.
    const byRefusal = tally(unplaced, ({ refusal }) => refusal);
    for (const [refusal, count] of byRefusal) {
      this.#metrics.count('skep_brain_placement_refusals_total', { reason: mainReason(refusal) }, count);
    }
  }

  passed({ outcome, full, durationMs }: PassSummary): void {
    this.#metrics.count('skep_brain_passes_total', { outcome, scope: full ? 'full' : 'changes' });
    this.#metrics.observe('skep_brain_pass_duration_seconds', {}, durationMs / 1_000);
    if (outcome === 'fenced') this.#metrics.count('skep_brain_fenced_writes_total', {});
  }
}

function tally<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, number> {
  const counts = new Map<K, number>();
  for (const item of items) {
    const key = keyOf(item);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** The filter or resource that kept most cells out; what it says in words may name anything. */
function mainReason({ counts }: Refusal): string {
  const [most] = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return most?.[0] ?? 'no cells';
}

/** What a scrape asks of the brain of this server; most of it only while it leads, so that sums are right. */
export function readBrain(metrics: Metrics, brain: Brain, replica: Replica): void {
  const whileLeading = (read: () => number) => () => (brain.stats().leading ? read() : undefined);
  metrics.read('skep_brain_leader', () => (brain.stats().leading ? 1 : 0));
  metrics.read(
    'skep_brain_waiting',
    whileLeading(() => brain.stats().unplaced),
  );
  metrics.read(
    'skep_brain_storm_cells',
    whileLeading(() => pausedCells(replica.state.roster?.value).size),
  );
  metrics.read(
    'skep_brain_draining_cells',
    whileLeading(() => {
      const drains = [...replica.state.cellSpecs.values()].map(({ value }) => value.drain);
      return drains.filter((drain) => drain !== undefined && drain.doneAt === undefined).length;
    }),
  );
}
