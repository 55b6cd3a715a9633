/**
 * The converger alone, on the state of a whole cluster in memory: a full pass, and a pass after one change. The
 * state is made by the real fold from the records that the store would hold; everything runs, so a full pass
 * looks at all of it and decides nothing.
 */
import { claim, newActualLrp, start } from '../src/model/actual-lrp.ts';
import type { CellPresence } from '../src/model/cell.ts';
import type { DesiredLrp } from '../src/model/desired-lrp.ts';
import type { InstanceGuid } from '../src/model/ids.ts';
import { converge } from '../src/scheduler/core/converge.ts';
import { emptyScope, fullScope, markTouched } from '../src/scheduler/core/scope.ts';
import { encode } from '../src/store/core/codec.ts';
import { MutableState } from '../src/store/core/fold.ts';
import { actualKey, desiredKey, domainKey, presenceKey } from '../src/store/core/keys.ts';
import type { StoredRecord } from '../src/store/core/records.ts';
import { fullUnits, instancesPerUnit, mixBuiltAt, mixCells, mixLrps } from './mix.ts';
import { type BenchOptions, type Measured, median } from './report.ts';

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

/** Every record of a cluster in which all instances of the mix run, dealt to the cells in turn. */
function runningCluster(units: number): StoredRecord[] {
  const cells = mixCells(units);
  const lrps = mixLrps(units);
  const domain = { v: 1, name: 'default', ttlSeconds: 0, updatedAt: mixBuiltAt } as const;
  const texts: (readonly [string, string])[] = [[domainKey('default'), encode(domain)]];
  for (const cell of cells) texts.push([presenceKey(cell.cellId), encode(cell)]);
  for (const lrp of lrps) texts.push([desiredKey(lrp.guid), encode(lrp)]);
  let dealt = 0;
  for (const lrp of lrps) {
    for (let index = 0; index < lrp.instances; index++) {
      texts.push(running(lrp, index, cells[dealt++ % cells.length] as CellPresence));
    }
  }
  return texts.map(([key, value], place) => ({ key, value, revision: place + 1 }));
}

function running({ guid, domain, epoch }: DesiredLrp, index: number, cell: CellPresence) {
  const key = { instanceGuid: `${guid}-${index}` as InstanceGuid, cellId: cell.cellId };
  const netInfo = { address: '127.0.0.1', instanceAddress: '10.0.0.1', ports: [] };
  const claimed = claim(newActualLrp({ guid, index, domain }, mixBuiltAt, epoch), key, mixBuiltAt);
  if (!claimed.ok) throw new Error(claimed.refusal);
  const report = { ...key, netInfo, containerId: `c-${guid}-${index}`, routable: true };
  const started = start(claimed.next, report, mixBuiltAt);
  if (!started.ok) throw new Error(started.refusal);
  return [actualKey(guid, index), encode(started.next)] as const;
}
