/**
 * How many instances of an LRP are in which state. A small LRP is counted when it is asked about; for one with
 * many instances the counts are kept from then on, so that a change of one instance costs one step.
 */
import type { ActualLrp } from '../../model/actual-lrp.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import type { ActualSlots, ClusterState, Touched } from '../../store/core/state.ts';
import { recordsOf } from '../views.ts';
import { instanceState } from './instances.ts';

/** Above so many instances the counts of an LRP are kept. */
const keptAbove = 1_000;

/** By the states of instances, as view-columns.ts lists them. */
export interface LrpCounts {
  ready: number;
  notReady: number;
  claimed: number;
  /** All that have no place; `unplaced` of them because none was found. */
  unclaimed: number;
  unplaced: number;
  crashed: number;
  suspect: number;
  evacuating: number;
  stopping: number;
}

export function noCounts(): LrpCounts {
  return {
    ready: 0,
    notReady: 0,
    claimed: 0,
    unclaimed: 0,
    unplaced: 0,
    crashed: 0,
    suspect: 0,
    evacuating: 0,
    stopping: 0,
  };
}

const fields: Readonly<Record<string, readonly (keyof LrpCounts)[]>> = {
  RUNNING: ['ready'],
  'NOT READY': ['notReady'],
  CLAIMED: ['claimed'],
  UNCLAIMED: ['unclaimed'],
  UNPLACED: ['unclaimed', 'unplaced'],
  CRASHED: ['crashed'],
  SUSPECT: ['suspect'],
  EVACUATING: ['evacuating'],
  STOPPING: ['stopping'],
};

interface Kept {
  readonly counts: LrpCounts;
  /** What each index was counted as: its records' states. */
  readonly countedAs: Map<number, string>;
}

export class LrpCounter {
  readonly #kept = new Map<ProcessGuid, Kept>();

  /** Must be told of every batch of changes, before it is asked about what they touched. */
  touch(touched: Touched, state: ClusterState): void {
    if (touched.all) return this.forget();
    if (this.#kept.size === 0) return;
    for (const [guid, indexes] of touched.lrps) {
      const kept = this.#kept.get(guid);
      if (kept === undefined) continue;
      const held = state.actual.get(guid);
      if (held === undefined) this.#kept.delete(guid);
      else for (const index of indexes) recount(kept, index, held.get(index));
    }
  }

  /** For when it is not told of changes any more. */
  forget(): void {
    this.#kept.clear();
  }

  of(state: ClusterState, guid: ProcessGuid): Readonly<LrpCounts> {
    const held = state.actual.get(guid);
    if (held === undefined) return noCounts();
    const known = this.#kept.get(guid);
    if (known !== undefined) return known.counts;
    if (held.size > keptAbove) return this.#keep(guid, held);
    const counts = noCounts();
    for (const slots of held.values()) for (const actual of recordsOf(slots)) count(counts, actual);
    return counts;
  }

  #keep(guid: ProcessGuid, held: ReadonlyMap<number, ActualSlots>): LrpCounts {
    const kept: Kept = { counts: noCounts(), countedAs: new Map() };
    for (const [index, slots] of held) recount(kept, index, slots);
    this.#kept.set(guid, kept);
    return kept.counts;
  }
}

function count(counts: LrpCounts, actual: ActualLrp): void {
  for (const field of fields[instanceState(actual)] ?? []) counts[field] += 1;
}

/** Takes away what the index was counted as, and adds what it is now. */
function recount({ counts, countedAs }: Kept, index: number, slots: ActualSlots | undefined): void {
  const before = countedAs.get(index);
  for (const state of before?.split(',') ?? []) for (const field of fields[state] ?? []) counts[field] -= 1;
  const now = recordsOf(slots).map(instanceState);
  if (now.length === 0) countedAs.delete(index);
  else countedAs.set(index, now.length === 1 ? (now[0] as string) : now.join(','));
  for (const state of now) for (const field of fields[state] ?? []) counts[field] += 1;
}
