/**
 * The converger alone, on the state of a whole cluster in memory: a full pass, and a pass after one change. The
 * state is made by the real fold from the records that the store would hold; everything runs, so a full pass
 * looks at all of it and decides nothing.
 */
import { converge } from '../src/scheduler/core/converge.ts';
import { emptyScope, fullScope, markTouched } from '../src/scheduler/core/scope.ts';
import { MutableState } from '../src/store/core/fold.ts';
import type { StoredRecord } from '../src/store/core/records.ts';
import { fullUnits, instancesPerUnit, mixBuiltAt } from './mix.ts';
import { type BenchOptions, type Measured, median } from './report.ts';
import { runningCluster } from './running-mix.ts';

export const ratioOf = { figure: 'full_ms', better: 'less' } as const;

const now = mixBuiltAt + 60_000;

export async function measure({ quick, say }: BenchOptions): Promise<Measured> {
  const units = quick ? fullUnits / 10 : fullUnits;
  const samples = quick ? 3 : 7;
  const records = runningCluster(units);
  const state = new MutableState();
  const loadMs = elapsed(() => state.replace({ revision: records.length, records }));
  say(`${records.length} records (${units * instancesPerUnit} instances) folded in ${loadMs.toFixed(0)} ms`);
  const full: number[] = [];
  const one: number[] = [];
  for (let round = 0; round < samples; round++) {
    full.push(elapsed(() => expectNothing(converge({ state, scope: fullScope(), now }).decisions.length)));
    one.push(oneChange(state, records.at(-1 - round) as StoredRecord, round));
  }
  const ours = {
    full_ms: median(full),
    one_change_ms: median(one),
    load_ms: loadMs,
    records: records.length,
  };
  return { ours, peers: {}, samples };
}

function elapsed(work: () => unknown): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}

function expectNothing(decisions: number): void {
  if (decisions > 0) throw new Error(`${decisions} decisions about a cluster in which everything runs`);
}

/** One record comes again at a higher revision: folded, marked, converged, as the brain does with it. */
function oneChange(state: MutableState, record: StoredRecord, round: number): number {
  const revision = state.revision + round + 1;
  return elapsed(() => {
    const touched = state.apply([{ key: record.key, record: { ...record, revision } }], revision);
    const scope = emptyScope();
    markTouched(scope, touched, state);
    expectNothing(converge({ state, scope, now }).decisions.length);
  });
}
